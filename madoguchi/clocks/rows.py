"""Writing the rows of a cache: new ones and changed ones in one statement, since every act comes by here."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Protocol

from django.db import connection

_KEYS = 3  # ticket, kind and subject name a row; they come first in it


class Keyed(Protocol):
    """A row that its ``key`` tells from the others of its ticket."""

    @property
    def key(self) -> tuple[str, int]: ...


def differences[Row: Keyed](
    old: Mapping[tuple[str, int], Row], new: Sequence[Row]
) -> tuple[list[Row], AbstractSet[tuple[str, int]]]:
    """The new rows that are not as they were, and the keys of those that are no more."""
    return [row for row in new if old.get(row.key) != row], old.keys() - {row.key for row in new}


def upsert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write the rows; one that is there with the same ticket, kind and subject gets the new values."""
    if not rows:
        return
    places = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(rows))
    news = ", ".join(f"{name} = excluded.{name}" for name in columns[_KEYS:])
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places} "  # noqa: S608 (our own names and places)
            f"ON CONFLICT ({', '.join(columns[:_KEYS])}) DO UPDATE SET {news}",
            [adapt(value) if isinstance(value, datetime) else value for row in rows for value in row],
        )
