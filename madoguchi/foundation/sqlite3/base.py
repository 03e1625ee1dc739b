"""Django's SQLite backend with a queue for writers.

SQLite makes a second writer sleep and ask again, up to 100 ms at a time, so that under load some wait for most of a
second while the database stands idle. Here a writer stands in line before BEGIN IMMEDIATE: threads of one process at
a lock, processes at a lock on a file beside the database, which the kernel hands on at once and frees when one dies.
Nobody stands there longer than the database's ``timeout``: then they are told that it is busy.
"""

import os
import sqlite3
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations as DjangosOperations

from madoguchi.foundation.busy import Busy
from madoguchi.foundation.sqlite3.line import Line, line_of


class DatabaseOperations(DjangosOperations):
    """Reads a moment at a fifth of the cost: its form is always the one that Django writes, and the zone UTC."""

    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> datetime | None:
        if type(value) is str and self.connection.timezone is UTC:
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        found: datetime | None = super().convert_datetimefield_value(value, expression, connection)
        return found


class Cursor(base.SQLiteCursorWrapper):
    """Django's cursor; how a statement writes its placeholders is found once for each statement.

    A writer that found the file locked for too long is told that it is busy, whether it began a transaction or wrote
    without one: such a one does not stand in line.
    """

    def execute(self, query: str, params: Any = None) -> Any:
        try:
            return super().execute(query, params)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise Busy(*error.args) from error
            raise

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        return _placed(query) if param_names is None else super().convert_query(query, param_names=param_names)


@lru_cache(maxsize=1000)
def _placed(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; it stands in line at the beginning of each transaction and leaves at its end."""

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line: Line | None = None

    def create_cursor(self, name: str | None = None) -> Cursor:
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        self._stand_in_line()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def _stand_in_line(self) -> None:
        if self._line is not None or self.is_in_memory_db():
            return
        line = line_of(os.fspath(self.settings_dict["NAME"]))
        if not line.enter(self.settings_dict["OPTIONS"].get("timeout", 5.0)):
            raise Busy("database is locked")
        self._line = line

    def _leave(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.leave()
