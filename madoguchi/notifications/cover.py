"""Reactions: whoever stands in hears from when to when, and whoever is on duty hears of it."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext_noop

from madoguchi.journal.models import Entry
from madoguchi.notifications.actions import notify
from madoguchi.people.models import Absence, Duty, Staff

STANDS_IN = gettext_noop("You stand in for %(name)s from %(from)s until %(until)s.")
STANDS_IN_OPEN = gettext_noop("You stand in for %(name)s from %(from)s until further notice.")
STANDS_IN_NO_MORE = gettext_noop("You no longer stand in for %(name)s.")
ON_DUTY = gettext_noop("You are on duty for %(team)s from %(from)s until %(until)s.")
ON_DUTY_OFTEN = gettext_noop("You are on duty for %(team)s %(count)s times, from %(from)s until %(until)s.")
ON_DUTY_NO_MORE = gettext_noop("You are no longer on duty for %(team)s on %(from)s.")


def tell_substitute(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """An absence was noted or ended: the substitute, or everybody of the team that stands in, is told once."""
    absence = next(subject for subject in subjects if isinstance(subject, Absence))
    text = STANDS_IN_NO_MORE
    if entry.kind == "absence.noted":
        text = STANDS_IN if absence.ends_at else STANDS_IN_OPEN
    params = {
        "name": absence.staff.name,
        "from_time": absence.starts_at.isoformat(),
        "until_time": absence.ends_at.isoformat() if absence.ends_at else None,
    }
    _tell(entry, _who_stand_in(absence), text, params, about=absence)


def tell_duty(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """The rota has somebody at other times now, or no more."""
    person = next(subject for subject in subjects if isinstance(subject, Staff))
    duty = next(subject for subject in subjects if isinstance(subject, Duty))
    data = entry.data
    text = ON_DUTY_NO_MORE
    if entry.kind == "duty.set":
        text = ON_DUTY_OFTEN if data["count"] > 1 else ON_DUTY
    params = {
        "team": data["team"],
        "count": data.get("count"),
        "from_time": data["from"],
        "until_time": data["until"],
    }
    _tell(entry, [person], text, params, about=duty)


def _who_stand_in(absence: Absence) -> Iterable[Staff]:
    if absence.substitute is not None:
        return [absence.substitute]
    return (
        Staff.objects.filter(memberships__team=absence.substitute_team_id).distinct()
        if absence.substitute_team_id
        else ()
    )


def _tell(entry: Entry, people: Iterable[Staff], text: str, params: dict[str, Any], *, about: models.Model) -> None:
    """Nobody is told what they did themselves."""
    others = [one for one in people if (entry.actor_kind, entry.actor_id) != ("staff", one.pk)]
    notify(others, text, kind=entry.kind, params=params, about=about)
