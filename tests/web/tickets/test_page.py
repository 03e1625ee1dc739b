"""One ticket's page and what one does there."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from madoguchi.handoffs.actions.offer import offer
from madoguchi.interactions.models import CallBack
from madoguchi.journal.record import record
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Article, Showing
from madoguchi.people.models import Person
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import close, reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

SignIn = Callable[..., Client]
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return open_ticket(
        subject="メールが<b>送れない</b>",
        body="<script>alert(1)</script>今朝から",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        by=cast.sato,
    )


def test_the_page_tells_the_ticket_and_text_from_outside_stays_text(
    ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    post_message(ticket, body="社内の話", visibility="internal", by=cast.takahashi)
    html = sign_in(cast.sato).get(f"/tickets/{ticket.number_shown}/").content.decode()
    for text in (
        "メールが&lt;b&gt;送れない&lt;/b&gt;",
        "社内の話",
        "はなこ",
        "株式会社みなと商事",
        "標準サポート",
        "高橋 健",
    ):
        assert text in html
    assert "<script>alert" not in html


@pytest.mark.parametrize("number", ["10001-5", "abc", "99999-3", "1"])
def test_a_mistyped_number_opens_nothing(ticket: Ticket, cast: Cast, sign_in: SignIn, number: str) -> None:
    assert sign_in(cast.sato).get(f"/tickets/{number}/").status_code == 404


def test_long_histories_cost_no_more_queries(
    ticket: Ticket, cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.sato)
    client.get(f"/tickets/{ticket.number}/")  # notes that somebody looks
    for rounds in (2, 38):
        with django_assert_num_queries(22):
            client.get(f"/tickets/{ticket.number}/")
        for place in range(rounds):
            post_message(ticket, body=str(place), visibility="internal", by=cast.takahashi)


def test_earlier_history_comes_on_demand(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    for place in range(60):
        post_message(ticket, body=f"発言{place:02}", visibility="internal", by=cast.takahashi)
    client = sign_in(cast.sato)
    html = client.get(f"/tickets/{ticket.number}/").content.decode()
    assert "発言59" in html
    assert "発言09" not in html
    before = html.split("earlier/?before=")[1].split('"')[0]
    assert "発言09" in client.get(f"/tickets/{ticket.number}/earlier/?before={before}").content.decode()
    assert client.get(f"/tickets/{ticket.number}/earlier/?before=x").status_code == 404


URLS = ["", "earlier/?before=1"]
ACTS = [
    "messages/",
    "change/",
    "resolve/",
    "wait/",
    "go-on/",
    "close/",
    "reopen/",
    "link/",
    "call-back/",
    "refer-to-sales/",
]


def test_a_partner_finds_no_ticket_of_others(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ogawa)
    for url in URLS:
        assert client.get(f"/tickets/{ticket.number}/{url}").status_code == 404
    for act in ACTS:
        assert client.post(f"/tickets/{ticket.number}/{act}", {"body": "x"}).status_code == 404


@pytest.mark.parametrize("who", ["watanabe", "kimura"])
def test_readers_read_and_do_nothing(ticket: Ticket, cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    assert client.get(f"/tickets/{ticket.number}/").status_code == 200
    for act in ACTS:
        assert client.post(f"/tickets/{ticket.number}/{act}", {"body": "x"}).status_code == 403
    assert client.get("/tickets/new/").status_code == 403


def test_an_answer_with_a_file_is_posted_and_the_file_is_for_those_who_see_the_ticket(
    ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.sato)
    hostile = SimpleUploadedFile("../手順<b>.html", b"<script>1</script>", content_type="text/html")
    answer = client.post(
        f"/tickets/{ticket.number}/messages/",
        {"body": "手順をお送りします", "visibility": "public", "attachments": hostile},
    )
    assert answer.status_code == 302
    attachment = ticket.messages.get(visibility="public", from_requester=False).attachments.get()
    got = client.get(f"/tickets/files/{attachment.pk}/")
    assert b"".join(got.streaming_content) == b"<script>1</script>"  # type: ignore[attr-defined]
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    assert "sandbox" in got["Content-Security-Policy"]
    assert sign_in(cast.ogawa).get(f"/tickets/files/{attachment.pk}/").status_code == 404


def test_the_articles_that_fit_are_offered_and_searched(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    create(
        Content(question="メールが送れないとき", answer="ポートを 587 に変える。", state="validated"),
        key="mail-1",
        by=cast.kimura,
    )
    create(
        Content(question="印刷できないとき", answer="電源を入れ直す。", state="validated"),
        key="print-1",
        by=cast.kimura,
    )
    client, found = sign_in(cast.sato), f"/tickets/{ticket.number}/articles/"
    assert 'value="mail-1"' in client.get(f"/tickets/{ticket.number}/resolve/").content.decode()
    searched = client.get(f"{found}?q=印刷", headers={**PARTIAL, "HX-Target": "div#articles"}).content.decode()
    assert 'value="print-1"' in searched
    assert "<mark>印刷</mark>" in searched
    Article.objects.filter(key="print-1").update(audience="staff", state="not_validated")
    marked = client.get(f"{found}?q=印刷", headers={**PARTIAL, "HX-Target": "div#articles"}).content.decode()
    assert "自社スタッフのみ" in marked
    assert "未確認" in marked
    assert "<html" not in searched
    assert sign_in(cast.watanabe).get(found).status_code == 403
    assert sign_in(cast.ogawa).get(found).status_code == 404


def test_an_article_is_chosen_by_key_and_what_does_not_fit_goes_away(
    ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    for key in ("mail-1", "mail-2"):
        create(
            Content(question="メールが送れないとき", answer="ポートを見る。", state="validated"),
            key=key,
            by=cast.kimura,
        )
    client, away = sign_in(cast.sato), f"/tickets/{ticket.number}/articles/put-away/"
    html = client.get(f"/tickets/{ticket.number}/resolve/").content.decode()
    assert 'data-key="Alt+1"' in html
    assert 'data-key="Alt+Shift+2"' in html
    part = {**PARTIAL, "HX-Target": "div#articles"}
    html = client.post(away, {"away": "mail-1", "article": "mail-2", "q": ""}, headers=part).content.decode()
    assert 'value="mail-1"' not in html
    assert 'value="mail-2" checked' in html
    assert 'data-key="Alt+Shift+0"' in html
    assert Showing.objects.get(article__key="mail-1").outcome == "dismissed"
    assert 'value="mail-1"' not in client.get(f"/tickets/{ticket.number}/articles/?q=メール").content.decode()
    assert 'value="mail-1"' in client.post(away, {"again": "mail-1", "q": "メール"}).content.decode()
    assert Showing.objects.get(article__key="mail-1").outcome == ""
    assert client.post(away, {"away": "nonsense"}).status_code == 404
    assert sign_in(cast.watanabe).post(away, {"away": "mail-1"}).status_code == 403
    assert sign_in(cast.ogawa).post(away, {"away": "mail-1"}).status_code == 404


def test_resolving_asks_for_the_article_or_the_reason(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    Article.objects.create(key="mail-001", question="送信できない", answer="", updated_at=timezone.now())
    client, url = sign_in(cast.sato), f"/tickets/{ticket.number}/resolve/"
    assert client.post(url, {"resolution": "直した"}).status_code == 422
    assert client.post(url, {"resolution": "直した", "article": "nonsense"}).status_code == 422
    assert client.post(url, {"resolution": "直した", "article": "mail-001"}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.status, ticket.article.key if ticket.article else "") == ("resolved", "mail-001")
    assert client.post(f"/tickets/{ticket.number}/close/").status_code == 302
    assert client.post(f"/tickets/{ticket.number}/reopen/").status_code == 302


@pytest.mark.parametrize(
    ("said", "lacking"),
    [
        ({"resolution": " ", "article": "mail-001"}, ["resolution"]),
        ({"resolution": "直した"}, ["article"]),
        ({"resolution": "", "no_article_reason": "no_article"}, ["resolution"]),
        ({}, ["resolution", "article"]),
    ],
)
def test_the_sheet_that_resolves_names_all_that_it_lacks(
    ticket: Ticket, cast: Cast, sign_in: SignIn, said: dict[str, str], lacking: list[str]
) -> None:
    Article.objects.create(key="mail-001", question="送信できない", answer="", updated_at=timezone.now())
    answer = sign_in(cast.sato).post(f"/tickets/{ticket.number}/resolve/", said, headers=PARTIAL)
    html = answer.content.decode()
    assert (answer.status_code, re.findall('data-missing="([^"]+)"', html)) == (422, lacking)
    ticket.refresh_from_db()
    assert ticket.status != "resolved"


def test_two_people_do_not_overwrite_each_other(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    first = {"priority": "high", "version": str(ticket.version)}
    assert sign_in(cast.sato).post(f"/tickets/{ticket.number}/change/", first).status_code == 302
    second = {"priority": "low", "version": str(ticket.version)}
    assert sign_in(cast.suzuki).post(f"/tickets/{ticket.number}/change/", second).status_code == 409


def test_two_people_on_one_ticket_see_each_other(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.suzuki).get(f"/tickets/{ticket.number}/")
    html = sign_in(cast.sato).post(f"/tickets/{ticket.number}/seen/").content.decode()
    assert cast.suzuki.name in html
    assert cast.sato.name not in html


def test_a_call_back_is_promised_for_the_front(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.takahashi), f"/tickets/{ticket.number}/call-back/"
    assert client.post(url, {"number": "03-5000-1234", "due_at": "nonsense"}).status_code == 422
    soon = timezone.localtime() + timedelta(hours=2)
    assert client.post(url, {"number": "03-5000-1234", "due_at": f"{soon:%Y-%m-%dT%H:%M}"}).status_code == 302
    assert CallBack.objects.get().team == cast.call_centre


def test_tickets_are_linked_by_number(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    other = open_ticket(subject="同じ件", body="", channel="phone", by=cast.sato)
    client, url = sign_in(cast.sato), f"/tickets/{other.number}/link/"
    assert client.post(url, {"kind": "duplicate", "other": "12345"}).status_code == 422
    assert client.post(url, {"kind": "duplicate", "other": ticket.number_shown}).status_code == 302
    assert ticket.number_shown in client.get(f"/tickets/{other.number}/").content.decode()
    assert client.post(url, {"kind": "merge", "other": ticket.number}).status_code == 302
    other.refresh_from_db()
    assert other.merged_into == ticket


def test_a_ticket_is_raised_by_hand(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    assert client.get("/tickets/new/").status_code == 200
    assert client.post("/tickets/new/", {"subject": ""}).status_code == 422
    assert not Person.objects.filter(family_name="新田").exists()
    answer = client.post(
        "/tickets/new/", {"subject": "鍵を忘れた", "channel": "visit", "name": "新田 葵", "priority": "high"}
    )
    ticket = Ticket.objects.get()
    assert answer["Location"] == f"/tickets/{ticket.number_shown}/"
    assert (ticket.channel, ticket.priority, ticket.requester.name if ticket.requester else "") == (
        "visit",
        "high",
        "新田 葵",
    )


def test_the_offer_stands_on_the_page_of_both_sides(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    offer(ticket, to_team=cast.service_desk, reason="設定確認", urgent_because="全社停止", by=cast.sato)
    url = f"/tickets/{ticket.number}/"
    assert "/recall/" in sign_in(cast.sato).get(url).content.decode()
    html = sign_in(cast.takahashi).get(url).content.decode()
    assert "/accept/" in html
    assert "/recall/" not in html
    assert "全社停止" in html


def test_digits_that_are_no_numbers_are_no_bug(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    posted = {"priority": "low", "assignee": "²", "category": "③", "version": "²"}
    assert sign_in(cast.sato).post(f"/tickets/{ticket.number}/change/", posted).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.assignee) == ("low", None)


def test_answers_are_words_and_addresses_are_links(cast: Cast, sign_in: SignIn) -> None:
    ticket = open_ticket(
        subject="ログインできない",
        body="https://mail.example/login で失敗します",
        channel="phone",
        details={"identity_confirmed": True, "locked": False, "callback_number": "+819011112222"},
        by=cast.sato,
    )
    html = sign_in(cast.sato).get(f"/tickets/{ticket.number_shown}/").content.decode()
    assert "<dd>はい</dd>" in html
    assert "<dd>いいえ</dd>" in html
    assert 'href="tel:+819011112222"' in html
    assert "090-1111-2222</a>" in html
    assert '<a href="https://mail.example/login" target="_blank" rel="noopener noreferrer nofollow">' in html


HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_a_call_back_is_promised_in_the_same_words_as_at_the_seat(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.takahashi), f"/tickets/{ticket.number}/call-back/"
    sheet = client.get(url, headers=HTMX | {"HX-Target": "div#sheet-body"}).content.decode()
    for text in ("30分後", "090-1111-2222", "山田 花子"):
        assert text in sheet
    soon = timezone.localtime() + timedelta(minutes=30)
    assert client.post(url, {"when": soon.isoformat(), "number": "", "note": "結果を伝える"}).status_code == 302
    promised = CallBack.objects.get()
    assert (promised.number, promised.note, promised.ticket_link.ticket) == ("+819011112222", "結果を伝える", ticket)


def correct(client: Client, ticket: Ticket, **fields: str) -> int:
    ticket.refresh_from_db()
    form = {"version": str(ticket.version), "subject": ticket.subject, "category": str(ticket.category_id or "")}
    return client.post(f"/tickets/{ticket.number}/correct/", form | fields).status_code


def test_subject_category_and_what_was_heard_are_put_right(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(details={"error_code": "0x1", "called": ["a", "b"], "impact": "自分"})
    client = sign_in(cast.takahashi)
    sheet = client.get(f"/tickets/{ticket.number}/correct/").content.decode()
    for text in ("エラー", 'value="0x1"', "メールの不具合"):
        assert text in sheet
    for category, shown in ((cast.wiring, False), (cast.mail_trouble, True)):
        asked = client.post(
            f"/tickets/{ticket.number}/correct/",
            {"draws": "yes", "category": str(category.pk), "item.error_code": "typed"},
            headers=HTMX | {"HX-Target": "div#asked"},
        )
        assert ('value="typed"' in asked.content.decode()) is shown
    ticket.refresh_from_db()
    assert ticket.details["error_code"] == "0x1"
    fields = {"subject": "メールが届かない", "item.error_code": "0x2", "item.impact": "", "item.steps_tried": "再起動"}
    assert correct(client, ticket, **fields) == 302
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.category) == ("メールが届かない", cast.mail_trouble)
    assert ticket.details == {"error_code": "0x2", "called": ["a", "b"], "steps_tried": "再起動"}
    assert correct(client, ticket, category=str(cast.wiring.pk)) == 302
    ticket.refresh_from_db()
    assert (ticket.category, ticket.not_entitled) == (cast.wiring, True)


def test_the_requester_is_found_afterwards_by_number(cast: Cast, sign_in: SignIn) -> None:
    ticket = open_ticket(subject="名乗らない電話", body="", channel="phone", by=cast.sato)
    assert correct(sign_in(cast.sato), ticket, phone="090-1111-2222") == 302
    ticket.refresh_from_db()
    assert (ticket.requester, ticket.organization, ticket.contract) == (cast.yamada, cast.minato, cast.contract)


def test_a_correction_of_what_a_colleague_has_changed_is_refused(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    assert correct(sign_in(cast.sato), ticket, version="0", subject="別の件") == 409
    ticket.refresh_from_db()
    assert ticket.subject != "別の件"


def closed(ticket: Ticket, cast: Cast) -> Ticket:
    resolve(ticket, resolution="直した", by=cast.sato)
    return close(ticket, by=cast.sato)


def test_a_closed_ticket_is_changed_by_nobody(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    closed(ticket, cast)
    client = sign_in(cast.sato)
    assert "訂正" not in client.get(f"/tickets/{ticket.number}/").content.decode()
    assert correct(client, ticket, subject="別の件") == 409
    later = (timezone.localtime() + timedelta(hours=1)).isoformat()
    assert client.post(f"/tickets/{ticket.number}/call-back/", {"when": later}).status_code == 409


def test_what_comes_up_again_after_closing_is_a_follow_up(ticket: Ticket, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    form = {"follow_up_of": ticket.number, "subject": "また送れない", "channel": "phone"}
    assert client.post("/tickets/new/", form).status_code == 409
    closed(ticket, cast)
    page = client.get(f"/tickets/{ticket.number}/").content.decode()
    assert f"/tickets/new/?follow_up_of={ticket.number}" in page
    assert ticket.number_shown in client.get(f"/tickets/new/?follow_up_of={ticket.number}").content.decode()
    assert client.post("/tickets/new/", form).status_code == 302
    following = Ticket.objects.get(follow_up_of=ticket)
    assert (following.requester, following.status) == (cast.yamada, "new")


def test_what_the_journal_says_without_the_newest_facts_is_still_shown(
    ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    data = {"from": "コールセンター", "to": "サービスデスク", "moves": 1}
    record("handoff.accepted", by=cast.takahashi, about=[ticket], data=data)
    html = sign_in(cast.sato).get(f"/tickets/{ticket.number}/").content.decode()
    assert "高橋 健" in html


def test_what_was_changed_on_an_english_page_reads_right_on_a_japanese_one(
    ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    with translation.override("en"):
        change(ticket, category=cast.wiring, priority="urgent", by=cast.sato)
        resolve(ticket, resolution="再起動", by=cast.sato)
        reopen(ticket, by=cast.yamada)
    html = sign_in(cast.sato).get(f"/tickets/{ticket.number}/").content.decode()
    for text in ("通常 → 緊急", "メールの不具合 → 配線", "連絡者から返信がありました。"):
        assert text in html
