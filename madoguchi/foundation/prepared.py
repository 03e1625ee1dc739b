"""Statements that are written once, for the hot acts.

To make the SQL of a question by key takes Django many times as long as the database takes to answer it. Here a query
set is made into SQL at its first use and kept; afterwards only the values change. The rows are those that Django
gives, plain tuples too, with all that ``select_related`` joins. ``insert`` and ``update`` do the same for one row.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from inspect import signature
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import ModelIterable, RelatedPopulator, ValuesListIterable, get_related_populators
from django.db.transaction import mark_for_rollback_on_error

type Value = str | int | datetime


class _Given(models.Expression):
    """Where a value goes that is known only when the statement runs."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


@dataclass(frozen=True)
class _Reading:
    """How one question reads on this engine, and how its rows become objects (``model`` None: tuples)."""

    sql: str
    values: tuple[Any, ...]
    model: type[models.Model] | None
    names: list[str]
    width: int
    converters: list[tuple[int, list[Callable[..., Any]], Any]]
    related: list[RelatedPopulator]
    annotated: list[tuple[str, int]]

    def row(self, columns: Sequence[Any], here: BaseDatabaseWrapper) -> Any:
        cells = list(columns)
        for place, functions, expression in self.converters:
            for function in functions:
                cells[place] = function(cells[place], expression, here)
        if self.model is None:
            return tuple(cells[: self.width])
        row = self.model.from_db(DEFAULT_DB_ALIAS, self.names, cells[: self.width], fetch_mode=models.FETCH_ONE)
        for populator in self.related:
            populator.populate(cells, row)
        for name, place in self.annotated:
            setattr(row, name, cells[place])
        return row


class Prepared[Row]:
    """A question that is asked again and again: ``by_key = Prepared(lambda key: Team.objects.filter(key=key))``.

    The function gets a placeholder for each value and is called once; it returns a query set of models or of
    ``values_list()``. A value is compared with a column as it stands: a text, a number or a moment, never None (that
    is another question) and never a list. Whatever else the question depends on is as it was when it was first asked.
    """

    def __init__(self, ask: Callable[..., models.QuerySet[Any, Row]], *, values: int | None = None) -> None:
        """``values``: how many there are, where the function's parameters do not say it."""
        self._ask = ask
        self._count = len(signature(ask).parameters) if values is None else values
        self._reading: _Reading | None = None

    def all(self, *values: Value) -> list[Row]:
        """The rows for these values."""
        reading = self._reading
        if reading is None:
            try:
                reading = self._reading = _reading(self._ask(*map(_Given, range(self._count))))
            except EmptyResultSet:  # ``none()``
                return []
        given = [values[part.place] if isinstance(part, _Given) else part for part in reading.values]
        here = connections[DEFAULT_DB_ALIAS]
        with here.cursor() as cursor:
            cursor.execute(reading.sql, [_plain(value) for value in given])
            return [reading.row(columns, here) for columns in cursor.fetchall()]

    def first(self, *values: Value) -> Row | None:
        """The first row; the question itself says ``[:1]`` where there may be many."""
        rows = self.all(*values)
        return rows[0] if rows else None


def _reading(asked: models.QuerySet[Any, Any]) -> _Reading:
    shape = asked._iterable_class  # noqa: SLF001 (Django says it nowhere else)
    if shape not in (ModelIterable, ValuesListIterable):
        raise TypeError("A prepared question is answered with models or with the tuples of values_list().")
    compiler = asked.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, values = compiler.as_sql()
    select = compiler.select
    shown = [column[0] for column in select[: compiler.col_count]]  # behind them what only the order needs
    converters = [(place, *how) for place, how in compiler.get_converters(shown).items()]
    if shape is ValuesListIterable:
        return _Reading(sql, tuple(values), None, [], len(shown), converters, [], [])
    info = compiler.klass_info
    columns = info["select_fields"]
    assert columns == list(range(len(columns)))
    return _Reading(
        sql,
        tuple(values),
        info["model"],
        [select[place][0].target.attname for place in columns],
        len(columns),
        converters,
        get_related_populators(info, select, DEFAULT_DB_ALIAS, models.FETCH_ONE),
        list((compiler.annotation_col_map or {}).items()),
    )


_MOST = 2**63 - 1


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, int):  # no column holds more, and no database takes it
        return max(-_MOST, min(value, _MOST))
    return value


def insert[M: models.Model](row: M) -> M:
    """Write a new row, as ``objects.create()`` does, and give it its id."""
    _insert(row, ())
    return row


def insert_once(row: models.Model, *unique: str) -> bool:
    """Write a new row; False, and nothing is written, when there is one with the same values in the unique fields."""
    return _insert(row, unique)


def _insert(row: models.Model, unique: tuple[str, ...]) -> bool:
    sql, fields = _insertion(type(row), unique)
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(sql, _values(row, fields, add=True))
        written = cursor.fetchone()
    if written is None:
        return False
    row.pk = written[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 (as Django does after saving)
    return True


@cache
def _insertion(model: type[models.Model], unique: tuple[str, ...]) -> "tuple[str, list[models.Field[Any, Any]]]":
    meta = model._meta
    assert isinstance(meta.pk, models.AutoField)
    fields = [field for field in meta.local_concrete_fields if not field.primary_key and not field.generated]
    columns, places = ", ".join(map(_column, fields)), ", ".join(["%s"] * len(fields))
    known = ", ".join(_column(field) for field in fields if field.name in unique)
    unless = f"ON CONFLICT ({known}) DO NOTHING " if known else ""
    head = f"INSERT INTO {_quoted(meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 (names of our own)
    return f"{head} {unless}RETURNING {_column(meta.pk)}", fields


def update(row: models.Model, names: Iterable[str]) -> None:
    """Write the named fields of a row, as ``save(update_fields=…)`` does; raises DatabaseError when it is gone."""
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS):
        if not update_if(row, names):
            raise DatabaseError(f"{row!r} is no longer there")


def update_if(row: models.Model, names: Iterable[str], **still: str | int) -> bool:
    """Write the named fields if the row in the database still has these values; whether it had."""
    sql, fields = _change(type(row), tuple(names), tuple(still))
    with mark_for_rollback_on_error(DEFAULT_DB_ALIAS), connection.cursor() as cursor:
        cursor.execute(sql, [*_values(row, fields, add=False), row.pk, *still.values()])
        return bool(cursor.rowcount)


@cache
def _change(
    model: type[models.Model], names: tuple[str, ...], still: tuple[str, ...]
) -> "tuple[str, list[models.Field[Any, Any]]]":
    meta = model._meta
    by_name = {field.name: field for field in meta.local_concrete_fields}
    fields = [by_name[name] for name in names]
    changes = ", ".join(f"{_column(field)} = %s" for field in fields)
    conditions = " AND ".join(f"{_column(field)} = %s" for field in (meta.pk, *(by_name[name] for name in still)))
    return f"UPDATE {_quoted(meta.db_table)} SET {changes} WHERE {conditions}", fields  # noqa: S608


def _values(row: models.Model, fields: "list[models.Field[Any, Any]]", *, add: bool) -> list[Any]:
    here = connections[DEFAULT_DB_ALIAS]  # itself: each look through the proxy costs as much as a field
    return [field.get_db_prep_save(field.pre_save(row, add), here) for field in fields]


def _column(field: "models.Field[Any, Any]") -> str:
    return _quoted(str(field.column))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
