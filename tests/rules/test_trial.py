"""A trial on history says what the rule would have done: the same as when it really watches."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept, decide_routing, recall, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.actions.call_backs import finish_call_back
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import CallBack
from madoguchi.people.cover import Absence
from madoguchi.rules.definition import Happened, parse
from madoguchi.rules.facts import Since
from madoguchi.rules.history.journal import histories, tickets_in
from madoguchi.rules.hours import the_world
from madoguchi.rules.models import Firing, Rule
from madoguchi.rules.store import facts_of
from madoguchi.rules.sweep import fire_due
from madoguchi.rules.trial import Result, hits
from madoguchi.tickets.actions.change import change, go_on, wait
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.rules.rules import TELL, after, on, undone
from tests.rules.test_tree import clock_told, complained, conditions, trees

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
ACTS = (
    "urgent", "low", "mail trouble", "wiring", "no category", "sato", "nobody", "code", "wait", "go on",
    "offer network", "offer desk", "accept", "return", "recall", "answer", "note", "resolve", "reopen", "assign",
    "nakagawa", "stranger", "speak", "call", "in vain", "warn", "breach",
    "complain", "praise",
)  # fmt: skip


def act(name: str, ticket: Ticket, cast: Cast) -> None:
    """One thing that people do, if it is possible now."""
    ticket.refresh_from_db()
    by, waiting = cast.admin, Handoff.objects.filter(ticket=ticket, state="offered").first()
    taken = Handoff.objects.filter(ticket=ticket, state="accepted").order_by("-accepted_at", "-id").first()
    back = waiting or taken

    def owed() -> CallBack:
        return promise_call(ticket, due_at=timezone.now() + STEP, number="03-1111-2222", by=by)

    ways: dict[str, Any] = {
        "urgent": lambda: change(ticket, priority="urgent", by=by),
        "low": lambda: change(ticket, priority="low", by=by),
        "mail trouble": lambda: change(ticket, category=cast.mail_trouble, by=by),
        "wiring": lambda: change(ticket, category=cast.wiring, by=by),
        "no category": lambda: change(ticket, category=None, by=by),
        "nakagawa": lambda: change(ticket, requester=cast.nakagawa, by=by),
        "stranger": lambda: change(ticket, requester=cast.walk_in, by=by),
        "sato": lambda: change(ticket, assignee=cast.admin, by=by),
        "nobody": lambda: change(ticket, assignee=None, by=by),
        "code": lambda: change(ticket, details={"error_code": "E-9", "impact": "LAN"}, by=by),
        "wait": lambda: wait(ticket, waiting_for="requester", by=by),
        "go on": lambda: go_on(ticket, by=by),
        "offer network": lambda: offer(ticket, to_team=cast.network, reason="LAN", urgent_because="急ぎ", by=by),
        "offer desk": lambda: offer(
            ticket,
            to_team=cast.service_desk,
            reason="設定",
            reason_code="beyond_knowledge",
            urgent_because="急ぎ",
            by=by,
        ),
        "accept": lambda: accept(waiting, by=by) if waiting else None,
        "return": lambda: return_(back, reason="wrong_team", by=by) if back else None,
        "recall": lambda: recall(waiting, by=by) if waiting else None,
        "answer": lambda: post_message(ticket, body="エラーを確認", visibility="public", by=by),
        "note": lambda: post_message(ticket, body="返金かも", visibility="internal", by=by),
        "speak": lambda: link_interaction(
            ticket, interaction=open_interaction(channel="phone", staff=by, person=ticket.requester, by=by), by=by
        ),
        "call": lambda: finish_call_back(owed(), result="reached", by=by),
        "warn": lambda: clock_told(ticket, 80),
        "breach": lambda: clock_told(ticket, 100),
        "complain": lambda: complained(ticket, cast),
        "praise": lambda: complained(ticket, cast, "other"),
        "in vain": lambda: finish_call_back(owed(), result="withdrawn", by=by),
        "resolve": lambda: resolve(ticket, resolution="済み", by=by),
        "reopen": lambda: reopen(ticket, by=by),
        "assign": lambda: decide_routing(ticket, kind="assign", team=cast.network, note="決めた", by=by),
    }
    with suppress(Refused):
        ways[name]()


def definitions(cast: Cast) -> st.SearchStrategy[dict[str, Any]]:
    events = st.lists(st.sampled_from([event.value for event in Happened]), min_size=1, max_size=4, unique=True)
    times = st.builds(
        lambda state, minutes, working: after(state, minutes, working=working),
        st.sampled_from([state.value for state in Since]),
        st.sampled_from([10, 20, 40]),
        st.booleans(),
    )
    where = st.one_of(st.just({"all": []}), trees(conditions(cast)))
    return st.builds(
        lambda when, where: {"when": when, "where": where, "then": [TELL]},
        st.one_of(st.builds(lambda names: on(*names), events), times),
        where,
    )


@pytest.mark.once
def test_a_trial_fires_where_the_watching_rule_fired(cast: Cast) -> None:
    """Forty stories, each watched by thirteen rules."""
    fired_at_all: set[str] = set()

    # Not shrunk: a story takes a fifth of a second, and says plainly which rule it was.
    @settings(
        max_examples=40,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        rules=st.lists(definitions(cast), min_size=13, max_size=13),
        acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 4)), min_size=3, max_size=10),
        channel=st.sampled_from(["phone", "web"]),
    )
    def same(rules: list[dict[str, Any]], acts: list[tuple[str, int]], channel: str) -> None:
        clock.move_to(MORNING)
        with undone():
            Rule.objects.bulk_create(
                Rule(
                    name=str(place),
                    definition=parse(one).written,
                    state="trial",
                    changed_at=timezone.now(),
                    position=place,
                )
                for place, one in enumerate(rules)
            )
            ticket = open_ticket(
                subject="エラー", body="ﾒｰﾙが送れない LAN", channel=channel, requester=cast.yamada, by=cast.sato,
                details={"error_code": "0x1"},
            )  # fmt: skip
            for name, steps in acts:
                for _ in range(steps):
                    fire_due()  # acts of one instant have no look of the worker between them
                    clock.tick(STEP)
                    fire_due()
                act(name, ticket, cast)
            fire_due()
            clock.tick(STEP)
            fire_due()
            until = timezone.now() + timedelta(microseconds=1)
            [history] = histories([ticket.pk], until=until)
            world = the_world()
            really: dict[int, set[tuple[str, datetime]]] = {}
            for pk, cause, at in Firing.objects.filter(problem="").values_list("rule", "cause", "at"):
                really.setdefault(pk, set()).add((cause, at))
            for rule in Rule.objects.all():
                found = hits(history, parse(rule.definition), world, since=MORNING)
                assert {(hit.cause, hit.facts.at) for hit in found} == really.get(rule.pk, set()), rule.definition
            fired_at_all.update(cause.partition(":")[0] for causes in really.values() for cause, _ in causes)

    with freeze_time(MORNING) as clock:
        same()
    assert {"entry", Since.OPEN.value, Since.HELD.value} <= fired_at_all


def moved(cast: Cast) -> Ticket:
    """10:00 raised, 10:20 offered to the network, 10:30 taken, 10:40 back, 10:50 to the service desk, 11:20 solved."""
    with freeze_time(MORNING) as clock:
        ticket = open_ticket(subject="遅い", body="LANが遅い", channel="phone", priority="urgent", by=cast.sato)
        clock.tick(2 * STEP)
        first = offer(ticket, to_team=cast.network, reason="LAN", by=cast.sato)
        clock.tick(STEP)
        accept(first, by=cast.ito)
        clock.tick(STEP)
        return_(first, reason="wrong_team", by=cast.ito)
        clock.tick(STEP)
        act("offer desk", ticket, cast)
        Ticket.objects.filter(pk=ticket.pk).update(frozen_at=None)
        clock.tick(3 * STEP)
    return ticket


def tried(definition: dict[str, Any], *, until: datetime) -> dict[str, Any]:
    parsed, world, result = parse(definition), the_world(), Result()
    for history in histories(tickets_in(MORNING, until), until=until):
        result.add(history, parsed, world, since=MORNING)
    return result.written(parsed, world)


def test_a_trial_tells_how_much_earlier_and_how_many_moves_less(cast: Cast) -> None:
    moved(cast)
    until = MORNING + timedelta(hours=8)
    told = tried({"when": after("open", 10), "then": [{"kind": "offer", "to": "network"}]}, until=until)
    assert (told["fired"], told["earlier"], told["earlier_median_s"], told["moves_saved"]) == (1, 1, 600, 0)
    told = tried({"when": after("open", 10), "then": [{"kind": "offer", "to": "call-centre"}]}, until=until)
    assert told["moves_saved"] == 1
    told = tried({"when": after("open", 10), "then": [TELL]}, until=until)
    assert (told["moves_saved"], told["hits"][0]["times"]) == (1, 1)
    assert told["hits"][0]["because"]["en"] == ["10 working minutes have passed: it has not been resolved"]


def test_a_trial_tells_where_it_would_have_fired_for_nothing_and_where_nobody_can_say(cast: Cast) -> None:
    with freeze_time(MORNING) as clock:
        solved = open_ticket(subject="一", body="一", channel="phone", by=cast.sato)
        open_ticket(subject="二", body="二", channel="phone", by=cast.sato)
        clock.tick(3 * STEP)
        resolve(solved, resolution="済み", by=cast.sato)
    told = tried({"when": after("open", 20), "then": [TELL]}, until=MORNING + timedelta(hours=1))
    assert (told["fired"], told["nothing"], told["open"], told["looked_at"]) == (2, 1, 1, 2)
    assert [hit["verdict"] for hit in told["hits"]] == ["nothing", "open"]


def test_facts_are_those_of_then_and_not_of_today(cast: Cast) -> None:
    with freeze_time(MORNING) as clock:
        ticket = open_ticket(subject="一", body="一", channel="phone", priority="urgent", by=cast.sato)
        clock.tick(3 * STEP)
        change(ticket, priority="low", category=cast.wiring, by=cast.sato)
    urgent = {"kind": "priority", "one_of": ["urgent"]}
    told = tried({"when": after("open", 20), "where": urgent, "then": [TELL]}, until=MORNING + timedelta(hours=1))
    assert told["fired"] == 1
    wiring = {"kind": "category", "one_of": ["wiring"]}
    told = tried({"when": after("open", 20), "where": wiring, "then": [TELL]}, until=MORNING + timedelta(hours=1))
    assert [hit["at"] for hit in told["hits"]] == [(MORNING + 3 * STEP).isoformat()]


def test_a_batch_of_histories_costs_the_same_questions(cast: Cast, django_assert_num_queries: Any) -> None:
    for count in (1, 3):
        while Ticket.objects.count() < count:
            open_ticket(subject="一", body="一", channel="phone", requester=cast.yamada, by=cast.sato)
        ids = list(Ticket.objects.values_list("pk", flat=True))
        with django_assert_num_queries(11):
            list(histories(ids, until=timezone.now()))


def test_a_ticket_raised_from_the_contact_at_hand_has_a_history_too(cast: Cast) -> None:
    with freeze_time(MORNING) as clock:
        contact = open_interaction(channel="phone", by=cast.sato, person=cast.yamada)
        open_ticket(
            subject="一", body="一", channel="phone", requester=cast.yamada, interaction=contact, by=cast.sato
        )  # fmt: skip
        clock.tick(STEP)
    told = tried({"when": after("open", 20), "then": [TELL]}, until=MORNING + timedelta(hours=1))
    assert (told["looked_at"], told["fired"]) == (1, 1)


def test_whoever_stood_in_for_the_named_person_has_the_ticket_in_a_trial_too(cast: Cast) -> None:
    with freeze_time(MORNING) as clock:
        ticket = open_ticket(subject="一", body="一", channel="phone", by=cast.sato)
        clock.tick(STEP)
        handoff = offer(ticket, to_team=cast.network, to_staff=cast.ito, reason="LAN", by=cast.sato)
        Absence.objects.create(staff=cast.ito, starts_at=timezone.now(), substitute=cast.admin)
        accept(handoff, by=cast.admin)
        [history] = histories([ticket.pk], until=timezone.now())
        live = facts_of([ticket.pk], set())[ticket.pk]
    assert history.moments[-1].facts.assignee == live.assignee
    assert live.assignee != cast.ito.pk


def test_linking_a_contact_is_a_touch_that_a_waiting_rule_hears_and_a_wrap_up_is_none(cast: Cast) -> None:
    definition = {"when": after("untouched", 20, working=False), "then": [TELL]}
    rule = Rule.objects.create(name="", definition=definition, state="trial", changed_at=MORNING, position=1)
    with freeze_time(MORNING) as clock:
        ticket = open_ticket(subject="一", body="一", channel="phone", requester=cast.yamada, by=cast.sato)
        for name in ("", "", "praise", "", "", ""):
            clock.tick(STEP)
            fire_due()
            if name:
                act(name, ticket, cast)
        until = timezone.now() + timedelta(microseconds=1)
        [history] = histories([ticket.pk], until=until)
    told = {(MORNING + minutes * timedelta(minutes=1)).isoformat() for minutes in (0, 30)}
    assert set(Firing.objects.values_list("cause", flat=True)) == {f"untouched:{since}" for since in told}
    found = hits(history, parse(rule.definition), the_world(), since=MORNING)
    assert {hit.cause for hit in found} == {f"untouched:{since}" for since in told}
