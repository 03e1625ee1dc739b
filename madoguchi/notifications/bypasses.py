"""Reactions: whom a mail to the record address names as its sender is asked if it is theirs, later who leads them."""

from django.db import models
from django.utils.translation import gettext_noop

from madoguchi.journal.models import Entry
from madoguchi.notifications.actions import notify
from madoguchi.people.models import Staff
from madoguchi.people.queries import leaders_of

WAITS = gettext_noop("A mail to the record address in the name of %(name)s waits to be confirmed since %(since)s.")
ASKED = gettext_noop("A mail in your name wants to record a contact past the desk. Is it yours?")


def ask_sender(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Leads to the drafts, the entry's first subject."""
    staff = [subject for subject in subjects if isinstance(subject, Staff)]
    notify(staff, ASKED, kind=entry.kind, about=subjects[0] if subjects else None, now=entry.at)


def tell_leaders(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Whoever leads the person in whose name it is may settle it now; leads to the drafts."""
    params = {"name": entry.data["name"], "since_time": entry.data["since"]}
    for staff in (subject for subject in subjects if isinstance(subject, Staff)):
        notify(leaders_of(staff, entry.at), WAITS, kind=entry.kind, params=params, about=subjects[0], now=entry.at)
