"""Work on a ticket through the API: answers, hand-offs, resolution, lists, call-backs, notes, notices."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.interactions.models import CallBack, Channel, Interaction
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Article
from madoguchi.people.access import access_of
from madoguchi.search.index import drain
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.shown import shown_for
from tests.api.client import Program, program_of
from tests.cast import Cast

NEW = {
    "subject": "メールが送れない",
    "body": "本文",
    "category": "mail-trouble",
    "requester": {"name": "山田 花子", "email": "hanako.yamada@minato.example"},
}
ITEMS = {
    "error_code": "0x800CCC0E",
    "since_when": "昨日",
    "impact": "一人",
    "steps_tried": "再起動",
    "callback_number": "090-1111-2222",
}
TEXT = base64.b64encode("記録".encode()).decode()


def raised(program: Program, **changes: Any) -> str:
    answered = program.post("/tickets", NEW | changes)
    assert answered.status == 201, answered.body
    return str(answered.body["number"])


def test_an_answer_with_a_file_goes_to_the_requester_by_mail(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program)
    said = {
        "body": "再設定してください。",
        "visibility": "public",
        "attachments": [{"name": "C:\\tmp\\手順.txt", "type": "text/plain", "content": TEXT}],
    }
    answered = program.post(f"/tickets/{number}/messages", said)
    assert (answered.status, answered.body["delivery"], answered.body["author"]) == (201, "mail", "佐藤 美咲")
    [file] = answered.body["attachments"]
    assert (file["name"], file["type"], file["size"]) == ("手順.txt", "text/plain", 6)
    assert store.read(Attachment.objects.get().file) == "記録".encode()
    assert program.get(f"/tickets/{number}").body["status"] == "open"


def test_a_file_comes_by_multipart_too(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program)
    form = (
        b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n\xe8\xa8\x98\xe9\x8c\xb2\r\n'
        b'--x\r\nContent-Disposition: form-data; name="visibility"\r\n\r\ninternal\r\n'
        b'--x\r\nContent-Disposition: form-data; name="attachments"; filename="log.bin"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\x00\x01\r\n--x--\r\n"
    )
    kind = "multipart/form-data; boundary=x"
    answered = program.post(f"/tickets/{number}/messages", form, Content_Type=kind, Idempotency_Key="m")
    again = program.post(f"/tickets/{number}/messages", form, Content_Type=kind, Idempotency_Key="m")
    assert (answered.status, answered.body["body"], again.body) == (201, "記録", answered.body)
    assert store.read(Attachment.objects.get().file) == b"\x00\x01"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"body": " "}, "body"),
        ({"visibility": "secret"}, "visibility"),
        ({"attachments": [{"name": "a", "content": "not base64!"}]}, "attachments.0.content"),
        ({"attachments": [{"name": "a", "type": "nonsense", "content": ""}]}, "attachments.0.type"),
        ({"attachments": [{"name": "a", "content": ""}] * 21}, "attachments"),
    ],
)
def test_a_wrong_message_names_its_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    program = program_of(cast.sato)
    answered = program.post(f"/tickets/{raised(program)}/messages", {"body": "文", "visibility": "public"} | change)
    assert (answered.status, answered.fields) == (422, {field})


def test_a_change_holds_only_for_the_version_it_was_meant_for(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program)
    changed = program.patch(f"/tickets/{number}", {"priority": "urgent", "assignee": "1002"}, If_Match='"1"')
    assert (changed.status, changed.body["priority"], changed.headers["ETag"]) == (200, "urgent", '"2"')
    assert changed.body["holder"]["assignee"]["email"] == "suzuki@example.jp"
    stale = program.patch(f"/tickets/{number}", {"priority": "low"}, If_Match='"1"')
    assert (stale.status, stale.body["code"], stale.body["version"]) == (412, "version", 2)
    assert program.patch(f"/tickets/{number}", {"details": {"a": "1"}}, If_Match="*").body["version"] == 3
    assert program.patch(f"/tickets/{number}", {"details": {"a": None, "b": 2}}).body["details"] == {"b": 2}
    assert program.patch(f"/tickets/{number}", {"category": None}).body["category"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"assignee": "nobody@example.jp"}, "assignee"),
        ({"assignee": "takahashi@example.jp"}, "assignee"),
        ({"assignee": True}, "assignee.int"),
        ({"category": "none-such"}, "category"),
        ({"subject": None}, "subject"),
        ({"status": "closed"}, "status"),
    ],
)
def test_a_wrong_change_names_its_field(cast: Cast, change: dict[str, Any], field: str) -> None:
    program = program_of(cast.sato)
    answered = program.patch(f"/tickets/{raised(program)}", change)
    assert answered.status == 422
    assert field.partition(".")[0] in {name.partition(".")[0] for name in answered.fields}


def test_a_hand_over_names_what_lacks_and_moves_on_acceptance(cast: Cast) -> None:
    first, second = program_of(cast.sato), program_of(cast.takahashi)
    number = raised(first)
    offer = {"to_team": "service-desk", "reason": "設定の調査が必要", "reason_code": "needs_specialist"}
    lacking = first.post(f"/tickets/{number}/handoffs", offer | {"details": {"error_code": "0x1"}})
    assert (lacking.status, lacking.body["code"]) == (422, "missing")
    assert [item["key"] for item in lacking.body["missing"]] == [
        "since_when",
        "impact",
        "steps_tried",
        "callback_number",
    ]
    assert lacking.body["missing"][0] == {"key": "since_when", "label": "いつから"}
    offered = first.post(f"/tickets/{number}/handoffs", offer | {"details": ITEMS})
    assert (offered.status, offered.body["state"], offered.body["missing"]) == (201, "offered", [])
    assert offered.headers["Location"] == f"/api/v1/handoffs/{offered.body['id']}"
    assert first.get(f"/tickets/{number}").body["offered_to"] == "service-desk"
    assert [row["id"] for row in second.get("/handoffs?state=offered&to_team=service-desk").body["items"]] == [
        offered.body["id"]
    ]
    assert first.post(f"/handoffs/{offered.body['id']}/accept").status == 403
    accepted = second.post(f"/handoffs/{offered.body['id']}/accept")
    assert (accepted.status, accepted.body["accepted_by"]["name"]) == (200, "高橋 健")
    assert second.post(f"/handoffs/{offered.body['id']}/accept").status == 409
    ticket = first.get(f"/tickets/{number}").body
    assert (ticket["holder"]["team"], ticket["front"]["team"], ticket["moves"]) == ("service-desk", "call-centre", 1)
    back = second.post(f"/handoffs/{offered.body['id']}/return", {"reason": "first_line_can_solve", "note": "FAQ"})
    assert (back.status, back.body["state"], back.body["return_reason"]) == (200, "returned", "first_line_can_solve")
    assert len(first.get(f"/tickets/{number}/handoffs").body["items"]) == 1


def test_an_offer_can_be_urgent_or_recalled_and_an_unknown_team_is_named(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program)
    urgent = {"to_team": "network", "reason": "停止中", "urgent_because": "全社停止"}
    offered = program.post(f"/tickets/{number}/handoffs", urgent)
    assert (offered.status, len(offered.body["missing"])) == (201, 5)
    assert program.post(f"/handoffs/{offered.body['id']}/recall").body["state"] == "recalled"
    unknown = program.post(f"/tickets/{number}/handoffs", urgent | {"to_team": "nowhere"})
    assert (unknown.status, unknown.fields) == (422, {"to_team"})
    assert program.post(f"/tickets/{number}/handoffs", {"to_team": "network", "reason": "x", "why": 1}).status == 422


def test_a_supervisor_decides_about_a_frozen_ticket(cast: Cast) -> None:
    program = program_of(cast.admin)
    number = raised(program, category=None)
    for team in ("service-desk", "network"):
        offered = program.post(f"/tickets/{number}/handoffs", {"to_team": team, "reason": "依頼"})
        program.post(f"/handoffs/{offered.body['id']}/accept")
    assert program.post(f"/tickets/{number}/handoffs", {"to_team": "field-service", "reason": "依頼"}).status == 409
    assert program_of(cast.sato).post(f"/tickets/{number}/routing", {"kind": "keep", "note": "x"}).status == 403
    decided = program_of(cast.hayashi).post(
        f"/tickets/{number}/routing", {"kind": "assign", "note": "現地で", "team": "field-service"}
    )
    assert (decided.status, decided.body["holder"]["team"], decided.body["frozen"]) == (200, "field-service", False)


def test_a_ticket_is_resolved_closed_reopened_and_merged(cast: Cast) -> None:
    program = program_of(cast.sato)
    create(Content(question="送信できない", answer="ポートを587に"), key="faq-1", by=cast.kimura)
    number, other = raised(program), raised(program)
    assert program.post(f"/tickets/{number}/resolve", {"resolution": "済", "article": "none"}).fields == {"article"}
    resolved = program.post(f"/tickets/{number}/resolve", {"resolution": "ポート変更", "article": "faq-1"}).body
    assert (resolved["status"], resolved["article"], resolved["resolution"]) == ("resolved", "faq-1", "ポート変更")
    assert program.post(f"/tickets/{number}/close").body["status"] == "closed"
    assert program.post(f"/tickets/{number}/reopen", {"reason": "再発"}).body["status"] == "open"
    assert program.post(f"/tickets/{number}/merge", {"into": "12345"}).fields == {"into"}
    merged = program.post(f"/tickets/{number}/merge", {"into": other}).body
    assert (merged["status"], merged["merged_into"]) == ("closed", other)
    waiting = program.post(f"/tickets/{other}/wait", {"waiting_for": "vendor"}).body
    assert (waiting["status"], waiting["waiting_for"]) == ("waiting", "vendor")
    assert program.post(f"/tickets/{other}/go-on").body["waiting_for"] is None
    kinds = [entry["kind"] for entry in program.get(f"/tickets/{number}/timeline").body["items"]]
    assert kinds[:4] == ["ticket.opened", "ticket.resolved", "ticket.closed", "ticket.reopened"]


def walk(program: Program, path: str, limit: int) -> list[Any]:
    """Every item of a list, page by page."""
    found: list[Any] = []
    following = ""
    while True:
        page = program.get(f"{path}{'&' if '?' in path else '?'}limit={limit}&cursor={following}")
        assert page.status == 200, page.body
        found += page.body["items"]
        assert len(page.body["items"]) <= limit
        if page.body["next"] is None:
            return found
        following = page.body["next"]


@pytest.mark.parametrize("order", ["updated", "age", "newest"])
def test_pages_hold_every_ticket_once(cast: Cast, order: str) -> None:
    program = program_of(cast.sato)
    numbers = [raised(program, subject=f"{turn} 件目", category=None) for turn in range(7)]
    Ticket.objects.update(updated_at=timezone.now())  # the same moment for all: the id decides
    found = [row["number"] for row in walk(program, f"/tickets?order={order}", 3)]
    assert sorted(found) == sorted(numbers)
    timeline = walk(program, f"/tickets/{numbers[0]}/timeline", 1)
    assert [entry["kind"] for entry in timeline] == ["ticket.opened"]


def test_lists_are_filtered(cast: Cast) -> None:
    program = program_of(cast.sato)
    mail = raised(program, priority="urgent")
    other = raised(program, category=None, channel="phone", requester={"name": "石井"})
    program.patch(f"/tickets/{mail}", {"assignee": "sato@example.jp"})

    def numbers(query: str) -> set[str]:
        return {row["number"] for row in program.get(f"/tickets?{query}").body["items"]}

    assert numbers("status=new") == {other}
    assert numbers("status=active") == {mail, other}
    assert numbers("category=general") == numbers("category=mail-trouble") == {mail}
    assert numbers("assignee=me") == numbers("assignee=sato@example.jp") == {mail}
    assert numbers("assignee=none") == {other}
    assert numbers("priority=urgent,high") == {mail}
    assert numbers("channel=phone") == {other}
    assert numbers("team=call-centre") == {mail, other}
    assert numbers("team=network") == set()
    assert numbers(f"requester={cast.yamada.pk}") == {mail}
    assert numbers(f"q={mail[:-1]}-{mail[-1]}") == {mail}
    later = (timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert numbers(f"updated_since={later}") == set()


def test_a_call_back_is_promised_tried_and_done(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program)
    due = (timezone.now() + timedelta(hours=2)).isoformat()
    promised = program.post(f"/tickets/{number}/call-backs", {"due_at": due, "name": "山田様"})
    assert (promised.status, promised.body["number"], promised.body["team"]) == (201, "+819011112222", "call-centre")
    assert program.get(f"/tickets/{number}").body["call_back_at"] is not None
    assert [row["ticket"] for row in program.get("/call-backs").body["items"]] == [number]
    again = program.post(f"/call-backs/{promised.body['id']}/again", {"due_at": due})
    assert again.body["attempts"] == 1
    gone = (timezone.now() - timedelta(minutes=1)).isoformat()
    assert program.post(f"/call-backs/{promised.body['id']}/again", {"due_at": gone}).status == 422
    assert program.post(f"/call-backs/{promised.body['id']}/done", {"result": "reached"}).body["result"] == "reached"
    assert program.get(f"/tickets/{number}").body["call_back_at"] is None
    assert program.post(f"/call-backs/{promised.body['id']}/done", {"result": "reached"}).status == 409
    CallBack.objects.create(
        reason="abandoned",
        number="+81312345678",
        due_at=timezone.now(),
        called_at=timezone.now(),
        team=cast.call_centre,
    )
    owed = program.get("/call-backs").body["items"][0]
    assert (owed["reason"], owed["ticket"], owed["called_at"] is not None) == ("abandoned", None, True)
    assert program.post(f"/call-backs/{owed['id']}/again", {"due_at": due, "result": "busy"}).body["attempts"] == 1
    past = program.post(f"/tickets/{number}/call-backs", {"due_at": "2020-01-01T00:00:00+09:00"})
    assert (past.status, CallBack.objects.count()) == (422, 2)


def test_contacts_are_listed_settled_linked_and_bypasses_recorded(cast: Cast) -> None:
    program = program_of(cast.sato)
    bypass = program.post("/interactions/bypass", {"who": "みなと商事 中川様", "what": "急ぎの件", "reached": "2001"})
    assert (bypass.status, bypass.body["channel"], bypass.body["staff"]["name"]) == (201, "bypass", "高橋 健")
    contact = bypass.body["id"]
    assert [row["id"] for row in program.get("/interactions?state=unsettled").body["items"]] == [contact]
    number = raised(program)
    linked = program.post(f"/interactions/{contact}/link", {"ticket": number})
    assert (linked.body["state"], linked.body["tickets"]) == ("linked", [number])
    assert program.post(f"/interactions/{contact}/dismiss", {"reason": "test"}).status == 409
    visit = Interaction.objects.create(channel=Channel.VISIT, started_at=timezone.now(), ended_at=timezone.now())
    reasons = {row["key"]: row for row in program.get("/interactions/reasons").body["items"]}
    assert (reasons["passed_on"]["name"], reasons["passed_on"]["in_use"]) == ("取り次ぎのみ", True)
    assert program.post(f"/interactions/{visit.pk}/dismiss", {"reason": "nonsense"}).body["code"] == "reason_missing"
    dismissed = program.post(f"/interactions/{visit.pk}/dismiss", {"reason": "passed_on"})
    assert (dismissed.status, dismissed.body["dismissed_reason"]) == (200, "passed_on")
    assert len(walk(program, "/interactions", 1)) == 3


def test_people_are_found_by_any_writing(cast: Cast) -> None:
    program = program_of(cast.sato)

    def names(query: str) -> list[str]:
        return [row["name"] for row in program.get(f"/people?{query}").body["items"]]

    for query in (
        "phone=090-1111-2222",
        "phone=%2B819011112222",
        "email=HANAKO.yamada@minato.example",
        "q=ﾔﾏﾀﾞ",
        "q=山田",
    ):
        assert names(query) == ["山田 花子"], query
    main = program.get("/people?phone=03-5000-1234").body
    assert {row["name"] for row in main["items"]} == {"山田 花子", "中川 太郎"}
    assert [row["name"] for row in main["organizations"]] == ["株式会社みなと商事"]
    assert program.get("/people").fields == {"q"}


def test_notices_and_shift_notes(cast: Cast) -> None:
    posted = program_of(cast.hayashi).post(
        "/notices", {"title": "メール障害", "gravity": "outage", "categories": ["mail-trouble"]}
    )
    assert (posted.status, posted.body["categories"]) == (201, ["mail-trouble"])
    program = program_of(cast.sato)
    assert [row["title"] for row in program.get("/notices").body["items"]] == ["メール障害"]
    assert [row["title"] for row in program.post("/suggest", {"text": "送信できない"}).body["notices"]] == [
        "メール障害"
    ]
    assert program_of(cast.hayashi).post("/notices", {"title": "x", "categories": ["?"]}).fields == {"categories.0"}
    assert program_of(cast.hayashi).post(f"/notices/{posted.body['id']}/end").body["ends_at"] is not None
    note = program.post("/shift-notes", {"team": "call-centre", "body": "VPN の件、午後に再開"})
    assert note.status == 201
    read = program_of(cast.suzuki).post(f"/shift-notes/{note.body['id']}/acknowledge")
    assert {row["name"] for row in read.body["read_by"]} == {"佐藤 美咲", "鈴木 大輔"}
    assert program.post("/shift-notes", {"team": "network", "body": "x"}).status == 403
    assert program_of(cast.ogawa).get("/shift-notes").body["items"] == []


def test_articles_are_searched_and_suggested_with_what_they_solved(cast: Cast) -> None:
    article = Content("Outlook でメールが送信できない", answer="ポートを 587 に", category=cast.mail_trouble)
    create(article, key="smtp-587", by=cast.kimura)
    program = program_of(cast.sato)
    number = raised(program)
    program.post(f"/tickets/{number}/resolve", {"resolution": "ポート変更", "article": "smtp-587"})
    found = program.get("/knowledge/search?q=Outlookの送信").body["items"]
    assert [row["key"] for row in found] == ["smtp-587"]
    shown = program.post("/suggest", {"text": "Outlook で送信できません"}).body
    assert ([row["key"] for row in shown["articles"]], shown["category"]) == (["smtp-587"], "mail-trouble")
    assert [row["number"] for row in shown["tickets"]] == [number]
    assert program_of(cast.sato, "knowledge:read").post("/suggest", {"text": "Outlook"}).body["tickets"] == []
    assert program.post("/suggest", {"text": ""}).body["articles"] == []


def test_a_program_is_shown_what_the_seat_shows(cast: Cast) -> None:
    for number, category in enumerate([cast.mail_trouble, cast.mail_trouble, cast.wiring]):
        create(Content(f"線が抜けてつながらない {number}", answer="挿す", category=category), by=cast.kimura)
    for title in ("空調の点検", "線の張り替え"):
        program_of(cast.hayashi).post("/notices", {"title": title, "gravity": "information"})
    text = "線が抜けてつながらない"
    shown = program_of(cast.sato).post("/suggest", {"text": text}).body
    seat = shown_for(text, access=access_of(cast.sato), category=None)
    assert [row["key"] for row in shown["articles"]] == [one.article.key for one in seat.articles]
    assert [row["title"] for row in shown["notices"]] == ["線の張り替え", "空調の点検"]
    assert seat.likely is not None
    assert shown["category"] == seat.likely.category.key == "mail-trouble"
    Article.objects.filter(category=cast.mail_trouble).order_by("-pk")[0].delete()
    Article.objects.filter(category=cast.mail_trouble).update(category=cast.general)
    raised(program_of(cast.sato), subject=text, body=text, category="wiring")
    drain()
    assert program_of(cast.sato).post("/suggest", {"text": text}).body["category"] == "wiring"
    assert program_of(cast.sato).post("/suggest", {"text": "空調"}).body["category"] is None


def test_any_offset_of_rfc_3339_is_taken(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = raised(program, requester={"name": "山田 花子", "phone": "03-1111-2222"})
    promised = program.post(f"/tickets/{number}/call-backs", {"due_at": "2030-01-01T20:43:00+20:43"})
    assert (promised.status, promised.body["due_at"]) == (201, "2030-01-01T09:00:00+09:00")
