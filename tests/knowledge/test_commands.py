"""Articles and history come in from files; bad rows are named by line; the same file again changes nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.catalog.models import Category
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.spreadsheet import guarded, unguarded
from madoguchi.knowledge.actions import Content, archive, change, create, validate
from madoguchi.knowledge.actions.standing import content_of
from madoguchi.knowledge.commands import import_csv, import_history, search, search_file
from madoguchi.knowledge.models import Article, ArticleText, State
from madoguchi.people.models import Staff
from tests.cast import Cast

pytestmark = pytest.mark.django_db

CSV = """key,question,answer,category
print,プリンターで印刷できない,"電源を入れ直してください。
用紙も確かめてください。",印刷
send,メールが送信できない,ポートを 587 に変えてください。,メールの不具合
"""


def file(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "file"
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_articles_come_in_from_a_file_as_excel_writes_it(tmp_path: Path, cast: Cast, encoding: str) -> None:
    report = import_csv(file(tmp_path, CSV.replace("\n", "\r\n"), encoding))
    assert (report.created, report.refused) == (2, [])
    article = Article.objects.get(key="print")
    assert article.answer == "電源を入れ直してください。\n用紙も確かめてください。"
    assert (article.category, article.category_text) == (None, "印刷")
    assert Article.objects.get(key="send").category == cast.mail_trouble


def test_the_same_file_again_changes_nothing_and_a_newer_one_only_what_differs(tmp_path: Path) -> None:
    import_csv(file(tmp_path, CSV))
    again = import_csv(file(tmp_path, CSV))
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    newer = import_csv(file(tmp_path, CSV.replace("587", "465")))
    assert (newer.created, newer.changed, newer.unchanged) == (0, 1, 1)
    assert Article.objects.count() == 2


def test_what_people_decided_about_an_article_outlives_the_file(tmp_path: Path, cast: Cast) -> None:
    import_csv(file(tmp_path, CSV))
    archive(Article.objects.get(key="print"), by=cast.kimura)
    import_csv(file(tmp_path, CSV.replace("電源", "主電源")))
    assert Article.objects.get(key="print").state == State.ARCHIVED


def test_bad_rows_are_named_by_line_and_the_others_come_in(tmp_path: Path) -> None:
    rows = [
        "key,question,answer,category",
        "a,質問,答え,",
        ",鍵がない,答え,",
        'b,質問,"二行の',
        '答え",',
        "",
        "c,列が足りない",
        f"{'k' * 101},長い鍵,答え,",
        "d,,答え,",
        'e,"引用符"が変,答え,',
        "f,最後,答え,",
    ]
    report = import_csv(file(tmp_path, "\n".join(rows)))
    assert sorted(Article.objects.values_list("key", flat=True)) == ["a", "b", "f"]
    assert [line for line, _reason in report.refused] == [3, 7, 8, 9, 10]
    assert all(reason for _line, reason in report.refused)


def test_a_key_that_stands_twice_in_a_file_means_the_later_row(tmp_path: Path) -> None:
    report = import_csv(file(tmp_path, "key,question,answer,category\na,一,答え,\na,二,答え,\n"))
    assert (report.created, report.changed) == (1, 1)
    assert Article.objects.get().question == "二"


@pytest.mark.parametrize(
    "content",
    [b"", b"name,text\n1,2\n", b"\xff\xfe\x00\x81key", b'"key,question\n'],
    ids=["empty", "other", "bytes", "quote"],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(Refused):
        import_csv(path)


def test_a_missing_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"missing\.csv"):
        import_csv(tmp_path / "missing.csv")


def test_history_teaches_and_the_same_line_counts_once(tmp_path: Path) -> None:
    import_csv(file(tmp_path, CSV))
    lines = [
        '{"text": "紙詰まりのランプが点いている", "article": "print"}',
        "no json",
        '{"text": "鍵が違う", "article": "nothing"}',
        '{"text": 5, "article": "print"}',
        "[1]",
        "",
    ]
    report = import_history(file(tmp_path, "\n".join(lines)))
    assert (report.created, [line for line, _reason in report.refused]) == (1, [2, 3, 4, 5])
    again = import_history(file(tmp_path, lines[0]))
    assert (again.created, again.unchanged) == (0, 1)
    assert ArticleText.objects.count() == 1
    assert search("ランプが点滅して紙詰まり")[0].article.key == "print"


def test_a_file_of_questions_gives_keys_best_first(tmp_path: Path) -> None:
    import_csv(file(tmp_path, CSV))
    questions = [{"id": 7, "text": "印刷できない"}, {"id": "x", "text": "メール"}, {"id": "y", "text": "です"}]
    path = file(tmp_path, "\n".join(json.dumps(question) for question in questions))
    assert list(search_file(path, limit=1)) == [
        {"id": 7, "articles": ["print"]},
        {"id": "x", "articles": ["send"]},
        {"id": "y", "articles": []},
    ]
    with pytest.raises(Refused):
        list(search_file(file(tmp_path, '{"id": 1}')))


@given(st.text(st.sampled_from("'=+-@\t\r a一"), max_size=6))
def test_what_guards_a_cell_from_excel_is_undone_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_what_was_exported_comes_in_again_without_a_change(
    tmp_path: Path, cast: Cast, sign_in: Callable[[Staff], Client]
) -> None:
    starts = ("- 手順\n- 次", "=1+1", "+81 3 ...", "@all", "'引用'", "'=1", "''- x", "一行目\r二行目", '"a",b')
    for number, text in enumerate(starts):
        create(Content(question=text, answer=text, category_text=text), key=f"-{number}", by=cast.kimura)
    chosen = create(Content(question="送れない", answer="待つ", category=cast.mail_trouble), key="c", by=cast.kimura)
    validate(chosen, by=cast.kimura, review_on=None)
    both = create(Content(question="両方", answer="待つ", category_text="配線工事"), key="b", by=cast.kimura)
    change(both, replace(content_of(both), category=cast.wiring), by=cast.kimura)
    before = list(Article.objects.order_by("key").values("key", "version", "validated_by", "category", "category_text"))
    answer = sign_in(cast.kimura).get("/knowledge/export.csv")
    path = tmp_path / "articles.csv"
    path.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    report = import_csv(path)
    assert (report.created, report.changed, report.unchanged, report.refused) == (0, 0, len(before), [])
    after = list(Article.objects.order_by("key").values("key", "version", "validated_by", "category", "category_text"))
    assert after == before
    said = list(Article.objects.order_by("key").values_list("key", "question", "answer"))
    Article.objects.all().delete()
    import_csv(path)
    assert list(Article.objects.order_by("key").values_list("key", "question", "answer")) == said


def test_a_file_without_the_category_leaves_it_as_it_is(tmp_path: Path, cast: Cast) -> None:
    import_csv(file(tmp_path, CSV))
    report = import_csv(file(tmp_path, "key,question,answer\nsend,送信できない,待つ\nprint,印刷できない,待つ\n"))
    assert report.changed == 2
    assert Article.objects.get(key="send").category == cast.mail_trouble
    assert Article.objects.get(key="print").category_text == "印刷"


def test_a_name_that_several_categories_have_chooses_none_of_them(tmp_path: Path, cast: Cast) -> None:
    for parent in (cast.mail_trouble, cast.wiring):
        Category.objects.create(key=f"other-{parent.key}", name="その他", parent=parent)
    import_csv(file(tmp_path, "key,question,answer,category\na,問い,待つ,その他\nb,問い,待つ,other-wiring\n"))
    assert Article.objects.get(key="a").category is None
    chosen = Article.objects.get(key="b").category
    assert chosen is not None
    assert chosen.parent == cast.wiring


def test_what_no_database_holds_keeps_no_row_from_coming_in(tmp_path: Path, cast: Cast) -> None:
    rows = f'"a\nb",質問\x01,答え\v二行目,{"長" * 300}\nplain,普通,答え,\n'
    report = import_csv(file(tmp_path, "key,question,answer,category\n" + rows))
    assert (report.created, report.refused) == (2, [])
    article = Article.objects.get(key="a b")
    assert (article.question, article.answer) == ("質問", "答え\n二行目")
    assert article.category_text == "長" * 200
    assert import_csv(file(tmp_path, "key,question,answer,category\n" + rows)).unchanged == 2
    texts = [{"text": "半\ud800分", "article": "plain"}, {"text": "x", "article": "\ud800\0"}]
    history = import_history(file(tmp_path, "\n".join(map(json.dumps, texts))))
    assert (history.created, [line for line, _why in history.refused]) == (1, [2])
    assert ArticleText.objects.get().text == "半分"
