"""What deadlines are judged by changes: hours, holidays, a policy that shall hold for what runs."""

from datetime import date

import pytest
from freezegun import freeze_time

from madoguchi.calendars.actions import ensure_defaults, set_special_days
from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Clock, Kind, PolicyVersion, Recalculation
from madoguchi.clocks.rebuild import rebuild, recalculate
from madoguchi.journal.record import SYSTEM
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


def test_many_changes_at_once_are_one_pass(cast: Cast, promised: PolicyVersion) -> None:
    raised(cast)
    with freeze_time(at(1, 10, 0)):
        for day in (2, 5, 6):
            set_special_days(None, first=date(2026, 10, day), last=date(2026, 10, day), name="休業", by=cast.admin)
        recalculate()

    assert Recalculation.objects.count() == 1
