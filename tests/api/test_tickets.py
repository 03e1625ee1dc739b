"""Tickets through the API: raised, listed, read, changed, resolved."""

import pytest

from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.tickets.models import Ticket
from tests.api.client import Program, program_of
from tests.cast import Cast

NEW = {
    "subject": "メールが送れない",
    "body": "エラー 0x800CCC0E が出ます。",
    "category": "mail-trouble",
    "priority": "high",
    "channel": "phone",
    "requester": {"name": "山田 花子", "email": "Hanako.Yamada@minato.example"},
    "details": {"error_code": "0x800CCC0E"},
}


def test_a_ticket_is_raised_for_the_person_with_that_address_and_held_by_the_call_centre(cast: Cast) -> None:
    answered = program_of(cast.sato).post("/tickets", NEW)
    assert answered.status == 201, answered.body
    ticket = Ticket.objects.get()
    assert answered.headers["Location"] == f"/api/v1/tickets/{ticket.number}"
    assert answered.headers["ETag"] == '"1"'
    times = {name: answered.body.pop(name) for name in ("opened_at", "updated_at")}
    assert times["opened_at"] == times["updated_at"]
    assert times["opened_at"].endswith("+09:00")
    assert answered.body == {
        "number": ticket.number,
        "subject": "メールが送れない",
        "status": "new",
        "waiting_for": None,
        "waiting_until": None,
        "priority": "high",
        "channel": "phone",
        "category": "mail-trouble",
        "details": {"error_code": "0x800CCC0E"},
        "requester": {
            "id": cast.yamada.pk,
            "name": "山田 花子",
            "kana": "やまだ はなこ",
            "email": "hanako.yamada@minato.example",
            "phone": "+819011112222",
        },
        "organization": {"id": cast.minato.pk, "name": "株式会社みなと商事", "code": "C-1001"},
        "front": {
            "team": "call-centre",
            "staff": {"id": cast.sato.pk, "name": "佐藤 美咲", "email": "sato@example.jp"},
        },
        "holder": {"team": "call-centre", "assignee": None},
        "offered_to": None,
        "moves": 0,
        "frozen": False,
        "not_entitled": False,
        "call_back_at": None,
        "next_due_at": None,
        "next_due_kind": None,
        "resolved_at": None,
        "closed_at": None,
        "resolution": "",
        "article": None,
        "no_article_reason": "",
        "parent": None,
        "follow_up_of": None,
        "merged_into": None,
        "version": 1,
        "url": f"http://localhost:8000/tickets/{ticket.number}",
    }


@pytest.mark.parametrize("writing", ["{0}", "{1}-{2}", "#{0}"])
def test_every_writing_of_a_number_finds_the_ticket(cast: Cast, writing: str) -> None:
    program = program_of(cast.sato)
    number = program.post("/tickets", NEW).body["number"]
    path = writing.format(number, number[:-1], number[-1]).replace("#", "%23")
    assert program.get(f"/tickets/{path}").body["number"] == number


@pytest.mark.parametrize(
    ("requester", "field"),
    [({"name": "電話太郎", "phone": "abc"}, "requester.phone"), ({"organization": "組織だけ"}, "requester")],
)
def test_what_is_told_of_the_requester_is_never_lost_silently(
    cast: Cast, requester: dict[str, str], field: str
) -> None:
    answered = program_of(cast.sato).post("/tickets", {"subject": "件名", "body": "本文", "requester": requester})
    assert answered.status == 422
    assert [error["field"] for error in answered.body["errors"]] == [field]


def test_a_blank_body_is_refused(cast: Cast) -> None:
    assert program_of(cast.sato).post("/tickets", {"subject": "件名", "body": " \n　"}).status == 422


def test_a_ticket_names_the_contact_it_comes_from(cast: Cast) -> None:
    program = program_of(cast.sato)
    contact = open_interaction(channel="phone", staff=cast.sato, by=cast.sato)
    numbers = {
        program.post("/tickets", {**NEW, "subject": subject, "interaction": contact.pk}).body["number"]
        for subject in ("一件目", "二件目")
    }
    assert len(numbers) == 2
    (listed,) = program.get("/interactions").body["items"]
    assert (listed["id"], listed["state"], set(listed["tickets"])) == (contact.pk, "linked", numbers)
    assert program.post("/tickets", {**NEW, "interaction": contact.pk + 1}).fields == {"interaction"}


def test_every_ticket_comes_from_a_contact(cast: Cast) -> None:
    program = program_of(cast.sato)
    program.post("/tickets", {**NEW, "channel": "visit"})
    number = program.post("/tickets", {**NEW, "channel": "web"}).body["number"]
    (contact,) = program.get(f"/interactions?ticket={number}").body["items"]
    assert (contact["channel"], contact["state"], contact["tickets"]) == ("web", "linked", [number])
    assert contact["person"] == {"id": cast.yamada.pk, "name": "山田 花子"}
    assert program.get("/interactions?ticket=12345").fields == {"ticket"}


def test_tickets_are_listed_by_assignee_and_a_partner_names_only_own_colleagues(cast: Cast) -> None:
    program = program_of(cast.hayashi)
    numbers = [program.post("/tickets", {**NEW, "subject": subject}).body["number"] for subject in "abc"]
    for number, assignee in zip(numbers, (cast.takahashi, cast.ogawa), strict=False):
        Ticket.objects.numbered(number).update(assignee=assignee, front_team=cast.partner)

    def found(program: Program, assignee: object) -> list[str]:
        return [row["number"] for row in program.get(f"/tickets?assignee={assignee}").body["items"]]

    for writing in (cast.takahashi.email, cast.takahashi.pk, cast.takahashi.extension):
        assert found(program, writing) == numbers[:1], writing
    assert found(program, "none") == numbers[2:]
    partner = program_of(cast.mori)
    assert found(partner, cast.ogawa.email) == numbers[1:2]
    for writing in (cast.takahashi.email, cast.takahashi.pk, cast.takahashi.extension, "nobody@example.jp", 999_999):
        assert partner.get(f"/tickets?assignee={writing}").fields == {"assignee"}, writing


def test_what_a_partner_raises_is_answered_by_the_partner(cast: Cast) -> None:
    program = program_of(cast.ogawa)
    raised = program.post("/tickets", {**NEW, "category": None})
    assert (raised.body["front"]["team"], raised.body["holder"]["team"]) == ("hibiki", "hibiki")
    assert program.get(f"/tickets/{raised.body['number']}").status == 200


def test_a_closed_ticket_is_followed_not_changed(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = program.post("/tickets", NEW).body["number"]
    follow_up = {**NEW, "follow_up_of": number}
    assert program.post("/tickets", follow_up).status == 409
    program.post(f"/tickets/{number}/resolve", {"resolution": "直した"})
    assert program.patch(f"/tickets/{number}", {"category": None}).status == 200
    program.post(f"/tickets/{number}/close")
    refused = program.patch(f"/tickets/{number}", {"priority": "low"})
    assert (refused.status, refused.body["code"]) == (409, "closed")
    assert program.post("/tickets", follow_up).body["follow_up_of"] == number
    assert program.post("/tickets", {**NEW, "follow_up_of": "12345"}).fields == {"follow_up_of"}
