"""From a ticket to an article in one step: filled in, found by the requester's words, linked back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from madoguchi.journal.models import Entry
from madoguchi.knowledge import article_index
from madoguchi.knowledge.models import Article, ArticleText, State
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

type SignIn = Callable[[Staff], Client]

FORM = {
    "question": "複合機からスキャンが届かない",
    "answer": "宛先を登録し直す。",
    "state": "validated",
    "audience": "first_line",
}


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return open_ticket(
        subject="スキャンが届かない",
        category=cast.mail_trouble,
        requester=cast.yamada,
        body="スキャンしたものがメールで来ません。山田です。090-1111-2222 へお願いします。",
        channel="mail",
        by=cast.sato,
    )


def test_a_solved_ticket_begins_an_article_and_is_linked_to_it(cast: Cast, sign_in: SignIn, ticket: Ticket) -> None:
    resolve(ticket, resolution="山田様の宛先を登録し直した。", no_article_reason="no_article", by=cast.sato)
    client = sign_in(cast.sato)
    page = client.get(f"/tickets/{ticket.number_shown}/").content.decode()
    assert f"/knowledge/new/?ticket={ticket.number_shown}" in page
    form = client.get(f"/knowledge/new/?ticket={ticket.number_shown}").content.decode()
    assert "山田様の宛先を登録し直した。" in form
    assert "メールで来ません" in form
    assert "氏名" in form
    assert "電話番号" in form
    words = "スキャンしたものがメールで来ません。"
    answer = client.post("/knowledge/new/", FORM | {"ticket": ticket.number_shown, "words": words})
    assert answer.status_code == 302
    article = Article.objects.get()
    ticket.refresh_from_db()
    assert (ticket.article, ticket.no_article_reason, article.state) == (article, "", State.WIP)
    assert article.uses == 1
    source = f"ticket:{ticket.pk}"
    assert set(ArticleText.objects.values_list("source", flat=True)) == {source, f"{source}:words"}
    assert Entry.objects.get(kind="ticket.article_linked").data["known"] is False
    assert client.get(f"/tickets/{ticket.number_shown}/").status_code == 200


def test_an_article_made_before_it_is_solved_is_offered_then_and_counts_as_new(
    cast: Cast, sign_in: SignIn, ticket: Ticket
) -> None:
    client = sign_in(cast.kimura)
    client.post("/knowledge/new/", FORM | {"ticket": ticket.number_shown, "words": ""})
    article = Article.objects.get()
    assert article.state == State.VALIDATED
    client = sign_in(cast.sato)
    sheet = client.get(f"/tickets/{ticket.number_shown}/resolve/").content.decode()
    assert f'value="{article.key}" checked' in sheet
    client.post(f"/tickets/{ticket.number_shown}/resolve/", {"resolution": "直った", "article": article.key})
    assert Entry.objects.get(kind="ticket.resolved").data["knowledge"] == "new"


def test_resolving_leads_on_to_the_article(cast: Cast, sign_in: SignIn, ticket: Ticket) -> None:
    said = {"resolution": "登録し直した", "new_article": "on"}
    answer = sign_in(cast.sato).post(f"/tickets/{ticket.number_shown}/resolve/", said)
    assert answer.headers["Location"] == f"/knowledge/new/?ticket={ticket.number_shown}"
    assert Entry.objects.get(kind="ticket.resolved").data["no_article_reason"] == "no_article"


def test_nobody_begins_with_a_ticket_they_may_not_see(cast: Cast, sign_in: SignIn, ticket: Ticket) -> None:
    client = sign_in(cast.ogawa)
    assert client.get(f"/knowledge/new/?ticket={ticket.number_shown}").status_code == 404
    client.post("/knowledge/new/", FORM | {"ticket": ticket.number_shown, "words": "x"})
    assert Article.objects.get().source == ""
    preview = client.post("/knowledge/preview/", {"answer": "山田様", "ticket": ticket.number_shown}).content.decode()
    assert "氏名" not in preview
