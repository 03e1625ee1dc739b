"""Whom a rule tells: who leads which team, and nobody who is away."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.handoffs.actions.offer import offer
from madoguchi.notifications.models import Notification
from madoguchi.people.access import Role
from madoguchi.people.cover import Absence
from madoguchi.people.models import Membership, Staff, Team
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.rules.rules import on, rule

pytestmark = pytest.mark.django_db


def told(cast: Cast, *, whom: list[str], teams: list[str]) -> set[int]:
    """Whom a rule tells when a ticket that Satō works on is offered to the network."""
    ticket = open_ticket(subject="一", body="一", channel="phone", by=cast.sato)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=cast.sato)
    rule(cast.hayashi, on("offered"), {"kind": "notify", "whom": whom, "teams": teams})
    offer(ticket, to_team=cast.network, reason="LAN", by=cast.sato)
    return set(Notification.objects.filter(kind="rule.fired").values_list("staff", flat=True))


def away(person: Staff, substitute: Staff | None) -> None:
    Absence.objects.create(staff=person, substitute=substitute, starts_at=timezone.now() - timedelta(hours=1))


def leads(person: Staff, team: Team) -> None:
    Membership.objects.create(staff=person, team=team, role=Role.SUPERVISOR)


def test_the_supervisors_of_the_team_it_is_offered_to_and_of_a_named_team(cast: Cast) -> None:
    leads(cast.ito, cast.network)
    leads(cast.takahashi, cast.service_desk)
    assert told(cast, whom=["offered_to"], teams=["service-desk", "gone"]) == {cast.ito.pk, cast.takahashi.pk}


@pytest.mark.parametrize("whom", ["assignee", "front"])
def test_whoever_stands_in_is_told_for_somebody_who_is_away(cast: Cast, whom: str) -> None:
    away(cast.sato, cast.admin)
    assert told(cast, whom=[whom], teams=[]) == {cast.admin.pk}


def test_without_anybody_who_stands_in_whoever_leads_is_told(cast: Cast) -> None:
    away(cast.sato, None)
    assert told(cast, whom=["assignee"], teams=[]) == {cast.hayashi.pk}


def test_of_a_team_those_who_are_there_are_told(cast: Cast) -> None:
    away(cast.sato, None)
    found = told(cast, whom=["team"], teams=[])
    assert found
    assert cast.sato.pk not in found


def test_a_front_who_is_away_is_stood_in_for(cast: Cast) -> None:
    away(cast.sato, cast.admin)
    ticket = open_ticket(subject="一", body="一", channel="mail", by=cast.sato)
    change(ticket, front_staff=cast.sato, by=cast.hayashi)
    ticket.refresh_from_db()
    assert ticket.front_staff == cast.admin
