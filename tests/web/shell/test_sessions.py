"""Rights hold as they are at the moment of the request, whatever the process has read before."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from madoguchi.people.models import Membership
from tests.cast import Cast


def answer(client: Client, path: str = "/tickets/") -> int:
    return client.get(path).status_code


def test_a_session_that_was_ended_counts_no_longer(cast: Cast, client: Client) -> None:
    client.force_login(cast.sato)
    assert answer(client) == 200
    Session.objects.all().delete()
    assert answer(client) == 302


def test_a_session_runs_out(cast: Cast, client: Client) -> None:
    client.force_login(cast.sato)
    assert answer(client) == 200
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert answer(client) == 302


def test_somebody_who_left_is_out_at_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.sato)
    assert answer(client) == 200
    cast.sato.is_active = False
    cast.sato.save()
    assert answer(client) == 302


def test_a_changed_password_ends_the_sessions_begun_with_the_old_one(cast: Cast, client: Client) -> None:
    client.force_login(cast.sato)
    assert answer(client) == 200
    cast.sato.set_password("another long password")
    cast.sato.save()
    assert answer(client) == 302


def test_a_role_that_was_taken_or_given_counts_at_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.sato)
    assert answer(client, "/board/") == 403
    given = Membership.objects.create(staff=cast.sato, team=cast.call_centre, role="supervisor")
    assert answer(client, "/board/") == 200
    given.delete()
    assert answer(client, "/board/") == 403
    Membership.objects.filter(staff=cast.sato).delete()
    assert answer(client) == 403


def test_a_team_that_becomes_a_partners_sees_only_its_share_at_once(cast: Cast, client: Client) -> None:
    Membership.objects.filter(staff=cast.hayashi).exclude(team=cast.call_centre).delete()
    Membership.objects.get_or_create(staff=cast.hayashi, team=cast.call_centre, role="supervisor")
    client.force_login(cast.hayashi)
    assert answer(client, "/board/") == 200
    cast.call_centre.is_partner = True
    cast.call_centre.save()
    assert answer(client, "/board/") == 403
