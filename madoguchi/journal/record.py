"""``record()``: the one way to write the journal."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.module_loading import import_string

from madoguchi.foundation.prepared import insert
from madoguchi.journal.models import Entry


class Actor(Protocol):
    """Whoever acts: a member of staff, a requester, a telephone system, the clock."""

    @property
    def actor_kind(self) -> str: ...
    @property
    def actor_id(self) -> int | None: ...
    @property
    def actor_name(self) -> str: ...


@dataclass(frozen=True)
class NamedActor:
    """An actor without a row of its own, for instance ``NamedActor("system", "worker")``."""

    actor_kind: str
    actor_name: str
    actor_id: int | None = None


SYSTEM = NamedActor("system", "system")

type Reaction = Callable[[Entry, tuple[models.Model, ...]], None]


def record(
    kind: str,
    *,
    by: Actor,
    about: Iterable[models.Model | None],
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Entry:
    """Write one entry inside the caller's transaction and run its reactions.

    ``about`` are the saved rows it concerns (None is skipped, doubles count once); ``data`` must be JSON.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} must be recorded in the transaction of the change itself.")
    subjects = tuple(subject for subject in about if subject is not None)
    entry = insert(
        Entry(
            at=at or timezone.now(),
            kind=kind,
            actor_kind=by.actor_kind,
            actor_id=by.actor_id,
            actor_name=by.actor_name[:200],
            data=dict(data or {}),
        )
    )
    _mention(entry, dict.fromkeys(map(subject_of, subjects)))
    for reaction in _reactions().get(kind, ()):
        reaction(entry, subjects)
    return entry


def _mention(entry: Entry, names: Collection[tuple[str, int]]) -> None:
    """The entry's subjects in one statement, written by hand: every act comes by here."""
    if names:
        rows = ", ".join(["(%s, %s, %s)"] * len(names))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO journal_mention (entry_id, kind, ref) VALUES {rows}",  # noqa: S608 (only placeholders)
                [value for name, ref in names for value in (entry.pk, name, ref)],
            )


def subject_of(row: models.Model) -> tuple[str, int]:
    """How the journal names a row: (model name, id)."""
    return row._meta.model_name or "", row.pk


@cache
def _reactions() -> Mapping[str, tuple[Reaction, ...]]:
    reactions: Mapping[str, tuple[Reaction, ...]] = import_string(settings.JOURNAL_REACTIONS)
    return reactions
