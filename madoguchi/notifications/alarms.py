"""Reactions: a quiet alarm from a difficult call reaches the supervisor at once."""

from django.db import models
from django.utils.translation import gettext_noop

from madoguchi.journal.models import Entry
from madoguchi.notifications.actions import notify
from madoguchi.people.queries import supervisors_of

ALARM = gettext_noop("%(name)s wants you in a difficult call.")


def tell_supervisors(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Whoever leads the team of the contact, the entry's first subject, is told now, hours or not."""
    leaders = [leader for leader in supervisors_of(entry.data["team"], entry.at) if leader.pk != entry.actor_id]
    notify(
        leaders,
        ALARM,
        kind=entry.kind,
        params={"name": entry.actor_name},
        about=subjects[0] if subjects else None,
        at_once=True,
        now=entry.at,
    )
