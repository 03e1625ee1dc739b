"""What becomes of a contact, at the door: each refusal named, each act once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.consultations.models import Consultation
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.interactions.models import CallBack, IdentityCheck, IntakeDraft, Interaction
from madoguchi.journal.models import Entry, Mention
from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.notices.actions import post_notice
from madoguchi.people.access import access_of
from madoguchi.people.actions.departments import add_topic
from madoguchi.people.models import Person, Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import close, resolve
from madoguchi.tickets.models import Message, Status, Ticket, TicketLink
from madoguchi.web.workbench.intake import read
from tests.cast import Cast
from tests.web.workbench.calls import MOBILE, answers, ends, happen, rings, told

type SignIn = Callable[[Staff], Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
ITEMS = {
    "item.error_code": "0x800CCC0E",
    "item.since_when": "今朝",
    "item.impact": "営業部 5名",
    "item.steps_tried": "再起動",
    "item.callback_number": "090-1111-2222",
}


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


@pytest.fixture
def contact(cast: Cast) -> Interaction:
    return happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))


@pytest.fixture
def article(cast: Cast) -> Article:
    return create(
        Content(
            question="メールが送信できない",
            answer="送信ポートを587に変える。",
            state=State.VALIDATED,
            audience=Audience.FIRST_LINE,
        ),
        by=cast.kimura,
    )


def form(cast: Cast, **fields: str) -> dict[str, str]:
    return {"round": "0", "category": str(cast.mail_trouble.pk), "notes": "メールが送れない\n今朝から"} | fields


def post(client: Client, contact: Interaction, act: str, data: dict[str, str], target: str = "seat") -> Any:
    return client.post(f"/workbench/contacts/{contact.pk}/{act}/", data, headers=HTMX | {"HX-Target": f"div#{target}"})


def test_what_is_typed_is_kept_without_a_journal_entry(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    before = Mention.objects.count()
    client = sign_in(cast.sato)
    answer = client.post(
        f"/workbench/contacts/{contact.pk}/save/", form(cast, **ITEMS), headers=HTMX | {"X-Autosave": "1"}
    )
    assert answer.status_code == 204
    draft = IntakeDraft.objects.get(interaction=contact)
    assert draft.data["details"]["error_code"] == "0x800CCC0E"
    assert Mention.objects.count() == before
    html = client.get("/workbench/").content.decode()
    assert "メールが送れない" in html
    assert "0x800CCC0E" in html
    assert "5/5" in html


def test_choosing_a_category_shows_its_items_and_keeps_the_answers(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    html = post(
        sign_in(cast.sato), contact, "save", form(cast, **{"item.since_when": "昨日"}), "hearing"
    ).content.decode()
    assert "エラーコード" in html
    assert 'value="昨日"' in html
    assert "1/5" in html
    assert "<form" not in html


def test_solved_with_the_article_it_was_found_by(
    cast: Cast, sign_in: SignIn, contact: Interaction, article: Article
) -> None:
    client = sign_in(cast.sato)
    client.post(f"/workbench/contacts/{contact.pk}/save/", form(cast), headers=HTMX | {"X-Autosave": "1"})
    known = client.get(f"/workbench/contacts/{contact.pk}/known/", headers=HTMX).content.decode()
    assert "メールが送信できない" in known
    assert 'data-key="Alt+1"' in known
    taken = post(client, contact, "article", form(cast, article=article.key), "solution").content.decode()
    assert "送信ポートを587に変える。" in taken
    done = post(
        client,
        contact,
        "settle",
        form(cast, article=article.key, resolution="送信ポートを587に変える。", verb="resolve"),
    )
    ticket = Ticket.objects.get()
    assert done.status_code == 200
    assert ticket.number_shown in done.content.decode()
    assert (ticket.status, ticket.article, ticket.resolved_at_first_line) == (Status.RESOLVED, article, True)
    assert (ticket.subject, ticket.requester, ticket.category) == ("メールが送れない", cast.yamada, cast.mail_trouble)
    contact.refresh_from_db()
    assert contact.state == Interaction.State.LINKED


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ["resolution", "no_article_reason"]),
        ({"resolution": "再起動した"}, ["no_article_reason"]),
        ({"notes": "", "resolution": "再起動した", "no_article_reason": "one_off"}, ["notes"]),
    ],
)
def test_resolving_names_what_is_missing(
    cast: Cast, sign_in: SignIn, contact: Interaction, fields: dict[str, str], missing: list[str]
) -> None:
    answer = post(sign_in(cast.sato), contact, "settle", form(cast, verb="resolve", **fields))
    assert answer.status_code == 422
    assert [
        key
        for key in ("resolution", "no_article_reason", "notes")
        if f'data-missing="{key}"' in answer.content.decode()
    ] == missing
    assert not Ticket.objects.exists()


def test_a_second_ticket_from_the_same_call_starts_empty_and_late_saves_do_not_bring_the_first_back(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    client = sign_in(cast.sato)
    post(client, contact, "settle", form(cast, verb="open"))
    client.post(f"/workbench/contacts/{contact.pk}/save/", form(cast), headers=HTMX | {"X-Autosave": "1"})
    assert "今朝から" not in client.get(f"/workbench/?contact={contact.pk}").content.decode()
    post(client, contact, "settle", form(cast, round="1", notes="プリンターも", verb="open"))
    assert [ticket.subject for ticket in Ticket.objects.order_by("pk")] == ["メールが送れない", "プリンターも"]
    assert contact.ticket_links.count() == 2


def test_handing_over_names_the_missing_item_and_raises_nothing_until_it_is_there(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    client = sign_in(cast.sato)
    items = ITEMS | {"item.impact": ""}
    sheet = post(client, contact, "hand-over/sheet", form(cast, **items), "sheet-body").content.decode()
    assert "サービスデスク" in sheet
    assert "4/5" in sheet
    assert 'id="field-impact"' in sheet
    fields = form(
        cast, to_team=str(cast.service_desk.pk), reason="設定の権限がない", reason_code="needs_access", **items
    )
    refused = post(client, contact, "hand-over", fields)
    assert refused.status_code == 422
    assert 'data-missing="impact"' in refused.content.decode()
    assert not Ticket.objects.exists()
    offered = post(client, contact, "hand-over", fields | {"required.impact": "営業部全員"})
    assert offered.headers["HX-Trigger"] == "close-sheet"
    handoff = Handoff.objects.get()
    assert (handoff.to_team, handoff.details["impact"], handoff.missing) == (cast.service_desk, "営業部全員", [])
    assert handoff.ticket.offered_to == cast.service_desk


def test_an_empty_hand_over_is_told_all_that_it_lacks_at_once(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    client = sign_in(cast.sato)
    fields = form(cast, to_team=str(cast.service_desk.pk), reason="", **dict.fromkeys(ITEMS, ""))
    refused = post(client, contact, "hand-over", fields | {"subject": "", "notes": ""})
    lacks = [name.removeprefix("item.") for name in ITEMS] + ["reason", "notes"]
    assert (refused.status_code, sorted(re.findall('data-missing="([^"]+)"', refused.content.decode()))) == (
        422,
        sorted(lacks),
    )
    assert not Ticket.objects.exists()


def test_the_number_on_the_line_is_not_called_missing_while_it_stands_in_its_field(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    fields = form(cast, to_team=str(cast.service_desk.pk), **dict.fromkeys(ITEMS, ""))
    sheet = post(sign_in(cast.sato), contact, "hand-over/sheet", fields, "sheet-body").content.decode()
    field = sheet.split('for="field-callback_number"')[1].split("</li>")[0]
    assert "未入力" not in field
    assert 'name="required.callback_number" type="tel" value="0' in field
    assert "1/5" in sheet


def test_an_urgent_hand_over_needs_its_reason_and_is_counted(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    client = sign_in(cast.sato)
    fields = form(cast, to_team=str(cast.service_desk.pk), reason="全社停止", urgent="on")
    assert 'data-missing="urgent_because"' in post(client, contact, "hand-over", fields).content.decode()
    drawn = post(client, contact, "hand-over/sheet", fields | {"urgent_because": "全社"}, "required").content.decode()
    assert 'id="field-urgent" checked' in drawn
    assert 'value="全社"' in drawn
    post(client, contact, "hand-over", fields | {"urgent_because": "全員が止まっている"})
    assert Handoff.objects.get().urgent_because == "全員が止まっている"


def test_a_department_is_asked_about_what_is_written_and_the_ticket_is_raised_by_it(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    client = sign_in(cast.sato)
    topic = add_topic(cast.accounting, key="mail", name="メールの請求", by=cast.admin)
    cast.mail_trouble.topics.add(topic)
    fields = form(cast, notes="山田です。請求書メールが届かない", **ITEMS)
    sheet = post(client, contact, "ask/sheet", fields, "sheet-body").content.decode()
    question = sheet.split('id="field-question"')[1].split(">", 1)[1].split("</textarea")[0]
    assert "請求書メールが届かない" in question
    assert "0x800CCC0E" in question
    assert "山田" not in question
    assert not Ticket.objects.exists()
    chosen = {"to": f"{cast.accounting.pk}.{topic.pk}.", "for": f"{cast.accounting.pk}.{topic.pk}.", "urgent": "on"}
    plan = post(client, contact, "ask/sheet", fields | chosen | {"question": question}, "ask-plan").content.decode()
    assert "経理" in plan
    refused = post(client, contact, "ask", fields | chosen | {"question": ""})
    assert (refused.status_code, Ticket.objects.count()) == (422, 0)
    asked = post(client, contact, "ask", fields | chosen | {"question": question})
    assert asked.headers["HX-Trigger"] == "close-sheet"
    consultation = Consultation.objects.get()
    ticket = consultation.ticket
    assert (consultation.topic, consultation.asked_by, consultation.urgent) == (topic, cast.sato, True)
    assert (ticket.waiting_for, contact.ticket_links.get().ticket) == ("department", ticket)
    assert f"{ticket.number_shown} について経理部に照会しました" in asked.content.decode()


def test_a_question_about_nothing_is_refused_and_about_an_open_ticket_stands_on_it(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    client = sign_in(cast.sato)
    question = {"to": f"{cast.accounting.pk}..", "question": "発行済みですか"}
    assert post(client, contact, "ask", form(cast, notes="") | question).status_code == 422
    before = open_ticket(subject="請求書", body="届かない", channel="mail", requester=cast.yamada, by=cast.yamada)
    fields = form(cast, ticket=before.number, notes="まだ届かないとのこと") | question
    assert post(client, contact, "ask", fields).status_code == 200
    assert Consultation.objects.get().ticket == before
    assert Message.objects.filter(ticket=before, body="まだ届かないとのこと", visibility="internal").exists()


def test_what_the_contract_does_not_cover_is_proposed_to_sales(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    client = sign_in(cast.sato)
    fields = form(cast, category=str(cast.wiring.pk), notes="配線したい")
    sheet = post(client, contact, "hand-over/sheet", fields, "sheet-body").content.decode()
    assert "営業" in sheet
    assert "太田 誠" in sheet
    post(client, contact, "sales", fields)
    ticket = Ticket.objects.get()
    assert (ticket.not_entitled, ticket.waiting_for) == (True, "department")


def test_a_promised_call_back_raises_the_ticket_it_is_about(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    client = sign_in(cast.sato)
    sheet = post(client, contact, "call-back/sheet", form(cast), "sheet-body").content.decode()
    assert "30分後" in sheet
    assert "090-1111-2222" in sheet
    due = timezone.now() + timedelta(hours=1)
    fields = form(cast, when=due.isoformat(), number="090-1111-2222", name="山田")
    assert post(client, contact, "call-back", fields | {"when": "2020-01-01T09:00:00+09:00"}).status_code == 422
    post(client, contact, "call-back", fields)
    call_back = CallBack.objects.get()
    assert (call_back.due_at, call_back.person, call_back.team) == (due, cast.yamada, cast.call_centre)
    assert Ticket.objects.get().call_back_at == due


def test_a_call_about_an_open_ticket_continues_it(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    ticket = open_ticket(subject="VPN", body="…", channel="phone", requester=cast.yamada, by=cast.suzuki)
    client = sign_in(cast.sato)
    assert f"{ticket.number_shown} の続き" in client.get("/workbench/").content.decode()
    post(client, contact, "settle", form(cast, ticket=ticket.number, notes="まだ直らない", verb="open"))
    assert Ticket.objects.count() == 1
    assert Message.objects.get(body="まだ直らない").ticket == ticket
    assert ticket.contact_links.filter(interaction=contact).exists()


def test_a_call_about_a_closed_ticket_raises_what_follows_it(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    before = open_ticket(subject="VPN", body="…", channel="web", requester=cast.yamada, by=cast.suzuki)
    resolve(before, resolution="直した", by=cast.suzuki)
    close(before, by=cast.suzuki)
    post(sign_in(cast.sato), contact, "settle", form(cast, ticket=before.number, notes="また切れる", verb="open"))
    following = Ticket.objects.get(follow_up_of=before)
    assert following.contact_links.get().interaction == contact


def test_a_notice_is_tied_to_the_ticket(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    notice = post_notice(title="メール障害", body="", gravity=3, by=cast.hayashi)
    client = sign_in(cast.sato)
    assert (
        "メール障害" in post(client, contact, "save", form(cast, notice=str(notice.pk)), "tab-intake").content.decode()
    )
    post(client, contact, "settle", form(cast, notice=str(notice.pk), verb="open"))
    ticket = Ticket.objects.get()
    tied = Mention.objects.filter(kind="notice", ref=notice.pk, entry__kind="notice.linked").values("entry")
    assert Mention.objects.filter(entry__in=tied, kind="ticket", ref=ticket.pk).exists()
    assert "メール障害" in client.get(f"/tickets/{ticket.number}/").content.decode()


def test_a_ticket_of_somebody_else_about_the_same_matter_is_linked(
    cast: Cast, sign_in: SignIn, contact: Interaction
) -> None:
    other = open_ticket(subject="メールが送れない", body="出ない", channel="phone", by=cast.suzuki)
    hidden = open_ticket(subject="メールが送れない", body="出ない", channel="phone", by=cast.suzuki)
    client = sign_in(cast.sato)
    html = post(client, contact, "save", form(cast, same_as=other.number), "tab-intake").content.decode()
    assert f"{other.number_shown}と同じ件" in html
    post(client, contact, "settle", form(cast, same_as=other.number, verb="open"))
    ticket = Ticket.objects.exclude(pk__in=[other.pk, hidden.pk]).get()
    link = TicketLink.objects.get()
    assert (link.ticket, link.other, link.kind) == (ticket, other, TicketLink.Kind.RELATED)
    assert read({"same_as": hidden.number}, access_of(cast.ogawa)).same_as is None


def test_the_person_affected_is_a_colleague_or_somebody_new(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    client = sign_in(cast.sato)
    post(client, contact, "settle", form(cast, affected="中川 太郎 様", verb="open"))
    assert Ticket.objects.get().affected == cast.nakagawa


def test_a_partners_ticket_has_the_partners_team_as_front(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.ogawa, number=MOBILE), *answers(cast.ogawa))
    post(sign_in(cast.ogawa), contact, "settle", form(cast, verb="open"))
    assert Ticket.objects.get().front_team == cast.partner


def test_who_speaks_is_chosen_added_and_checked(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato))
    client = sign_in(cast.sato)
    html = post(client, contact, "person", {"person": str(cast.nakagawa.pk)}, "now").content.decode()
    assert "なかがわ たろう" in html
    assert 'id="threads"' in html
    contact.refresh_from_db()
    assert contact.person == cast.nakagawa
    sheet = client.get(f"/workbench/contacts/{contact.pk}/identity/", headers=HTMX | {"HX-Target": "div#sheet-body"})
    assert "契約番号の下4桁" in sheet.content.decode()
    post(client, contact, "identity", {"answer-0": "yes", "answer-1": "yes", "read_back": "on"}, "now")
    check = IdentityCheck.objects.get()
    assert (check.passed, check.read_back, len(check.asked)) == (True, True, 2)
    found = client.get(
        f"/workbench/contacts/{contact.pk}/people/?q=ﾔﾏﾀﾞ", headers=HTMX | {"HX-Target": "div#people-found"}
    )
    assert "山田" in found.content.decode()
    cast.minato.refresh_search()
    cast.minato.save()
    fields = {"name": "斎藤 実", "kana": "サイトウ ミノル", "organization": cast.minato.name, "phone": "", "email": ""}
    post(client, contact, "people/new", fields, "now")
    person = Person.objects.get(family_name="斎藤")
    assert (person.kana, person.organization) == ("さいとう みのる", cast.minato)


def test_no_contact_is_lost_until_it_is_linked_or_marked_with_a_reason(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *answers(cast.sato), *ends())
    client = sign_in(cast.sato)
    listed = f"/workbench/contacts/{contact.pk}/put-away/"
    assert listed in client.get("/workbench/").content.decode()
    assert post(client, contact, "put-away", {"verb": "dismiss"}, "lists").status_code == 422
    assert post(client, contact, "put-away", {"verb": "link", "number": "123"}, "lists").status_code == 422
    post(client, contact, "put-away", {"verb": "dismiss", "reason": "silent"}, "lists")
    assert listed not in client.get("/workbench/").content.decode()


def test_a_caller_who_gave_up_is_called_back(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), *ends())
    client = sign_in(cast.sato)
    assert contact.is_abandoned
    answer = client.post("/workbench/dial/", {"number": contact.address, "contact": str(contact.pk)})
    outbound = Interaction.objects.get(direction="outbound")
    assert answer.headers["Location"] == f"/workbench/?contact={outbound.pk}"
    owed = CallBack.objects.get()
    assert (outbound.address, owed.staff, owed.done_at) == ("+81350001234", cast.sato, None)
    client.post(f"/workbench/call-backs/{owed.pk}/", {"result": "reached"})
    contact.refresh_from_db()
    outbound.refresh_from_db()
    assert (contact.state, contact.dismissed_reason) == ("dismissed", "called_back")
    assert outbound.dismissed_reason == "called_back"


def test_a_caller_who_was_owed_nothing_is_settled_by_reaching_them_not_by_calling(cast: Cast, sign_in: SignIn) -> None:
    contact = happen(*rings(cast.sato), told("queue.left", "c-1", 0.5, queue="desk", reason="abandoned"), *ends())
    assert not CallBack.objects.exists()
    client = sign_in(cast.sato)
    client.post("/workbench/dial/", {"number": contact.address, "contact": str(contact.pk)})
    owed = CallBack.objects.get()
    assert (owed.staff, owed.called_at, owed.interaction) == (cast.sato, contact.ended_at, contact)
    assert owed.due_at > timezone.now()
    happen(
        told("call.started", "o-1", 0, direction="outbound", agent="1001", to={"number": contact.address}),
        told("call.ended", "o-1", 0, by="agent", cause=19),
        call="o-1",
    )
    happen(told("queue.left", "c-1", 0.8, queue="desk", reason="abandoned"))
    assert Entry.objects.filter(kind="call.corrected").exists()
    contact.refresh_from_db()
    owed.refresh_from_db()
    assert (contact.state, owed.attempts, owed.done_at) == ("open", 1, None)
    client.post(f"/workbench/call-backs/{owed.pk}/", {"result": "reached"})
    contact.refresh_from_db()
    assert (contact.state, contact.dismissed_reason) == ("dismissed", "called_back")
    again = client.post("/workbench/dial/", {"number": contact.address, "contact": str(contact.pk)})
    assert (again.status_code, CallBack.objects.count()) == (409, 1)


def test_the_answer_of_the_second_line_is_told_by_telephone_and_resolves(cast: Cast, sign_in: SignIn) -> None:
    ticket = open_ticket(subject="VPN", body="…", channel="phone", requester=cast.nakagawa, by=cast.sato)
    post_message(ticket, body="証明書を入れ直してください", visibility="public", by=cast.takahashi)
    owed = CallBack.objects.get()
    client = sign_in(cast.sato)
    assert "回答あり" in client.get("/workbench/").content.decode()
    url = f"/workbench/call-backs/{owed.pk}/"
    assert (
        "証明書を入れ直してください" in client.get(url, headers=HTMX | {"HX-Target": "div#sheet-body"}).content.decode()
    )
    told = {"result": "reached", "resolve": "on", "answer": "伝えた"}
    assert client.post(url, told, headers=HTMX | {"HX-Target": "div#lists"}).status_code == 422
    assert (
        client.post(url, told | {"no_article": "no_article"}, headers=HTMX | {"HX-Target": "div#lists"}).status_code
        == 200
    )
    owed.refresh_from_db()
    ticket.refresh_from_db()
    assert (owed.result, ticket.status, ticket.call_back_at) == ("reached", Status.RESOLVED, None)
    assert ticket.contact_links.latest("id").interaction == owed.outbound


def test_nobody_there_counts_and_keeps_the_call_owed(cast: Cast, sign_in: SignIn) -> None:
    due = timezone.now() + timedelta(minutes=5)
    owed = promise_call_back(number=MOBILE, due_at=due, team=cast.call_centre, by=cast.sato)
    later = timezone.now() + timedelta(hours=2)
    sign_in(cast.sato).post(f"/workbench/call-backs/{owed.pk}/", {"result": "again", "when": later.isoformat()})
    owed.refresh_from_db()
    assert (owed.attempts, owed.due_at, owed.done_at) == (1, later, None)
    assert Interaction.objects.get().dismissed_reason == "not_reached"


def test_a_partner_sees_no_call_back_of_others(cast: Cast, sign_in: SignIn) -> None:
    due = timezone.now() + timedelta(minutes=5)
    owed = promise_call_back(number=MOBILE, due_at=due, team=cast.call_centre, by=cast.sato)
    assert sign_in(cast.ogawa).get(f"/workbench/call-backs/{owed.pk}/").status_code == 404


def test_somebody_went_round_the_desk(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.takahashi)
    assert client.get("/workbench/bypass/").status_code == 200
    fields = {"who": "総務の山田さん", "what": "VPNのこと", "reached": str(cast.takahashi.pk)}
    assert client.post("/workbench/bypass/", fields | {"reached": "x"}).status_code == 422
    assert client.post("/workbench/bypass/", fields).status_code == 302
    assert "総務の山田さん" in client.get("/workbench/").content.decode()


def test_a_visitor_is_a_contact_begun_and_ended_by_hand(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    client.post("/workbench/begin/", {"channel": "visit"})
    visit = Interaction.objects.get()
    assert (visit.channel, visit.staff, visit.team) == ("visit", cast.sato, cast.call_centre)
    post(client, visit, "settle", form(cast, verb="open"))
    visit.refresh_from_db()
    assert (visit.state, visit.ended_at is not None) == ("linked", True)
    assert Ticket.objects.get().channel == "visit"


def test_a_popped_call_is_taken_over_by_a_colleague(cast: Cast, sign_in: SignIn, contact: Interaction) -> None:
    post(sign_in(cast.suzuki), contact, "take-over", {})
    contact.refresh_from_db()
    assert contact.staff == cast.suzuki


def test_what_i_am_doing_is_chosen_in_the_head_of_the_page(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    target = HTMX | {"HX-Target": "div#phone"}
    html = client.post("/workbench/state/", {"state": "away", "reason": "会議"}, headers=target).content.decode()
    assert "会議" in html
    assert client.post("/workbench/state/", {"state": "talking"}, headers=target).status_code == 422
    assert client.post("/workbench/state/", {"state": "wrapup"}, headers=target).status_code == 409
