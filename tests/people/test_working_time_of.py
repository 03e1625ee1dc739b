"""Whose calendar counts: the own, else the one above, else the desk's."""

from datetime import UTC, datetime

import pytest

from madoguchi.calendars.actions import add_calendar, ensure_defaults
from madoguchi.calendars.models import Calendar
from madoguchi.calendars.queries import ALL_HOURS
from madoguchi.journal.record import SYSTEM
from madoguchi.people import actions
from madoguchi.people.queries import calendar_of, working_time_of
from tests.cast import Cast

NIGHT = datetime(2026, 11, 25, 18, tzinfo=UTC)  # 3 o'clock in Tokyo


@pytest.fixture
def always(cast: Cast) -> Calendar:
    ensure_defaults(by=SYSTEM)
    return Calendar.objects.get(key="always")


def test_without_a_choice_the_default_counts(cast: Cast, always: Calendar) -> None:
    assert not working_time_of(cast.service_desk).is_open(NIGHT)
    assert calendar_of(cast.accounting_first) is None


def test_a_team_has_its_own_hours_and_they_are_its_staffs(cast: Cast, always: Calendar) -> None:
    actions.change_team(cast.service_desk, calendar=always, by=cast.admin)
    assert working_time_of(cast.service_desk).is_open(NIGHT)
    assert working_time_of(cast.takahashi).is_open(NIGHT)
    assert not working_time_of(cast.sato).is_open(NIGHT)
    assert not working_time_of(cast.hayashi).is_open(NIGHT)  # of the whole desk, in no team


def test_somebodys_own_hours_come_before_the_teams(cast: Cast, always: Calendar) -> None:
    actions.change_team(cast.service_desk, calendar=always, by=cast.admin)
    short = add_calendar(key="short", name="時短", week=(*ALL_HOURS[:5], (), ()), by=cast.admin)
    actions.change_staff(cast.takahashi, calendar=short, by=cast.admin)
    assert calendar_of(cast.takahashi) == short.pk


def test_a_contact_has_the_departments_hours_or_its_own(cast: Cast, always: Calendar) -> None:
    actions.change_contact(cast.accounting_second, calendar=always, by=cast.admin)
    assert calendar_of(cast.accounting_second) == always.pk
    assert calendar_of(cast.accounting_first) is None
    actions.change_department(cast.accounting, calendar=always, by=cast.admin)
    cast.accounting_first.refresh_from_db()
    assert calendar_of(cast.accounting_first) == always.pk
