"""Reactions: who owes an answer to a comment on an article hears of it, and who commented hears the answer."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext_noop

from madoguchi.journal.models import Entry
from madoguchi.notifications.actions import notify
from madoguchi.people.models import Staff, Team
from madoguchi.people.queries import supervisors_of

COMMENTED = gettext_noop("%(name)s commented on the article “%(question)s”.")
ANSWERED = {
    "accepted": gettext_noop("Your comment on “%(question)s” was taken up: %(reply)s"),
    "declined": gettext_noop("Your comment on “%(question)s” was not taken up: %(reply)s"),
    "answered": gettext_noop("Your comment on “%(question)s” was answered: %(reply)s"),
}
LATE = gettext_noop("A comment on the article “%(question)s” waits for its answer since %(due)s.")
_SHORT = 120


def tell_commented(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Whoever vouches for the article hears of a comment; else, or when it is their own, who leads the owner team."""
    vouching = [
        subject for subject in subjects if isinstance(subject, Staff) and subject.is_active and not _did(entry, subject)
    ]
    people = vouching or _leading(entry, subjects)
    _tell(entry, people, COMMENTED, {"name": entry.actor_name}, subjects)


def tell_answered(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Whoever commented reads the sentence."""
    people = [subject for subject in subjects if isinstance(subject, Staff)]
    _tell(entry, people, ANSWERED[entry.data["state"]], {"reply": _cut(entry.data["reply"])}, subjects)


def tell_late(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """A comment waits too long: those who lead the owner team are told, once."""
    _tell(entry, _leading(entry, subjects), LATE, {"due_time": entry.data["due"]}, subjects)


def _did(entry: Entry, staff: Staff) -> bool:
    return (entry.actor_kind, entry.actor_id) == ("staff", staff.pk)


def _leading(entry: Entry, subjects: tuple[models.Model, ...]) -> list[Staff]:
    team = next((subject for subject in subjects if isinstance(subject, Team)), None)
    return supervisors_of(team.pk if team else None, entry.at)


def _tell(
    entry: Entry, people: Iterable[Staff], text: str, params: dict[str, Any], subjects: tuple[models.Model, ...]
) -> None:
    """Nobody is told what they did themselves. The notification leads to the article."""
    others = [one for one in people if not _did(entry, one)]
    about = next(subject for subject in subjects if subject._meta.model_name == "article")
    notify(others, text, kind=entry.kind, params={"question": _cut(entry.data["question"]), **params}, about=about)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else line[:_SHORT] + "…"
