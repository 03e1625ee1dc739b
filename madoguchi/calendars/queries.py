"""The working time of a calendar, kept in memory until the calendar changes."""

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from madoguchi.calendars.models import BEGINNING, Calendar, CalendarVersion, SpecialDay
from madoguchi.calendars.national import calculated, national_holidays
from madoguchi.calendars.working_time import DAY, Period, Special, Version, WorkingTime

HOUR = 3600
OFFICE = (Period(9 * HOUR, 12 * HOUR), Period(13 * HOUR, 18 * HOUR))
OFFICE_WEEK: tuple[tuple[Period, ...], ...] = (OFFICE,) * 5 + ((), ())
ALL_HOURS: tuple[tuple[Period, ...], ...] = ((Period(0, DAY),),) * 7

# calendar → (revision, working time). No revision is used twice: what a rolled-back transaction left is never found.
_kept: dict[int, tuple[str, WorkingTime]] = {}


def default_calendar() -> Calendar | None:
    """The calendar that is used where none is chosen; None before ``init``."""
    return Calendar.objects.filter(is_default=True).first()


def working_time(calendar_id: int | None) -> WorkingTime:
    """The working time of a calendar; None is the default one. One small query; built anew when something changed.

    Ask once for a piece of work, not for each sum. Before ``init`` there is no calendar: office hours then.
    """
    chosen = Q(is_default=True) if calendar_id is None else Q(pk=calendar_id)
    row = Calendar.objects.filter(chosen).values_list("pk", "revision", "zone").first()
    if row is None:
        if calendar_id is not None:
            raise Calendar.DoesNotExist(f"There is no calendar {calendar_id}.")
        return _OFFICE_HOURS
    pk, revision, zone = row
    held = _kept.get(pk)
    if held is None or held[0] != revision:
        held = (revision, _built(pk, zone))
        _kept[pk] = held
    return held[1]


def periods_of(rows: list[list[int]]) -> tuple[Period, ...]:
    """Periods as they are stored."""
    return tuple(Period(start, end) for start, end in rows)


def version_of(row: CalendarVersion) -> Version:
    return Version(row.valid_from, tuple(periods_of(day) for day in row.week), row.national_holidays)


def _built(calendar_id: int, zone: str) -> WorkingTime:
    versions = tuple(version_of(row) for row in CalendarVersion.objects.filter(calendar=calendar_id))
    days = SpecialDay.objects.filter(Q(calendar=calendar_id) | Q(calendar=None)).order_by("calendar_id")
    special: dict[date, Special] = {}
    for row in sorted(days, key=lambda day: day.calendar_id is not None):  # the calendar's own before those of all
        special[row.day] = Special(row.name, periods_of(row.periods))
    return WorkingTime(ZoneInfo(zone), versions, special, national_holidays())


_OFFICE_HOURS = WorkingTime(ZoneInfo(settings.TIME_ZONE), (Version(BEGINNING, OFFICE_WEEK),), {}, calculated)
