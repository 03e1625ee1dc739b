"""Calendars as they occur, and any that could: for the property tests here and for whoever counts working time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from madoguchi.calendars.working_time import DAY, Period, Special, Version, WorkingTime

ZONES = ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
HOUR = 3600
OFFICE = (Period(9 * HOUR, 12 * HOUR), Period(13 * HOUR, 17 * HOUR + 1800))
WEEKDAYS = (OFFICE,) * 5 + ((), ())
TOKYO = ZoneInfo("Asia/Tokyo")


def national(year: int) -> Mapping[date, str]:
    """A few national holidays, as any year has them."""
    return {date(year, 1, 1): "元日", date(year, 2, 11): "建国記念の日", date(year, 11, 3): "文化の日"}


def office(**fields: object) -> WorkingTime:
    """Monday to Friday 9:00 to 12:00 and 13:00 to 17:30 in Tokyo, closed on national holidays."""
    values: dict[str, object] = {
        "zone": TOKYO,
        "versions": (Version(date.min, WEEKDAYS),),
        "holidays": national,
    }
    return WorkingTime(**{**values, **fields})  # type: ignore[arg-type]


# To the minute mostly, to the second sometimes: people write 9:00, but nothing forbids 9:00:07.
_clocks = st.one_of(st.integers(0, 1439).map(lambda minute: minute * 60), st.integers(0, DAY - 1))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(_clocks)
    return Period(start, start + draw(st.one_of(st.integers(1, 24).map(lambda hour: hour * HOUR), st.integers(1, DAY))))


_days = st.lists(periods(), max_size=3).map(tuple)
_weeks = st.one_of(
    st.just(WEEKDAYS),
    st.just(((Period(22 * HOUR, 30 * HOUR),),) * 5 + ((), ())),  # night duty, 22:00 to 6:00
    st.just(((Period(0, DAY),),) * 7),
    st.tuples(*[_days] * 7).filter(any),
)
_near = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingTime:
    """Any calendar that the desk accepts: up to three versions, special days, holidays or none, summer time."""
    versions = draw(
        st.lists(
            st.builds(Version, _near, _weeks, st.booleans()), min_size=1, max_size=3, unique_by=lambda v: v.valid_from
        )
    )
    special = draw(
        st.dictionaries(_near, st.builds(Special, st.sampled_from(["創立記念日", "夏季休業"]), _days), max_size=6)
    )
    return WorkingTime(ZoneInfo(draw(st.sampled_from(ZONES))), tuple(versions), special, national)


# Around the changes of the clocks too: March and November are within.
_first, _last = datetime(2024, 1, 1), datetime(2026, 12, 31)  # noqa: DTZ001
moments = st.datetimes(_first, _last, timezones=st.just(UTC))
whole_moments = moments.map(lambda moment: moment.replace(microsecond=0))
spans = st.one_of(st.integers(0, 3 * DAY), st.integers(0, 400 * HOUR), st.sampled_from([0, 1, 1800, 8 * HOUR]))


def second_by_second(calendar: WorkingTime, at: datetime) -> bool:
    """Open or not, read off the clock on the wall alone: the slow way, for moments away from changes of the clocks."""
    local = at.astimezone(calendar.zone)
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        clock = local.hour * HOUR + local.minute * 60 + local.second + back * DAY
        if any(start <= clock < end for start, end in _hours(calendar, day)):
            return True
    return False


def _hours(calendar: WorkingTime, day: date) -> tuple[Period, ...]:
    if day in calendar.special:
        return calendar.special[day].periods
    held = [version for version in calendar.versions if version.valid_from <= day] or [calendar.versions[0]]
    version = max(held, key=lambda version: version.valid_from) if len(held) > 1 else held[0]
    closed = version.holidays and day in calendar.holidays(day.year)
    return () if closed else version.week[day.weekday()]
