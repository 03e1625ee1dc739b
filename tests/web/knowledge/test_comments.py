"""/knowledge/comments/ and /knowledge/review/: said from anywhere, answered by who keeps it, reviewed by weight."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, comment, create
from madoguchi.knowledge.models import Article, ArticleComment, Audience, State
from madoguchi.people.models import Staff
from tests.cast import Cast

type SignIn = Callable[[Staff], Client]


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


@pytest.fixture
def article(cast: Cast) -> Article:
    return create(Content(question="印刷できない", answer="待つ", owner_team=cast.service_desk), by=cast.kimura)


def test_said_at_the_seat_and_answered_by_the_owner_team(cast: Cast, sign_in: SignIn, article: Article) -> None:
    client = sign_in(cast.sato)
    assert 'value="outdated"' in client.get(f"/knowledge/{article.pk}/comment/?stay=1").content.decode()
    said = {"kind": "outdated", "text": "<b>画面</b>が違う", "stay": "1"}
    sheet = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#sheet-body"}
    assert client.post(f"/knowledge/{article.pk}/comment/", said, headers=sheet).status_code == 200
    written = ArticleComment.objects.get()
    waiting = "/knowledge/comments/"
    assert "が違う" not in client.get(waiting).content.decode()
    assert "が違う" in client.get(waiting + "?view=mine").content.decode()
    wanted = {"state": "declined", "reply": "今の画面です"}
    assert client.post(f"/knowledge/comments/{written.pk}/answer/", wanted).status_code == 403
    keeper = sign_in(cast.takahashi)
    listed = keeper.get(waiting).content.decode()
    assert "&lt;b&gt;画面" in listed
    assert keeper.post(f"/knowledge/comments/{written.pk}/answer/", {"state": "declined"}).status_code == 422
    assert keeper.post(f"/knowledge/comments/{written.pk}/answer/", wanted).status_code == 302
    assert "今の画面です" in client.get(f"/knowledge/{article.pk}/").content.decode()
    assert "今の画面です" in client.get(waiting + "?view=answered").content.decode()


def test_nobody_comments_on_reads_or_answers_what_they_may_not_read(cast: Cast, sign_in: SignIn) -> None:
    internal = create(Content(question="社内手順", answer="待つ", audience=Audience.STAFF), by=cast.kimura)
    written = comment(internal, kind="wrong", text="秘密", by=cast.sato)
    client = sign_in(cast.ogawa)
    assert client.post(f"/knowledge/{internal.pk}/comment/", {"kind": "wrong"}).status_code == 404
    assert client.post(f"/knowledge/comments/{written.pk}/answer/", {"state": "accepted"}).status_code == 404
    for address in ("comments/", "comments/?view=mine", "comments/?view=answered", "review/"):
        page = client.get(f"/knowledge/{address}").content.decode()
        assert "秘密" not in page
        assert "社内手順" not in page


def test_the_review_is_done_row_by_row_and_costs_the_same_whatever_its_length(
    cast: Cast, sign_in: SignIn, article: Article, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.takahashi)
    client.get("/knowledge/review/")
    with django_assert_num_queries(7) as first:
        page = client.get("/knowledge/review/").content.decode()
    assert "印刷できない" in page
    for place in range(35):
        create(Content(question=f"質問{place}", state=State.WIP, owner_team=cast.network), by=cast.kimura)
    with django_assert_num_queries(len(first.captured_queries)):
        page = client.get("/knowledge/review/").content.decode()
    assert 'rel="next"' in page
    assert page.count("/archive/") < 30
    form = {"version": "1", "back": "review", "review_on": "2027-04-01"}
    answer = client.post(f"/knowledge/{article.pk}/validate/", form)
    assert answer.headers["Location"] == "/knowledge/review/"
    article.refresh_from_db()
    assert (article.state, str(article.review_on)) == (State.VALIDATED, "2027-04-01")


def test_how_often_it_was_used_is_not_for_partners(cast: Cast, sign_in: SignIn, article: Article) -> None:
    Article.objects.update(uses=41_738)  # a figure that no address, no date and no key on the page contains
    for address in (f"{article.pk}/", "review/"):
        assert "41738" in sign_in(cast.sato).get(f"/knowledge/{address}").content.decode().split("<main")[1]
        page = sign_in(cast.ogawa).get(f"/knowledge/{address}").content.decode().split("<main")[1]
        assert article.question in page
        assert "41738" not in page
        assert "heaviest" not in page


def test_neither_order_nor_address_tells_partners_how_often_it_was_used(
    cast: Cast, sign_in: SignIn, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("madoguchi.web.knowledge.review.PAGE", 1)
    other = create(Content(question="もう一つ", answer="はい", state=State.NOT_VALIDATED), by=cast.kimura)

    rows = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}

    def told(who: Staff) -> str:
        page = sign_in(who).get("/knowledge/review/", headers=rows).content.decode()
        return page.split('class="review-verbs"')[0] + page.split("</ul>")[1]

    partner, desk = told(cast.ogawa), told(cast.sato)
    Article.objects.filter(pk=other.pk).update(uses=41_738)
    assert told(cast.ogawa) == partner
    assert told(cast.sato) != desk
