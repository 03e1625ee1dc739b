"""The sheet 部署に聞く: who is proposed and why, what the question tells, how it will go, and the press that asks."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.consultations.models import Approach, Consultation, State
from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.models import Handoff
from madoguchi.people.actions.departments import (
    add_contact,
    add_department,
    add_topic,
    change_contact,
    change_department,
)
from madoguchi.people.models import Department, Topic
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.past import asked_before
from tests.web.handoffs.test_inbox import ANSWERS

SignIn = Callable[..., Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
SHEET = {**HTMX, "HX-Target": "div#sheet-body"}
CHOICES = {**HTMX, "HX-Target": "div#ask-choices"}
REST = {**HTMX, "HX-Target": "div#ask-rest"}
PLAN = {**HTMX, "HX-Target": "div#ask-plan"}


@pytest.fixture
def bill(cast: Cast) -> Topic:
    topic = add_topic(cast.accounting, key="bill", name="請求書", words="再発行", by=cast.admin)
    cast.mail_trouble.topics.add(topic)
    return topic


@pytest.fixture
def ticket(cast: Cast, bill: Topic) -> Ticket:
    return open_ticket(
        subject="メールが送れない",
        body="みなと商事の山田です。090-1111-2222 へ",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        details={"error_code": "0x800CCC0E"} | {key: text for key, text in ANSWERS.items() if key != "error_code"},
        by=cast.sato,
    )


def key_of(department: Department, topic: Topic | None = None, contact: int | str = "") -> str:
    return f"{department.pk}.{topic.pk if topic else ''}.{contact}"


def question_in(html: str) -> str:
    found = re.search(r"<textarea[^>]*name=\"question\"[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    assert found
    return unescape(found[1])


def test_the_sheet_opens_with_the_best_proposal_and_a_question_without_what_may_not_leave(
    ticket: Ticket, cast: Cast, bill: Topic, sign_in: SignIn
) -> None:
    client = sign_in(cast.sato)
    with freeze_time("2026-11-26T01:00:00Z", tick=True):  # 10:00 on a Thursday
        html = client.get(f"/consultations/ask/{ticket.number_shown}/", headers=SHEET).content.decode()
    assert "<html" not in html
    assert f'value="{key_of(cast.accounting, bill)}" checked' in html
    assert "「メールの不具合」の照会事項" in html
    question = question_in(html)
    assert "「請求書」について、ご確認をお願いします。" in question
    assert "エラーコード: 0x800CCC0E" in question
    assert not any(word in question for word in ("山田", "1111"))
    assert "氏名、メールアドレス、電話番号は除いています" in html
    assert "経理 窓口" in html
    assert "今すぐ送信" in html
    assert "岡田 部長" in html


def test_who_answered_for_tickets_like_it_can_be_asked_and_what_is_known_of_them_is_said(
    ticket: Ticket, cast: Cast, bill: Topic, sign_in: SignIn
) -> None:
    change_contact(cast.accounting_second, note="午後は倉庫", by=cast.admin)
    for days in range(1, 6):
        like = open_ticket(subject="一", body="一", channel="phone", category=cast.mail_trouble, by=cast.sato)
        turn = (cast.accounting_second, Approach.State.ANSWERED, timedelta(minutes=30))
        past = timezone.now() - timedelta(days=days)
        asked_before(like, cast.accounting, turn, at=past, topic=bill, urgent=True)
    client = sign_in(cast.sato)
    html = client.get(f"/consultations/ask/{ticket.number_shown}/", headers=SHEET).content.decode()
    their = key_of(cast.accounting, bill, cast.accounting_second.pk)
    assert f'value="{their}"' in html
    assert f"{like.number_shown} に回答" in html
    plan = f"/consultations/ask/{ticket.number_shown}/plan/"
    written = {"to": their, "question": "発行済みですか", "urgent": "on"}
    assert "午後は倉庫 · 通常30分以内に回答" in client.post(plan, written, headers=PLAN).content.decode()


def test_an_urgent_ticket_asks_at_once_and_says_why(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    address = f"/consultations/ask/{ticket.number_shown}/"
    assert not re.search(r'name="urgent"[^>]*checked', client.get(address, headers=SHEET).content.decode())
    change(ticket, priority="urgent", by=cast.sato)
    html = client.get(address, headers=SHEET).content.decode()
    assert re.search(r'name="urgent"[^>]*checked', html)
    assert "緊急のチケットのため" in html


def test_one_press_asks_as_it_was_proposed(ticket: Ticket, cast: Cast, bill: Topic, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    html = client.get(f"/consultations/ask/{ticket.number}/", headers=SHEET).content.decode()
    due = re.findall(r'name="(?:due_at|due_default)"[^>]*|value="(20[^"]*)"', html)
    sent = {
        "to": key_of(cast.accounting, bill),
        "question": question_in(html),
        "due_at": due[-1],
        "due_default": due[-1],
    }
    answer = client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX)
    assert (answer.status_code, "close-sheet" in answer["HX-Trigger"]) == (200, True)
    row = Consultation.objects.get()
    assert (row.topic, row.urgent, row.asked_by, row.patience_s) == (
        bill,
        False,
        cast.sato,
        cast.accounting.answer_within_s,
    )
    assert client.post(f"/consultations/ask/{ticket.number}/", sent).status_code == 302, "without script, too"


def test_what_was_typed_is_refused_where_it_lacks(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    for sent, said in (
        ({"question": "x"}, "照会先を選んでください"),
        ({"to": "99999..", "question": "x"}, "照会先を選んでください"),
        ({"to": "1.2.3.4", "question": "x"}, "照会先を選んでください"),
        ({"to": key_of(cast.accounting), "question": " "}, "照会の内容を入力してください"),
        ({"to": key_of(cast.accounting), "question": "x", "due_at": "2020-01-01T00:00"}, ""),
    ):
        answer = client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX)
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert not Consultation.objects.exists()


def test_departments_topics_and_contacts_are_found_while_typing_and_the_chosen_one_stays(
    ticket: Ticket, cast: Cast, bill: Topic, sign_in: SignIn
) -> None:
    sales = add_department(key="sales", name="営業部", name_en="Sales", kana="えいぎょうぶ", by=cast.admin)
    miura = add_contact(sales, name="三浦 沙織", kana="みうら さおり", email="miura@example.jp", by=cast.admin)
    client = sign_in(cast.sato)

    def found(words: str) -> list[str]:
        sent = {"q": words, "question": "x", "to": key_of(cast.accounting)}
        html = client.post(f"/consultations/ask/{ticket.number}/plan/", sent, headers=CHOICES).content.decode()
        return re.findall(r'name="to" value="([^"]*)"', html)

    chosen = key_of(cast.accounting)
    assert found("エイギョウ") == [chosen, key_of(sales)]
    assert found("sales") == [chosen, key_of(sales)]
    assert found("さいはっこう 経理") == [chosen]
    assert found("再発行 経理") == [chosen, key_of(cast.accounting, bill)]
    assert found("みうら") == [chosen, key_of(sales, contact=miura.pk)]
    assert found("そんな部署はない") == [chosen]
    assert key_of(cast.accounting, bill) in found("")
    change_department(sales, is_active=False, by=cast.admin)
    assert found("みうら") == found("sales") == [chosen]


def test_choosing_somebody_else_changes_the_proposed_question_but_never_a_written_one(
    ticket: Ticket, cast: Cast, bill: Topic, sign_in: SignIn
) -> None:
    outside = add_department(key="outside", name="ひびき技術", is_partner=True, by=cast.admin)
    add_contact(outside, name="窓口", email="tech@hibiki.example", by=cast.admin)
    client = sign_in(cast.sato)
    first = question_in(client.get(f"/consultations/ask/{ticket.number}/", headers=SHEET).content.decode())
    assert "みなと商事" in first

    def asked(question: str) -> str:
        sent = {"to": key_of(outside), "for": key_of(cast.accounting, bill), "question": question}
        answer = client.post(f"/consultations/ask/{ticket.number}/plan/", sent, headers=REST)
        return question_in(answer.content.decode())

    assert "みなと商事" not in asked(first.replace("\n", "\r\n"))
    assert asked("自分で書いた質問") == "自分で書いた質問"
    sent = {"to": key_of(outside), "for": key_of(outside), "question": "山田 花子様の件"}
    html = client.post(f"/consultations/ask/{ticket.number}/plan/", sent, headers=PLAN).content.decode()
    assert "社外の部署には伝えられません" in html
    refused = client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX)
    assert (refused.status_code, Consultation.objects.count()) == (422, 0)
    sent["to"] = key_of(cast.accounting)
    html = client.post(f"/consultations/ask/{ticket.number}/plan/", sent, headers=PLAN).content.decode()
    assert "この分類では部署に伝えないことになっています" in html


def test_the_plan_follows_deadline_and_urgency(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    due = timezone.localtime() + timedelta(days=3)
    sent = {"to": key_of(cast.accounting), "question": "x", "urgent": "on", "due_at": f"{due:%Y-%m-%dT%H:%M}"}
    html = client.post(f"/consultations/ask/{ticket.number}/plan/", sent, headers=PLAN).content.decode()
    assert f"回答期限 {due.month}/{due.day}" in html
    client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX)
    row = Consultation.objects.get()
    assert (row.urgent, f"{timezone.localtime(row.due_at):%Y-%m-%dT%H:%M}") == (True, sent["due_at"])


def test_a_contact_by_telephone_is_to_be_called(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    called = add_contact(
        cast.accounting, name="経理 内線", phone="03-5000-2001", channels=["phone"], in_chain=False, by=cast.admin
    )
    client = sign_in(cast.sato)
    sent = {"to": key_of(cast.accounting, contact=called.pk), "question": "x"}
    html = client.post(f"/consultations/ask/{ticket.number}/plan/", sent, headers=PLAN).content.decode()
    assert "03-5000-2001" in html
    assert "自動では送られません" in html
    client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX)
    assert Approach.objects.get().contact == called


def test_the_same_question_once_more(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    client.post(f"/consultations/ask/{ticket.number}/", {"to": key_of(cast.accounting), "question": "本当ですか"})
    row = Consultation.objects.get()
    html = client.get(f"/consultations/ask/{ticket.number}/?again={row.pk}", headers=SHEET).content.decode()
    assert question_in(html) == "本当ですか"
    assert f'value="{key_of(cast.accounting)}" checked' in html
    assert client.get(f"/consultations/ask/{ticket.number}/?again=99999", headers=SHEET).status_code == 404


def test_an_offer_to_the_departments_team_becomes_a_question_again(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    change_department(cast.accounting, team=cast.network, by=cast.admin)
    handoff = offer(ticket, to_team=cast.network, reason="契約を見てほしい", by=cast.sato)
    client = sign_in(cast.sato)
    html = client.get(f"/tickets/{ticket.number}/").content.decode()
    assert f"/consultations/ask/{ticket.number_shown}/?handoff={handoff.pk}" in html
    html = client.get(f"/consultations/ask/{ticket.number}/?handoff={handoff.pk}", headers=SHEET).content.decode()
    assert f'value="{key_of(cast.accounting)}" checked' in html
    assert question_in(html).startswith("契約を見てほしい")
    sent = {"to": key_of(cast.accounting), "question": "契約の範囲は", "handoff": str(handoff.pk)}
    assert client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX).status_code == 200
    handoff.refresh_from_db()
    ticket.refresh_from_db()
    row = Consultation.objects.get()
    assert (handoff.state, ticket.offered_to, row.team) == (Handoff.State.RECALLED, None, cast.call_centre)


def test_who_took_the_ticket_gives_it_back_as_a_question(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    change_department(cast.accounting, team=cast.network, by=cast.admin)
    handoff = offer(ticket, to_team=cast.network, reason="契約", by=cast.sato)
    accept(handoff, by=cast.ito)
    sent = {"to": key_of(cast.accounting), "question": "契約の範囲は", "handoff": str(handoff.pk)}
    refused = sign_in(cast.takahashi).post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX)
    assert (refused.status_code, Consultation.objects.count()) == (403, 0)
    client = sign_in(cast.ito)
    assert f"?handoff={handoff.pk}" in client.get(f"/tickets/{ticket.number}/").content.decode()
    assert client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX).status_code == 200
    ticket.refresh_from_db()
    handoff.refresh_from_db()
    assert (ticket.holder_team, ticket.moves, handoff.state) == (cast.call_centre, 2, Handoff.State.RETURNED)
    assert Consultation.objects.get().team == cast.call_centre


def test_a_question_becomes_a_hand_off_with_all_that_was_said(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    change_department(cast.accounting, team=cast.network, by=cast.admin)
    client = sign_in(cast.sato)
    client.post(f"/consultations/ask/{ticket.number}/", {"to": key_of(cast.accounting), "question": "契約の範囲は"})
    row = Consultation.objects.get()
    client.post(f"/consultations/{row.pk}/note/", {"kind": "ask_back", "body": "どの契約ですか"}, headers=HTMX)
    page = client.get(f"/consultations/{row.pk}/", headers=SHEET).content.decode()
    assert f"/handoffs/offer/{ticket.number_shown}/?instead_of={row.pk}" in page
    html = client.get(f"/handoffs/offer/{ticket.number}/?instead_of={row.pk}", headers=SHEET).content.decode()
    assert f'<option value="{cast.network.pk}" selected>' in html
    assert "契約の範囲は" in html
    assert "どの契約ですか" in html
    sent = {"to_team": str(cast.network.pk), "reason": "契約の範囲は", "instead_of": str(row.pk)}
    assert client.post(f"/handoffs/offer/{ticket.number}/", sent, headers=HTMX).status_code in (200, 204)
    row.refresh_from_db()
    ticket.refresh_from_db()
    assert (row.state, ticket.offered_to) == (State.WITHDRAWN, cast.network)


def test_a_resolved_ticket_asks_nobody(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    resolve(ticket, resolution="済", no_article_reason="one_off", by=cast.sato)
    client = sign_in(cast.sato)
    assert "/consultations/ask/" not in client.get(f"/tickets/{ticket.number}/").content.decode()
    sent = {"to": key_of(cast.accounting), "question": "x"}
    assert client.post(f"/consultations/ask/{ticket.number}/", sent, headers=HTMX).status_code == 409


def test_a_partners_staff_read_no_number_of_whom_they_have_not_asked(cast: Cast, sign_in: SignIn) -> None:
    called = add_contact(cast.accounting, name="田村", mobile="09012345678", note="倉庫", by=cast.admin)
    theirs = open_ticket(
        subject="共有の件", body="x", channel="phone", requester=cast.yamada, front_team=cast.partner, by=cast.ogawa
    )
    chosen = {"to": key_of(cast.accounting, contact=called.pk), "question": "発行済みですか"}
    plans = {
        who: sign_in(who).post(f"/consultations/ask/{theirs.number}/plan/", chosen, headers=PLAN).content.decode()
        for who in (cast.ogawa, cast.sato)
    }
    assert ["電話" in html and "田村" in html for html in plans.values()] == [True, True]
    assert ["090-1234-5678" in html for html in plans.values()] == [False, True]
    assert ["倉庫" in html for html in plans.values()] == [False, True]
