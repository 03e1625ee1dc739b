"""Where a telephone system's call data records are: a file that it appends to, or a table of a database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from django.utils.translation import gettext as _
from psycopg import sql

from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.reconcile.rows import BadRow, Row, row_of, rows_of_csv

_AT_ONCE = 1000
_TIMES = ("calldate", "start")
_NEVER = datetime(2099, 1, 1, tzinfo=UTC)


class UnreadableSource(Exception):
    """The file or the table cannot be read; the message is a sentence for the administrator, without secrets."""


@dataclass(frozen=True)
class CdrSource:
    """One source. ``name`` is what people are shown, without the password.

    ``address``: a path, or what psycopg takes. ``sender``: whose calls these are, "" when that is not told: then calls
    of all senders are compared, and what is missing belongs to ``asterisk``. ``at``: when every night, None: never.
    ``keeps_numbers``: whether a recovered call has its caller's number where no row says that it may be shown.
    """

    kind: str
    name: str
    address: str = field(repr=False)
    table: str = "cdr"
    time_zone: str = "Asia/Tokyo"
    sender: str = ""
    naming: Pbx = field(default_factory=Pbx)
    at: time | None = None
    keeps_numbers: bool = True


def rows_of(
    source: CdrSource, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Row | BadRow]:
    """The rows that began in [since, until), and the bad rows behind one of them; raises UnreadableSource."""
    zone = ZoneInfo(source.time_zone)
    try:
        if source.kind == "file":
            with Path(source.address).open("rb") as lines:
                yield from _between(rows_of_csv(lines, zone), since, until)
        elif source.kind == "sqlite":
            yield from _between(_of_sqlite(source, zone, since, until), since, until)
        else:
            yield from _between(_of_postgres(source, zone, since, until), since, until)
    except OSError as error:
        raise UnreadableSource(f"{source.name}: {error.strerror or error}") from error
    except (psycopg.Error, sqlite3.Error) as error:
        raise UnreadableSource(f"{source.name}: {str(error).strip()}") from error


def check(source: CdrSource) -> str:
    """What is there, in a few words; raises UnreadableSource."""
    if source.kind == "file":
        try:
            return f"{Path(source.address).stat().st_size:,} bytes"
        except OSError as error:
            raise UnreadableSource(f"{source.name}: {error.strerror}") from error
    for _row in rows_of(source, since=_NEVER):
        pass
    return f"table {source.table}"


def _between(rows: Iterator[Row | BadRow], since: datetime | None, until: datetime | None) -> Iterator[Row | BadRow]:
    """Bad rows have no time: they are of the time of the row before them, the first ones of that of the row behind."""
    first, inside = list[BadRow](), None
    for row in rows:
        if isinstance(row, Row):
            inside = not ((since and row.start_at < since) or (until and row.start_at >= until))
            if inside:
                yield from first
                yield row
            first = []
        elif inside is None:
            first.append(row)
        elif inside:
            yield row
    yield from first


def _column(source: CdrSource, names: list[str]) -> str:
    """The column with the time at which a row began."""
    for name in names:
        if name.lower() in _TIMES:
            return name
    raise UnreadableSource(
        _("%(source)s: the table %(table)s has no column calldate or start.")
        % {"source": source.name, "table": source.table}
    )


def _local(moment: datetime | None, zone: ZoneInfo, default: str) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if moment else default


def _bounds(zone: ZoneInfo, since: datetime | None, until: datetime | None) -> tuple[str, str]:
    return _local(since, zone, "1970-01-01 00:00:00"), _local(until, zone, "2200-01-01 00:00:00")


def _of_postgres(
    source: CdrSource, zone: ZoneInfo, since: datetime | None, until: datetime | None
) -> Iterator[Row | BadRow]:
    table = sql.Identifier(*source.table.split("."))
    with psycopg.connect(source.address, connect_timeout=10) as connection:
        connection.read_only = True
        connection.execute(sql.SQL("SET TIME ZONE {}").format(source.time_zone))
        found = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table))
        column = sql.Identifier(_column(source, [one.name for one in found.description or ()]))
        query = sql.SQL("SELECT * FROM {} WHERE {column} >= {} AND {column} < {} ORDER BY {column}")
        with connection.cursor(name="cdr") as rows:
            rows.itersize = _AT_ONCE
            rows.execute(query.format(table, *_bounds(zone, since, until), column=column))
            names = [one.name for one in rows.description or ()]
            for place, values in enumerate(rows, 1):
                yield row_of(dict(zip(names, values, strict=True)), place=place, zone=zone)


def _of_sqlite(
    source: CdrSource, zone: ZoneInfo, since: datetime | None, until: datetime | None
) -> Iterator[Row | BadRow]:
    table = source.table.replace('"', "")
    path = Path(source.address).resolve()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute(f'SELECT * FROM "{table}" LIMIT 0')  # noqa: S608 (a name, without quotes)
        column = _column(source, [one[0] for one in found.description])
        query = f'SELECT * FROM "{table}" WHERE "{column}" >= ? AND "{column}" < ? ORDER BY "{column}"'  # noqa: S608
        rows = connection.execute(query, _bounds(zone, since, until))
        names = [one[0] for one in rows.description]
        for place, values in enumerate(rows, 1):
            yield row_of(dict(zip(names, values, strict=True)), place=place, zone=zone)
