"""Reading the Cabinet Office's list of national holidays (syukujitsu.csv), whatever its layout is this year.

Its columns have been one date and one name, names before dates, and several years side by side; it has come in
Shift_JIS and UTF-8, with headings and notes around it. So nothing is taken for granted but this: a date stands beside
its name.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from madoguchi.foundation.decoding import decoded

_NUMBER = r"(\d{1,2}|元)"
_FULL = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ERA = re.compile(rf"(明治|大正|昭和|平成|令和|[mtshr]){_NUMBER}[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?")
_SHORT = re.compile(r"(\d{1,2})[/月](\d{1,2})日?")
_YEAR = re.compile(r"(?<!\d)(\d{4})年?(?!\d)")
_ERA_YEAR = re.compile(rf"(明治|大正|昭和|平成|令和){_NUMBER}年")
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_LETTERS = {"m": "明治", "t": "大正", "s": "昭和", "h": "平成", "r": "令和"}
_LONGEST_NAME = 60
_LONGEST_FILE = 2_000_000
_MOST_REFUSED = 200


class Unreadable(ValueError):
    """The file is no list of holidays; the argument says why: ``encoding``, ``size`` or ``nothing``."""


@dataclass(frozen=True)
class RefusedLine:
    """A line that was not understood: ``no_date``, ``bad_date``, ``no_name``, ``long_name`` or ``twice``."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True)
class OfficialList:
    """What a file told."""

    holidays: dict[date, str]
    refused: list[RefusedLine] = field(default_factory=list)
    encoding: str = "utf-8"

    @property
    def years(self) -> list[int]:
        return sorted({day.year for day in self.holidays})


def read(content: bytes) -> OfficialList:
    """The holidays of the file. Raises Unreadable when there is not one."""
    if len(content) > _LONGEST_FILE:
        raise Unreadable("size")
    try:
        text, encoding = decoded(content)
    except UnicodeError:
        raise Unreadable("encoding") from None
    rows = list(enumerate(_rows(text), start=1))
    name_first = _name_first([row for _, row in rows])
    holidays: dict[date, str] = {}
    refused: list[RefusedLine] = []
    years: dict[int, int] = {}
    for number, cells in rows:
        if not any(cells):
            continue
        line = RefusedLine(number, " ".join(cell for cell in cells if cell)[:120], "no_date")
        dates = {place: day for place, cell in enumerate(cells) if (day := _date(cell, years.get(place))) is not None}
        if not dates:
            heads = {place: year for place, cell in enumerate(cells) if (year := _year(cell))}
            if heads:
                years = _spread(heads, len(cells))
            elif holidays:
                refused.append(line)  # a note behind the list; headings before it are none
            continue
        for place, day in dates.items():
            if reason := _take(holidays, cells, place, day, name_first=name_first):
                refused.append(RefusedLine(number, line.text, reason))
    if not holidays:
        raise Unreadable("nothing")
    return OfficialList(dict(sorted(holidays.items())), refused[:_MOST_REFUSED], encoding)


def _take(holidays: dict[date, str], cells: list[str], place: int, day: date | str, *, name_first: bool) -> str:
    """Note the holiday of one date cell; why not, if not."""
    if isinstance(day, str):
        return day
    beside = place - 1 if name_first else place + 1
    name = cells[beside] if 0 <= beside < len(cells) else ""
    if not name or _date(name, None) is not None:
        return "no_name"
    if len(name) > _LONGEST_NAME:
        return "long_name"
    if holidays.setdefault(day, name) != name:
        return "twice"
    return ""


def _rows(text: str) -> list[list[str]]:
    lines = text.splitlines()
    separator = max(",\t;", key=lambda mark: sum(mark in line for line in lines))
    try:
        rows = list(csv.reader(lines, delimiter=separator))
    except csv.Error:
        raise Unreadable("nothing") from None
    return [[" ".join(unicodedata.normalize("NFKC", cell).split()) for cell in row] for row in rows]


def _name_first(rows: list[list[str]]) -> bool:
    """Whether names stand before their dates: as most lines begin."""
    votes = 0
    for cells in rows:
        filled = [cell for cell in cells if cell]
        dated = [_date(cell, 2000) is not None for cell in filled[:2]]
        if dated == [True, False]:
            votes -= 1
        elif dated == [False, True]:
            votes += 1
    return votes > 0


def _date(cell: str, year: int | None) -> date | str | None:
    """The date of a cell; ``bad_date`` for one that looks like a date and is none; None for anything else."""
    text = re.sub(r"\([^)]*\)|[月火水木金土日]曜日?", "", cell.lower()).replace(" ", "")
    if found := _FULL.fullmatch(text) or _PACKED.fullmatch(text):
        return _made(*(int(part) for part in found.groups()))
    if found := _ERA.fullmatch(text):
        era, count, month, day = found.groups()
        return _made(_era_year(era, count), int(month), int(day))
    if year is not None and (found := _SHORT.fullmatch(text)):
        return _made(year, int(found[1]), int(found[2]))
    return None


def _made(year: int, month: int, day: int) -> date | str:
    try:
        made = date(year, month, day)
    except ValueError:
        return "bad_date"
    return made if 1948 <= year <= 2200 else "bad_date"


def _year(cell: str) -> int | None:
    """The year that a heading names."""
    if found := _YEAR.search(cell):
        return int(found[1]) if 1948 <= int(found[1]) <= 2200 else None
    if found := _ERA_YEAR.search(cell):
        return _era_year(found[1], found[2])
    return None


def _era_year(era: str, count: str) -> int:
    return _ERAS[_LETTERS.get(era, era)] + (1 if count == "元" else int(count))


def _spread(heads: dict[int, int], width: int) -> dict[int, int]:
    """Which year each column belongs to: the nearest heading at or before it."""
    years: dict[int, int] = {}
    for place in range(max(width, max(heads) + 4)):
        before = [head for head in heads if head <= place]
        if before:
            years[place] = heads[max(before)]
    return years
