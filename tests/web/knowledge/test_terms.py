"""/knowledge/terms/: everyone looks words up, keepers write them, and texts explain them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.glossary.actions import Entry, add
from madoguchi.knowledge.glossary.models import Term
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.cast import Cast

type SignIn = Callable[[Staff], Client]

VPN = Entry(name="VPN", reading="ぶいぴーえぬ", explanation="社外からの<通路>。", explanation_en="A way in.")
FORM = {"name": "LAN", "reading": "らん", "also": "社内LAN", "explanation": "建物の中の網", "audience": "first_line"}


def test_words_stand_by_their_row_and_are_found_by_reading_and_meaning(cast: Cast, sign_in: SignIn) -> None:
    add(VPN, by=cast.kimura)
    add(Entry(name="稟議", reading="りんぎ", explanation="順に回す"), by=cast.kimura)
    client = sign_in(cast.sato)
    for address, found in (
        ("", (True, True)),
        ("?row=は", (True, False)),
        ("?q=ブイピー", (True, False)),
        ("?q=順に", (False, True)),
        ("?q=ない言葉", (False, False)),
        ("?row=x", (True, True)),
    ):
        shown = client.get(f"/knowledge/terms/{address}").content.decode()
        assert ("&lt;通路&gt;" in shown, "順に回す" in shown) == found, address
    assert "編集" not in client.get("/knowledge/terms/").content.decode()


def test_texts_explain_words_and_the_card_opens_only_for_readers(cast: Cast, sign_in: SignIn) -> None:
    term = add(VPN, by=cast.kimura)
    secret = add(Entry(name="決裁", explanation="内部", audience="staff"), by=cast.kimura)
    article = create(Content(question="VPNとは", answer="VPNと決裁"), by=cast.kimura)
    client = sign_in(cast.sato)
    page = client.get(reverse("knowledge:page", args=[article.pk])).content.decode()
    assert page.count(f'data-term="{term.pk}"') == 1
    assert page.count(f'data-term="{secret.pk}"') == 1
    assert "&lt;通路&gt;" in client.get(reverse("knowledge:term_card", args=[term.pk])).content.decode()
    client = sign_in(cast.ogawa)
    page = client.get(reverse("knowledge:page", args=[article.pk])).content.decode()
    assert (page.count(f'data-term="{term.pk}"'), page.count(f'data-term="{secret.pk}"')) == (1, 0)
    assert client.get(reverse("knowledge:term_card", args=[secret.pk])).status_code == 404


def test_a_ticket_says_words_as_they_were_written(cast: Cast, sign_in: SignIn) -> None:
    term = add(VPN, by=cast.kimura)
    ticket = open_ticket(subject="VPN", body="ＶＰＮ <b>", channel="mail", by=cast.sato)
    page = sign_in(cast.sato).get(f"/tickets/{ticket.number}/").content.decode()
    assert f'data-term="{term.pk}">ＶＰＮ</span> &lt;b&gt;' in page
    assert ticket.messages.get().body == "ＶＰＮ <b>"


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("sato", 200, 403),
        ("takahashi", 200, 403),
        ("hayashi", 200, 403),
        ("kimura", 200, 200),
        ("watanabe", 200, 403),
        ("admin", 200, 200),
        ("ogawa", 200, 403),
        ("mori", 200, 403),
        ("outsider", 403, 403),
    ],
)
def test_who_reads_and_who_writes(cast: Cast, sign_in: SignIn, who: str, reads: int, writes: int) -> None:
    term = add(VPN, by=cast.kimura)
    client = sign_in(getattr(cast, who))
    assert client.get("/knowledge/terms/").status_code == reads
    assert client.get(reverse("knowledge:term_card", args=[term.pk])).status_code == reads
    for name, args in (
        ("term_new", []),
        ("term_edit", [term.pk]),
        ("terms_import", []),
        ("terms_csv", []),
        ("terms_xlsx", []),
    ):
        assert client.get(reverse(f"knowledge:{name}", args=args)).status_code == writes, name
    if writes == 403:
        for name, args in (
            ("term_new", []),
            ("term_edit", [term.pk]),
            ("term_remove", [term.pk]),
            ("terms_import", []),
        ):
            assert client.post(reverse(f"knowledge:{name}", args=args), FORM).status_code == 403, name
    assert Term.objects.get().name == "VPN"


def test_a_keeper_writes_corrects_and_removes(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    assert client.post(reverse("knowledge:term_new"), FORM).status_code == 302
    term = Term.objects.get()
    assert (term.name, term.also, term.row) == ("LAN", ["社内LAN"], "ら")
    address = reverse("knowledge:term_edit", args=[term.pk])
    assert client.post(address, {**FORM, "version": "1", "explanation": "網"}).status_code == 302
    assert client.post(address, {**FORM, "version": "1"}).status_code == 409
    assert client.post(address, {**FORM, "version": "2", "category": "999"}).status_code == 422
    assert client.post(reverse("knowledge:term_remove", args=[term.pk])).status_code == 302
    assert not Term.objects.exists()


def test_a_file_is_taken_in_and_bad_lines_are_named(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    address = reverse("knowledge:terms_import")
    file = SimpleUploadedFile("t.csv", "term,explanation\nLAN,網\n,x\n".encode())
    shown = client.post(address, {"file": file})
    assert "3行目" in shown.content.decode()
    assert Term.objects.get().name == "LAN"
    assert client.post(address, {}).status_code == 422


def test_one_term_and_fifty_cost_the_same_queries(cast: Cast, sign_in: SignIn, django_assert_num_queries: Any) -> None:
    add(VPN, by=cast.kimura)
    client = sign_in(cast.sato)
    client.get("/knowledge/terms/")
    with django_assert_num_queries(6) as first:
        client.get("/knowledge/terms/")
    for place in range(50):
        add(Entry(name=f"語{place:02}", explanation="x"), by=cast.kimura)
    with django_assert_num_queries(len(first.captured_queries)):
        client.get("/knowledge/terms/")
