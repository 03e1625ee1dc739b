"""What changing a calendar does, and above all what it does not."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from freezegun import freeze_time

from madoguchi.calendars import actions, queries
from madoguchi.calendars.models import Calendar, HolidayList, NationalHoliday, SpecialDay
from madoguchi.calendars.queries import ALL_HOURS, OFFICE, OFFICE_WEEK, working_time
from madoguchi.calendars.working_time import Period
from madoguchi.files import store
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM

pytestmark = pytest.mark.django_db
HOUR = 3600
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = "2026-11-25T03:00:00Z"  # Wednesday, noon in Tokyo
LONGER = ((Period(8 * HOUR, 20 * HOUR),),) * 5 + ((), ())
OFFICIAL = "国民の祝日・休日月日,国民の祝日・休日名称\n2026/1/1,元日\n2026/12/24,新しい祝日\n2027/1/1,元日\n"


@pytest.fixture
def calendar() -> Calendar:
    return actions.add_calendar(key="desk", name="窓口", week=OFFICE_WEEK, by=SYSTEM)


def tokyo(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=TOKYO)  # type: ignore[misc, arg-type]


def hours_on(calendar: Calendar, *day: int) -> float:
    start = tokyo(*day)
    return working_time(calendar.pk).between(start, start.replace(hour=23, minute=59, second=59)) / HOUR


def test_without_any_calendar_the_desk_has_office_hours() -> None:
    assert working_time(None).add(tokyo(2026, 11, 25, 17), 2 * HOUR) == tokyo(2026, 11, 26, 10)
    with pytest.raises(Calendar.DoesNotExist):
        working_time(4711)


def test_the_first_calendar_is_the_default_until_another_one_is_made_it(calendar: Calendar) -> None:
    night = actions.add_calendar(key="all", name="終日", week=ALL_HOURS, national_holidays=False, by=SYSTEM)
    assert not working_time(None).is_open(tokyo(2026, 11, 25, 3))
    actions.make_default(night, by=SYSTEM)
    assert working_time(None).is_open(tokyo(2026, 11, 25, 3))
    assert list(Calendar.objects.filter(is_default=True)) == [night]


@freeze_time(NOW)
def test_new_hours_change_no_past(calendar: Calendar) -> None:
    for begun in (24, 25):  # this morning's deadlines may have passed
        day = date(2026, 11, begun)
        with pytest.raises(Refused) as refused:
            actions.change_hours(calendar, week=LONGER, national_holidays=True, valid_from=day, by=SYSTEM)
        assert refused.value.code == "past"
    actions.change_hours(calendar, week=LONGER, national_holidays=True, valid_from=date(2026, 11, 26), by=SYSTEM)
    assert hours_on(calendar, 2026, 11, 25) == 8
    assert hours_on(calendar, 2026, 11, 26) == 12


@freeze_time(NOW)
def test_who_asks_for_it_changes_the_past_too_and_the_journal_says_so(calendar: Calendar) -> None:
    actions.change_hours(
        calendar, week=LONGER, national_holidays=True, valid_from=date(2026, 11, 2), also_past=True, by=SYSTEM
    )
    assert hours_on(calendar, 2026, 11, 24) == 12
    assert hours_on(calendar, 2026, 10, 30) == 8
    data = Entry.objects.get(kind="calendar.hours_changed").data
    assert data["also_past"] is True
    assert data["before"]["week"][0] == [list(span) for span in OFFICE]


@freeze_time(NOW)
def test_planned_hours_can_be_withdrawn_and_those_in_force_cannot(calendar: Calendar) -> None:
    planned = actions.change_hours(
        calendar, week=LONGER, national_holidays=True, valid_from=date(2026, 12, 1), by=SYSTEM
    )
    assert hours_on(calendar, 2026, 12, 1) == 12
    actions.withdraw_hours(planned, by=SYSTEM)
    assert hours_on(calendar, 2026, 12, 1) == 8
    with pytest.raises(Refused):
        actions.withdraw_hours(calendar.versions.get(), by=SYSTEM)


@freeze_time(NOW)
def test_a_company_holiday_closes_every_calendar_and_one_opened_day_opens_its_own(calendar: Calendar) -> None:
    other = actions.add_calendar(key="other", name="別", week=OFFICE_WEEK, by=SYSTEM)
    actions.set_special_days(None, first=date(2026, 12, 29), last=date(2027, 1, 3), name="年末年始休業", by=SYSTEM)
    actions.set_special_days(
        other, first=date(2026, 12, 29), last=date(2026, 12, 29), name="棚卸し", periods=OFFICE[:1], by=SYSTEM
    )
    assert hours_on(calendar, 2026, 12, 29) == 0
    assert hours_on(other, 2026, 12, 29) == 3
    assert hours_on(other, 2026, 12, 30) == 0
    assert SpecialDay.objects.filter(calendar=None).count() == 6
    assert Entry.objects.filter(kind="calendar.days_changed").count() == 2


@freeze_time(NOW)
def test_a_day_that_is_over_is_opened_or_closed_only_for_who_asks_for_the_past(calendar: Calendar) -> None:
    past = {"first": date(2026, 11, 24), "last": date(2026, 11, 24), "name": "臨時休業"}
    with pytest.raises(Refused):
        actions.set_special_days(calendar, by=SYSTEM, **past)  # type: ignore[arg-type]
    [row] = actions.set_special_days(calendar, by=SYSTEM, also_past=True, **past)  # type: ignore[arg-type]
    assert hours_on(calendar, 2026, 11, 24) == 0
    with pytest.raises(Refused):
        actions.remove_special_days([row], by=SYSTEM)
    actions.remove_special_days([row], also_past=True, by=SYSTEM)
    assert hours_on(calendar, 2026, 11, 24) == 8


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "incomplete"),
        ({"last": date(2026, 11, 30)}, "days"),
        ({"last": date(2027, 6, 1)}, "days"),
    ],
)
@freeze_time(NOW)
def test_a_special_day_needs_a_name_and_a_sensible_span(calendar: Calendar, change: dict[str, Any], code: str) -> None:
    fields = {"first": date(2026, 12, 1), "last": date(2026, 12, 1), "name": "創立記念日", **change}
    with pytest.raises(Refused) as refused:
        actions.set_special_days(calendar, by=SYSTEM, **fields)
    assert refused.value.code == code


def test_hours_without_any_opening_are_refused(calendar: Calendar) -> None:
    with pytest.raises(Refused) as refused:
        actions.add_calendar(key="never", name="休", week=((),) * 7, by=SYSTEM)
    assert refused.value.code == "never_open"


def test_a_key_is_taken_once_and_a_zone_must_exist(calendar: Calendar) -> None:
    for fields, code in [({"key": "desk"}, "key_taken"), ({"key": "x", "zone": "Asia/Edo"}, "unknown_zone")]:
        with pytest.raises(Refused) as refused:
            actions.add_calendar(name="窓口", week=OFFICE_WEEK, by=SYSTEM, **fields)  # type: ignore[arg-type]
        assert refused.value.code == code


@freeze_time(NOW)
def test_the_official_list_alone_holds_for_its_years_and_leaves_days_that_are_over(calendar: Calendar) -> None:
    taken = actions.take_in_holidays(OFFICIAL.encode("cp932"), file_name="syukujitsu.csv", by=SYSTEM)
    assert hours_on(calendar, 2026, 12, 24) == 0  # new
    assert hours_on(calendar, 2026, 11, 23) == 0  # over, though the list has forgotten it
    assert hours_on(calendar, 2027, 2, 11) == 8  # the list does not tell it
    assert hours_on(calendar, 2028, 2, 11) == 0  # a year that no list tells is calculated
    assert (taken.years, taken.count) == ([2026, 2027], 3)
    assert store.read(taken.original) == OFFICIAL.encode("cp932")


@freeze_time(NOW)
def test_the_official_list_reaches_back_when_asked_to(calendar: Calendar) -> None:
    actions.take_in_holidays(OFFICIAL.encode(), file_name="syukujitsu.csv", also_past=True, by=SYSTEM)
    assert hours_on(calendar, 2026, 11, 23) == 8


def test_a_bad_file_changes_nothing(calendar: Calendar) -> None:
    with pytest.raises(Refused):
        actions.take_in_holidays(b"PK\x03\x04\x00", file_name="syukujitsu.xlsx", by=SYSTEM)
    assert not NationalHoliday.objects.exists()
    assert not HolidayList.objects.exists()


def test_a_calendar_is_built_once_and_again_only_when_it_changed(
    calendar: Calendar, django_assert_num_queries: Any
) -> None:
    first = working_time(calendar.pk)
    with django_assert_num_queries(1):
        assert working_time(calendar.pk) is first
    other = actions.add_calendar(key="other", name="別", week=OFFICE_WEEK, by=SYSTEM)
    assert working_time(calendar.pk) is first
    actions.set_special_days(other, first=date(2050, 1, 4), last=date(2050, 1, 4), name="休業", by=SYSTEM)
    assert working_time(calendar.pk) is first
    actions.set_special_days(None, first=date(2050, 1, 4), last=date(2050, 1, 4), name="休業", by=SYSTEM)
    assert working_time(calendar.pk) is not first


def test_what_was_rolled_back_is_not_remembered(calendar: Calendar) -> None:
    class Undone(Exception):
        pass

    day = tokyo(2050, 1, 4, 10)
    with pytest.raises(Undone), transaction.atomic():  # noqa: PT012
        actions.set_special_days(calendar, first=date(2050, 1, 4), last=date(2050, 1, 4), name="休業", by=SYSTEM)
        assert not working_time(calendar.pk).is_open(day)
        raise Undone
    assert working_time(calendar.pk).is_open(day)
    assert queries._kept[calendar.pk][0] == Calendar.objects.get(pk=calendar.pk).revision


def test_init_makes_office_hours_and_a_calendar_without_closed_hours_once() -> None:
    actions.ensure_defaults(by=SYSTEM)
    actions.ensure_defaults(by=SYSTEM)
    assert list(Calendar.objects.values_list("key", "is_default")) == [("standard", True), ("always", False)]
    always = Calendar.objects.get(key="always")
    assert working_time(always.pk).is_open(datetime(2027, 1, 1, 3, tzinfo=UTC))


def test_the_default_calendar_stays_active(calendar: Calendar) -> None:
    with pytest.raises(Refused):
        actions.rename_calendar(calendar, key="desk", name="窓口", is_active=False, by=SYSTEM)
    assert actions.rename_calendar(calendar, key="desk", name="受付", by=SYSTEM).name == "受付"
