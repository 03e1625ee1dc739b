"""The bare drivers, on the settings that the product ships: for the floors, and to look at what a desk holds."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import psycopg

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-8000", "mmap_size=268435456", "temp_store=MEMORY")


@dataclass(frozen=True)
class Database:
    """Where a desk keeps its rows: ``place`` is a file (sqlite) or a connection string (postgres)."""

    engine: str
    place: str

    def connect(self) -> Any:
        """A connection of the driver that commits each statement unless a transaction was begun."""
        if self.engine == "postgres":
            return psycopg.connect(self.place, autocommit=True)
        connection = sqlite3.connect(self.place, isolation_level=None, timeout=20, check_same_thread=False)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def sql(self, statement: str) -> str:
        """The statement with the driver's own marks instead of ``?``."""
        return statement.replace("%", "%%").replace("?", "%s") if self.engine == "postgres" else statement

    def row(self, statement: str, *values: Any) -> dict[str, Any] | None:
        """The first row by column name."""
        rows = self.rows(statement, *values)
        return rows[0] if rows else None

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """All rows by column name, over a connection of their own."""
        connection = self.connect()
        try:
            cursor = connection.execute(self.sql(statement), values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            connection.close()

    def version(self) -> str:
        """The engine with its version, for the report."""
        if self.engine == "postgres":
            found = self.row("SELECT current_setting('server_version') AS version")
            return f"PostgreSQL {found['version'].split()[0] if found else '?'}"
        return f"SQLite {sqlite3.sqlite_version}"
