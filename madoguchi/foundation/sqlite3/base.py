"""Django's SQLite backend with a queue for writers.

SQLite makes a second writer sleep and ask again, up to 100 ms at a time, so that under load some wait for most of a
second while the database stands idle. Here a writer stands in line before BEGIN IMMEDIATE: threads of one process at
a lock, processes at a lock on a file beside the database, which the kernel hands on at once and frees when one dies.
"""

import fcntl
import os
import threading
from collections import defaultdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations as DjangosOperations
from django.db.utils import OperationalError

_lines: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class DatabaseOperations(DjangosOperations):
    """Reads a moment at a fifth of the cost: its form is always the one that Django writes, and the zone UTC."""

    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> datetime | None:
        if type(value) is str and self.connection.timezone is UTC:
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        found: datetime | None = super().convert_datetimefield_value(value, expression, connection)
        return found


class Cursor(base.SQLiteCursorWrapper):
    """Django's cursor; how a statement writes its placeholders is found once for each statement."""

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
        self._file: int | None = None
        self._line: threading.Lock | None = None

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
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _stand_in_line(self) -> None:
        if self._line is not None or self.is_in_memory_db():
            return
        path = os.fspath(self.settings_dict["NAME"])
        line = _lines[path]
        if not line.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 5.0)):
            raise OperationalError("database is locked")
        self._line = line
        if self._file is None:
            self._file = os.open(f"{path}-queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def _leave(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        line.release()
