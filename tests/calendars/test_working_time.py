"""Working time is exact: by property over any calendar, and by the cases that people argue about."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from madoguchi.calendars.working_time import (
    ALWAYS,
    DAY,
    NeverOpen,
    Period,
    Reason,
    Special,
    Version,
    WorkingTime,
    open_seconds,
)
from tests.calendars.calendars import (
    HOUR,
    OFFICE,
    TOKYO,
    WEEKDAYS,
    calendars,
    moments,
    national,
    office,
    second_by_second,
    spans,
    whole_moments,
)

many = settings(max_examples=200, deadline=None)
BERLIN = ZoneInfo("Europe/Berlin")
TICK = timedelta(microseconds=1)


def tokyo(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=TOKYO)  # type: ignore[misc, arg-type]


@many
@given(calendars(), moments, spans)
def test_between_is_the_inverse_of_add(calendar: WorkingTime, start: datetime, seconds: int) -> None:
    assert calendar.between(start, calendar.add(start, seconds)) == seconds


@many
@given(calendars(), moments, spans, spans)
def test_adding_twice_is_adding_the_sum(calendar: WorkingTime, start: datetime, first: int, second: int) -> None:
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@many
@given(calendars(), moments, st.timedeltas(timedelta(0), timedelta(days=9)), spans, spans)
def test_who_starts_later_or_needs_longer_is_never_due_earlier(
    calendar: WorkingTime, start: datetime, later: timedelta, seconds: int, more: int
) -> None:
    due = calendar.add(start, seconds)
    assert due >= start
    assert calendar.add(start + later, seconds) >= due
    assert calendar.add(start, seconds + more) >= due


@many
@given(calendars(), moments, spans)
def test_a_deadline_never_lands_in_closed_time(calendar: WorkingTime, start: datetime, seconds: int) -> None:
    due = calendar.add(start, seconds)
    assert calendar.is_open(due) or calendar.is_open(due - TICK)
    if seconds:
        assert calendar.is_open(due - TICK)  # the end counts: the last moment worked was open


@many
@given(calendars(), st.lists(moments, min_size=3, max_size=3))
def test_open_seconds_add_up(calendar: WorkingTime, three: list[datetime]) -> None:
    first, middle, last = (moment.replace(microsecond=0) for moment in sorted(three))
    assert calendar.between(first, middle) + calendar.between(middle, last) == calendar.between(first, last)
    assert calendar.between(last, first) == -calendar.between(first, last)
    assert 0 <= calendar.between(first, last) <= (last - first).total_seconds()


@many
@given(calendars(), whole_moments, st.integers(1, 5))
def test_it_counts_what_the_clock_on_the_wall_shows(calendar: WorkingTime, start: datetime, hours: int) -> None:
    end = start + timedelta(hours=hours)
    offsets = {(start + timedelta(hours=hour)).astimezone(calendar.zone).utcoffset() for hour in range(-54, hours + 3)}
    assume(len(offsets) == 1)  # no clock was changed shortly before
    counted = sum(
        second_by_second(calendar, start + timedelta(seconds=second)) for second in range(0, hours * HOUR, 97)
    )
    measured = sum(calendar.is_open(start + timedelta(seconds=second)) for second in range(0, hours * HOUR, 97))
    assert measured == counted
    edges = [second for second in range(60) if second_by_second(calendar, end + timedelta(seconds=second))]
    assert calendar.between(end, end + timedelta(seconds=60)) == len(edges)


@many
@given(calendars(), moments)
def test_the_next_opening_is_open_and_nothing_is_open_before(calendar: WorkingTime, at: datetime) -> None:
    opening = calendar.next_open(at)
    assert calendar.is_open(opening)
    assert opening == at if calendar.is_open(at) else opening > at
    assert calendar.between(at, opening) == 0


@many
@given(calendars(), whole_moments, st.integers(0, 40 * DAY))
def test_closures_and_open_time_fill_every_span(calendar: WorkingTime, start: datetime, seconds: int) -> None:
    end = start + timedelta(seconds=seconds)
    closures = calendar.closures(start, end, limit=1000)
    closed = sum(((closure.end - closure.start) for closure in closures), timedelta(0))
    assert closed.total_seconds() + calendar.between(start, end) == seconds
    reached = start
    for closure in closures:
        assert reached <= closure.start < closure.end <= end
        assert not calendar.is_open(closure.start)
        assert calendar.between(closure.start, closure.end) == 0
        reached = closure.end


@settings(max_examples=100, deadline=None)
@given(calendars(), moments, spans, st.randoms())
def test_the_answer_does_not_depend_on_what_was_asked_before(
    calendar: WorkingTime, start: datetime, seconds: int, random: "st.DataObject"
) -> None:
    fresh = WorkingTime(calendar.zone, calendar.versions, calendar.special, calendar.holidays)
    for years in random.sample([-3, -1, 1, 2, 4], 3):  # type: ignore[attr-defined]
        calendar.is_open(start + timedelta(days=365 * years))
    assert calendar.add(start, seconds) == fresh.add(start, seconds)


@many
@given(moments, spans)
def test_always_is_the_clock_on_the_wall(start: datetime, seconds: int) -> None:
    due = ALWAYS.add(start, seconds)
    assert due == start + timedelta(seconds=seconds)
    assert ALWAYS.between(start, due) == seconds == -ALWAYS.between(due, start)
    assert ALWAYS.next_open(start) == start
    assert ALWAYS.is_open(due)
    assert ALWAYS.closures(start, due) == []


def test_the_end_of_the_day_counts_and_a_second_more_is_the_next_morning() -> None:
    calendar = office()
    assert calendar.add(tokyo(2026, 11, 25, 16, 30), HOUR) == tokyo(2026, 11, 25, 17, 30)
    assert calendar.add(tokyo(2026, 11, 25, 16, 30), HOUR + 1) == tokyo(2026, 11, 26, 9, 0, 1)
    assert calendar.add(tokyo(2026, 11, 25, 16, 30), HOUR).tzinfo is UTC


def test_a_friday_evening_before_a_holiday_starts_on_tuesday_after_lunch_is_left_out() -> None:
    calendar = office(holidays=lambda year: {date(year, 11, 23): "勤労感謝の日"})
    start = tokyo(2026, 11, 20, 17, 0)
    assert calendar.add(start, 4 * HOUR) == tokyo(2026, 11, 24, 13, 30)
    closures = calendar.closures(start, tokyo(2026, 11, 24, 13, 30))
    assert [(closure.reason, closure.name) for closure in closures] == [
        (Reason.WEEKEND, ""),
        (Reason.HOLIDAY, "勤労感謝の日"),
        (Reason.BREAK, ""),
    ]
    assert closures[0].start == tokyo(2026, 11, 20, 17, 30)
    assert closures[0].end == closures[1].start == tokyo(2026, 11, 23)
    assert closures[1].end == tokyo(2026, 11, 24, 9)


def test_nothing_to_wait_for_in_closed_time_is_the_next_opening() -> None:
    calendar = office()
    assert calendar.add(tokyo(2026, 11, 25, 12, 10), 0) == tokyo(2026, 11, 25, 13)
    assert calendar.add(tokyo(2026, 11, 25, 17, 30), 0) == tokyo(2026, 11, 25, 17, 30)
    assert calendar.add(tokyo(2026, 11, 25, 10, 10, 1, 250_000), 0) == tokyo(2026, 11, 25, 10, 10, 1, 250_000)


def test_a_fraction_of_a_second_goes_on_the_next_morning() -> None:
    calendar = office()
    start = tokyo(2026, 11, 25, 17, 29, 59, 500_000)
    assert calendar.add(start, 1) == tokyo(2026, 11, 26, 9, 0, 0, 500_000)
    assert calendar.between(start, tokyo(2026, 11, 26, 9, 0, 0, 499_999)) == 0


def test_night_duty_belongs_to_the_day_on_which_it_begins() -> None:
    nights = office(versions=(Version(date.min, ((Period(22 * HOUR, 30 * HOUR),),) * 5 + ((), ())),))
    assert nights.is_open(tokyo(2026, 11, 28, 5, 59, 59))  # Friday's duty, on Saturday
    assert not nights.is_open(tokyo(2026, 11, 28, 6))
    assert not nights.is_open(tokyo(2026, 11, 30, 5))  # nobody began on Sunday
    assert nights.is_open(tokyo(2026, 11, 3, 2))  # Monday's duty into 文化の日
    assert not nights.is_open(tokyo(2026, 11, 3, 23))
    assert [closure.reason for closure in nights.closures(tokyo(2026, 11, 25, 5), tokyo(2026, 11, 25, 23))] == [
        Reason.NIGHT
    ]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)]
)
def test_a_day_has_as_many_hours_as_the_clocks_give_it(day: date, hours: int) -> None:
    whole = WorkingTime(BERLIN, (Version(date.min, ((Period(0, DAY),),) * 7, holidays=False),))
    midnight = datetime.combine(day, datetime.min.time(), BERLIN)
    next_midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), BERLIN)
    assert whole.between(midnight, next_midnight) == hours * HOUR
    assert whole.add(midnight, hours * HOUR) == next_midnight


def test_a_night_shift_is_an_hour_shorter_when_the_clocks_are_put_forward() -> None:
    nights = WorkingTime(BERLIN, (Version(date.min, ((Period(22 * HOUR, 30 * HOUR),),) * 7, holidays=False),))
    start = datetime(2026, 3, 28, 20, tzinfo=BERLIN)
    assert nights.add(start, 7 * HOUR) == datetime(2026, 3, 29, 6, tzinfo=BERLIN)
    assert nights.add(start + timedelta(days=1), 8 * HOUR) == datetime(2026, 3, 30, 6, tzinfo=BERLIN)


def test_an_hour_that_does_not_exist_is_the_moment_of_the_change() -> None:
    early = WorkingTime(BERLIN, (Version(date.min, ((Period(9000, 4 * HOUR),),) * 7, holidays=False),))  # 2:30 to 4:00
    assert early.next_open(datetime(2026, 3, 29, 0, tzinfo=BERLIN)) == datetime(2026, 3, 29, 3, tzinfo=BERLIN)
    assert early.between(datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)) == HOUR


def test_a_date_that_a_country_left_out_has_no_hours() -> None:
    samoa = WorkingTime(ZoneInfo("Pacific/Apia"), (Version(date.min, (OFFICE,) * 7, holidays=False),))
    start = datetime(2011, 12, 29, 17, 30, tzinfo=samoa.zone)  # the 30th never came
    assert samoa.add(start, 1) == datetime(2011, 12, 31, 9, 0, 1, tzinfo=samoa.zone)


def test_new_hours_hold_from_their_day_and_the_past_keeps_the_old_ones() -> None:
    longer = (Period(9 * HOUR, 18 * HOUR),)
    calendar = office(
        versions=(
            Version(date(2026, 4, 1), WEEKDAYS),
            Version(date(2026, 12, 1), (longer,) * 5 + ((), ()), holidays=False),
        )
    )
    assert calendar.between(tokyo(2020, 7, 1), tokyo(2020, 7, 2)) == open_seconds(
        OFFICE
    )  # before the first version too
    assert calendar.between(tokyo(2026, 11, 30), tokyo(2026, 12, 1)) == open_seconds(OFFICE)
    assert calendar.between(tokyo(2026, 12, 1), tokyo(2026, 12, 2)) == 9 * HOUR
    assert not calendar.is_open(tokyo(2026, 11, 3, 10))
    assert calendar.is_open(tokyo(2027, 1, 1, 10))  # the new hours ask for no holidays


def test_a_special_day_comes_before_the_holiday_and_the_weekday() -> None:
    opened = (Period(10 * HOUR, 15 * HOUR),)
    calendar = office(
        special={
            date(2026, 11, 3): Special("振替営業日", opened),
            date(2026, 11, 7): Special("棚卸し", opened),
            date(2026, 11, 9): Special("創立記念日"),
        }
    )
    assert calendar.between(tokyo(2026, 11, 3), tokyo(2026, 11, 4)) == 5 * HOUR
    assert calendar.between(tokyo(2026, 11, 7), tokyo(2026, 11, 8)) == 5 * HOUR
    assert calendar.between(tokyo(2026, 11, 9), tokyo(2026, 11, 10)) == 0
    reasons = [(closure.reason, closure.name) for closure in calendar.closures(tokyo(2026, 11, 8), tokyo(2026, 11, 10))]
    assert reasons == [(Reason.WEEKEND, ""), (Reason.SPECIAL, "創立記念日")]


def test_a_year_end_is_one_closure_by_its_name() -> None:
    closed = {date(2026, 12, 29) + timedelta(days=day): Special("年末年始休業") for day in range(6)}
    closures = office(special=closed).closures(tokyo(2026, 12, 28, 17), tokyo(2027, 1, 4, 10))
    assert [(closure.name, closure.start, closure.end) for closure in closures] == [
        ("年末年始休業", tokyo(2026, 12, 28, 17, 30), tokyo(2027, 1, 4, 9))
    ]


def test_a_list_of_closures_is_bounded() -> None:
    assert len(office().closures(tokyo(2020, 1, 1), tokyo(2026, 1, 1), limit=7)) == 7


def test_overlapping_periods_count_once() -> None:
    periods = (Period(9 * HOUR, 13 * HOUR), Period(12 * HOUR, 17 * HOUR))
    calendar = office(versions=(Version(date.min, (periods,) * 7),))
    assert calendar.between(tokyo(2026, 11, 25), tokyo(2026, 11, 26)) == 8 * HOUR == open_seconds(periods)


def test_a_calendar_that_is_never_open_says_so() -> None:
    never = office(versions=(Version(date.min, ((),) * 7),))
    once = office(versions=never.versions, special={date(2026, 11, 25): Special("棚卸し", OFFICE)})
    with pytest.raises(NeverOpen):
        never.add(tokyo(2026, 11, 25, 9), 1)
    with pytest.raises(NeverOpen):
        never.next_open(tokyo(2026, 11, 25, 9))
    assert once.add(tokyo(2026, 11, 1), open_seconds(OFFICE)) == tokyo(2026, 11, 25, 17, 30)
    with pytest.raises(NeverOpen):
        once.add(tokyo(2026, 11, 1), open_seconds(OFFICE) + 1)


def test_what_makes_no_sense_is_an_error_of_the_caller() -> None:
    with pytest.raises(TypeError):
        office().add(datetime(2026, 11, 25), 60)  # noqa: DTZ001
    with pytest.raises(ValueError, match="ahead"):
        office().add(tokyo(2026, 11, 25), -1)
    with pytest.raises(ValueError, match="years"):
        office().is_open(datetime(1, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="period"):
        office(versions=(Version(date.min, ((Period(9 * HOUR, 9 * HOUR),),) * 7),))
    with pytest.raises(ValueError, match="seven"):
        office(versions=(Version(date.min, ((),) * 5),))


def test_the_day_says_what_holds_on_it() -> None:
    calendar = office(special={date(2026, 11, 9): Special("創立記念日")})
    assert calendar.day(date(2026, 11, 25)).periods == OFFICE
    assert calendar.day(date(2026, 11, 3)).name == national(2026)[date(2026, 11, 3)]
    assert calendar.day(date(2026, 11, 9)).reason is Reason.SPECIAL
    assert calendar.day(date(2026, 11, 8)).reason is Reason.WEEKEND
