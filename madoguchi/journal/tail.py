"""Reading the journal forward, exactly: no entry lost, none twice, whatever order transactions commit in.

PostgreSQL hands out ids before commit, so a reader that remembers "the last id" can pass an entry that commits late.
There each entry carries its transaction id, and the tail reads in the order (transaction id, id) only up to the
snapshot's xmin: below it every transaction has ended, so nothing can appear behind the reader any more.
SQLite has one writer at a time: ids are in commit order, and the transaction id counts as 0.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection

_LAST = 2**63 - 1


@dataclass(frozen=True, order=True)
class Position:
    """A place in the journal between two entries; written ``xid.id`` for a browser to remember."""

    xid: int
    entry: int

    def __str__(self) -> str:
        return f"{self.xid}.{self.entry}"

    @classmethod
    def parse(cls, written: str) -> "Position | None":
        """The position, or None when the text is none."""
        xid, dot, entry = written.partition(".")
        if not (dot and xid.isascii() and xid.isdigit() and entry.isascii() and entry.isdigit()):
            return None
        position = cls(int(xid), int(entry))
        return position if position.xid <= _LAST and position.entry <= _LAST else None


BEGINNING = Position(0, 0)


@dataclass(frozen=True)
class Tailed:
    """An entry as the tail gives it: enough to wake a screen, and to look the entry up."""

    position: Position
    at: datetime
    kind: str
    actor_kind: str
    actor_id: int | None
    subjects: list[tuple[str, int]] = field(default_factory=list)


def now() -> Position:
    """The place after everything that a reader of this moment can know to be complete."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            return Position(int(cursor.fetchone()[0]) - 1, _LAST)
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM journal_entry")
        return Position(0, cursor.fetchone()[0])


def before(entry_id: int) -> Position:
    """The place just before an entry that is there; the beginning when it is not."""
    if connection.vendor != "postgresql":
        return Position(0, entry_id - 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT xid::text::bigint FROM journal_entry WHERE id = %s", [entry_id])
        row = cursor.fetchone()
    return Position(row[0], entry_id - 1) if row else BEGINNING


def read_after(position: Position, *, limit: int = 500) -> list[Tailed]:
    """Up to ``limit`` entries behind ``position``, in tail order, with their subjects."""
    found: dict[int, Tailed] = {}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT xid::text::bigint, id, at, kind, actor_kind, actor_id FROM journal_entry"
                " WHERE (xid, id) > (%s::text::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
                " ORDER BY xid, id LIMIT %s",
                [str(position.xid), position.entry, limit],
            )
        else:
            cursor.execute(
                "SELECT 0, id, at, kind, actor_kind, actor_id FROM journal_entry WHERE id > %s ORDER BY id LIMIT %s",
                [position.entry, limit],
            )
        for xid, entry, at, kind, actor_kind, actor_id in cursor.fetchall():
            aware = at if at.tzinfo else at.replace(tzinfo=UTC)  # SQLite stores UTC without saying so
            found[entry] = Tailed(Position(xid, entry), aware, kind, actor_kind, actor_id)
        if found:
            marks = ",".join(["%s"] * len(found))
            cursor.execute(f"SELECT entry_id, kind, ref FROM journal_mention WHERE entry_id IN ({marks})", list(found))
            for entry, kind, ref in cursor.fetchall():
                found[entry].subjects.append((kind, ref))
    return list(found.values())
