"""“I need until …”: what is offered lies ahead, ends a working day, and says which."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.calendars.working_time import ALWAYS, Special, WorkingTime
from madoguchi.web.answer.times import choices
from tests.calendars.calendars import TOKYO, calendars, office


def offered(day: int, hour: int, later_than: datetime | None = None, **hours: object) -> list[str]:
    found = choices(office(**hours), now=datetime(2026, 8, day, hour, tzinfo=TOKYO), later_than=later_than)
    return [f"{words} {moment.astimezone(TOKYO):%m-%d %H:%M}" for words, moment in found]


def test_on_a_wednesday_today_tomorrow_and_next_monday_end_with_the_working_day() -> None:
    assert offered(19, 10) == ["今日中 08-19 17:30", "明日中 08-20 17:30", "来週月曜 08-24 17:30"]


def test_after_hours_today_is_not_offered() -> None:
    assert offered(19, 18) == ["明日中 08-20 17:30", "来週月曜 08-24 17:30"]


def test_on_a_friday_the_next_working_day_is_next_monday_and_offered_once() -> None:
    assert offered(21, 10) == ["今日中 08-21 17:30", "来週月曜 08-24 17:30"]


def test_on_a_sunday_monday_is_tomorrow() -> None:
    assert offered(23, 10) == ["明日中 08-24 17:30"]


def test_company_holidays_are_passed_over_and_named_so() -> None:
    closed = {date(2026, 8, day): Special("夏季休業") for day in (20, 24)}
    assert offered(19, 10, special=closed) == [
        "今日中 08-19 17:30",
        "次の営業日中 08-21 17:30",
        "来週のはじめ 08-25 17:30",
    ]


def test_what_the_contact_has_anyway_is_not_offered() -> None:
    due = datetime(2026, 8, 20, 12, tzinfo=TOKYO)
    assert offered(19, 10, later_than=due) == ["明日中 08-20 17:30", "来週月曜 08-24 17:30"]


def test_a_day_without_end_ends_a_minute_before_midnight() -> None:
    now = datetime(2026, 8, 19, 10, tzinfo=TOKYO)
    assert all(moment > now for _, moment in choices(ALWAYS, now=now))


@settings(max_examples=100, deadline=None)
@given(calendars(), st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_is_offered_lies_ahead_in_order_and_in_working_time(calendar: WorkingTime, now: datetime) -> None:
    moments = [moment for _, moment in choices(calendar, now=now)]
    assert all(moment > now for moment in moments)
    assert moments == sorted(set(moments))
    assert len({moment.astimezone(calendar.zone).date() for moment in moments}) == len(moments) <= 3
    if calendar.zone in (TOKYO, UTC):  # elsewhere a working day may end in the hour that clocks leave out
        assert all(
            calendar.is_open(moment - timedelta(seconds=1)) or f"{moment.astimezone(calendar.zone):%H:%M}" == "23:59"
            for moment in moments
        )
