"""Reactions: administrators hear when the line to a telephone system stays down, and when it is back."""

from django.db import models
from django.utils.translation import gettext_noop

from madoguchi.journal.models import Entry
from madoguchi.notifications.actions import notify
from madoguchi.people.queries import administrators
from madoguchi.telephony.failures import msgid_of

LOST = gettext_noop("The telephone system %(name)s has been out of reach since %(since)s. %(error)s")
BACK = gettext_noop("The telephone system %(name)s is connected again.")


def tell_lost(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """At once: while the line is down the desk sees no calls."""
    data = entry.data
    # The empty msgid would be the catalogue's head.
    error = {"error_msgid": msgid_of(data["error"])} if data["error"] else {"error": ""}
    params = {"name": data["name"], "since_time": data["since"], **error}
    notify(administrators(), LOST, kind=entry.kind, params=params, at_once=True)


def tell_back(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Only those hear of it who were alarmed before."""
    if entry.data["alarmed"]:
        notify(administrators(), BACK, kind=entry.kind, params={"name": entry.data["name"]}, at_once=True)
