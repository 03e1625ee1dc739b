"""Questions to departments as a program asks, answers and steers them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Kind
from madoguchi.consultations.models import Consultation
from madoguchi.people.models import Topic
from madoguchi.tickets.models import Ticket
from tests.api.client import Program, program_of
from tests.api.test_work import raised
from tests.cast import Cast
from tests.consultations.letters import by_mail, sent_to

ASKED = {"department": "accounting", "question": "8月分は発行済みですか", "send": "now"}


def asked(program: Program, number: str, **changes: Any) -> dict[str, Any]:
    answered = program.post(f"/tickets/{number}/consultations", ASKED | changes)
    assert answered.status == 201, answered.body
    return dict(answered.body)


def test_a_question_says_whom_it_is_with_and_until_when(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program)
    due = (timezone.now() + timedelta(hours=3)).isoformat()
    answered = program.post(f"/tickets/{number}/consultations", ASKED | {"due_at": due})
    assert answered.headers["Location"] == f"/api/v1/consultations/{answered.body['id']}"
    body = answered.body
    assert (body["ticket"], body["department"], body["topic"], body["state"]) == (number, "accounting", None, "waiting")
    assert body["contact"] == {"name": "経理 窓口", "channel": "mail"}
    assert (body["answer"], body["send"], len(body["approaches"])) == (None, "now", 1)
    reminded_at = datetime.fromisoformat(body["approaches"][0]["deadline_at"])
    assert timedelta(0) <= datetime.fromisoformat(body["due_at"]) - reminded_at < timedelta(seconds=1)
    ticket = program.get(f"/tickets/{number}").body
    assert (ticket["status"], ticket["waiting_for"]) == ("waiting", "department")
    listed = program.get(f"/tickets/{number}/consultations").body
    assert [row["id"] for row in listed["items"]] == [body["id"]]


def test_the_first_answer_counts_by_mail_or_by_program(cast: Cast) -> None:
    program = program_of(cast.sato)
    question = asked(program, raised(program))
    by_mail(sent_to("keiri@example.jp"), "発行済みです。", sender="経理 花 <keiri@example.jp>")
    late = program.post(f"/consultations/{question['id']}/answer", {"body": "まだです", "name": "岡田"})
    assert (late.status, late.body["state"], late.body["to_review"]) == (200, "answered", True)
    assert (late.body["answer"]["body"], late.body["answer"]["by"]) == ("発行済みです。", "経理 花")
    assert [(row["kind"], row["late"]) for row in late.body["remarks"]][1:] == [("answer", False), ("answer", True)]


def test_not_me_names_somebody_and_next_goes_on(cast: Cast) -> None:
    program = program_of(cast.sato)
    question = asked(program, raised(program))
    address = f"/consultations/{question['id']}"
    named = {"named": {"name": "松本 恵", "email": "matsumoto@example.jp"}, "note": "担当外"}
    assert program.post(f"{address}/decline", named).body["contact"]["name"] == "松本 恵"
    assert program.post(f"{address}/next").body["contact"]["name"] == "岡田 部長"
    again = program.post(f"{address}/next", {"contact": cast.accounting_first.pk})
    assert (again.status, again.body["code"]) == (409, "nobody_left")
    ended = program.post(f"{address}/decline")
    assert (ended.status, ended.body["state"]) == (200, "declined")
    assert [(row["state"], row["why"]) for row in ended.body["approaches"]] == [
        ("declined", "first"),
        ("silent", "named"),
        ("declined", "pressed"),
    ]


def test_time_a_question_back_its_reply_and_the_end(cast: Cast) -> None:
    program = program_of(cast.sato)
    address = f"/consultations/{asked(program, raised(program))['id']}"
    until = (timezone.now() + timedelta(days=1)).isoformat()
    assert program.post(f"{address}/need-time", {"until": until}).body["state"] == "needs_time"
    assert program.post(f"{address}/ask-back", {"body": "何月分ですか"}).body["state"] == "asked_back"
    assert program.post(f"{address}/reply", {"body": "8月分です"}).body["state"] == "waiting"
    assert program.post(f"{address}/withdraw", {"note": "解決"}).body["state"] == "withdrawn"
    again = program.post(f"{address}/withdraw")
    assert (again.status, again.body["code"]) == (409, "settled")
    assert [row["id"] for row in program.get("/consultations?state=withdrawn&department=accounting").body["items"]]


def test_the_clocks_of_the_ticket_have_the_answer(cast: Cast) -> None:
    promise(Promise(Kind.ANSWER, "部署の回答", 4 * 3600), by=cast.admin)
    program = program_of(cast.sato)
    number = raised(program)
    question = asked(program, number)
    clocks = program.get(f"/tickets/{number}/clocks").body["items"]
    answer = next(row for row in clocks if row["kind"] == "answer")
    assert (answer["state"], answer["due_at"]) == ("running", question["due_at"])
    program.post(f"/consultations/{question['id']}/answer", {"body": "はい"})
    clocks = program.get(f"/tickets/{number}/clocks").body["items"]
    assert next(row for row in clocks if row["kind"] == "answer")["state"] == "met"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"department": "nowhere"}, "department"),
        ({"topic": "nothing"}, "topic"),
        ({"question": "  "}, "question"),
        ({"due_at": "2020-01-01T00:00:00Z"}, "due_at"),
        ({"due_at": "2199-01-01T00:00:00Z"}, "due_at"),
        ({"send": "later"}, "send"),
        ({"priority": "high"}, "priority"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(cast: Cast, changes: dict[str, Any], field: str) -> None:
    program = program_of(cast.sato)
    answered = program.post(f"/tickets/{raised(program)}/consultations", ASKED | changes)
    assert (answered.status, answered.fields) == (422, {field})


def test_a_question_of_a_topic_names_it(cast: Cast) -> None:
    Topic.objects.create(department=cast.accounting, key="invoices", name="請求書", answer_within_s=60)
    program = program_of(cast.sato)
    body = asked(program, raised(program), topic="invoices")
    assert body["topic"] == "invoices"
    assert Consultation.objects.get().patience_s == 60


def test_the_same_key_asks_once_and_what_is_not_there_is_not_found(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program)
    first = program.post(f"/tickets/{number}/consultations", ASKED, Idempotency_Key="question-1")
    again = program.post(f"/tickets/{number}/consultations", ASKED, Idempotency_Key="question-1")
    assert (first.status, again.status, again.body["id"]) == (201, 201, first.body["id"])
    assert Consultation.objects.count() == 1
    assert program.post("/tickets/99990/consultations", ASKED).status == 404
    assert program.get("/consultations/999").status == 404


def test_a_partner_sees_and_steers_only_what_their_own_team_asked(cast: Cast) -> None:
    desk, partner = program_of(cast.sato), program_of(cast.ogawa)
    number = raised(desk)
    Ticket.objects.update(front_team=cast.partner)
    own, other = asked(partner, number), asked(desk, number)
    assert [row["id"] for row in partner.get(f"/tickets/{number}/consultations").body["items"]] == [own["id"]]
    assert partner.post(f"/consultations/{other['id']}/withdraw").status == 404
    assert partner.post(f"/consultations/{own['id']}/withdraw").status == 200
