"""/faq/: what is public, validated and fresh; and of everything else not even a hint."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import fromstring

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, add_picture, change, create, learn
from madoguchi.knowledge.models import Article, Audience, State
from tests.cast import Cast

PUBLIC = Content(
    question="パスワードを忘れた",
    answer="1. 「忘れた方」を押す\n2. 待つ",
    audience=Audience.PUBLIC,
    state=State.VALIDATED,
)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
MACHINES = ("/faq/sitemap.xml", "/faq/feed.xml")


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()
    cache.clear()


def text(address: str, **options: Any) -> str:
    answer = Client().get(address, **options)
    assert answer.status_code == 200, address
    return answer.content.decode()


HIDDEN: dict[str, Callable[[Content, Cast], Content]] = {
    "staff": lambda content, cast: replace(content, audience=Audience.STAFF),
    "first line": lambda content, cast: replace(content, audience=Audience.FIRST_LINE),
    "not validated": lambda content, cast: replace(content, state=State.NOT_VALIDATED),
    "being written": lambda content, cast: replace(content, state=State.WIP),
    "archived": lambda content, cast: replace(content, state=State.ARCHIVED),
    "past review": lambda content, cast: replace(content, review_on=timezone.localdate() - timedelta(days=1)),
}


@pytest.mark.parametrize("why", HIDDEN)
def test_nothing_else_is_found_counted_or_hinted(cast: Cast, why: str) -> None:
    picture = add_picture(PNG, by=cast.kimura)
    shown = create(replace(PUBLIC, category=cast.mail_trouble), key="shown", by=cast.kimura)
    secret = replace(
        PUBLIC, question="極秘の手順", answer=f"極秘\n![極秘](picture:{picture.code})", category=cast.mail_trouble
    )
    create(HIDDEN[why](secret, cast), key="secret", by=cast.kimura)
    create(HIDDEN[why](replace(secret, category=cast.wiring), cast), key="secret-2", by=cast.kimura)
    learn(shown, "ごくひの件で山田が困った", source="ticket:1", by=cast.sato)
    index = text("/faq/")
    assert f'category={cast.mail_trouble.key}">{cast.mail_trouble.label}</a> <span class="quiet-text">1<' in index
    for page in (index, text("/faq/?q=極秘"), text("/faq/shown/"), *map(text, MACHINES)):
        body = page.replace("“極秘”", "").replace("「極秘」", "").replace('value="極秘"', "")
        assert "極秘" not in body
        assert "secret" not in body
        assert cast.wiring.label not in body
        assert "山田" not in body
    for address in ("/faq/secret/", f"/faq/?category={cast.wiring.key}", f"/faq/pictures/{picture.code}/"):
        assert Client().get(address).status_code == 404
    assert Client().post("/faq/secret/helped/", {"helped": "yes"}).status_code == 404
    assert Client().get("/faq/secret/").content == Client().get("/faq/unknown/").content


def test_an_article_is_read_without_account_cookie_or_script(cast: Cast) -> None:
    picture = add_picture(PNG, by=cast.kimura)
    answer = f"{PUBLIC.answer}\n![画面](picture:{picture.code})"
    create(replace(PUBLIC, answer=answer, category=cast.mail_trouble), key="パスワード/1", by=cast.kimura)
    client = Client()
    response = client.get("/faq/パスワード/1/")
    page = response.content.decode()
    assert "<li>待つ" in page
    assert '<link rel="canonical" href="http' in page
    assert 'property="og:title" content="パスワードを忘れた"' in page
    assert "<script" not in page
    assert not response.cookies
    assert len(response.content) < 30_000
    assert f'<img src="/faq/pictures/{picture.code}/"' in page
    assert client.get(f"/faq/pictures/{picture.code}/").headers["Content-Type"] == "image/png"
    english = text("/faq/?lang=en")
    assert "Frequently asked questions" in english
    assert "?lang=en" in english


def test_caches_ask_again_only_for_what_differs(cast: Cast) -> None:
    article = create(PUBLIC, key="a", by=cast.kimura)
    client = Client()
    for address in ("/faq/a/", "/faq/", *MACHINES):
        first = client.get(address)
        assert "public" in first.headers["Cache-Control"]
        assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    tag = client.get("/faq/a/").headers["ETag"]
    assert "Last-Modified" in client.get("/faq/a/").headers
    change(article, replace(PUBLIC, answer="電話する"), by=cast.kimura)
    assert client.get("/faq/a/", headers={"If-None-Match": tag}).status_code == 200


def test_whether_it_helped_is_counted_once_for_whoever_says_so(cast: Cast) -> None:
    create(PUBLIC, key="a", by=cast.kimura)
    client = Client(enforce_csrf_checks=True)
    for word in ("yes", "yes", "no"):
        answer = client.post("/faq/a/helped/?lang=en", {"helped": word})
        assert answer.headers["Location"] == "/faq/a/?thanks=1&lang=en#helped"
        assert not answer.cookies
    client.post("/faq/a/helped/", {"helped": "no"}, REMOTE_ADDR="192.0.2.7")
    article = Article.objects.get()
    assert (article.helped, article.not_helped, article.version) == (1, 1, 1)
    assert "ありがとうございます" in text("/faq/a/?thanks=1")


def test_machines_read_addresses_and_answers(cast: Cast) -> None:
    create(replace(PUBLIC, answer="<script>alert(1)</script>"), key="a&b", by=cast.kimura)
    places = [row.text or "" for row in fromstring(text("/faq/sitemap.xml")).iter() if row.tag.endswith("loc")]
    assert [place.partition("/faq/")[2] for place in places] == ["", "a&b/"]
    feed = fromstring(text("/faq/feed.xml"))
    assert [row.text for row in feed.iter("{http://www.w3.org/2005/Atom}title")][-1] == PUBLIC.question
    assert "<script>alert" not in text("/faq/a&b/")


def test_a_category_is_read_page_by_page_and_whoever_asks_too_often_waits(cast: Cast) -> None:
    for place in range(45):
        create(replace(PUBLIC, question=f"質問{place:02}。", category=cast.wiring), by=cast.kimura)
    first = text(f"/faq/?category={cast.wiring.key}")
    following = first.split('rel="next" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    second = text("/faq/" + following)
    assert [f"質問{place:02}。" in first for place in range(45)].count(True) == 40
    assert all((f"質問{place:02}。" in first) != (f"質問{place:02}。" in second) for place in range(45))
    assert "質問07" in text("/faq/?q=質問07")
    client = Client()
    assert [client.get("/faq/?q=x").status_code for _ in range(61)][-1] == 429


@pytest.mark.parametrize(
    ("lang", "said", "led"), [("ja", "見つかりません", "質問の一覧へ"), ("en", "Not found", "All questions")]
)
def test_what_is_not_there_leads_on_to_the_questions_and_not_to_the_desk(
    cast: Cast, lang: str, said: str, led: str
) -> None:
    answer = Client().get(f"/faq/gone/?lang={lang}")
    html = answer.content.decode()
    assert (answer.status_code, answer["Content-Language"]) == (404, lang)
    assert said in html
    assert f'href="/faq/?lang={lang}">{led}</a>' in html
    assert 'class="faq-search"' in html
    assert "/accounts/" not in html
    assert led in text(f"/faq/?q=zzzzz&lang={lang}")


@pytest.mark.parametrize("address", ["a%00/", "pictures/a%00/", "?q=%00", "?category=%00", "?after=%00"])
def test_what_no_database_holds_is_not_there(cast: Cast, address: str) -> None:
    assert Client().get(f"/faq/{address}").status_code == 404


def test_no_writing_of_a_key_or_a_text_breaks_the_pages_of_all(cast: Cast) -> None:
    hostile = replace(PUBLIC, question="質問\x01です", answer="一行目\v二行目\x08")
    create(hostile, key="改\n行 \x02?#/../%00", by=cast.kimura)
    for address in ("/faq/", *MACHINES):
        shown = text(address)
        assert "質問です" in shown or "sitemap" in address
    assert fromstring(text("/faq/feed.xml")) is not None
    places = [row.text or "" for row in fromstring(text("/faq/sitemap.xml")).iter() if row.tag.endswith("loc")]
    assert "二行目" in text(urlsplit(places[-1]).path)
