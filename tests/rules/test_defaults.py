"""The ready-made rules are drafts of what desks go by, and each fires on what it is for."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation
from freezegun import freeze_time

from madoguchi.handoffs.actions.decide import return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.journal.models import Entry
from madoguchi.journal.record import record
from madoguchi.rules import words
from madoguchi.rules.actions.write import change_rule, switch_rule
from madoguchi.rules.defaults import READY, make_ready_rules
from madoguchi.rules.definition import parse
from madoguchi.rules.models import Firing, Rule
from madoguchi.rules.sweep import fire_due
from madoguchi.rules.world import Labels
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Message
from madoguchi.web.rules.builder import of_rule
from tests.cast import Cast
from tests.rules.rules import TELL, on

pytestmark = pytest.mark.django_db


def test_they_are_made_once_as_drafts_and_what_was_changed_stays(cast: Cast) -> None:
    assert make_ready_rules() == len(READY)
    assert set(Rule.objects.values_list("state", flat=True)) == {"draft"}
    first = Rule.objects.get(key="harassment")
    change_rule(
        first, name="うちの規則", definition={"when": on("opened"), "where": {"all": []}, "then": [TELL]}, by=cast.admin
    )
    assert make_ready_rules() == 0
    assert Rule.objects.get(key="harassment").name == "うちの規則"
    assert Entry.objects.filter(kind="rule.added").count() == len(READY)


def test_each_reads_in_both_languages_and_opens_in_the_form(cast: Cast) -> None:
    make_ready_rules()
    for rule in Rule.objects.all():
        form = of_rule(rule)
        assert form is not None
        assert parse(form.definition()).written == rule.definition
        said = set()
        for language in ("ja", "en"):
            with translation.override(language):
                said.add(words.sentence(parse(rule.definition), Labels()))
        assert len(said) == 2


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("no-authority", {"body": "返金してください"}),
        ("another-person-demanded", {"body": "あなたでは話にならない。上司を出して"}),
        ("harassment", {"body": "ネットに晒すぞ"}),
        ("error-code-not-in-the-manual", {"details": {"error_code": "E-404"}}),
    ],
)
def test_each_fires_on_what_it_is_for_and_on_nothing_else(cast: Cast, key: str, facts: dict[str, Any]) -> None:
    make_ready_rules()
    for rule in Rule.objects.all():
        switch_rule(rule, state="on", by=cast.hayashi)
    plain: dict[str, Any] = {"subject": "メール", "body": "送れません", "channel": "phone", "by": cast.sato}
    open_ticket(**plain)
    assert not Firing.objects.exists()
    open_ticket(**(plain | facts))
    assert list(Firing.objects.values_list("rule__key", flat=True)) == [key]


def test_those_that_wait_and_those_of_hand_offs_fire_on_what_they_are_for(cast: Cast) -> None:
    make_ready_rules()
    for rule in Rule.objects.all():
        switch_rule(rule, state="on", by=cast.hayashi)

    def fired() -> dict[str, int]:
        while fire_due():
            pass
        return dict(Counter(key or "" for key in Firing.objects.values_list("rule__key", flat=True)))

    desk: dict[str, Any] = {"subject": "メール", "body": "送れません", "channel": "web", "requester": cast.yamada}
    with freeze_time(datetime(2026, 11, 20, 1, 0, tzinfo=UTC)) as clock:
        urgent = open_ticket(**desk, priority="urgent", by=cast.sato)
        calm = open_ticket(**desk, by=cast.sato)
        clock.tick(timedelta(minutes=31))
        assert fired() == {"urgent-not-accepted": 1}
        resolve(calm, resolution="済み", by=cast.sato)
        clock.tick(timedelta(minutes=30))
        assert fired() == {"urgent-not-accepted": 1, "longer-than-the-norm": 1}
        clock.tick(timedelta(hours=4))  # the lunch hour is none
        assert fired() == {"urgent-not-accepted": 1, "longer-than-the-norm": 1, "high-not-answered": 1}
        resolve(urgent, resolution="済み", by=cast.sato)

        again = open_ticket(**desk, by=cast.sato)
        for _ in range(2):
            last = Message.objects.create(
                ticket=again,
                visibility="public",
                from_requester=True,
                person=cast.yamada,
                at=timezone.now(),
                body="まだ",
            )
        record("message.received", by=cast.yamada, about=[again], data={"message": last.pk})
        assert fired()["beyond-knowledge"] == 1
        for times in (1, 2):
            handoff = offer(again, to_team=cast.network, reason="LAN", by=cast.sato)
            return_(handoff, reason="wrong_team", by=cast.ito)
            assert fired().get("returned-twice", 0) == times - 1
