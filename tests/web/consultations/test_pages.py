"""A question on the page of the ticket, and its own sheet."""

import json
from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.models import Kind, PolicyVersion
from madoguchi.clocks.rebuild import recalculate
from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.actions.hear import answer, ask_back
from madoguchi.consultations.actions.read import read_as
from madoguchi.consultations.models import Consultation, Remark, State
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.people.actions.departments import add_contact, change_contact
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Message, Ticket
from tests.cast import Cast
from tests.consultations.letters import by_mail, sent_to
from tests.consultations.questions import states

SignIn = Callable[..., Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
SHEET = {**HTMX, "HX-Target": "div#sheet-body"}


def test_the_ticket_tells_who_is_asked_now_and_what_comes_next(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    html = sign_in(cast.sato).get(f"/tickets/{ticket.number}/").content.decode()
    assert "回答待ち" in html
    assert "経理 窓口" in html
    assert "岡田 部長 へ" in html
    assert "&lt;b&gt;発行済み&lt;/b&gt;ですか" in html
    assert 'data-key="Alt+K"' in html
    assert 'data-key="Alt+Q"' in html
    assert "この回答を使う" not in html


def test_an_answer_by_mail_shows_its_author_its_original_and_what_it_quoted(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    by_mail(sent_to("keiri@example.jp"), "発行済みです。\n\n> 発行済みですか\n", sender="経理 <keiri@example.jp>")
    client = sign_in(cast.sato)
    html = client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode()
    remark = Remark.objects.get(kind="answer")
    assert "発行済みです。" in html
    assert "引用部分と署名" in html or "引用" in html
    original = client.get(f"/consultations/remarks/{remark.pk}/original/")
    assert b"".join(original.streaming_content).startswith(b"From: ")  # type: ignore[attr-defined]
    assert original["Content-Type"] == "application/octet-stream"
    noted = Remark.objects.get(kind="question")
    assert client.get(f"/consultations/remarks/{noted.pk}/original/").status_code == 404


def test_what_was_said_on_the_telephone_is_noted_in_one_field(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.sato)
    empty = client.post(f"/consultations/{question.pk}/note/", {"kind": "answer", "body": ""}, headers=HTMX)
    assert empty.status_code == 422
    said = client.post(f"/consultations/{question.pk}/note/", {"kind": "answer", "body": "発行済み"}, headers=HTMX)
    assert (said.status_code, "close-sheet" in said["HX-Trigger"]) == (200, True)
    question.refresh_from_db()
    assert question.state == State.ANSWERED
    remark = question.answer
    assert remark is not None
    assert (remark.author_name, remark.staff, remark.body) == ("経理 窓口", cast.sato, "発行済み")
    html = client.get(f"/tickets/{ticket.number}/").content.decode()
    assert "この回答を使う" in html
    assert "発行済み" in html


def test_the_other_things_a_department_says_are_noted_too(question: Consultation, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    url = f"/consultations/{question.pk}/note/"
    assert client.post(url, {"kind": "needs_time", "body": "確認中"}, headers=HTMX).status_code == 422
    until = f"{timezone.localtime() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    client.post(url, {"kind": "needs_time", "body": "確認中", "until": until}, headers=HTMX)
    question.refresh_from_db()
    assert question.state == State.NEEDS_TIME
    client.post(url, {"kind": "ask_back", "body": "何月分ですか"}, headers=HTMX)
    question.refresh_from_db()
    assert question.state == State.ASKED_BACK
    html = client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode()
    assert "何月分ですか" in html
    assert 'name="body"' in html
    assert client.post(f"/consultations/{question.pk}/reply/", {"body": "8月分です"}, headers=HTMX).status_code == 200
    question.refresh_from_db()
    assert question.state == State.WAITING
    client.post(url, {"kind": "decline", "body": "担当外", "named": "岡田 部長"}, headers=HTMX)
    question.refresh_from_db()
    last = question.approaches.order_by("id").last()
    assert last is not None
    assert (last.name, last.why) == ("岡田 部長", "named")


def test_a_mail_that_was_taken_for_an_answer_is_read_as_what_it_says(
    question: Consultation, cast: Cast, sign_in: SignIn
) -> None:
    by_mail(sent_to("keiri@example.jp"), "私ではわかりません。岡田に聞いてください。")
    mail = Remark.objects.get(kind="answer")
    client, url = sign_in(cast.sato), f"/consultations/remarks/{mail.pk}/read-as/"
    assert url in client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode()
    assert client.post(url, {"kind": "needs_time"}, headers=HTMX).status_code == 422
    assert client.post(url, {"kind": "question"}, headers=HTMX).status_code == 422
    read = client.post(url, {"kind": "decline", "named": "岡田 部長"}, headers=HTMX)
    assert (read.status_code, "close-sheet" in read["HX-Trigger"]) == (200, True)
    question.refresh_from_db()
    last = question.approaches.order_by("id").last()
    assert last is not None
    assert (question.state, last.name, last.why) == (State.WAITING, "岡田 部長", "named")
    assert sign_in(cast.watanabe).post(url, {"kind": "answer"}).status_code == 403
    assert sign_in(cast.ogawa).post(url, {"kind": "answer"}).status_code == 404


def test_a_note_that_was_taken_for_the_answer_is_put_right(question: Consultation, cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.sato), f"/consultations/{question.pk}/note/"
    form = client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode().split("note-said")[1]
    assert 'value="answer" required' in form
    assert " checked" not in form
    assert client.post(url, {"body": "電話、離席中"}, headers=HTMX).status_code == 422
    client.post(url, {"kind": "answer", "body": "電話、離席中"}, headers=HTMX)
    again = f"/consultations/remarks/{Remark.objects.get(kind='answer').pk}/read-as/"
    assert again in client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode()
    assert client.post(again, {"kind": "note"}, headers=HTMX).status_code == 200
    question.refresh_from_db()
    assert (question.state, question.answer) == (State.WAITING, None)


def test_an_answer_that_was_exchanged_while_the_reply_was_written_is_not_used_unread(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    said = answer(question, body="発行済みです", by=cast.sato)
    sent = {"body": "発行済みです", "visibility": "public", "uses": str(said.pk)}
    read_as(said, "note", by=cast.suzuki)
    answer(question, body="未発行です", by=cast.suzuki)
    assert sign_in(cast.sato).post(f"/tickets/{ticket.number}/messages/", sent, headers=HTMX).status_code == 409
    question.refresh_from_db()
    assert (question.used_in, Message.objects.filter(ticket=ticket, body="発行済みです").exists()) == (None, False)


def test_a_note_and_late_words_are_kept_beside_what_counts(question: Consultation, cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.sato), f"/consultations/{question.pk}/note/"
    client.post(url, {"kind": "note", "body": "10時に電話、離席中"}, headers=HTMX)
    question.refresh_from_db()
    assert question.state == State.WAITING
    client.post(url, {"kind": "answer", "body": "発行済み"}, headers=HTMX)
    html = client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode()
    assert "10時に電話、離席中" in html
    assert 'value="note" checked' in html
    client.post(url, {"kind": "answer", "body": "実は未発行"}, headers=HTMX)
    question.refresh_from_db()
    assert question.answer is not None
    assert (question.answer.body, question.to_review) == ("発行済み", True)


def test_the_desk_goes_on_to_the_next_or_to_somebody_it_chooses_and_withdraws(
    question: Consultation, cast: Cast, sign_in: SignIn
) -> None:
    third = add_contact(cast.accounting, name="三浦", email="miura@example.jp", in_chain=False, by=cast.admin)
    client = sign_in(cast.sato)
    html = client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode()
    assert f'<option value="{third.pk}">三浦</option>' in html
    assert f'<option value="{cast.accounting_first.pk}"' not in html
    client.post(f"/consultations/{question.pk}/next/", {"contact": str(third.pk)}, headers=HTMX)
    client.post(f"/consultations/{question.pk}/next/", {}, headers=HTMX)
    names = [row.name for row in question.approaches.order_by("id")]
    assert names == ["経理 窓口", "三浦", "岡田 部長"]
    assert client.post(f"/consultations/{question.pk}/next/", {}, headers=HTMX).status_code == 409
    client.post(f"/consultations/{question.pk}/withdraw/", {"note": "解決しました"}, headers=HTMX)
    question.refresh_from_db()
    assert question.state == State.WITHDRAWN
    assert client.post(f"/consultations/{question.pk}/withdraw/", {}, headers=HTMX).status_code == 409


def test_a_reply_to_whoever_is_called_says_that_nothing_is_sent(cast: Cast, ticket: Ticket, sign_in: SignIn) -> None:
    change_contact(cast.accounting_first, phone="0350002000", channels=["phone"], by=cast.admin)
    question = ask(ticket, department=cast.accounting, question="発行済みですか", urgent=True, by=cast.sato)
    ask_back(question, body="何月分ですか", by=cast.sato)
    client = sign_in(cast.sato)
    said = client.post(f"/consultations/{question.pk}/reply/", {"body": "8月分です"}, headers=HTMX).content.decode()
    assert "経理部に電話でお伝えください" in said
    assert "電話が必要" in client.get("/consultations/?show=needs").content.decode()


def test_who_goes_on_from_a_sheet_that_is_out_of_date_skips_nobody(
    question: Consultation, cast: Cast, sign_in: SignIn
) -> None:
    add_contact(cast.accounting, name="三浦", email="miura@example.jp", by=cast.admin)
    client, url = sign_in(cast.sato), f"/consultations/{question.pk}/next/"
    html = client.get(f"/consultations/{question.pk}/", headers=SHEET).content.decode()
    seen = {"after": str(question.approaches.get().pk)}
    assert f'name="after" value="{seen["after"]}"' in html
    forms = [form for form in html.split("<form ")[1:] if "hx-post" in form]
    assert all('hx-sync="this:drop"' in form for form in forms)
    assert [client.post(url, seen, headers=HTMX).status_code for _press in range(2)] == [200, 409]
    assert states(question) == [("経理 窓口", "silent"), ("岡田 部長", "asked")]


def test_a_reply_made_of_an_answer_keeps_where_it_came_from_and_names_nobody(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    said = answer(question, body="発行済みです", by=cast.sato)
    client = sign_in(cast.sato)
    html = client.get(f"/tickets/{ticket.number}/?use={question.pk}").content.decode()
    draft = html.split('name="body"')[1].split(">\n")[1].split("</textarea")[0]
    assert draft == "山田 花子 様\n\nお問い合わせの件について、担当部署に確認しました。\n\n発行済みです"
    assert f'name="uses" value="{said.pk}" checked' in html
    sent = {"body": draft, "visibility": "public", "uses": str(said.pk)}
    assert client.post(f"/tickets/{ticket.number}/messages/", sent, headers=HTMX).status_code == 200
    question.refresh_from_db()
    message = Message.objects.get(ticket=ticket, body=draft)
    assert question.used_in == message
    html = client.get(f"/tickets/{ticket.number}/").content.decode()
    assert "この回答を使う" not in html
    assert "経理部の回答を連絡者に伝えた" in html
    assert client.get(f"/tickets/{ticket.number}/?use=999").status_code == 200


def test_a_word_to_the_requester_is_proposed_when_the_department_takes_long(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    what = Promise(Kind.NEXT_UPDATE, "次の連絡", 1800, calendar_of=PolicyVersion.CalendarOf.ALWAYS)
    promise(what, for_running=True, by=cast.admin)
    while recalculate():
        pass
    page = sign_in(cast.sato).get(f"/tickets/{ticket.number}/").content.decode()
    assert 'data-key="Alt+W"' in page
    draft = page.partition('id="draft-status"')[2].partition(">")[2].partition("<")[0]
    assert "現在、担当部署に確認しております" in json.loads(draft)
    answer(question, body="発行済みです", by=cast.sato)
    page = sign_in(cast.sato).get(f"/tickets/{ticket.number}/").content.decode()
    assert 'data-key="Alt+W"' not in page


def test_nothing_of_it_reaches_the_requester(question: Consultation, ticket: Ticket, cast: Cast) -> None:
    ask_back(question, body="どちら様の件ですか", by=cast.sato)
    answer(question, body="発行済みです", by=cast.sato)
    assert not Message.objects.filter(ticket=ticket).exclude(body="まだ届きません").exists()
    assert not Message.objects.filter(ticket=ticket, outgoing__isnull=False).exists()


def test_late_answers_are_marked_and_listed_until_somebody_has_read_them(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    answer(question, body="発行済み", by=cast.sato)
    answer(question, body="実は未発行", name="岡田 部長", by=cast.sato)
    client = sign_in(cast.sato)
    listed = client.get("/consultations/?show=needs").content.decode()
    assert "要確認" in listed
    assert ticket.number_shown in listed
    assert "遅れて到着" in client.get(f"/tickets/{ticket.number}/").content.decode()
    menu = client.get("/notices/").content.decode()
    assert '<a href="/consultations/"' in menu
    assert client.post(f"/consultations/{question.pk}/reviewed/", {}, headers=HTMX).status_code == 200
    listed = client.get("/consultations/?show=needs").content.decode()
    assert "要確認" not in listed
    assert ticket.number_shown in listed  # nobody has told the requester yet
    resolve(ticket, resolution="発行済みと案内", no_article_reason="個別の件", by=cast.sato)
    assert ticket.number_shown not in client.get("/consultations/?show=needs").content.decode()


def test_files_of_an_answer_are_for_those_who_see_the_question(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    file = Attachment.objects.create(file=store.keep(b"%PDF"), name="控え.pdf", content_type="text/html")
    answer(question, body="控えです", attachments=[file], by=cast.sato)
    client = sign_in(cast.watanabe)
    for page in (f"/consultations/{question.pk}/", f"/tickets/{ticket.number}/"):
        assert f'href="/consultations/files/{file.pk}/"' in client.get(page).content.decode()
    panel = client.get(f"/tickets/{ticket.number}/").content.decode().split('id="questions"')[1]
    assert "控え.pdf" in panel
    got = client.get(f"/consultations/files/{file.pk}/")
    assert (got.status_code, got["Content-Type"]) == (200, "application/octet-stream")
    assert client.get(f"/tickets/files/{file.pk}/").status_code == 404
    assert sign_in(cast.ogawa).get(f"/consultations/files/{file.pk}/").status_code == 404


def test_an_article_starts_from_an_answer(question: Consultation, cast: Cast, sign_in: SignIn) -> None:
    remark = answer(question, body="2営業日で再発行できます", by=cast.sato)
    assert "記事にする" not in sign_in(cast.sato).get(f"/consultations/{question.pk}/").content.decode()
    client = sign_in(cast.kimura)
    assert f"/knowledge/new/?answer={remark.pk}" in client.get(f"/consultations/{question.pk}/").content.decode()
    html = client.get(f"/knowledge/new/?answer={remark.pk}").content.decode()
    assert "2営業日で再発行できます" in html
    assert "請求書が届かない" in html
    assert client.get("/knowledge/new/?answer=999").status_code == 404
