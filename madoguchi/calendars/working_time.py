"""Working time: when a calendar is open, and what a deadline falls on. Pure, without a database.

Open time is the union of half-open spans [opening, closing) of whole seconds. They are worked out once for some years,
with the open seconds before each, so that every question is a binary search. Moments come in aware, in any zone, and go
out in UTC.

Microseconds: a start in open time keeps its fraction, so ``add`` is exact; a start in closed time counts from the next
opening, which is a whole second. ``between`` gives whole seconds, the rest is cut off.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

DAY = 86400
FIRST_YEAR, LAST_YEAR = 1950, 2250  # beyond these a calendar has no answer
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR + 1, LAST_YEAR - 1))
_SECOND = timedelta(seconds=1)
_FULL_CIRCLE = 28  # years after which weekdays and dates fall together again


class NeverOpen(ValueError):
    """The calendar does not have that much open time before the year 2250, or none at all."""


class Reason(StrEnum):
    """Why it is closed."""

    BREAK = "break"  # between two periods of one day: lunch
    NIGHT = "night"  # between the last period of a day and the first of the next
    WEEKEND = "weekend"  # a weekday without periods
    HOLIDAY = "holiday"  # national
    SPECIAL = "special"  # a company holiday


class Period(NamedTuple):
    """Open from ``start`` to ``end``, seconds after midnight of its day; beyond 86,400 it runs into the next day."""

    start: int
    end: int


@dataclass(frozen=True)
class Version:
    """The hours of a week from ``valid_from`` on: seven days, Monday first. ``holidays``: closed on national ones."""

    valid_from: date
    week: tuple[tuple[Period, ...], ...]
    holidays: bool = True


@dataclass(frozen=True)
class Special:
    """One day that differs from its weekday: closed, or open in these periods instead of the usual ones."""

    name: str
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True)
class Day:
    """What holds on one date. ``reason`` and ``name`` say why it is closed or, with periods, what special day it is."""

    periods: tuple[Period, ...]
    reason: Reason | None = None
    name: str = ""


@dataclass(frozen=True)
class Closure:
    """Closed from ``start`` to ``end`` (UTC); ``name`` is a holiday's."""

    start: datetime
    end: datetime
    reason: Reason
    name: str = ""


def no_holidays(_: int) -> Mapping[date, str]:
    return {}


@dataclass(frozen=True, slots=True)
class _Line:
    """Open spans between two moments, as seconds since 1970; ``before[i]`` are the open seconds ahead of span ``i``."""

    first: int
    last: int
    starts: list[int]
    ends: list[int]
    before: list[int]  # one more than spans: the last is the total

    @property
    def years(self) -> tuple[int, int]:
        """The years at whose starts it begins and ends; a day further on, whatever the zone, that year has begun."""
        return _moment(self.first + DAY, 0).year, _moment(self.last + DAY, 0).year


@dataclass(frozen=True, eq=False)
class WorkingTime:
    """One calendar over its whole life: all versions in time, special days, national holidays.

    Before the first version the first one holds. ``holidays`` gives the national holidays of a year. A period that
    crosses midnight belongs to the day on which it begins. Where clocks are put forward, a time that does not exist is
    the moment of the change; where they are put back, a time that comes twice is its first.
    """

    zone: tzinfo
    versions: tuple[Version, ...]
    special: Mapping[date, Special] = field(default_factory=dict)
    holidays: Callable[[int], Mapping[date, str]] = no_holidays
    _held: list[_Line] = field(default_factory=lambda: [_Line(0, 0, [], [], [0])], init=False, repr=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.versions, key=lambda version: version.valid_from))
        if not ordered or any(len(version.week) != 7 for version in ordered):
            raise ValueError("A calendar needs at least one version, and a week has seven days.")
        days = [day for version in ordered for day in version.week] + [day.periods for day in self.special.values()]
        if any(not 0 <= start < end <= start + DAY or start >= DAY for day in days for start, end in day):
            raise ValueError("A period begins on its day, ends after its start and lasts at most 24 hours.")
        object.__setattr__(self, "versions", ordered)

    def add(self, start: datetime, seconds: int) -> datetime:
        """The moment at which ``seconds`` of open time have passed since ``start``.

        The end counts: what ends with the day ends at 17:30, not at 9:00 of the next. ``add(x, 0)`` is ``x`` itself in
        open time and at a closing, else the next opening. Raises NeverOpen.
        """
        if seconds < 0:
            raise ValueError("Deadlines lie ahead: seconds must not be negative.")
        at, micro = _split(start)
        line = self._line(at)
        place = bisect_right(line.starts, at)  # spans that have begun
        if place and (at < line.ends[place - 1] or (at == line.ends[place - 1] and not micro)):
            if not seconds:
                return _moment(at, micro)
            target = line.before[place - 1] + at - line.starts[place - 1] + seconds
        else:
            target, micro = line.before[place] + seconds, 0
        while target > line.before[-1] or (target == line.before[-1] and (micro or not seconds)):
            line = self._longer(line)
        # A fraction lies behind the target, so that a span must go on beyond it; without one a span may end with it.
        search = bisect_right if micro or not seconds else bisect_left
        place = search(line.before, target) - 1
        return _moment(line.starts[place] + target - line.before[place], micro)

    def between(self, start: datetime, end: datetime) -> int:
        """Open seconds in [start, end), whole; negative when ``end`` lies before ``start``."""
        (at, at_micro), (to, to_micro) = _split(start), _split(end)
        if (to, to_micro) < (at, at_micro):
            return -self.between(end, start)
        line = self._line(at, to)
        (begun, begun_micro), (ended, ended_micro) = _place(line, at, at_micro), _place(line, to, to_micro)
        return ended - begun - (ended_micro < begun_micro)

    def is_open(self, at: datetime) -> bool:
        """Whether ``at`` is open time; the moment of a closing is not."""
        moment, _ = _split(at)
        line = self._line(moment)
        place = bisect_right(line.starts, moment)
        return place > 0 and moment < line.ends[place - 1]

    def next_open(self, at: datetime) -> datetime:
        """``at`` itself when open, else the next opening. Raises NeverOpen."""
        moment, micro = _split(at)
        line = self._line(moment)
        while True:
            place = bisect_right(line.starts, moment)
            if place and moment < line.ends[place - 1]:
                return _moment(moment, micro)
            if place < len(line.starts):
                return _moment(line.starts[place], 0)
            line = self._longer(line)

    def closures(self, start: datetime, end: datetime, *, limit: int = 100) -> list[Closure]:
        """The closed times within [start, end), in order, at most ``limit``: they and the open time fill it exactly.

        A break, a night; or days without any opening, together with the nights around them, one closure for each run of
        days closed for the same reason.
        """
        (at, _), (to, _) = _split(start), _split(end)
        if to <= at:
            return []
        # Some room on both sides, so that the days of a gap that is cut off here are known whole.
        line = self._line(at - 40 * DAY, to + 40 * DAY)
        found: list[Closure] = []
        place = bisect_right(line.ends, at)  # the first span that ends later
        while len(found) < limit:
            begins = line.ends[place - 1] if place else line.first
            ends = line.starts[place] if place < len(line.starts) else line.last
            if begins >= to:
                break
            for closure in self._parts(begins, ends) if ends > begins else ():
                shown = Closure(max(closure.start, start), min(closure.end, end), closure.reason, closure.name)
                if shown.start < shown.end:
                    found.append(
                        Closure(shown.start.astimezone(UTC), shown.end.astimezone(UTC), shown.reason, shown.name)
                    )
            if place >= len(line.starts):
                break
            place += 1
        return found[:limit]

    def version_on(self, day: date) -> Version:
        """The version that holds on ``day``."""
        held = self.versions[0]
        for version in self.versions[1:]:
            if version.valid_from > day:
                break
            held = version
        return held

    def day(self, day: date) -> Day:
        """What holds on ``day``: a special day before a national holiday before the weekday's hours."""
        if special := self.special.get(day):
            return Day(special.periods, Reason.SPECIAL, special.name)
        version = self.version_on(day)
        periods = version.week[day.weekday()]
        if not periods:
            return Day((), Reason.WEEKEND)
        if version.holidays and (name := self.holidays(day.year).get(day)):
            return Day((), Reason.HOLIDAY, name)
        return Day(periods)

    def _parts(self, begins: int, ends: int) -> list[Closure]:
        """One gap, told by its reasons."""
        start, end = _moment(begins, 0), _moment(ends, 0)
        first, last = start.astimezone(self.zone).date(), (end - _SECOND).astimezone(self.zone).date()
        runs: list[tuple[int, Day]] = []
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            held = self.day(day)
            if not held.periods and (not runs or (held.reason, held.name) != (runs[-1][1].reason, runs[-1][1].name)):
                runs.append((_instant(datetime.combine(day, datetime.min.time()), self.zone), held))
        if not runs:
            hours = list(self._spans(first, first + timedelta(days=1)))
            in_day = any(stop == begins for _, stop in hours) and any(opened == ends for opened, _ in hours)
            return [Closure(start, end, Reason.BREAK if in_day else Reason.NIGHT)]
        limits = [start, *(_moment(at, 0) for at, _ in runs[1:]), end]
        return [
            Closure(limits[place], limits[place + 1], held.reason or Reason.NIGHT, held.name)
            for place, (_, held) in enumerate(runs)
        ]

    def _line(self, at: int, to: int | None = None) -> _Line:
        """Spans that surely tell about everything from ``at`` to ``to``."""
        to = at if to is None else to
        line = self._held[0]
        if line.first <= at and to < line.last:
            return line
        if not _FIRST <= at <= to < _LAST:
            raise ValueError(f"Calendars know the years {FIRST_YEAR + 1} to {LAST_YEAR - 2}.")
        # A day of room: no zone's year begins further from the year in UTC.
        low, high = _moment(at - DAY, 0).year, _moment(to + DAY, 0).year
        if line.first == line.last:
            return self._draw(low, high + 1)
        # Reaching further each time keeps the work of many small steps small.
        first, last = line.years
        reach = last - first
        first = min(first, low - reach) if at < line.first else first
        last = max(last, high + 1 + reach) if to >= line.last else last
        return self._draw(max(first, FIRST_YEAR), min(last, LAST_YEAR))

    def _longer(self, line: _Line) -> _Line:
        """The same and more years behind it; what was there keeps its counts."""
        first, last = line.years
        if last >= LAST_YEAR or (last - first > 2 * _FULL_CIRCLE and not line.before[-1]):
            raise NeverOpen("This calendar has no open time any more.")
        return self._draw(first, min(LAST_YEAR, last + max(1, last - first)))

    def _draw(self, first: int, last: int) -> _Line:
        """The spans from the beginning of the year ``first`` to the beginning of ``last``."""
        begins, ends = _year_start(first, self.zone), _year_start(last, self.zone)
        starts: list[int] = []
        stops: list[int] = []
        for opened, closed in sorted(self._spans(date(first, 1, 1) - timedelta(days=2), date(last, 1, 1))):
            closing = min(closed, ends)
            if opened >= closing:
                continue
            if stops and opened <= stops[-1]:
                stops[-1] = max(stops[-1], closing)
            else:
                starts.append(opened)
                stops.append(closing)
        before = [0]
        for opening, closing in zip(starts, stops, strict=True):
            before.append(before[-1] + closing - opening)
        line = _Line(begins, ends, starts, stops, before)
        self._held[0] = line  # threads may draw the same at once; each keeps a whole one
        return line

    def _spans(self, first: date, last: date) -> list[tuple[int, int]]:
        """The periods of the days from ``first`` up to before ``last``, as seconds since 1970; not merged."""
        days = [date.fromordinal(ordinal) for ordinal in range(first.toordinal(), last.toordinal() + 2)]
        midnights = [datetime(day.year, day.month, day.day) for day in days]  # noqa: DTZ001
        offsets = [self.zone.utcoffset(midnight) for midnight in midnights]
        spans = []
        for place, day in enumerate(days[:-2]):
            periods = self.day(day).periods
            if not periods:
                continue
            midnight = midnights[place]
            if offsets[place] == offsets[place + 1] == offsets[place + 2]:
                begins = _instant(midnight, self.zone)
                spans += [(begins + start, begins + end) for start, end in periods]
            else:  # the clocks are changed
                for start, end in periods:
                    opened, closed = midnight + timedelta(0, start), midnight + timedelta(0, end)
                    spans.append((_instant(opened, self.zone), _instant(closed, self.zone)))
        return spans


class _Always(WorkingTime):
    """Never closed: deadlines of the clock on the wall."""

    def add(self, start: datetime, seconds: int) -> datetime:
        if seconds < 0:
            raise ValueError("Deadlines lie ahead: seconds must not be negative.")
        at, micro = _split(start)
        return _moment(at + seconds, micro)

    def between(self, start: datetime, end: datetime) -> int:
        (at, at_micro), (to, to_micro) = _split(start), _split(end)
        if (to, to_micro) < (at, at_micro):
            return -self.between(end, start)
        return to - at - (to_micro < at_micro)

    def is_open(self, at: datetime) -> bool:
        return True

    def next_open(self, at: datetime) -> datetime:
        return _moment(*_split(at))

    def closures(self, start: datetime, end: datetime, *, limit: int = 100) -> list[Closure]:
        return []


ALWAYS: WorkingTime = _Always(UTC, (Version(date.min, ((Period(0, DAY),),) * 7, holidays=False),))


def _split(moment: datetime) -> tuple[int, int]:
    """Whole seconds since 1970 and the microseconds beyond. A moment without zone is a TypeError."""
    since = moment - _EPOCH
    return since.days * DAY + since.seconds, since.microseconds


def _moment(seconds: int, micro: int) -> datetime:
    return _EPOCH + timedelta(0, seconds, micro)


def _place(line: _Line, at: int, micro: int) -> tuple[int, int]:
    """Open seconds of the line before a moment, and the microseconds beyond."""
    place = bisect_right(line.starts, at) - 1
    if place < 0:
        return 0, 0
    if at < line.ends[place]:
        return line.before[place] + at - line.starts[place], micro
    return line.before[place + 1], 0


def _year_start(year: int, zone: tzinfo) -> int:
    return _instant(datetime(year, 1, 1), zone)  # noqa: DTZ001


def _instant(wall: datetime, zone: tzinfo) -> int:
    """Seconds since 1970 at which the clocks of the zone show ``wall``."""
    at, _ = _split(wall.replace(tzinfo=zone))
    earlier, _ = _split(wall.replace(tzinfo=zone, fold=1))
    if earlier >= at:
        return at
    # Clocks were put forward over this time: search the moment of the change, between the two readings.
    old = _moment(earlier, 0).astimezone(zone).utcoffset()
    while earlier + 1 < at:
        middle = (earlier + at) // 2
        if _moment(middle, 0).astimezone(zone).utcoffset() == old:
            earlier = middle
        else:
            at = middle
    return at


def open_seconds(periods: Sequence[Period]) -> int:
    """Seconds covered by the periods of a day, overlaps once."""
    total, reached = 0, 0
    for start, end in sorted(periods):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
