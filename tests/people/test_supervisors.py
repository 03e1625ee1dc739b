"""Who leads a team is told of it: one answer, whoever asks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.people.models import Absence, Membership, Role, Staff
from madoguchi.people.queries import supervisors_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def leads_network(cast: Cast) -> Staff:
    Membership.objects.create(staff=cast.ito, team=cast.network, role=Role.SUPERVISOR)
    return cast.ito


def away(*people: Staff) -> None:
    for person in people:
        Absence.objects.create(staff=person, starts_at=timezone.now() - timedelta(hours=1))


def test_a_team_without_supervisors_of_its_own_is_led_by_those_of_the_desk(cast: Cast) -> None:
    assert supervisors_of(cast.network.pk, timezone.now()) == [cast.hayashi]
    assert supervisors_of(None, timezone.now()) == [cast.hayashi]


def test_a_team_with_supervisors_of_its_own_does_not_disturb_those_of_the_desk(cast: Cast) -> None:
    own = leads_network(cast)
    assert supervisors_of(cast.network.pk, timezone.now()) == [own]
    assert supervisors_of(cast.service_desk.pk, timezone.now()) == [cast.hayashi]


def test_while_the_teams_own_are_away_those_of_the_desk_lead(cast: Cast) -> None:
    own = leads_network(cast)
    away(own)
    assert supervisors_of(cast.network.pk, timezone.now()) == [cast.hayashi]
    assert supervisors_of(cast.network.pk, timezone.now() - timedelta(hours=2)) == [own]


def test_who_has_left_leads_no_more(cast: Cast) -> None:
    own = leads_network(cast)
    Staff.objects.filter(pk=own.pk).update(is_active=False)
    assert supervisors_of(cast.network.pk, timezone.now()) == [cast.hayashi]


def test_with_everybody_away_somebody_is_told_all_the_same(cast: Cast) -> None:
    own = leads_network(cast)
    away(own, cast.hayashi)
    assert supervisors_of(cast.network.pk, timezone.now()) == [cast.hayashi]
    Membership.objects.filter(staff=cast.hayashi).delete()
    assert supervisors_of(cast.network.pk, timezone.now()) == [own]
