"""/knowledge/…/history/: any two versions side by side, and one brought back by one press."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, change, create
from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.people.models import Staff
from tests.cast import Cast

type SignIn = Callable[[Staff], Client]

PRINTER = Content(question="印刷できない", answer="1. 電源を切る\n2. 10秒待つ\n3. 電源を入れる", state=State.VALIDATED)


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


@pytest.fixture
def article(cast: Cast) -> Article:
    article = create(PRINTER, by=cast.kimura)
    change(article, replace(PRINTER, answer=PRINTER.answer.replace("10秒", "30秒")), by=cast.kimura, note="短すぎた")
    return change(article, replace(PRINTER, question="印刷が出ない", audience=Audience.PUBLIC), by=cast.admin)


def test_the_last_change_is_shown_first_and_any_two_can_be_compared(
    cast: Cast, sign_in: SignIn, article: Article
) -> None:
    client = sign_in(cast.sato)
    last = client.get(f"/knowledge/{article.pk}/history/").content.decode()
    assert "<del>" in last
    assert "<ins>" in last
    assert "短すぎた" in last
    assert "木村" in last
    for address in ("from=1&to=2", "from=2&to=1"):
        page = client.get(f"/knowledge/{article.pk}/history/?{address}").content.decode()
        assert "2. <del>10</del>秒待つ" in page
        assert "2. <ins>30</ins>秒待つ" in page
    assert client.get(f"/knowledge/{article.pk}/history/?from=x&to={'9' * 40}").status_code == 200


def test_an_old_version_is_brought_back_by_who_may_change_it(cast: Cast, sign_in: SignIn, article: Article) -> None:
    assert sign_in(cast.sato).post(f"/knowledge/{article.pk}/versions/2/restore/").status_code == 403
    assert sign_in(cast.kimura).post(f"/knowledge/{article.pk}/versions/9/restore/").status_code == 404
    assert sign_in(cast.kimura).post(f"/knowledge/{article.pk}/versions/2/restore/").status_code == 302
    article.refresh_from_db()
    assert (article.version, article.question, article.audience) == (4, PRINTER.question, Audience.PUBLIC)
    assert "30秒" in article.answer


def test_what_one_may_not_read_has_no_history(cast: Cast, sign_in: SignIn) -> None:
    internal = create(replace(PRINTER, audience=Audience.STAFF), by=cast.kimura)
    client = sign_in(cast.ogawa)
    assert client.get(f"/knowledge/{internal.pk}/history/").status_code == 404
    assert client.post(f"/knowledge/{internal.pk}/versions/1/restore/").status_code == 404


def test_what_is_new_tells_who_and_why_and_nothing_one_may_not_read(
    cast: Cast, sign_in: SignIn, article: Article
) -> None:
    create(replace(PRINTER, question="社内の手順", audience=Audience.STAFF), by=cast.kimura)
    client = sign_in(cast.ogawa)
    page = client.get("/knowledge/news/").content.decode()
    assert "短すぎた" in page
    assert f"/knowledge/{article.pk}/history/?from=2&amp;to=3" in page
    assert "社内の手順" not in page


def test_a_partner_reads_nothing_of_what_was_for_our_staff_when_it_was_written(cast: Cast, sign_in: SignIn) -> None:
    secret = replace(PRINTER, answer="合言葉はひらけごま", audience=Audience.STAFF)
    article = create(secret, by=cast.kimura)
    change(article, replace(PRINTER, answer="担当へ"), by=cast.kimura, note="合言葉を消した")
    change(article, PRINTER, by=cast.kimura)
    partner = sign_in(cast.ogawa)
    for address in (f"{article.pk}/history/", f"{article.pk}/history/?from=1&to=2", "news/"):
        assert "ひらけごま" not in partner.get(f"/knowledge/{address}").content.decode()
    assert partner.post(f"/knowledge/{article.pk}/versions/1/restore/").status_code == 404
    assert "ひらけごま" in sign_in(cast.sato).get(f"/knowledge/{article.pk}/history/?from=1&to=2").content.decode()
