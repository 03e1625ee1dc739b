"""The link is the only key: what it must not open, what opens it without deciding, and hostile senders."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.consultations import links
from madoguchi.consultations.actions.hear import answer
from madoguchi.consultations.links import token_of
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.files.models import Attachment, StoredFile
from madoguchi.journal.models import Entry
from madoguchi.mail.models import OutgoingMail
from madoguchi.people.models import Contact
from tests.cast import Cast
from tests.web.answer.asked import Asked, asked, link
from tests.web.answer.files import PDF, PNG, PROGRAM, ZIP, upload


def minute(number: int = 0) -> datetime:
    """Just after the beginning of a minute of the next full hour: spans of the limits begin there, too."""
    hour = timezone.now().replace(minute=0, second=5, microsecond=0) + timedelta(hours=1)
    return hour + timedelta(minutes=number)


def everything(at: Asked) -> tuple[object, ...]:
    """What must not move."""
    at.consultation.refresh_from_db()
    row = Consultation.objects.filter(pk=at.consultation.pk).values()[0]
    approaches = list(at.consultation.approaches.order_by("id").values())
    counts = [model.objects.count() for model in (Remark, Entry, OutgoingMail, Contact, Attachment)]
    return row, approaches, counts


SCANNERS: list[dict[str, str]] = [
    {},
    {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
    {"User-Agent": "Mozilla/5.0 (compatible; Microsoft Office/16.0; SafeLinks)"},
]


def test_a_scanner_that_opens_the_link_in_any_way_decides_nothing(cast: Cast) -> None:
    at = asked(cast)
    before = everything(at)
    with CaptureQueriesContext(connection) as queries:
        for headers in SCANNERS:
            cache.clear()
            for query in ("", "?verb=decline", "?verb=answer&text=x&form=y", "?heard=1", "?lang=en"):
                assert at.client.get(at.link + query, headers=headers).status_code == 200
                assert at.client.head(at.link + query, headers=headers).status_code == 200
    assert [row["sql"] for row in queries if not row["sql"].startswith("SELECT")] == []
    assert everything(at) == before


def test_no_other_method_does_anything(cast: Cast) -> None:
    at = asked(cast)
    for method in ("put", "patch", "delete", "options"):
        assert getattr(at.client, method)(at.link).status_code == 405


def _other_salt(at: Asked) -> str:
    signer = signing.Signer(salt="madoguchi.other", sep=".")
    return signer.sign(f"{at.approach.pk}-{at.approach.nonce}")[: len(token_of(at.approach))]


def _other_key(at: Asked) -> str:
    signer = signing.Signer(key="the-key-of-another-desk", salt="madoguchi.consultations.answer", sep=".")
    value, _, signature = signer.sign(f"{at.approach.pk}-{at.approach.nonce}").rpartition(".")
    return f"{value}.{signature[:16]}"


def _no_nonce(at: Asked) -> str:
    return links._signer.sign(f"{at.approach.pk}-")


def _other_approach(at: Asked) -> str:
    value, _, signature = token_of(at.approach).rpartition(".")
    pk, _, nonce = value.partition("-")
    return f"{int(pk) + 1}-{nonce}.{signature}"


def _gone(at: Asked) -> str:
    return links._signer.sign(f"999999-{at.approach.nonce}")


GUESSES: list[Callable[[Asked], str]] = [
    lambda at: token_of(at.approach)[:-1],
    lambda at: token_of(at.approach) + "A",
    lambda at: token_of(at.approach).swapcase(),
    lambda at: token_of(at.approach).rpartition(".")[0],
    lambda at: str(at.approach.pk),
    lambda at: "あ" * 50,
    lambda at: "A" * 3000,
    lambda at: "%00",
    _other_salt,
    _other_key,
    _no_nonce,
    _other_approach,
    _gone,
]


def test_a_guessed_link_opens_nothing_and_takes_nothing(cast: Cast) -> None:
    at = asked(cast)
    before = everything(at)
    for guess in GUESSES:
        address = f"/answer/{guess(at)}/"
        for page in (at.client.get(address), at.client.post(address, {"verb": "answer", "text": "x"})):
            assert page.status_code == 404, address
            assert "このリンクは使えません" in page.content.decode()
            assert "経理" not in page.content.decode()
    assert everything(at) == before


@pytest.mark.parametrize("settled", [True, False])
def test_a_link_expires(cast: Cast, settled: bool) -> None:
    at = asked(cast)
    if settled:
        answer(at.consultation, body="はい", by=cast.sato)
    days = 14 if settled else 90
    start = timezone.now() if settled else at.consultation.approaches.get().deadline_at
    assert start is not None
    with freeze_time(start + timedelta(days=days) - timedelta(minutes=1)):
        assert at.open().status_code == 200
    with freeze_time(start + timedelta(days=days, minutes=1)):
        cache.clear()
        before = everything(at)
        page = at.open()
        assert page.status_code == 404
        assert "このリンクの期限が切れました" in page.content.decode()
        assert "返信" in page.content.decode()
        assert "請求書" not in page.content.decode()
        assert at.client.post(at.link, {"verb": "answer", "text": "x"}).status_code == 404
        assert everything(at) == before


def test_unknown_and_expired_look_alike_but_for_their_words(cast: Cast) -> None:
    at = asked(cast)
    unknown = at.client.get("/answer/AAAA/")
    with freeze_time(timezone.now() + timedelta(days=91)):
        expired = at.open()
    assert unknown.status_code == expired.status_code == 404
    bare = [re.sub(r"<(title|h1|p class=\"lead\")>.*?</", "", page.content.decode()) for page in (unknown, expired)]
    assert bare[0] == bare[1]
    assert {name: value for name, value in unknown.items() if name != "Content-Length"} == {
        name: value for name, value in expired.items() if name != "Content-Length"
    }


@pytest.mark.parametrize("path", ["", "AAAA/", "link"])
def test_no_cache_no_search_engine_and_no_other_site_learns_of_it(cast: Cast, path: str) -> None:
    at = asked(cast)
    page = at.client.get(at.link if path == "link" else f"/answer/{path}")
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
    assert "noindex" in page["X-Robots-Tag"]
    assert page["X-Frame-Options"] == "DENY"
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert '<meta name="robots" content="noindex' in page.content.decode()
    assert "<script" not in page.content.decode()
    assert not page.cookies


def test_without_cookie_and_token_a_form_is_taken(cast: Cast) -> None:
    at = asked(cast)  # its client checks forms as the desk does
    page = at.client.post(
        at.link, {"form": "f", "verb": "answer", "text": "はい"}, headers={"Origin": "null", "Cookie": ""}
    )
    assert page.status_code == 302
    assert not page.cookies


def test_a_member_of_staff_who_opens_it_speaks_as_the_contact(cast: Cast, sign_in: Any) -> None:
    at = asked(cast)
    client: Client = sign_in(cast.hayashi)
    client.post(at.link, {"form": "f", "verb": "answer", "text": "はい"})
    remark = Remark.objects.get(kind="answer")
    assert (remark.staff, remark.author_name) == (None, "経理 窓口")


def test_one_link_is_not_asked_for_without_end(cast: Cast) -> None:
    at = asked(cast)
    with freeze_time(minute()):
        codes = [at.open().status_code for _ in range(31)]
        assert codes == [200] * 30 + [429]
        page = at.open()
        assert "少し待って" in page.content.decode()
        assert page["Retry-After"] == "60"
        assert at.client.post(at.link, {"verb": "answer", "text": "x"}).status_code == 429
    with freeze_time(minute(1)):
        assert at.open().status_code == 200
    assert not Remark.objects.filter(kind="answer").exists()


def test_one_link_does_not_send_without_end(cast: Cast) -> None:
    at = asked(cast)
    codes = []
    with freeze_time(minute()) as clock:
        for number in range(21):
            codes.append(at.client.post(at.link, {"form": str(number), "verb": "ask_back", "text": "?"}).status_code)
            clock.tick(timedelta(minutes=1))
    assert codes == [302] * 20 + [429]


def test_an_address_that_guesses_is_stopped_and_others_are_not(cast: Cast) -> None:
    at = asked(cast)
    with freeze_time(minute()):
        guesses = [at.client.get(f"/answer/guess-{number}/").status_code for number in range(31)]
        assert guesses == [404] * 30 + [429]
        assert at.open().status_code == 200  # a colleague behind the same address
        assert at.client.get("/answer/guess/", REMOTE_ADDR="192.0.2.7").status_code == 404


def test_an_address_is_limited_in_all_whatever_it_claims_to_be(cast: Cast) -> None:
    at = asked(cast)
    with freeze_time(minute()):
        for number in range(240):
            at.client.get("/answer/guess/", headers={"X-Forwarded-For": f"198.51.100.{number}"})
        assert at.open().status_code == 429
        assert at.open(REMOTE_ADDR="192.0.2.7").status_code == 200


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_the_trusted_proxy_its_last_word_counts(cast: Cast) -> None:
    at = asked(cast)
    with freeze_time(minute()):
        for _ in range(31):
            at.client.get("/answer/guess/", headers={"X-Forwarded-For": "1.2.3.4, 198.51.100.9"})
        stopped = {"X-Forwarded-For": "5.6.7.8, 198.51.100.9"}
        assert at.client.get("/answer/guess/", headers=stopped).status_code == 429
        assert at.client.get("/answer/guess/", headers={"X-Forwarded-For": "198.51.100.10"}).status_code == 404


@pytest.mark.parametrize("address", ["2001:db8::1", "::ffff:192.0.2.1", "127.0.0.1"])
def test_every_kind_of_address_is_counted(cast: Cast, address: str) -> None:
    at = asked(cast)
    assert at.open(REMOTE_ADDR=address).status_code == 200


OTHERS = [
    ("tool.exe", PROGRAM),
    ("invoice.pdf", PROGRAM),
    ("invoice.pdf.exe", PDF),
    ("page.html", b"<script>alert(1)</script>"),
    ("image.svg", b"<svg onload='alert(1)'/>"),
    ("photo.png", b"<script>alert(1)</script>"),
    ("macro.xlsm", ZIP),
    ("notes.txt", b"a\0b"),
    ("empty.pdf", b""),
    ("noending", PDF),
    ("\u202efdp.exe", PDF),
]


def test_a_file_of_another_kind_than_it_says_is_refused(cast: Cast) -> None:
    at = asked(cast)
    for name, content in OTHERS:
        page = at.send("answer", form="f", text="添付します", files=[upload(name, content, "application/pdf")])
        assert page.status_code == 422, name
        assert "メールへの返信に添付" in page.content.decode()
        assert "添付します" in page.content.decode()
    assert not StoredFile.objects.exists()


NAMES = [
    ("../../etc/8月分.PDF", PDF, "8月分.PDF"),
    ("C:\\Users\\okada\\写真.png", PNG, "写真.png"),
    ("a\u202egnp.exe.png", PNG, "agnp.exe.png"),
    ("長" * 400 + ".zip", ZIP, ("長" * 400 + ".zip")[-255:]),
    ("utf16.csv", "番号,名前".encode("utf-16"), "utf16.csv"),
    ("<img src=x onerror=alert(1)>.txt", b"text", "<img src=x onerror=alert(1)>.txt"),
]


def test_a_file_is_kept_under_the_last_part_of_its_name(cast: Cast) -> None:
    at = asked(cast)
    for name, content, kept in NAMES:
        page = at.send("answer", form=name, files=[upload(name, content)])
        assert page.status_code == 200, name
        assert Attachment.objects.latest("id").name == kept
        assert "<img src=x" not in page.content.decode()


def test_too_many_and_too_large_files_are_refused(cast: Cast) -> None:
    at = asked(cast)
    many = at.send("answer", files=[upload(f"{number}.pdf", PDF) for number in range(11)])
    assert "10個まで" in many.content.decode()
    large = at.send("answer", files=[upload("large.pdf", PDF + bytes(20 * 1024 * 1024))])
    assert "20 MB" in large.content.decode()
    assert not StoredFile.objects.exists()


HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\0\x1b[31m\ud800 ' OR 1=1 --\r\nBcc: all@example.jp"


def test_hostile_text_in_every_field_breaks_nothing(cast: Cast) -> None:
    at = asked(cast)
    hostile = HOSTILE.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    fields = dict.fromkeys(("text", "who", "name", "email", "phone", "until", "form"), hostile)
    for verb in ("decline", "time", "ask_back", "answer", "", "DROP", "time 2026-13-99", hostile):
        page = at.client.post(at.link, {**fields, "verb": verb}, follow=True)
        assert page.status_code in {200, 422}, verb
        assert "<script>" not in page.content.decode()
        assert "{{ 7*7 }}" in page.content.decode()
    for row in Remark.objects.exclude(kind="question"):
        assert "\0" not in row.body
    for mail in OutgoingMail.objects.all():
        assert "Bcc" not in mail.to[0]


def test_a_text_without_end_is_refused_and_not_lost(cast: Cast) -> None:
    at = asked(cast)
    page = at.send("answer", text="長" * 20_001)
    assert page.status_code == 422
    assert "20,000字まで" in page.content.decode()
    assert "長" * 20_001 in page.content.decode()


def test_a_broken_form_is_answered(cast: Cast) -> None:
    at = asked(cast)
    page = at.client.post(at.link, b"--x\r\ngarbage", content_type="multipart/form-data; boundary=x")
    assert page.status_code in {400, 422}
    assert at.client.post(at.link, b"\xff\xfe", content_type="multipart/form-data").status_code == 400


def test_what_a_contact_wrote_does_not_run_on_the_page(cast: Cast) -> None:
    at = asked(cast)
    at.send("ask_back", text="<img src=x onerror=alert(1)>")
    text = at.open().content.decode()
    assert "<img" not in text
    assert "&lt;img src=x" in text


def test_addresses_in_the_question_open_without_telling_where_from(cast: Cast) -> None:
    text = asked(cast, question="参考: https://example.jp/keiri です").open().content.decode()
    assert 'href="https://example.jp/keiri" target="_blank" rel="noopener noreferrer nofollow"' in text


def test_a_contact_who_is_deleted_keeps_the_link(cast: Cast) -> None:
    at = asked(cast)
    address = link(at.approach)
    Contact.objects.filter(pk=cast.accounting_first.pk).delete()
    assert at.client.get(address).status_code == 200
    assert at.client.post(address, {"form": "f", "verb": "answer", "text": "はい"}).status_code == 302
