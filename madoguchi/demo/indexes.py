"""Indexes taken away while rows come by the million, and built again in one go."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, models

type Say = Callable[[str], None]

_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = %s ORDER BY name"
# Indexes that belong to no constraint; and unique constraints with their text.
_POSTGRES = """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
 WHERE i.indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)"""
_POSTGRES_UNIQUE = """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = %s::regclass AND contype = 'u'"""


@dataclass
class Taken:
    """Statements that bring back what was taken away, by table."""

    statements: dict[str, list[str]]
    say: Say

    def rebuild(self) -> None:
        """Build everything again."""
        with connection.cursor() as cursor:
            for table in list(self.statements):
                for statement in self.statements.pop(table):
                    cursor.execute(statement)
            self.say("indexes built")


@contextmanager
def without_indexes(of: Iterable[type[models.Model]], *, say: Say) -> Iterator[Taken]:
    """Drop the indexes of these models' tables; what is not rebuilt when the block ends is rebuilt then."""
    taken = Taken({}, say)
    with connection.cursor() as cursor:
        for model in of:
            table = model._meta.db_table
            back = taken.statements.setdefault(table, [])
            if connection.vendor == "postgresql":
                cursor.execute(_POSTGRES_UNIQUE, [table])
                for name, text in cursor.fetchall():
                    cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
                    back.append(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {text}')
                cursor.execute(_POSTGRES, [table])
                for name, text in cursor.fetchall():
                    cursor.execute(f"DROP INDEX {name}")
                    back.append(text)
            else:
                cursor.execute(_SQLITE, [table])
                for name, text in cursor.fetchall():
                    cursor.execute(f'DROP INDEX "{name}"')
                    back.append(text)
    try:
        yield taken
    finally:
        taken.rebuild()
