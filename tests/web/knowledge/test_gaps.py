"""/knowledge/gaps/: who sees what, who works on it, and the article that is written from it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from madoguchi.insight.gaps.actions import merge, take, write
from madoguchi.insight.gaps.models import Evidence, Gap
from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Article
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from tests.cast import Cast
from tests.insight.gaps.desk import gap_of, handed, searched, solved, worked

type SignIn = Callable[[Staff], Client]

ACTS = {
    "gap_take": {"owner": "1"},
    "gap_release": {},
    "gap_link": {"article": "1"},
    "gap_close": {"reason": "training"},
    "gap_reopen": {},
    "gap_rename": {"title": "x"},
    "gap_merge": {"into": "1"},
    "gap_move": {"evidence": "1"},
}


@pytest.fixture(autouse=True)
def _words_alone(settings: Any) -> None:
    settings.ENCODER = False
    article_index.forget()


@pytest.fixture
def gap(cast: Cast) -> Gap:
    row = handed(cast, "VPNに接続できない")
    solved(cast, "VPN接続ができない")
    searched(cast.suzuki, "VPN <接続> できない")
    worked()
    return gap_of(row)


def address(name: str, gap: Gap) -> str:
    return reverse(f"knowledge:{name}", args=[gap.pk])


@pytest.mark.parametrize(
    ("who", "statuses"),
    [
        ("sato", (200, 200, 403)),
        ("takahashi", (200, 200, 403)),
        ("hayashi", (200, 200, 403)),
        ("watanabe", (200, 200, 403)),
        ("ogawa", (200, 404, 404)),
        ("mori", (200, 404, 404)),
        ("outsider", (403, 403, 403)),
    ],
)
def test_who_reads_and_who_does_not_work(
    cast: Cast, sign_in: SignIn, gap: Gap, who: str, statuses: tuple[int, int, int]
) -> None:
    """``statuses``: of the list, of the page, and of everything that one does with it."""
    list_status, page_status, act_status = statuses
    client = sign_in(getattr(cast, who))
    answer = client.get("/knowledge/gaps/")
    assert answer.status_code == list_status
    assert ("VPN" in answer.content.decode()) == (page_status == 200)
    answer = client.get(address("gap", gap))
    assert answer.status_code == page_status
    assert "記事を書く" not in answer.content.decode()
    create(Content(question="VPN", answer="x"), key="k", by=cast.kimura)
    values = {
        "owner": str(cast.kimura.pk),
        "article": str(Article.objects.get().pk),
        "evidence": str(Evidence.objects.first().pk),  # type: ignore[union-attr]
        "into": str(gap.pk),
    }
    for name, data in ACTS.items():
        answer = client.post(address(name, gap), {key: values.get(key, value) for key, value in data.items()})
        assert answer.status_code == act_status, name
    assert client.get(reverse("knowledge:new"), {"gap": str(gap.pk)}).status_code == act_status
    gap.refresh_from_db()
    assert (gap.state, gap.is_kept) == ("open", False)


def test_a_partner_reads_their_own_words_only(cast: Cast, sign_in: SignIn, gap: Gap) -> None:
    searched(cast.ogawa, "VPN 接続できない ひびき")
    worked()
    Gap.objects.update(title="VPN 秘密の見出し", note="秘密", owner=cast.kimura)
    client = sign_in(cast.ogawa)
    for path in ("/knowledge/gaps/?often=1", address("gap", gap)):
        shown = client.get(path).content.decode()
        assert "ひびき" in shown
        assert "秘密" not in shown
        assert "木村" not in shown
        assert "VPN接続ができない" not in shown
        assert "&lt;接続&gt;" not in shown


def test_the_page_shows_what_is_behind_it_escaped(cast: Cast, sign_in: SignIn, gap: Gap) -> None:
    shown = sign_in(cast.kimura).get(address("gap", gap)).content.decode()
    assert "VPN &lt;接続&gt; できない" in shown
    assert shown.count('name="evidence"') == 3


def test_the_article_is_written_from_the_gap_and_settles_it(cast: Cast, sign_in: SignIn, gap: Gap) -> None:
    client = sign_in(cast.kimura)
    assert client.post(address("gap_take", gap), {"owner": str(cast.sato.pk), "due_on": ""}).status_code == 302
    client = sign_in(cast.sato)
    form = client.get(reverse("knowledge:new"), {"gap": str(gap.pk)}).content.decode()
    assert f'name="gap" value="{gap.pk}"' in form
    assert "- VPN接続ができない" in form or "- VPNに接続できない" in form
    data = {"question": "VPNにつなぐには", "answer": "証明書を見る。", "audience": "first_line", "gap": str(gap.pk)}
    assert client.post(reverse("knowledge:new"), {**data, "state": "wip"}).status_code == 302
    gap.refresh_from_db()
    assert gap.article is not None
    assert (gap.state, gap.article.question) == ("written", "VPNにつなぐには")
    shown = client.get(address("gap", gap)).content.decode()
    assert "まだ判断できません" in shown


def test_a_merged_gap_leads_to_the_other(cast: Cast, sign_in: SignIn, gap: Gap) -> None:
    row = solved(cast, "請求書の再発行")
    worked()
    other = gap_of(row)
    merge(other, gap, by=cast.kimura)
    answer = sign_in(cast.kimura).get(address("gap", other))
    assert (answer.status_code, answer["Location"]) == (302, address("gap", gap))


def test_filters_choose_state_and_owner(cast: Cast, sign_in: SignIn, gap: Gap) -> None:
    client = sign_in(cast.kimura)
    take(gap, owner=cast.kimura, by=cast.kimura)
    for query, shown in (("", True), ("?whose=me", True), ("?state=written", False), ("?state=taken", True)):
        assert ("VPN" in client.get(f"/knowledge/gaps/{query}").content.decode()) == shown, query
    assert client.get("/knowledge/gaps/?state=x&often=x&whose=x").status_code == 200
    assert client.get(address("gap", gap), {"after": "x"}).status_code == 200


def test_one_gap_and_many_cost_the_same_questions(
    cast: Cast, sign_in: SignIn, gap: Gap, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.sato)
    client.get("/knowledge/gaps/?often=1")
    with django_assert_num_queries(10) as first:
        client.get("/knowledge/gaps/?often=1")
    for subject in ("請求書の再発行", "印刷できない", "FAXが届かない"):
        solved(cast, subject)
    worked()
    with django_assert_num_queries(len(first.captured_queries)):
        client.get("/knowledge/gaps/?often=1")


def test_an_article_from_a_gap_is_warned_of_who_asked(cast: Cast, sign_in: SignIn) -> None:
    row = open_ticket(
        subject="VPNが切れる 山田様 090-1111-2222",
        body="切れる",
        channel="mail",
        category=cast.general,
        requester=cast.yamada,
        by=cast.sato,
    )
    resolve(row, resolution="調べた", no_article_reason="no_article", by=cast.sato)
    worked()
    gap = gap_of(row)
    client = sign_in(cast.kimura)
    form = client.get(reverse("knowledge:new"), {"gap": str(gap.pk)}).content.decode()
    for word in ("氏名", "電話番号"):
        assert word in form.split('id="preview"')[1].split("</section>")[0], word
    typed = {"gap": str(gap.pk), "question": "VPNが切れる", "answer": "待つ。a@b.example へ"}
    assert "メールアドレス" in client.post(reverse("knowledge:preview"), typed).content.decode()
    assert "メールアドレス" not in client.post(reverse("knowledge:preview"), {**typed, "gap": ""}).content.decode()


def test_whoever_wrote_the_article_closes_the_gap_from_its_page(cast: Cast, sign_in: SignIn, gap: Gap) -> None:
    offered = "記事で答えられたので終了"
    take(gap, owner=cast.takahashi, by=cast.kimura)
    assert offered not in sign_in(cast.takahashi).get(address("gap", gap)).text
    write(gap, create(Content(question="VPN", answer="証明書を見る"), by=cast.kimura), by=cast.takahashi)
    assert offered not in sign_in(cast.sato).get(address("gap", gap)).text
    client = sign_in(cast.takahashi)
    assert offered in client.get(address("gap", gap)).text
    html = client.post(address("gap_close", gap), {"reason": "answered"}, follow=True).text
    assert "ギャップを終了しました。" in html
    assert "記事で答えられる" in html
    assert offered not in html
    assert 'id="effect-title"' in html
