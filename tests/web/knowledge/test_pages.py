"""/knowledge/: everyone reads what they may, the keeper writes, and text from outside is only text."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, archive, create
from madoguchi.knowledge.models import Article, Audience, Governance, Search, State
from madoguchi.people.models import Staff
from madoguchi.search.models import Synonyms
from tests.cast import Cast

type SignIn = Callable[[Staff], Client]

PRINTER = Content(question="プリンターで印刷できない", answer="電源を入れ直してください。", state=State.VALIDATED)
ROWS = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}
FORM = {"question": "紙が詰まった", "answer": "1. 開ける\n2. 取り除く", "state": "validated", "audience": "first_line"}


@pytest.fixture(autouse=True)
def _fresh_process(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


def html(client: Client, address: str, **options: Any) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_finds_while_typing_and_says_by_which_words(cast: Cast, sign_in: SignIn) -> None:
    create(PRINTER, by=cast.kimura)
    create(replace(PRINTER, question="メールが送れない", answer="設定を確かめる。"), by=cast.kimura)
    client = sign_in(cast.sato)
    assert html(client, "/knowledge/").count('class="article-question"') == 2
    found = html(client, "/knowledge/?q=ﾌﾟﾘﾝﾀ", headers=ROWS)
    assert "<html" not in found
    assert "プリンターで印刷できない" in found
    assert "メールが送れない" not in found
    assert "<mark>プリンタ</mark>" in found


def test_one_article_and_fifty_cost_the_same_queries(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.sato)
    create(PRINTER, by=cast.kimura)
    html(client, "/knowledge/")
    with django_assert_num_queries(7) as first:
        html(client, "/knowledge/")
    for place in range(60):
        create(replace(PRINTER, question=f"質問 {place}"), by=cast.kimura)
    with django_assert_num_queries(len(first.captured_queries)):
        html(client, "/knowledge/")


def test_pages_follow_each_other_without_gap_or_double(cast: Cast, sign_in: SignIn) -> None:
    for place in range(60):
        create(replace(PRINTER, question=f"質問{place:03}。"), by=cast.kimura)
    client = sign_in(cast.sato)
    first = client.get("/knowledge/").content.decode()
    following = first.split('rel="next" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    second = client.get("/knowledge/" + following).content.decode()
    seen = [f"質問{place:03}。" in first for place in range(60)], [f"質問{place:03}。" in second for place in range(60)]
    assert (sum(seen[0]), sum(seen[1])) == (50, 10)
    assert all(one != other for one, other in zip(*seen, strict=True))


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "[1, 2]",
        '["2026-01-01T00:00:00+09:00"]',
        '["2026-01-01T00:00:00", "1"]',
        '["2026-99-01T00:00:00+09:00", "1"]',
        '["0001-01-01T00:00:00+14:00", "1"]',
        '["9999-12-31T23:59:59-12:00", "1"]',
        '["2026-01-01T00:00:00Z", "\\ud800"]',
        '["2026-01-01T00:00:00Z", "\\u0000"]',
    ],
)
def test_an_address_that_is_not_ours_shows_the_first_page(cast: Cast, sign_in: SignIn, after: str) -> None:
    create(PRINTER, by=cast.kimura)
    assert "プリンター" in html(sign_in(cast.sato), "/knowledge/", data={"after": after, "category": "x", "state": "x"})


def test_filters_narrow_the_list(cast: Cast, sign_in: SignIn) -> None:
    create(replace(PRINTER, category=cast.mail_trouble), by=cast.kimura)
    archived = archive(create(replace(PRINTER, question="古い手順"), by=cast.kimura), by=cast.kimura)
    client = sign_in(cast.kimura)
    assert "プリンター" in html(client, f"/knowledge/?category={cast.general.pk}")
    assert "プリンター" not in html(client, f"/knowledge/?category={cast.wiring.pk}")
    assert archived.question not in html(client, "/knowledge/")
    assert archived.question in html(client, "/knowledge/?state=archived")


def test_partners_see_the_desks_articles_and_never_the_companys_own(cast: Cast, sign_in: SignIn) -> None:
    create(PRINTER, by=cast.kimura)
    internal = create(replace(PRINTER, question="印刷の社内手順", audience=Audience.STAFF), by=cast.kimura)
    client = sign_in(cast.ogawa)
    for address in ("/knowledge/", "/knowledge/?q=印刷"):
        page = html(client, address)
        assert PRINTER.question in page
        assert internal.question not in page
    assert client.get(f"/knowledge/{internal.pk}/").status_code == 404


def test_whoever_works_tickets_proposes_and_improves_and_only_who_keeps_it_decides(cast: Cast, sign_in: SignIn) -> None:
    article = create(PRINTER, by=cast.kimura)
    client = sign_in(cast.sato)
    form = html(client, "/knowledge/new/")
    assert 'name="state"' not in form
    assert client.post("/knowledge/new/", FORM | {"audience": "public"}).status_code == 302
    proposed = Article.objects.get(question=FORM["question"])
    assert (proposed.state, proposed.audience) == (State.WIP, Audience.FIRST_LINE)
    assert client.post(f"/knowledge/{article.pk}/edit/", FORM | {"version": "1"}).status_code == 302
    article.refresh_from_db()
    assert (article.answer, article.state, article.validated_by) == (FORM["answer"], State.NOT_VALIDATED, None)
    for address in ("archive", "validate"):
        assert client.post(f"/knowledge/{article.pk}/{address}/").status_code == 403
    viewer = sign_in(cast.watanabe)
    assert viewer.get("/knowledge/new/").status_code == 403
    assert viewer.post("/knowledge/preview/", FORM).status_code == 403
    assert viewer.post(f"/knowledge/{article.pk}/edit/", FORM | {"version": "2"}).status_code == 403
    assert "/edit/" not in html(viewer, f"/knowledge/{article.pk}/")
    assert sign_in(cast.outsider).get("/knowledge/").status_code == 403
    assert Client().get("/knowledge/").status_code == 302


@pytest.mark.parametrize(
    "kept", [{"governance": Governance.KEPT}, {"audience": Audience.PUBLIC}, {"state": State.ARCHIVED}]
)
def test_what_the_law_or_the_public_reads_changes_only_with_whoever_keeps_it(
    cast: Cast, sign_in: SignIn, kept: dict[str, str]
) -> None:
    article = create(replace(PRINTER, owner_team=cast.service_desk, **kept), by=cast.kimura)  # type: ignore[arg-type]
    wanted = FORM | {"version": "1", "governance": "kept"}
    assert sign_in(cast.sato).post(f"/knowledge/{article.pk}/edit/", wanted).status_code in {403, 404}
    if article.state != State.ARCHIVED:
        assert sign_in(cast.takahashi).post(f"/knowledge/{article.pk}/edit/", wanted).status_code == 302
        assert Article.objects.get().validated_by == cast.takahashi


def test_the_keeper_writes_changes_and_archives(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    html(client, "/knowledge/new/?question=紙が詰まった")
    chosen = {"category": cast.mail_trouble.pk, "owner_team": cast.call_centre.pk, "review_on": "2027-04-01"}
    answer = client.post("/knowledge/new/", FORM | chosen | {"key": "jam"})
    article = Article.objects.get(key="jam")
    assert answer.headers["Location"] == reverse("knowledge:page", args=[article.pk])
    assert (article.category, article.owner_team, str(article.review_on)) == (
        cast.mail_trouble,
        cast.call_centre,
        "2027-04-01",
    )
    page = html(client, f"/knowledge/{article.pk}/")
    assert "<li>取り除く</li>" in page
    html(client, f"/knowledge/{article.pk}/edit/")
    changed = client.post(
        f"/knowledge/{article.pk}/edit/", FORM | {"answer": "電話する", "version": "1"}, headers={"HX-Request": "true"}
    )
    assert changed.headers["HX-Redirect"] == f"/knowledge/{article.pk}/"
    assert Article.objects.get().answer == "電話する"
    client.post(f"/knowledge/{article.pk}/archive/")
    assert Article.objects.get().state == State.ARCHIVED
    assert "アーカイブ済みです" in html(client, f"/knowledge/{article.pk}/")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"question": ""}, 422),
        ({"state": "x"}, 422),
        ({"category": "99999"}, 422),
        ({"category": "x"}, 422),
        ({"owner_team": "9" * 40}, 422),
        ({"review_on": "31.12.2026"}, 422),
        ({"review_on": "2026-13-01"}, 422),
        ({"version": "7"}, 409),
        ({"version": "x"}, 409),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(
    cast: Cast, sign_in: SignIn, wrong: dict[str, str], status: int
) -> None:
    article = create(PRINTER, by=cast.kimura)
    answer = sign_in(cast.kimura).post(f"/knowledge/{article.pk}/edit/", FORM | {"version": "1"} | wrong)
    assert answer.status_code == status
    assert Article.objects.get().question == PRINTER.question


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](http://e.example/p.png)",
        "[x](data:text/html,1)",
    ],
)
def test_what_is_written_is_only_text(cast: Cast, sign_in: SignIn, hostile: str) -> None:
    article = create(replace(PRINTER, question=hostile, answer=hostile), by=cast.kimura)
    client = sign_in(cast.kimura)
    preview = client.post("/knowledge/preview/", {"answer": hostile}).content.decode()
    for page in (html(client, "/knowledge/"), html(client, f"/knowledge/{article.pk}/").partition("<main")[2], preview):
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        assert 'href="data' not in page
        assert "<img" not in page


def test_keepers_keep_the_list_of_synonyms_and_nobody_else_does(cast: Cast, sign_in: SignIn) -> None:
    keeper = sign_in(cast.kimura)
    assert "まだ言葉がありません" in html(keeper, "/knowledge/synonyms/")
    assert keeper.post("/knowledge/synonyms/add/", {"words": "PC、パソコン<b>"}).status_code == 302
    row = Synonyms.objects.get()
    shown = html(keeper, "/knowledge/synonyms/?q=ﾊﾟｿｺﾝ")
    assert "パソコン&lt;b&gt;" in shown
    assert keeper.post("/knowledge/synonyms/add/", {"words": "PC"}).status_code == 422
    exported = b"".join(keeper.get("/knowledge/synonyms/export.csv").streaming_content)  # type: ignore[attr-defined]
    assert "PC,パソコン<b>" in exported.decode()
    file = SimpleUploadedFile("s.csv", exported)
    assert keeper.post("/knowledge/synonyms/import/", {"file": file}).status_code == 302
    assert Synonyms.objects.count() == 1
    assert keeper.post(f"/knowledge/synonyms/{row.pk}/change/", {"words": "PC,端末"}).status_code == 302
    # Whoever still sees the row as it was does not take away what somebody else added.
    stale = keeper.post(f"/knowledge/synonyms/{row.pk}/change/", {"words": "PC,パソコン", "version": "1"})
    assert stale.status_code == 409
    assert "PC = 端末" in stale.content.decode()
    assert 'name="version" value="2"' in html(keeper, "/knowledge/synonyms/")
    assert keeper.post(f"/knowledge/synonyms/{row.pk}/remove/").status_code == 302
    assert not Synonyms.objects.exists()
    other = sign_in(cast.sato)
    for address in ("", "add/", "export.csv", "import/", f"{row.pk}/change/", f"{row.pk}/remove/"):
        reads = address in {"", "export.csv"}
        answer = (other.get if reads else other.post)(f"/knowledge/synonyms/{address}")
        assert answer.status_code == 403


def test_archived_articles_are_searched_by_who_may_see_them(cast: Cast, sign_in: SignIn) -> None:
    old = create(Content(question="旧プリンターの印刷", answer="<b>替える</b>"), by=cast.kimura)
    archive(old, by=cast.kimura)
    asked = {"q": "プリンター 替える", "state": "archived"}
    client = sign_in(cast.kimura)
    assert old.question in client.get("/knowledge/", asked).content.decode()
    assert old.question not in client.get("/knowledge/", asked | {"q": "プリンター 無い"}).content.decode()
    exported = b"".join(client.get("/knowledge/export.csv", asked).streaming_content)  # type: ignore[attr-defined]
    assert old.question in exported.decode()
    assert old.question not in sign_in(cast.sato).get("/knowledge/", asked).content.decode()
    assert not Search.objects.filter(staff=cast.kimura).exists()
