"""What deadlines are judged by changes: hours, holidays, a policy that shall hold for what runs."""

from datetime import date

import pytest
from freezegun import freeze_time

from madoguchi.calendars.actions import ensure_defaults, make_default, set_special_days
from madoguchi.calendars.models import Calendar
from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Clock, Kind, PolicyVersion, Recalculation, Spent
from madoguchi.clocks.rebuild import rebuild, recalculate
from madoguchi.journal.record import SYSTEM
from madoguchi.people.actions.house import change_team
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.clocks.desk_time import HOUR, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def promised() -> PolicyVersion:
    with freeze_time(at(1, 0, 0)):
        ensure_defaults(by=SYSTEM)
        return promise(Promise(Kind.RESOLUTION, "解決", 12 * HOUR), by=None)


def raised(cast: Cast) -> Ticket:
    with freeze_time(at(1, 9, 0)):
        return open_ticket(subject="件名", body="本文", channel="mail", by=cast.sato)


def due(ticket: Ticket) -> object:
    return Clock.objects.get(ticket=ticket).due_at


def worked_off() -> None:
    while recalculate():
        pass


def test_a_company_holiday_moves_what_is_open_and_nothing_that_is_over(cast: Cast, promised: PolicyVersion) -> None:
    running, over = raised(cast), raised(cast)
    with freeze_time(at(1, 17, 0)):
        resolve(over, resolution="再起動", by=cast.sato)
        before = due(over)
        set_special_days(None, first=date(2026, 10, 2), last=date(2026, 10, 2), name="創立記念日", by=cast.admin)
        assert Recalculation.objects.exists()
        worked_off()

    assert due(running) == at(5, 14, 0)  # Monday instead of Friday
    assert due(over) == before
    assert Ticket.objects.get(pk=running.pk).next_due_at == at(5, 14, 0)
    assert not Recalculation.objects.exists()


def test_a_version_for_what_runs_reaches_open_tickets(cast: Cast, promised: PolicyVersion) -> None:
    ticket = raised(cast)
    with freeze_time(at(1, 10, 0)):
        shorter = Promise(Kind.RESOLUTION, "解決", 4 * HOUR)
        promise(shorter, policy=promised.policy, by=cast.admin, for_running=True)
        worked_off()

    assert due(ticket) == at(1, 14, 0)
    assert rebuild().clocks == 0


@pytest.mark.parametrize("also_past", [False, True])
def test_another_default_calendar_counts_for_what_begins_after_it_unless_the_past_is_meant(
    cast: Cast, promised: PolicyVersion, also_past: bool
) -> None:
    early, passed = raised(cast), raised(cast)
    with freeze_time(at(2, 17, 0)):
        make_default(Calendar.objects.get(key="always"), also_past=also_past, by=cast.admin)
        worked_off()
    assert due(early) == (at(1, 21, 0) if also_past else at(2, 14, 0))
    with freeze_time(at(2, 17, 30)):
        late = open_ticket(subject="件名", body="本文", channel="mail", by=cast.sato)
        change(passed, priority="high", by=cast.sato)
    assert due(late) == at(3, 5, 30)
    assert due(passed) == due(early)
    assert rebuild().clocks == 0


@pytest.mark.parametrize("also_past", [False, True])
def test_another_calendar_of_a_team_counts_for_what_begins_after_it_unless_the_past_is_meant(
    cast: Cast, promised: PolicyVersion, also_past: bool
) -> None:
    with freeze_time(at(1, 0, 0)):
        promise(Promise(Kind.HOLDING, "保有", 12 * HOUR, calendar_of=PolicyVersion.CalendarOf.TEAM), by=None)
    early = raised(cast)
    with freeze_time(at(2, 17, 0)):
        always = Calendar.objects.get(key="always")
        change_team(cast.call_centre, calendar=always, also_past=also_past, by=cast.admin)
        worked_off()
        resolve(early, resolution="再起動", by=cast.sato)
        late = open_ticket(subject="件名", body="本文", channel="mail", by=cast.sato)
    assert Clock.objects.get(ticket=early, kind=Kind.HOLDING).due_at == (at(1, 21, 0) if also_past else at(2, 14, 0))
    assert Clock.objects.get(ticket=late, kind=Kind.HOLDING).due_at == at(3, 5, 0)
    assert Spent.objects.get(ticket=early, kind=Kind.HOLDING).worked_s == (32 if also_past else 15) * HOUR
    assert rebuild().clocks == 0


def test_many_changes_at_once_are_one_pass(cast: Cast, promised: PolicyVersion) -> None:
    raised(cast)
    with freeze_time(at(1, 10, 0)):
        for day in (2, 5, 6):
            set_special_days(None, first=date(2026, 10, day), last=date(2026, 10, day), name="休業", by=cast.admin)
        recalculate()

    assert Recalculation.objects.count() == 1
