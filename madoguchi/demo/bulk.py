"""Rows by the thousand: ids are given out here, rows wait in memory, and go out in the engine's fastest way."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models

_encode = json.JSONEncoder(ensure_ascii=False).encode

type Row = list[Any]
type Convert = Callable[[Any], Any]


class Table:
    """The new rows of one model. Every column that is not named gets the model's own default, as it is now."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        self.name = model._meta.db_table
        fields = [field for field in model._meta.concrete_fields if field.column != "xid"]
        self.columns = [field.column for field in fields]
        self._slots = {field.attname: (place, _converter(field)) for place, field in enumerate(fields)}
        self._blank = [_converter(field)(field.get_default()) for field in fields]
        self._next = _next_id(self.name)
        self.rows: list[Row] = []

    def new_id(self) -> int:
        """An id that no other row has; give it to ``add`` as ``id``."""
        self._next += 1
        return self._next - 1

    @property
    def next(self) -> int:
        """The id of the next new row."""
        return self._next

    def add(self, **values: Any) -> int:
        """A row with these values by column attribute (``ticket_id``); its id."""
        key: int = values.setdefault("id", 0) or self.new_id()
        values["id"] = key
        row = self._blank.copy()
        for name, value in values.items():
            place, convert = self._slots[name]
            row[place] = convert(value)
        self.rows.append(row)
        return key

    def write(self) -> None:
        """Send the rows that wait."""
        if not self.rows:
            return
        names = ", ".join(f'"{column}"' for column in self.columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f'COPY "{self.name}" ({names}) FROM STDIN') as copy:
                    for row in self.rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["?"] * len(self.columns))
                # The plain connection: Django's own cursor would rewrite and log every statement.
                sql = f'INSERT INTO "{self.name}" ({names}) VALUES ({marks})'  # noqa: S608  our own tables' names
                connection.connection.executemany(sql, self.rows)
        self.rows = []

    def settle(self) -> None:
        """Let the database go on counting behind our ids."""
        if connection.vendor == "postgresql" and self._next > 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [self.name, self._next - 1])


class Tables:
    """The tables of a history, written together in the order in which they refer to each other."""

    def __init__(self, models_in_order: Iterable[type[models.Model]]) -> None:
        models_in_order = list(models_in_order)
        _keep_others_out(model._meta.db_table for model in models_in_order)
        self._tables = {model: Table(model) for model in models_in_order}

    def __getitem__(self, model: type[models.Model]) -> Table:
        return self._tables[model]

    def write(self) -> None:
        for table in self._tables.values():
            table.write()

    def settle(self) -> None:
        for table in self._tables.values():
            table.settle()


def _converter(field: Any) -> Convert:
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return _sqlite_time
    return _same


def _json(value: Any) -> str | None:
    return None if value is None else _encode(value)


def _sqlite_time(value: datetime | None) -> str | None:
    """As Django writes it: UTC without saying so. All our times are UTC already."""
    return None if value is None else str(value)[:-6]


def _same(value: Any) -> Any:
    return value


def _next_id(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT COALESCE(MAX(id), 0) FROM "{table}"')  # noqa: S608
        highest = int(cursor.fetchone()[0])
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            cursor.execute(f"SELECT last_value, is_called FROM {cursor.fetchone()[0]}")  # noqa: S608
            last, called = cursor.fetchone()
            return max(highest + 1, int(last) + int(called))
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        return max(highest, int(row[0]) if row else 0) + 1


def _keep_others_out(tables: Iterable[str]) -> None:
    """Nobody else may be given an id meanwhile. SQLite's transaction holds the whole database anyway."""
    if connection.vendor == "postgresql":
        names = ", ".join(f'"{table}"' for table in tables)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
