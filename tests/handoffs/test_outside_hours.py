"""A hand-off that comes while the team is closed waits, or reaches whoever is on duty, as the team has it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from freezegun import freeze_time

from madoguchi.calendars.hours import read
from madoguchi.clocks.actions import make_default_policies
from madoguchi.clocks.models import Clock
from madoguchi.clocks.queries import clocks_of, counts_from
from madoguchi.clocks.reading import Kind, Reading
from madoguchi.clocks.words import sentence
from madoguchi.handoffs.actions.by_rule import move_by_rule, offer_by_rule
from madoguchi.handoffs.actions.decide import accept, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor
from madoguchi.notifications.models import Notification
from madoguchi.people.actions import change_team, note_absence, set_duty
from madoguchi.people.models import OutsideHours, Role, Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast, staff

NIGHT = datetime(2026, 11, 25, 11, tzinfo=UTC)  # Wednesday, 20:00 in Tokyo; offices open 9:00–18:00
MORNING = datetime(2026, 11, 26, 0, tzinfo=UTC)  # 9:00
NOON = datetime(2026, 11, 25, 2, tzinfo=UTC)  # 11:00
HOUR = timedelta(hours=1)
RULE = NamedActor("rule", "夜間は当番へ")

pytestmark = pytest.mark.usefixtures("_policies")


@pytest.fixture
def _policies(cast: Cast) -> None:
    with freeze_time(NOON - HOUR):
        make_default_policies()
        change_team(cast.network, outside_hours=OutsideHours.ON_DUTY, by=cast.admin)
        days = {"first": date(2026, 11, 25), "last": date(2026, 11, 25)}
        set_duty(cast.network, cast.ito, periods=read("18:00-翌9:00"), by=cast.hayashi, **days)


@pytest.fixture
def colleague(cast: Cast) -> Staff:
    """山本 of the network team, not on duty tonight."""
    return staff("yamamoto", "山本", "やまもと", roles=[(Role.ENGINEER, cast.network)])


def offered(cast: Cast, to_staff: Staff | None = None) -> Handoff:
    ticket = open_ticket(subject="不通", body="つながらない", channel="phone", requester=cast.yamada, by=cast.sato)
    return offer(ticket, to_team=cast.network, reason="回線の確認", to_staff=to_staff, by=cast.sato)


def acceptance(ticket: Ticket) -> Reading:
    [clock] = [one for one in clocks_of(ticket).all if one.kind is Kind.ACCEPTANCE]
    return clock


@freeze_time(NIGHT)
def test_at_night_it_reaches_whoever_is_on_duty_at_once_and_every_hour_counts(cast: Cast) -> None:
    handoff = offered(cast)
    assert (handoff.to_staff, handoff.for_duty) == (cast.ito, True)
    [told] = Notification.objects.filter(kind="handoff.offered")
    assert (told.staff, told.deliver_at) == (cast.ito, NIGHT)
    assert "ネットワークの当番のあなたに" in told.words
    clock = acceptance(handoff.ticket)
    assert clock.due_at == NIGHT + HOUR
    assert "当番に届いたため営業時間外も計測" in sentence(clock, NIGHT)
    assert Clock.objects.get(kind="acceptance").due_at == NIGHT + HOUR


@freeze_time(NIGHT)
def test_with_nobody_on_duty_it_waits_with_the_clock_stopped(cast: Cast) -> None:
    note_absence(cast.ito, starts_at=NIGHT - HOUR, by=cast.hayashi)
    handoff = offered(cast)
    assert (handoff.to_staff, handoff.for_duty) == (None, False)
    assert acceptance(handoff.ticket).due_at == MORNING + HOUR
    assert counts_from(Kind.ACCEPTANCE, handoff.ticket, cast.network, NIGHT) == MORNING


@freeze_time(NIGHT)
def test_a_team_that_lets_them_wait_names_nobody(cast: Cast) -> None:
    change_team(cast.network, outside_hours=OutsideHours.WAIT, by=cast.admin)
    handoff = offered(cast)
    assert (handoff.to_staff, handoff.for_duty) == (None, False)
    assert acceptance(handoff.ticket).due_at == MORNING + HOUR


@freeze_time(NOON)
def test_while_the_team_is_open_nobody_is_on_duty(cast: Cast, colleague: Staff) -> None:
    handoff = offered(cast, to_staff=colleague)
    assert (handoff.to_staff, handoff.for_duty) == (colleague, False)
    assert not Notification.objects.filter(kind="handoff.offered").exists()


@freeze_time(NIGHT)
def test_who_was_named_is_asleep_unless_they_are_on_duty(cast: Cast, colleague: Staff) -> None:
    assert offered(cast, to_staff=colleague).to_staff == cast.ito
    assert Entry.objects.get(kind="handoff.offered").data["duty"] == {"to": "伊藤 翔", "meant": "山本"}
    days = {"first": date(2026, 11, 25), "last": date(2026, 11, 25)}
    set_duty(cast.network, colleague, periods=read("20:00-翌9:00"), by=cast.hayashi, **days)
    assert offered(cast, to_staff=colleague).to_staff == colleague
    assert offered(cast).to_staff == cast.ito  # whose duty began first


def test_whoever_takes_it_in_the_morning_has_it_and_not_who_was_on_duty(cast: Cast, colleague: Staff) -> None:
    with freeze_time(NIGHT):
        handoff = offered(cast)
    with freeze_time(MORNING + HOUR):
        accept(handoff, by=colleague)
        assert Ticket.objects.get().assignee == colleague


def test_what_came_back_and_is_offered_by_day_counts_in_working_hours_again(cast: Cast) -> None:
    with freeze_time(NIGHT):
        handoff = offered(cast)
        return_(handoff, reason="missing_information", note="型番", by=cast.ito)
    with freeze_time(MORNING + 8 * HOUR + timedelta(minutes=30)):  # 17:30
        again = offer(handoff.ticket, to_team=cast.network, reason="型番は AX-1", by=cast.sato)
        clock = next(one for one in clocks_of(again.ticket).all if one.subject == again.pk)
    assert clock.due_at == MORNING + 24 * HOUR + timedelta(minutes=30)


@freeze_time(NIGHT)
def test_rules_reach_whoever_is_on_duty_too(cast: Cast) -> None:
    first = open_ticket(subject="不通", body="文", channel="phone", requester=cast.yamada, by=cast.sato)
    second = open_ticket(subject="遅い", body="文", channel="phone", requester=cast.yamada, by=cast.sato)
    handoff = offer_by_rule(first, to_team=cast.network, reason="夜間", by=RULE)
    assert handoff is not None
    assert (handoff.to_staff, handoff.for_duty) == (cast.ito, True)
    assert acceptance(first).due_at == NIGHT + HOUR
    move_by_rule(second, to_team=cast.network, reason="夜間", by=RULE)
    second.refresh_from_db()
    assert (second.holder_team, second.assignee) == (cast.network, cast.ito)
    assert Notification.objects.filter(kind="handoff.offered", staff=cast.ito).count() == 2
