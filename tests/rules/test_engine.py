"""Rules fire on what happens, once, say why, never loop, and never stop the act that they react to."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from madoguchi.clocks.models import Clock
from madoguchi.consultations.models import Consultation
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor, record
from madoguchi.notifications.models import Notification
from madoguchi.people.actions.departments import add_topic, change_department
from madoguchi.problems.models import Problem
from madoguchi.rules import acting, engine
from madoguchi.rules.actions.settle_proposal import put_away
from madoguchi.rules.actions.write import switch_rule
from madoguchi.rules.models import Firing, Proposal, Rule
from madoguchi.telephony.models import Call
from madoguchi.tickets.actions.approve import decide_approval
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.rules.rules import TELL, URGENT, on, rule, undone

pytestmark = pytest.mark.django_db


def raised(cast: Cast, body: str = "送れません", **more: Any) -> Ticket:
    facts: dict[str, Any] = {"subject": "メール", "channel": "phone", "requester": cast.yamada, "by": cast.sato}
    return open_ticket(body=body, **(facts | more))


def fired(ticket: Ticket) -> list[Entry]:
    entries = Entry.objects.filter(kind="rule.fired", mentions__kind="ticket", mentions__ref=ticket.pk)
    return list(entries.order_by("id"))


def test_a_rule_fires_when_its_conditions_hold_and_says_why(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), TELL, where={"all": [URGENT, {"kind": "line", "first": True}]}, name="緊急")
    calm, urgent = raised(cast), raised(cast, priority="urgent")
    assert fired(calm) == []
    [entry] = fired(urgent)
    assert entry.actor_kind == "rule"
    assert entry.actor_name == "緊急"
    assert entry.data["because"]["en"] == [
        "the priority is “Urgent”",
        "it is with the first line",
        "a ticket is raised",
    ]
    assert entry.data["because"]["ja"][0] == "優先度が「緊急」"
    assert entry.data["did"]["ja"] == ["林 直子に知らせました"]
    told = Notification.objects.get(kind="rule.fired")
    assert (told.staff, told.about_kind, told.about_id) == (cast.hayashi, "ticket", urgent.pk)
    assert "優先度が「緊急」、かつ一次対応にある" in told.words


def test_a_rule_that_is_no_longer_on_is_silent(cast: Cast) -> None:
    written = rule(cast.hayashi, on("opened"))
    switch_rule(written, state="off", by=cast.hayashi)
    assert fired(raised(cast)) == []


def test_a_rule_that_watches_notes_what_it_would_have_done_and_does_nothing(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "urgent"}, state="trial")
    ticket = raised(cast)
    ticket.refresh_from_db()
    assert (ticket.priority, fired(ticket)) == ("normal", [])
    assert Firing.objects.get().dry


def test_what_a_rule_changed_is_what_the_act_goes_on_with(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "high"})
    ticket = raised(cast)
    assert ticket.priority == "high"
    change(ticket, subject="送れない", by=cast.sato, if_version=ticket.version)


def test_an_offer_by_a_rule_waits_for_acceptance_and_names_the_rule(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "offer", "to": ""}, name="宛先へ")
    ticket = raised(cast, category=cast.mail_trouble)
    handoff = Handoff.objects.get(ticket=ticket)
    assert (handoff.state, handoff.to_team, handoff.by_rule) == ("offered", cast.service_desk, "宛先へ")
    assert handoff.missing
    assert handoff.urgent_because
    assert handoff.offered_by_name == "ルール「宛先へ」"
    accept(handoff, by=cast.takahashi)
    ticket.refresh_from_db()
    assert (ticket.holder_team, ticket.moves) == (cast.service_desk, 1)


def test_a_move_by_a_rule_counts_and_stops_at_the_limit(cast: Cast) -> None:
    rule(cast.hayashi, on("noted"), {"kind": "move", "to": "network"})
    ticket = raised(cast)
    post_message(ticket, body="LAN かも", visibility="internal", by=cast.sato)
    ticket.refresh_from_db()
    assert (ticket.holder_team, ticket.moves, ticket.assignee) == (cast.network, 1, None)
    accept(offer(ticket, to_team=cast.service_desk, reason="違う", by=cast.ito), by=cast.takahashi)
    post_message(ticket, body="やはり LAN", visibility="internal", by=cast.takahashi)
    ticket.refresh_from_db()
    assert (ticket.holder_team, ticket.moves) == (cast.service_desk, 2)
    assert ticket.frozen_at is not None
    assert fired(ticket)[-1].data["did"]["en"] == ["routing is frozen: a supervisor decides"]


def test_of_two_rules_that_decide_the_same_the_first_has_its_way(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "high"}, name="先")
    rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "low"}, TELL, name="後")
    ticket = raised(cast)
    assert ticket.priority == "high"
    assert "先" in fired(ticket)[-1].data["did"]["ja"][0]
    assert len(fired(ticket)[-1].data["did"]["ja"]) == 2


def test_what_a_rule_could_not_do_is_told_in_each_readers_language(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "high"}, name="先")
    second = rule(
        cast.hayashi,
        on("opened"),
        {"kind": "offer", "to": "call-centre"},
        {"kind": "offer", "to": "network"},
        {"kind": "set_priority", "to": "low"},
    )
    with translation.override("en"):
        ticket = raised(cast)
    did = fired(ticket)[-1].data["did"]
    assert did["en"] == [
        "not done: offer it to “Call centre” (Call centre already holds this ticket.)",
        "offer it to “Network”",
        "not done: set the priority to “Low” (rule “先” came first)",
    ]
    assert did["ja"][0] == "実行せず: 「コールセンター」へ引き継ぎを出す（コールセンターがすでに担当しています。）"
    assert Handoff.objects.get(ticket=ticket).to_team == cast.network
    assert not Firing.objects.get(rule=second).problem


def test_a_notification_about_a_rule_is_said_in_the_language_its_reader_reads_now(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), TELL, where={"all": [URGENT]}, name="緊急")
    raised(cast, priority="urgent")
    told = Notification.objects.get(kind="rule.fired")
    with translation.override("en"):
        assert "the priority is “Urgent” and a ticket is raised" in told.words
    with translation.override("ja"):
        assert "優先度が「緊急」" in told.words


def test_a_rule_sets_a_deadline_that_the_ticket_has_from_then_on(cast: Cast) -> None:
    call = {"kind": "start_clock", "seconds": 1800, "working": False, "text": "電話する"}
    rule(cast.hayashi, on("opened", "requester_wrote"), call, where=URGENT, name="一報")
    calm, urgent = raised(cast), raised(cast, priority="urgent")
    assert not Clock.objects.filter(ticket=calm).exists()
    clock = Clock.objects.get(ticket=urgent)
    assert (clock.kind, clock.state, clock.text) == ("next_update", "running", "電話する")
    assert urgent.next_due_at == clock.due_at == clock.started_at + timedelta(minutes=30)
    assert fired(urgent)[-1].data["did"] == {
        "ja": ["30分以内に連絡者へ連絡する期限を設ける（電話する）"],
        "en": ["set a deadline: within 30 minutes the requester hears from us (電話する)"],
    }


def test_a_rule_asks_a_department_once_with_what_it_may_know(cast: Cast) -> None:
    topic = add_topic(cast.accounting, name="請求書", key="invoices", by=cast.admin)
    put = {"kind": "ask_department", "to": "accounting/invoices", "text": "発行日を教えてください", "urgent": True}
    rule(cast.hayashi, on("opened", "noted"), put, where=URGENT, name="請求の照会")
    ticket = raised(cast, priority="urgent", body="山田ですが請求書が届きません")
    question = Consultation.objects.get(ticket=ticket)
    assert (question.department, question.topic, question.urgent) == (cast.accounting, topic, True)
    assert (question.by_rule, question.asked_by, question.team) == ("請求の照会", None, cast.call_centre)
    assert question.question.startswith("発行日を教えてください\n\n")
    assert "請求書が届きません" in question.question
    assert cast.yamada.family_name not in question.question  # who it is stays with the desk
    ticket.refresh_from_db()
    assert (ticket.status, ticket.waiting_for) == ("waiting", "department")
    assert fired(ticket)[-1].data["did"]["en"] == [
        f"ask “{cast.accounting.name_en} › 請求書” at once, even outside working hours (発行日を教えてください)"
    ]
    post_message(ticket, body="急ぎとのこと", visibility="internal", by=cast.sato)
    assert fired(ticket)[-1].data["did"]["en"] == ["its question is not answered yet"]
    assert Consultation.objects.count() == 1


def test_a_department_that_cannot_be_asked_stops_nothing_else_of_the_rule(cast: Cast) -> None:
    change_department(cast.accounting, is_active=False, by=cast.admin)
    rule(cast.hayashi, on("opened"), {"kind": "ask_department", "to": "accounting"}, TELL, where=URGENT)
    ticket = raised(cast, priority="urgent")
    asked, told = fired(ticket)[-1].data["did"]["en"]
    assert (asked.startswith("not done: ask"), told.startswith("told")) == (True, True)
    assert not Consultation.objects.exists()


def test_a_proposal_stands_on_the_ticket_until_it_is_put_away(cast: Cast) -> None:
    rule(cast.hayashi, on("requester_wrote", "opened"), {"kind": "propose", "to": "network", "text": "LAN を確認"})
    ticket = raised(cast)
    proposal = Proposal.objects.open().get(ticket=ticket)
    assert (proposal.team, proposal.text) == (cast.network, "LAN を確認")
    with pytest.raises(Refused):
        put_away(proposal, by=cast.ito)
    put_away(proposal, by=cast.sato)
    assert not Proposal.objects.open().exists()


def test_what_a_supervisor_must_approve_cannot_be_resolved_before(cast: Cast) -> None:
    rule(cast.hayashi, on("opened"), {"kind": "require_approval"}, where={"kind": "words", "any_of": ["返金"]})
    ticket = raised(cast, body="返金してほしい")
    assert ticket.approval_asked_at is not None
    with pytest.raises(Refused) as refusal:
        resolve(ticket, resolution="返金", by=cast.sato)
    assert refusal.value.code == "approval"
    with pytest.raises(Refused):
        decide_approval(ticket, approved=True, note="", by=cast.sato)
    decide_approval(ticket, approved=False, note="金額を確認", by=cast.hayashi)
    with pytest.raises(Refused):
        resolve(ticket, resolution="返金", by=cast.sato)
    decide_approval(ticket, approved=True, note="", by=cast.hayashi)
    resolve(ticket, resolution="返金", by=cast.sato)


def test_a_rule_hears_that_the_requester_gave_up_waiting_on_the_telephone(cast: Cast) -> None:
    rule(cast.hayashi, on("call_abandoned"))
    ticket = raised(cast)
    pbx = NamedActor("system", "pbx")
    call = Call.objects.create(sender="pbx", call_id="c-1")
    open_interaction(channel="phone", call=call, person=cast.yamada, by=pbx)
    with transaction.atomic():
        record("call.abandoned", by=pbx, about=[call])
    assert len(fired(ticket)) == 1


def test_an_error_in_a_rule_leaves_the_act_and_the_other_rules_standing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("broken")

    bad = rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "high"}, TELL, name="壊れた")
    rule(cast.hayashi, on("opened"), {"kind": "set_priority", "to": "urgent"}, name="次")
    monkeypatch.setitem(
        acting._DO,
        "set_priority",
        lambda action, firing: broken() if firing.rule == bad else _set_priority(action, firing),
    )
    ticket = raised(cast)
    assert ticket.priority == "urgent"
    assert Problem.objects.get().facts["rule"] == bad.pk
    firing = Firing.objects.get(rule=bad)
    assert firing.problem
    assert "林" in firing.did["ja"][1]


_set_priority = acting._DO["set_priority"]


def test_a_rule_whose_definition_no_longer_reads_stops_nothing(cast: Cast) -> None:
    bad = rule(cast.hayashi, on("opened"))
    Rule.objects.filter(pk=bad.pk).update(definition={"when": "never"}, changed_at="2026-01-01T00:00:00Z")
    ticket = raised(cast)
    assert Ticket.objects.filter(pk=ticket.pk).exists()
    assert Problem.objects.get().where == "rules.read"


def test_a_rule_does_not_hear_what_it_set_off_itself(cast: Cast) -> None:
    rule(
        cast.hayashi,
        on("changed"),
        {"kind": "set_priority", "to": "high"},
        where={"kind": "priority", "one_of": ["low"]},
    )
    rule(
        cast.hayashi,
        on("changed"),
        {"kind": "set_priority", "to": "low"},
        where={"kind": "priority", "one_of": ["high"]},
    )
    ticket = raised(cast)
    change(ticket, priority="low", by=cast.sato)
    assert len(fired(ticket)) == 2


def test_a_rule_that_fires_too_often_on_one_ticket_is_stopped_and_told(cast: Cast) -> None:
    rule(cast.hayashi, on("noted"))
    ticket = raised(cast)
    for _ in range(engine.FUSE + 3):
        post_message(ticket, body="メモ", visibility="internal", by=cast.sato)
    assert len(fired(ticket)) == engine.FUSE
    assert Problem.objects.filter(where="rules.fuse").count() == 1


ACTS = ("note", "answer", "change", "offer", "accept", "return", "resolve", "reopen")
EVENTS = (
    "opened",
    "changed",
    "offered",
    "handed_over",
    "returned",
    "noted",
    "answered",
    "resolved",
    "reopened",
    "frozen",
)
ACTIONS = (
    {"kind": "set_priority", "to": "low"},
    {"kind": "set_priority", "to": "urgent"},
    {"kind": "offer", "to": "network"},
    {"kind": "move", "to": "service-desk"},
    {"kind": "move", "to": "call-centre"},
    {"kind": "propose", "text": "確認"},
    {"kind": "require_approval"},
    {"kind": "start_clock", "seconds": 1800},
    {"kind": "ask_department", "to": "accounting"},
    TELL,
)


def test_no_set_of_rules_loops(cast: Cast, engine: str) -> None:
    """Whatever the rules, each fires at most once for each thing that people do, and once for each other rule's act."""

    @settings(
        max_examples=500 if engine == "sqlite" else 60,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        rules=st.lists(
            st.tuples(
                st.lists(st.sampled_from(EVENTS), min_size=1, max_size=4, unique=True),
                st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2),
            ),
            min_size=1,
            max_size=3,
        ),
        acts=st.lists(st.sampled_from(ACTS), max_size=2),
    )
    def ends(rules: list[tuple[list[str], list[dict[str, Any]]]], acts: list[str]) -> None:
        with undone():
            Rule.objects.bulk_create(
                Rule(
                    name="規則",
                    state="on",
                    position=place,
                    changed_at=now,
                    definition={"when": on(*events), "then": then},
                )
                for place, (events, then) in enumerate(rules)
            )
            record("ticket.opened", by=cast.sato, about=[ticket])  # raised once: five hundred times takes too long
            for act in acts:
                _do(act, ticket, cast)
            entries = Entry.objects.filter(mentions__kind="ticket", mentions__ref=ticket.pk)
            human = entries.exclude(actor_kind="rule").count()
            deepest = len(rules) ** len(rules)
            causes = list(Firing.objects.filter(ticket=ticket).values_list("rule", "cause"))
            assert len(causes) <= human * len(rules) * deepest
            assert len(causes) == len(set(causes))
            assert not Problem.objects.exclude(where="rules.fuse").exists()

    now, ticket = timezone.now(), raised(cast)
    ends()


def _do(act: str, ticket: Ticket, cast: Cast) -> None:
    """One act of a person, if it is possible now."""
    ticket.refresh_from_db()
    open_offer = Handoff.objects.filter(ticket=ticket, state="offered").first()
    with suppress(Refused):
        if act in {"note", "answer"}:
            post_message(ticket, body="文", visibility="internal" if act == "note" else "public", by=cast.admin)
        elif act == "change":
            change(ticket, priority="normal" if ticket.priority != "normal" else "high", by=cast.admin)
        elif act == "offer":
            offer(ticket, to_team=cast.field_service, reason="現地", by=cast.admin, urgent_because="急ぎ")
        elif act == "accept" and open_offer:
            accept(open_offer, by=cast.admin)
        elif act == "return" and open_offer:
            return_(open_offer, reason="wrong_team", by=cast.admin)
        elif act == "resolve":
            resolve(ticket, resolution="済み", by=cast.admin)
        elif act == "reopen":
            reopen(ticket, by=cast.admin)
