"""One's own feed of what is new: the address is made and shown once, and reads what its owner may read."""

import re
from collections.abc import Callable
from xml.etree.ElementTree import fromstring

import pytest
from django.test import Client

from madoguchi.knowledge.actions import Content, archive, change, create
from madoguchi.knowledge.models import Article, Audience
from madoguchi.people.actions import deactivate_staff
from madoguchi.people.models import ApiToken, Staff
from madoguchi.people.tokens import issue
from tests.cast import Cast

type SignIn = Callable[..., Client]
PAGE = "/knowledge/news/feed/"
ATOM = "{http://www.w3.org/2005/Atom}"


def made(client: Client) -> str:
    """The path of the address that the page shows."""
    html = client.post(PAGE).text
    found = re.search(r'value="https?://[^/"]+(/api/v1/feeds/articles/mdg_[^"]+)"', html)
    assert found is not None
    return found[1]


def titles(path: str) -> list[str]:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/atom+xml")
    assert "no-store" in answer["Cache-Control"]
    return [entry.findtext(f"{ATOM}title") or "" for entry in fromstring(answer.content).iter(f"{ATOM}entry")]


def test_the_feed_tells_what_is_new_and_leads_to_it(cast: Cast, sign_in: SignIn) -> None:
    article = create(Content(question="<b>送れない</b>", answer="秘密の手順"), by=cast.kimura)
    create(Content(question="届かない", answer="待つ"), by=cast.kimura)
    change(article, Content(question="<b>送れない</b>", answer="587にする"), by=cast.takahashi, note="ポートが変わった")
    path = made(sign_in(cast.sato))
    assert titles(path) == ["<b>送れない</b>", "届かない", "<b>送れない</b>"]
    answer = Client().get(path).text
    assert "ポートが変わった" in answer
    assert f"/knowledge/{article.pk}/" in answer
    assert "秘密の手順" not in answer
    assert "587にする" not in answer


def test_the_feed_reads_as_its_owner(cast: Cast, sign_in: SignIn) -> None:
    create(Content(question="全員へ", answer="あ", audience=Audience.STAFF), by=cast.kimura)
    create(Content(question="一次対応へ", answer="い", audience=Audience.FIRST_LINE), by=cast.kimura)
    for who in (cast.sato, cast.ogawa, cast.kimura):
        client = sign_in(who)
        page = client.get("/knowledge/news/").text
        assert [title for title in ("全員へ", "一次対応へ") if title in page] == titles(made(client))[::-1]
    path = made(sign_in(cast.ogawa))
    assert titles(path) == ["一次対応へ"]
    archive(Article.objects.get(question="一次対応へ"), by=cast.kimura)
    seen = sign_in(cast.ogawa).get("/knowledge/news/").text
    assert ("一次対応へ" in seen) == bool(titles(path))


def test_the_address_is_shown_once_renewed_and_ended(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    assert "まだありません" in client.get(PAGE).text
    first = made(client)
    assert first.rpartition("/")[2] not in client.get(PAGE).text
    second = made(client)
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)
    client.post(PAGE, {"do": "end"})
    assert Client().get(second).status_code == 404
    assert ApiToken.objects.filter(revoked_at__isnull=True).count() == 0


def test_it_opens_nothing_else_and_nothing_else_opens_it(cast: Cast, sign_in: SignIn) -> None:
    path = made(sign_in(cast.sato))
    bearer = {"Authorization": f"Bearer {path.rpartition('/')[2]}"}
    assert Client().get("/api/v1/knowledge/search?q=x", headers=bearer).status_code == 403
    other = issue(staff=cast.sato, scopes=["knowledge:read"])
    for wrong in (other, "mdg_unknown", "x%00", ""):
        assert Client().get(f"/api/v1/feeds/articles/{wrong}").status_code == 404, wrong
    assert Client().post(path).status_code == 405


def test_whoever_has_left_or_may_not_read_gets_nothing(cast: Cast, sign_in: SignIn) -> None:
    path = made(sign_in(cast.sato))
    deactivate_staff(cast.sato, by=cast.admin)
    assert Client().get(path).status_code == 404
    token = issue(staff=cast.outsider, scopes=["feeds:read"])
    assert Client().get(f"/api/v1/feeds/articles/{token}").status_code == 404
    assert sign_in(cast.outsider).get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302


@pytest.mark.parametrize("who", ["sato", "takahashi", "hayashi", "kimura", "watanabe", "admin", "ogawa", "mori"])
def test_everybody_who_reads_articles_may_have_a_feed(cast: Cast, sign_in: SignIn, who: str) -> None:
    member: Staff = getattr(cast, who)
    assert titles(made(sign_in(member))) == []


def test_one_and_many_entries_cost_the_same(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Callable[..., object]
) -> None:
    path = made(sign_in(cast.sato))
    for number in range(3):
        create(Content(question=f"質問{number}", answer="あ"), by=cast.kimura)
        with django_assert_num_queries(3):  # type: ignore[attr-defined]
            assert len(titles(path)) == number + 1
