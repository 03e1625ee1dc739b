"""Reading call data records as Asterisk writes them: every row alone, so that a bad one harms no other."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop as _

LONGEST = 200
_PARTIES = ("src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata")
_TIMES = ("start", "answer", "end", "duration", "billsec", "disposition", "amaflags")
# cdr_csv, with what cdr.conf adds at its end (loguniqueid, loguserfield, newcdrcolumns).
_STOCK = ("accountcode", *_PARTIES, *_TIMES, "uniqueid", "userfield")
# The order of cdr_custom's sample.
_CUSTOM = ("clid", *(name for name in _PARTIES if name != "clid"), *_TIMES, "accountcode", "uniqueid", "userfield")
_ALIASES = {"calldate": "start", "end_time": "end", "answer_time": "answer", "num-pres": "presentation"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_EPOCH = re.compile(r"\d{9,10}(\.\d+)?", re.ASCII)
_ESCAPED = re.compile(r"\\(.)")
_NULL = ("NULL", r"\N")
_CALLER = re.compile(r'^\s*"?(?P<name>.*?)"?\s*<(?P<number>[^<>]*)>\s*$')


@dataclass(frozen=True, slots=True)
class Row:
    """One call data record: what one pair of channels had with each other. Times are to the second, in UTC.

    ``place`` is the line of the file, or the number of the row. ``answered_at`` is when the channel was taken up, be it
    by a menu or a queue. ``end_at`` is the second in which it ended.
    """

    place: int
    uniqueid: str
    linkedid: str
    start_at: datetime
    answered_at: datetime | None
    end_at: datetime
    disposition: str
    number: str
    name: str
    presentation: str
    dst: str
    did: str
    channel: str
    dstchannel: str
    lastapp: str
    lastdata: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, and why, as a sentence to translate and what stands in it."""

    place: int
    why: str
    written: str = ""


class _BadValueError(Exception):
    def __init__(self, why: str, written: str = "") -> None:
        super().__init__(why)
        self.why, self.written = why, written[:40]


def rows_of_csv(lines: Iterable[bytes], zone: ZoneInfo) -> Iterator[Row | BadRow]:
    """The rows of a file of cdr_csv or cdr_custom, with or without a line that names the columns, or of mysql --batch.

    A line is UTF-8 or else Shift_JIS; times without offset are of ``zone``. A last line that is not whole yet is left
    out.
    """
    names: Sequence[str] | None = None
    usual, tabbed = 0, False  # cells of a line; whether tabs part them
    for place, line in enumerate(lines, 1):
        text = _decoded(line).strip("\r\n\ufeff")
        if not text.strip():
            continue
        if names is None and "\t" in text and (found := _header(text.split("\t"))):
            names, usual, tabbed = found, len(found), True
            continue
        cells = _tabbed(text) if tabbed else _cells(text)
        if len(cells) < usual and not line.endswith(b"\n"):
            continue  # the telephone system is still writing it
        usual = usual or len(cells)
        if not cells:
            yield BadRow(place, _("This is no line of a CSV file."))
            continue
        if names is None and (found := _header(cells)):
            names = found
            continue
        yield row_of(_named(cells, names), place=place, zone=zone)


def _cells(text: str) -> list[str]:
    """None when it is no line of a CSV file."""
    try:
        return next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration):
        return []


def _tabbed(text: str) -> list[str]:
    """The cells of a line of mysql --batch, which quotes nothing and escapes tabs, new lines and backslashes."""
    return ["" if cell in _NULL else _ESCAPED.sub(_unescaped, cell) for cell in text.split("\t")]


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "0": ""}.get(found[1], found[1])


def row_of(values: Mapping[str, object], *, place: int, zone: ZoneInfo) -> Row | BadRow:
    """One row by the names of its columns."""
    try:
        return _row({_ALIASES.get(key.lower(), key.lower()): value for key, value in values.items()}, place, zone)
    except _BadValueError as error:
        return BadRow(place, error.why, error.written)


def _row(values: Mapping[str, object], place: int, zone: ZoneInfo) -> Row:
    if not values:
        raise _BadValueError(_("The columns cannot be told: no time stands where one belongs."))
    start = _moment(values.get("start"), zone)
    if start is None:
        raise _BadValueError(_("The row does not say when the call began."))
    duration, billed = _seconds(values.get("duration")), _seconds(values.get("billsec"))
    end = _moment(values.get("end"), zone)
    if end is None and duration is None:
        raise _BadValueError(_("The row does not say when the call ended."))
    end = end or start + timedelta(seconds=duration or 0)
    if end < start:
        raise _BadValueError(_("The row ends before it begins."))
    answered = _moment(values.get("answer"), zone)
    if answered is None and billed:
        answered = end - timedelta(seconds=billed)
    name, number = _caller(values)
    return Row(
        place=place,
        uniqueid=_text(values, "uniqueid"),
        linkedid=_text(values, "linkedid"),
        start_at=start,
        answered_at=answered,
        end_at=end,
        disposition=_text(values, "disposition").upper(),
        number=number[:80],
        name=name,
        presentation=_text(values, "presentation").lower(),
        dst=_text(values, "dst")[:80],
        did=_text(values, "did")[:80],
        channel=_text(values, "channel"),
        dstchannel=_text(values, "dstchannel"),
        lastapp=_text(values, "lastapp"),
        lastdata=_text(values, "lastdata"),
    )


def _decoded(line: bytes) -> str:
    for encoding in ("utf-8", "cp932"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", "replace")


def _header(cells: Sequence[str]) -> list[str] | None:
    names = [cell.strip().lower() for cell in cells]
    known = {_ALIASES.get(name, name) for name in names}
    return names if {"start", "src"} <= known or {"start", "uniqueid"} <= known else None


def _named(cells: Sequence[str], names: Sequence[str] | None) -> dict[str, object]:
    """The cells by name; without a line of names the place of the first time tells whose layout it is."""
    if names is not None:
        return dict(zip(names, cells, strict=False))
    for layout in (_STOCK, _CUSTOM):
        place = layout.index("start")
        if len(cells) > layout.index("disposition") and _is_time(cells[place]):
            found: dict[str, object] = dict(zip(layout, cells, strict=False))
            return found | _further(cells[len(layout) :])
    return {}


def _further(cells: Sequence[str]) -> dict[str, object]:
    """Behind the last column that always stands: peeraccount, linkedid and sequence, of which any may be missing."""
    while cells and re.fullmatch(r"\d*", cells[-1].strip()):
        cells = cells[:-1]  # the sequence, or nothing
    return {"linkedid": cells[-1]} if cells else {}


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text.strip()) or _EPOCH.fullmatch(text.strip()))


def _moment(value: object, zone: ZoneInfo) -> datetime | None:
    text = str(value if value is not None else "").strip()
    if not text or text.startswith("0000-00-00"):
        return None
    try:
        if _EPOCH.fullmatch(text):
            found = datetime.fromtimestamp(float(text), UTC)
        elif _TIME.fullmatch(text):
            read = datetime.fromisoformat(text)
            found = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
        else:
            raise ValueError
    except (ValueError, OverflowError):
        raise _BadValueError(_("“%(written)s” is no time."), text) from None
    if not 2000 <= found.year < 2100:
        raise _BadValueError(_("“%(written)s” is no time."), text)
    return found


def _seconds(value: object) -> int | None:
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    try:
        seconds = int(float(text))
    except (ValueError, OverflowError):
        seconds = -1
    if not 0 <= seconds < 10**7:
        raise _BadValueError(_("“%(written)s” is no number of seconds."), text)
    return seconds


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return "" if value is None else str(value).replace("\0", "").strip()[:LONGEST]


def _caller(values: Mapping[str, object]) -> tuple[str, str]:
    """Name and number of the caller: FreePBX has columns for them, else they stand in the caller ID."""
    written = _CALLER.match(_text(values, "clid"))
    name = _text(values, "cnam") or (written["name"] if written else "")
    number = _text(values, "cnum") or _text(values, "src") or (written["number"] if written else "")
    return name.strip('" '), number
