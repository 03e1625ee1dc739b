"""New work for somebody who is away goes to whoever stands in, and the trail says why."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.journal.models import Entry
from madoguchi.people.actions import end_absence, note_absence
from madoguchi.people.models import Membership, Role, Staff
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast, staff


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return open_ticket(subject="メールが送れない", body="エラー", channel="phone", requester=cast.yamada, by=cast.sato)


@pytest.fixture
def colleague(cast: Cast) -> Staff:
    """森下, the other engineer of the service desk."""
    return staff("morishita", "森下", "もりした", roles=[(Role.ENGINEER, cast.service_desk)])


def offered(ticket: Ticket, cast: Cast) -> Handoff:
    return offer(ticket, to_team=cast.service_desk, to_staff=cast.takahashi, reason="設定の確認", by=cast.sato)


def cover(kind: str) -> dict[str, str]:
    found: dict[str, str] = Entry.objects.filter(kind=kind).latest("id").data.get("cover", {})
    return found


def test_an_offer_to_somebody_who_is_away_goes_to_the_substitute(ticket: Ticket, cast: Cast, colleague: Staff) -> None:
    note_absence(cast.takahashi, starts_at=timezone.now(), substitute=colleague, by=cast.takahashi)
    assert offered(ticket, cast).to_staff == colleague
    assert (cover("handoff.offered")["away"], cover("handoff.offered")["to"]) == ("高橋 健", "森下")


def test_a_substitute_of_another_team_leaves_the_offer_to_the_whole_team(ticket: Ticket, cast: Cast) -> None:
    note_absence(cast.takahashi, starts_at=timezone.now(), substitute=cast.ito, by=cast.takahashi)
    assert offered(ticket, cast).to_staff is None
    assert cover("handoff.offered")["to"] == "サービスデスク"


def test_an_offer_to_somebody_who_is_there_stays_theirs(ticket: Ticket, cast: Cast) -> None:
    note_absence(cast.takahashi, starts_at=timezone.now() + timedelta(hours=1), by=cast.takahashi)
    assert offered(ticket, cast).to_staff == cast.takahashi
    assert cover("handoff.offered") == {}


def test_who_went_away_before_the_acceptance_does_not_get_the_ticket(
    ticket: Ticket, cast: Cast, colleague: Staff
) -> None:
    handoff = offered(ticket, cast)
    note_absence(cast.takahashi, starts_at=timezone.now(), by=cast.takahashi)
    accept(handoff, by=colleague)
    ticket.refresh_from_db()
    assert ticket.assignee == colleague
    assert cover("handoff.accepted")["away"] == "高橋 健"


def test_whoever_accepts_a_ticket_is_there_whatever_the_calendar_says(ticket: Ticket, cast: Cast) -> None:
    note_absence(cast.takahashi, starts_at=timezone.now(), by=cast.takahashi)
    accept(offered(ticket, cast), by=cast.takahashi)
    ticket.refresh_from_db()
    assert ticket.assignee == cast.takahashi


def test_a_ticket_is_assigned_to_the_substitute(ticket: Ticket, cast: Cast) -> None:
    note_absence(cast.suzuki, starts_at=timezone.now(), substitute=cast.sato, by=cast.suzuki)
    assert change(ticket, assignee=cast.suzuki, by=cast.hayashi).assignee == cast.sato
    assert cover("ticket.changed")["to"] == "佐藤 美咲"


def test_without_a_substitute_it_is_the_teams_and_the_trail_says_so(ticket: Ticket, cast: Cast) -> None:
    absence = note_absence(cast.suzuki, starts_at=timezone.now(), by=cast.suzuki)
    assert change(ticket, assignee=cast.suzuki, by=cast.hayashi).assignee is None
    assert cover("ticket.changed") == {"away": "鈴木 大輔", "to": "コールセンター", "until": None}
    end_absence(absence, by=cast.suzuki)
    assert change(ticket, assignee=cast.suzuki, by=cast.hayashi).assignee == cast.suzuki


def test_somebody_who_takes_a_ticket_is_there(ticket: Ticket, cast: Cast) -> None:
    note_absence(cast.suzuki, starts_at=timezone.now(), by=cast.suzuki)
    assert change(ticket, assignee=cast.suzuki, by=cast.suzuki).assignee == cast.suzuki


def test_a_call_back_is_promised_for_whoever_is_there_when_it_is_due(cast: Cast) -> None:
    now = timezone.now()
    note_absence(
        cast.suzuki,
        starts_at=now + timedelta(hours=2),
        ends_at=now + timedelta(days=2),
        substitute=cast.sato,
        by=cast.suzuki,
    )

    def promised(hours: int) -> Staff | None:
        due = now + timedelta(hours=hours)
        return promise_call_back(
            number="03-5000-1234", due_at=due, team=cast.call_centre, staff=cast.suzuki, by=cast.hayashi
        ).staff

    assert promised(1) == cast.suzuki
    assert promised(3) == cast.sato
    assert cover("call_back.promised")["away"] == "鈴木 大輔"
    assert promised(72) == cast.suzuki


def test_a_call_back_goes_to_the_team_that_stands_in(cast: Cast) -> None:
    note_absence(cast.suzuki, starts_at=timezone.now(), substitute_team=cast.service_desk, by=cast.suzuki)
    call_back = promise_call_back(
        number="03-5000-1234",
        due_at=timezone.now() + timedelta(hours=1),
        team=cast.call_centre,
        staff=cast.suzuki,
        by=cast.hayashi,
    )
    assert (call_back.staff, call_back.team) == (None, cast.service_desk)


def test_a_substitute_who_lost_the_role_gets_nothing(ticket: Ticket, cast: Cast, colleague: Staff) -> None:
    note_absence(cast.takahashi, starts_at=timezone.now(), substitute=colleague, by=cast.takahashi)
    Membership.objects.filter(staff=colleague).delete()
    assert offered(ticket, cast).to_staff is None
