"""Every change keeps the version before it, and what differs can be read."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.knowledge.actions import Content, archive, change, create, improve, restore, validate
from madoguchi.knowledge.difference import Line, difference
from madoguchi.knowledge.models import Article, ArticleVersion, Audience, Governance, State
from tests.cast import Cast

PRINTER = Content(question="プリンターで印刷できない", answer="電源を入れ直してください。")


def numbers(article: Article) -> list[int]:
    return list(ArticleVersion.objects.filter(article=article).order_by("number").values_list("number", flat=True))


def test_each_change_is_a_version_with_who_and_why(cast: Cast) -> None:
    article = create(replace(PRINTER, category=cast.mail_trouble), by=cast.kimura)
    change(article, replace(PRINTER, owner_team=cast.service_desk), by=cast.admin, note=" 分類は\n不要 ")
    archive(article, by=cast.kimura)
    first, second, third = ArticleVersion.objects.order_by("number")
    assert (first.fields["category"], second.fields["category"]) == (cast.mail_trouble.key, "")
    assert (second.by, second.note, second.fields["owner_team"]) == (cast.admin, "分類は 不要", "service-desk")
    assert third.fields["state"] == State.ARCHIVED


def test_what_was_written_around_the_acts_is_kept_when_it_changes(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    ArticleVersion.objects.all().delete()
    change(article, replace(PRINTER, answer="別の答え"), by=cast.kimura)
    assert numbers(article) == [1, 2]
    assert ArticleVersion.objects.get(number=1).fields["answer"] == PRINTER.answer


def test_who_makes_it_validated_vouches_until_somebody_else_changes_it(cast: Cast) -> None:
    article = create(replace(PRINTER, owner_team=cast.service_desk), by=cast.kimura)
    assert article.validated_at is None
    article = validate(article, by=cast.takahashi, review_on=None)
    assert (article.validated_by, article.state) == (cast.takahashi, State.VALIDATED)
    article = improve(article, question="印刷が出ない", answer="待つ", category=None, by=cast.sato)
    assert (article.validated_by, article.validated_at, article.state) == (None, None, State.NOT_VALIDATED)
    assert Entry.objects.filter(kind="article.validated", actor_id=cast.takahashi.pk).exists()


def test_only_who_keeps_it_validates(cast: Cast) -> None:
    article = create(replace(PRINTER, owner_team=cast.partner, audience=Audience.FIRST_LINE), by=cast.kimura)
    for staff in (cast.sato, cast.ogawa, cast.mori, cast.watanabe):
        with pytest.raises(Refused) as refused:
            validate(article, by=staff, review_on=None)
        assert refused.value.status == 403
    with pytest.raises(Refused):
        validate(create(replace(PRINTER, answer="", state=State.WIP), by=cast.kimura), by=cast.kimura, review_on=None)


def test_bringing_back_what_was_said_changes_neither_audience_nor_who_may_improve_it(cast: Cast) -> None:
    article = create(PRINTER, by=cast.kimura)
    kept = replace(PRINTER, answer="新しい", audience=Audience.STAFF, governance=Governance.KEPT)
    article = change(article, kept, by=cast.kimura)
    article = restore(article, 1, by=cast.kimura)
    assert (article.answer, article.audience, article.governance) == (PRINTER.answer, "staff", "kept")
    assert numbers(article) == [1, 2, 3]


LINES = st.sampled_from(["電源を切る", "電源を入れる", "10秒待つ", "30秒 待つ", "", "Outlook を開く"])
TEXTS = st.lists(LINES, max_size=12)


@given(before=TEXTS, after=TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_difference_tells_both_texts_whole(before: list[str], after: list[str]) -> None:
    lines = difference("\n".join(before), "\n".join(after))

    def told(side: str) -> int:
        return sum(line.count if line.kind == "skipped" else line.kind in {"same", side} for line in lines)

    assert told("gone") == len(before or [""])
    assert told("came") == len(after or [""])
    assert said(lines, "gone") <= set(before or [""])
    assert said(lines, "came") <= set(after or [""])


def said(lines: list[Line], side: str) -> set[str]:
    return {"".join(text for text, _ in line.pieces) for line in lines if line.kind in {"same", side}}


def test_in_a_changed_line_only_what_changed_is_marked() -> None:
    gone, came = difference("サーバー名は mail01 です。", "サーバー名は mail02 です。")
    assert [text for text, differs in gone.pieces if differs] == ["01"]
    assert [text for text, differs in came.pieces if differs] == ["02"]
