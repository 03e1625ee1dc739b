"""The report of contacts that needed no ticket: each counted under its reason, and opened to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.insight.reports.registry import contacts_behind, table
from madoguchi.interactions.actions.contacts import dismiss, open_interaction
from madoguchi.interactions.models import Interaction
from madoguchi.interactions.reasons import Written, all_reasons, set_reasons
from madoguchi.people.access import access_of
from tests.api.client import program_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def settled(cast: Cast, reason: str, *, ago: int = 0, gave_up: bool = False) -> Interaction:
    at = timezone.now() - timedelta(days=ago)
    contact = open_interaction(channel="phone", staff=cast.sato, team=cast.call_centre, started_at=at, by=cast.sato)
    Interaction.objects.filter(pk=contact.pk).update(is_abandoned=gave_up)
    return dismiss(contact, reason=reason, by=cast.sato)


def test_contacts_are_counted_by_their_reason_even_one_that_is_no_longer_in_use(
    cast: Cast, sign_in: Callable[..., Client]
) -> None:
    silent = [settled(cast, "silent"), settled(cast, "silent", ago=400)]
    settled(cast, "called_back", gave_up=True)
    settled(cast, "silent")
    open_interaction(channel="visit", staff=cast.sato, by=cast.sato)
    rest = [Written(row.key, row.name, row.name_en, row.gave_up, row.key != "silent") for row in all_reasons()]
    set_reasons(rest, by=cast.admin)
    today = timezone.localdate()

    found = table("no-ticket", first=today, last=today, access=access_of(cast.hayashi))
    assert [(row.key, row.label, dict(row.figures)) for row in found.rows] == [
        ("silent", "無言電話", {"contacts": 2, "unanswered": 0}),
        ("called_back", "折り返して解決", {"contacts": 1, "unanswered": 1}),
    ]
    assert dict(found.total.figures) == {"contacts": 3, "unanswered": 1}
    by_team = table("no-ticket", first=today, last=today, by="team", access=None)
    assert [(row.label, row.figures["contacts"]) for row in by_team.rows] == [("コールセンター", 3)]

    page = sign_in(cast.hayashi).get(f"/insight/no-ticket/contacts/?figure=contacts&by=reason&row=silent&from={today}")
    assert page.status_code == 200
    assert page.content.decode().count("無言電話") >= 2
    answer = program_of(cast.hayashi, "reports:read").get(f"/reports/no-ticket?from={today}&to={today}")
    assert answer.body["items"][0]["figures"]["contacts"] == 2
    asked: dict[str, Any] = {"first": today, "last": today, "by": "reason", "access": access_of(cast.hayashi)}
    behind = contacts_behind("no-ticket", row="silent", figure="contacts", **asked)
    assert (behind.count(), set(behind) & set(silent)) == (2, {silent[0]})
