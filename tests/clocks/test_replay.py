"""Replaying the journal gives what the acts left behind: over random lives of tickets, by real acts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.clocks import spending
from madoguchi.clocks.actions import make_default_policies, start_clock
from madoguchi.clocks.book import current_book
from madoguchi.clocks.follow import rows_as_kept
from madoguchi.clocks.models import Clock, PolicyVersion, Spent
from madoguchi.clocks.rebuild import renew
from madoguchi.clocks.sweep import sweep
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept, recall, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back, try_call_back_again
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import CallBack
from madoguchi.journal.record import NamedActor
from madoguchi.people.actions import change_team
from madoguchi.people.models import Duty, OutsideHours, Staff, Team
from madoguchi.tickets.actions.change import change, go_on, wait
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.actions.track_call_back import track_call_back
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.clocks.desk_time import HOUR, Hand, at

type Act = Callable[[Cast, Ticket, datetime], Any]


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    hand = Hand()
    monkeypatch.setattr(timezone, "now", hand)
    return hand


def _holder(cast: Cast, ticket: Ticket) -> Staff:
    return {cast.call_centre.pk: cast.sato, cast.service_desk.pk: cast.takahashi, cast.network.pk: cast.ito}[
        ticket.holder_team_id
    ]


def _offer(to: str) -> Act:
    def act(cast: Cast, ticket: Ticket, _now: datetime) -> None:
        team: Team = getattr(cast, to)
        offer(ticket, to_team=team, reason="調査", by=_holder(cast, ticket))

    return act


def _decide(how: Callable[..., Any], **more: str) -> Act:
    def act(_cast: Cast, ticket: Ticket, _now: datetime) -> None:
        handoff = Handoff.objects.filter(ticket=ticket).order_by("-id").first()
        if handoff is not None:
            how(handoff, by=Staff.objects.get(email="nakamura@example.jp"), **more)

    return act


def _call_back(cast: Cast, ticket: Ticket, now: datetime) -> None:
    call = promise_call_back(number="0311112222", due_at=now + timedelta(hours=2), team=cast.call_centre, by=cast.sato)
    track_call_back(ticket, call_back=call, by=cast.sato)


def _called(how: Callable[..., Any], **more: Any) -> Act:
    def act(cast: Cast, ticket: Ticket, now: datetime) -> None:
        call = CallBack.objects.waiting().filter(ticket_link__ticket=ticket).first()
        if call is not None:
            fields = more or {"due_at": now + timedelta(hours=1)}
            how(call, by=cast.sato, **fields)

    return act


def _spoken(cast: Cast, ticket: Ticket, _now: datetime) -> None:
    contact = open_interaction(channel="phone", by=cast.sato, staff=cast.sato)
    link_interaction(ticket, interaction=contact, by=cast.sato)


def _demand(kind: str, *, working: bool) -> Act:
    def act(_cast: Cast, ticket: Ticket, _now: datetime) -> None:
        by = NamedActor("rule", "規則", 5)
        start_clock(ticket, kind=kind, target_s=2 * HOUR, working=working, names={"ja": "規則", "en": "Rule"}, by=by)

    return act


ACTS: dict[str, Act] = {
    "demand_update": _demand("next_update", working=True),
    "demand_solution": _demand("resolution", working=False),
    "answer": lambda cast, ticket, _: post_message(ticket, body="回答", visibility="public", by=cast.sato),
    "note": lambda cast, ticket, _: post_message(ticket, body="メモ", visibility="internal", by=cast.sato),
    "wait": lambda cast, ticket, _: wait(ticket, waiting_for="requester", by=cast.sato),
    "wait_department": lambda cast, ticket, _: wait(ticket, waiting_for="department", by=cast.sato),
    "wait_date": lambda cast, ticket, now: wait(
        ticket, waiting_for="date", until=now + timedelta(hours=30), by=cast.sato
    ),
    "go_on": lambda cast, ticket, _: go_on(ticket, by=cast.sato),
    "urgent": lambda cast, ticket, _: change(ticket, priority="urgent", by=cast.sato),
    "low": lambda cast, ticket, _: change(ticket, priority="low", by=cast.sato),
    "category": lambda cast, ticket, _: change(ticket, category=cast.wiring, by=cast.sato),
    "requester": lambda cast, ticket, _: change(ticket, requester=cast.walk_in, by=cast.sato),
    "assignee": lambda cast, ticket, _: change(ticket, assignee=_holder(cast, ticket), by=cast.sato),
    "offer": _offer("service_desk"),
    "offer_network": _offer("network"),
    "accept": _decide(accept),
    "return": _decide(return_, reason="wrong_team"),
    "recall": _decide(recall),
    "call_back": _call_back,
    "call_again": _called(try_call_back_again),
    "called": _called(finish_call_back, result="reached"),
    "spoken": _spoken,
    "resolve": lambda cast, ticket, _: resolve(ticket, resolution="再起動", by=cast.sato),
    "reopen": lambda cast, ticket, _: reopen(ticket, by=cast.sato),
    "sweep": lambda *_: sweep(),
}
lives = st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 40_000)), min_size=1, max_size=7)


@pytest.fixture
def promised(cast: Cast, hand: Hand) -> Cast:
    """The usual promises, and one of each other kind of behaviour."""
    hand.now = at(1, 0, 0)
    make_default_policies()
    usual = PolicyVersion.objects.get(name="解決")
    for values in ({"reopen": "anew", "pauses_for": ["requester", "date"], "category": cast.wiring},):
        version = PolicyVersion.objects.get(pk=usual.pk)
        version.pk, version.number = None, 1
        version.policy = type(usual.policy).objects.create()
        for name, value in values.items():
            setattr(version, name, value)
        version.save()
    change_team(cast.network, outside_hours=OutsideHours.ON_DUTY, by=cast.admin)  # offers at night go to 伊藤
    Duty.objects.create(team=cast.network, staff=cast.ito, starts_at=at(1, 0, 0), ends_at=at(31, 0, 0))
    hand.now = at(1, 9, 0)
    return cast


@pytest.mark.django_db
def test_replaying_a_life_gives_what_its_acts_left_behind(promised: Cast, hand: Hand, engine: str) -> None:
    @settings(
        max_examples=500 if engine == "sqlite" else 60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(life=lives, channel=st.sampled_from(["phone", "mail"]), priority=st.sampled_from(["normal", "high"]))
    def same(life: list[tuple[str, int]], channel: str, priority: str) -> None:
        hand.now = at(1, 9, 0)
        with transaction.atomic():
            Clock.objects.filter(next_at__isnull=False).update(
                next_at=None
            )  # of the lives before: the sweep is for this one
            ticket = open_ticket(
                subject="件名",
                body="本文",
                channel=channel,
                requester=promised.yamada,
                priority=priority,
                by=promised.sato,
            )
            for name, seconds in life:
                hand.now += timedelta(seconds=seconds, microseconds=seconds * 7 % 1_000_000)
                try:
                    with transaction.atomic():
                        ACTS[name](promised, Ticket.objects.get(pk=ticket.pk), hand.now)
                except Refused:
                    continue
            hand.now += timedelta(seconds=1)
            kept = rows_as_kept([ticket.pk])[ticket.pk]
            column = Ticket.objects.values_list("next_due_at", "next_due_kind").get(pk=ticket.pk)
            used = spending.rows_as_kept([ticket.pk])

            assert renew([Ticket.objects.get(pk=ticket.pk)], current_book()) == 0
            assert rows_as_kept([ticket.pk])[ticket.pk] == kept
            assert column == Ticket.objects.values_list("next_due_at", "next_due_kind").get(pk=ticket.pk)
            assert spending.rows_as_kept([ticket.pk]) == used
            Clock.objects.filter(ticket=ticket).delete()
            Spent.objects.filter(ticket=ticket).delete()
            renew([Ticket.objects.get(pk=ticket.pk)], current_book())
            assert rows_as_kept([ticket.pk])[ticket.pk] == kept
            assert spending.rows_as_kept([ticket.pk]) == used

    same()
