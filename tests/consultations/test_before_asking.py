"""Whom one would ask about a ticket, and how it would go: what is foreseen is what happens."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.actions.hear import answer, ask_back, decline
from madoguchi.consultations.actions.read import review
from madoguchi.consultations.actions.steer import next_contact, reply, withdraw
from madoguchi.consultations.actions.use import use_answers
from madoguchi.consultations.alike import answered_like
from madoguchi.consultations.foresight import Move, outlook, plan_of
from madoguchi.consultations.models import Approach, Consultation, State
from madoguchi.consultations.proposal import proposal_for
from madoguchi.consultations.queries import consultations_of
from madoguchi.foundation.refusal import Refused
from madoguchi.notifications.models import Notification
from madoguchi.people.access import access_of
from madoguchi.people.actions.departments import add_contact, add_topic, change_contact, change_department, order_chain
from madoguchi.people.models import Topic
from madoguchi.search.index import drain
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def raised(cast: Cast, subject: str, **more: Any) -> Ticket:
    return open_ticket(subject=subject, body=subject, channel="phone", requester=cast.yamada, by=cast.sato, **more)


@pytest.fixture
def topic(cast: Cast) -> Topic:
    return add_topic(cast.accounting, key="bill", name="請求書", by=cast.admin)


def proposed(ticket: Ticket, cast: Cast, who: str = "sato") -> list[tuple[str, str]]:
    likes = answered_like(ticket, access_of(getattr(cast, who)))
    return [(one.label, "; ".join(one.whys)) for one in proposal_for(ticket, likes)]


def test_the_topics_of_the_category_are_proposed_and_those_above_it_after_them(cast: Cast, topic: Topic) -> None:
    other = add_topic(cast.accounting, key="pay", name="支払い", by=cast.admin)
    cast.general.topics.add(other)
    cast.mail_trouble.topics.add(topic)
    assert proposed(raised(cast, "x", category=cast.mail_trouble), cast) == [
        ("経理部 › 請求書", "「メールの不具合」の照会事項"),
        ("経理部 › 支払い", "「すべて」の照会事項"),
    ]
    assert proposed(raised(cast, "x"), cast) == []


def test_who_answered_for_tickets_like_it_is_proposed_with_the_ticket(cast: Cast, topic: Topic) -> None:
    first = raised(cast, "10月分の請求書が届かない")
    answer(
        ask(first, department=cast.accounting, topic=topic, question="?", by=cast.sato), body="送付済み", by=cast.sato
    )
    while drain():
        pass
    alike = raised(cast, "9月分の請求書がまだ届かない")
    assert proposed(alike, cast) == [("経理部 › 請求書", f"似たチケット {first.number_shown} に回答")]
    assert proposed(raised(cast, "プリンターが動かない"), cast) == []
    assert proposed(alike, cast, "ogawa") == [], "a partner hears nothing of others' tickets"


def test_what_is_foreseen_is_what_the_acts_do(cast: Cast) -> None:
    late = add_contact(cast.accounting, name="経理 課長", email="kacho@example.jp", in_chain=False, by=cast.admin)
    change_department(cast.accounting, manager=late, answer_within_s=3600, by=cast.admin)
    with freeze_time("2026-11-26T01:00:00Z") as clock:
        now = timezone.now()
        plan = plan_of(cast.accounting, None, urgent=True, now=now)
        assert plan is not None
        assert [(step.move, step.name) for step in plan.steps] == [
            (Move.ASK, "経理 窓口"),
            (Move.REMIND, "経理 窓口"),
            (Move.ASK, "岡田 部長"),
            (Move.REMIND, "岡田 部長"),
            (Move.ASK, "経理 課長"),
            (Move.REMIND, "経理 課長"),
            (Move.END, ""),
        ]
        hour = timedelta(hours=1)
        assert [step.at - now for step in plan.steps[:4]] == [0 * hour, hour, 1.5 * hour, 2.5 * hour]
        assert plan.due_at == now + hour
        ticket = raised(cast, "x")
        consultation = ask(ticket, department=cast.accounting, question="?", urgent=True, by=cast.sato)
        assert (consultation.due_at, Approach.objects.get().name) == (plan.due_at, plan.first.name)
        (row,) = consultations_of(ticket, access_of(cast.sato))
        assert [(step.move, step.at) for step in outlook([row], now)[row.pk]] == [
            (step.move, step.at) for step in plan.steps[1:3]
        ]
        assert Approach.objects.count() == 1, "looking ahead writes nothing"
        clock.tick(hour * 24 * 7)
        assert [step.move for step in outlook([row], timezone.now())[row.pk]] == [Move.REMIND, Move.ASK]


def test_outside_working_hours_it_leaves_when_the_contact_opens(cast: Cast) -> None:
    with freeze_time("2026-11-26T13:00:00Z"):  # 22:00 in Tokyo
        now = timezone.now()
        late = plan_of(cast.accounting, None, urgent=False, now=now)
        assert late is not None
        if late.first.at == now:
            pytest.skip("the desk's calendar is open at night")
        assert late.first.at > now
        urgent = plan_of(cast.accounting, None, urgent=True, now=now)
        assert urgent is not None
        assert urgent.first.at == now


def test_a_contact_who_is_chosen_is_asked_before_the_chain(cast: Cast) -> None:
    ticket = raised(cast, "x")
    chosen = cast.accounting_second
    plan = plan_of(cast.accounting, None, urgent=True, contact=chosen, now=timezone.now())
    assert plan is not None
    assert [step.name for step in plan.steps if step.move == Move.ASK] == ["岡田 部長", "経理 窓口"]
    consultation = ask(ticket, department=cast.accounting, contact=chosen, question="?", urgent=True, by=cast.sato)
    approach = consultation.approaches.get()
    assert (approach.contact, approach.why) == (chosen, Approach.Why.CHOSEN)


def test_nobody_to_ask_is_no_plan(cast: Cast) -> None:
    order_chain(cast.accounting, [], by=cast.admin)
    assert plan_of(cast.accounting, None, urgent=True, now=timezone.now()) is None
    with pytest.raises(Refused):
        ask(raised(cast, "x"), department=cast.accounting, question="?", by=cast.sato)


def test_looking_ahead_costs_the_same_for_one_and_for_many(cast: Cast, topic: Topic) -> None:
    ticket = raised(cast, "x")
    costs = []
    for further in range(3):
        about = None if further == 1 else topic
        ask(ticket, department=cast.accounting, topic=about, question=f"{further}?", by=cast.sato)
        rows = consultations_of(ticket, access_of(cast.sato))
        outlook(rows, timezone.now())  # from now on the calendar is kept
        with CaptureQueriesContext(connection) as queries:
            assert len(outlook(rows, timezone.now())) == 1 + further
        costs.append(len(queries))
    assert max(costs) == min(costs) < 8


def test_the_same_question_pressed_twice_is_asked_once(cast: Cast, topic: Topic) -> None:
    ticket, second = raised(cast, "x"), cast.accounting_second

    def pressed(**more: Any) -> Consultation:
        return ask(ticket, department=cast.accounting, question=" 発行済みですか", by=cast.sato, **more)

    first = pressed()
    assert pressed() == first
    others = [pressed(topic=topic), pressed(contact=second), pressed(urgent=True), pressed(team=cast.network)]
    assert len({first, *others}) == 5
    assert pressed(contact=second) == others[1]
    with freeze_time(timezone.now() + timedelta(minutes=2)):
        later = pressed()
    assert later not in {first, *others}
    withdraw(later, by=cast.sato)
    with freeze_time(timezone.now() + timedelta(minutes=2)):
        assert pressed() != later


def test_an_answer_that_was_used_keeps_the_message_it_became(cast: Cast) -> None:
    ticket = raised(cast, "x")
    consultation = ask(ticket, department=cast.accounting, question="?", by=cast.sato)
    said = answer(consultation, body="発行済み", by=cast.sato)
    use_answers(ticket, [said], body="社内向け", visibility="internal", by=cast.sato)
    consultation.refresh_from_db()
    assert not consultation.used_at
    message = use_answers(ticket, [said], body="発行済みです", by=cast.sato)
    consultation.refresh_from_db()
    assert (consultation.used_in, consultation.used_at) == (message, message.at)
    with pytest.raises(Refused):
        use_answers(raised(cast, "y"), [said], body="別のチケット", by=cast.sato)


def test_whoever_only_the_desk_can_call_stands_on_the_list_until_the_call_says_something(cast: Cast) -> None:
    change_contact(cast.accounting_first, phone="0350002000", channels=["phone"], by=cast.admin)
    needing = Consultation.objects.needing_somebody()
    with freeze_time("2026-11-25T18:00:00Z"):  # 03:00 in Tokyo
        ticket = raised(cast, "x")
        consultation = ask(ticket, department=cast.accounting, question="?", urgent=True, by=cast.sato)
        assert needing.get().needs == "call"
        told = Notification.objects.get(kind="consultation.to_call")
        assert (told.staff, told.deliver_at) == (cast.sato, told.at)
        ask_back(consultation, body="何月分ですか", by=cast.sato)
        assert needing.get().needs == "reply"
        assert reply(consultation, body="8月分です", by=cast.sato).to_call
        assert needing.get().needs == "call"
        resolve(ticket, resolution="済", no_article_reason="one_off", by=cast.sato)
        assert not needing.exists()
        reopen(ticket, reason="未解決", by=cast.sato)
        next_contact(consultation, by=cast.sato)
        assert not needing.exists()


def test_what_nobody_answered_waits_for_somebody_of_the_desk_until_it_was_read(cast: Cast) -> None:
    consultation = ask(raised(cast, "x"), department=cast.accounting, question="?", urgent=True, by=cast.sato)
    needing = Consultation.objects.needing_somebody()
    for _ in range(2):
        assert not needing.exists()
        decline(consultation, by=cast.sato)
    assert needing.get().state == State.DECLINED
    review(consultation, by=cast.sato)
    review(consultation, by=cast.sato)
    assert not needing.exists()
    answer(consultation, body="やはり分かりました", by=cast.sato)
    assert needing.get().needs == "use"
    answer(consultation, body="もう一つ", by=cast.sato)
    assert needing.get().needs == "review"
