"""Words that mean the same: both ways, row by row, in every search; circles are harmless."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.suggest import suggest
from madoguchi.people.access import access_of
from madoguchi.search import tokens
from madoguchi.search.index import drain, find
from madoguchi.search.synonyms import (
    Thesaurus,
    add_synonyms,
    change_synonyms,
    remove_synonyms,
    split_words,
    take_in,
    thesaurus,
)
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.alike import alike_tickets
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def articles(cast: Cast, text: str) -> list[str]:
    return [one.article.key for one in suggest(text, access=access_of(cast.sato))]


def test_both_ways_in_articles_and_tickets_and_never_over_two_rows(cast: Cast) -> None:
    create(Content(question="パソコンが起動しない", answer="電源を見る。"), key="pc", by=cast.kimura)
    create(Content(question="端末の申請", answer="窓口へ。"), key="terminal", by=cast.kimura)
    ticket = open_ticket(subject="パソコンの音が出ない", body="困る", channel="phone", by=cast.sato)
    drain()
    access = access_of(cast.sato)
    assert articles(cast, "ノート機") == []
    assert find("ticket", "ノート機", Ticket.objects.all()) == []
    row = add_synonyms(split_words("ノート機、パソコン"), by=cast.kimura)
    add_synonyms(["パソコン", "端末"], by=cast.kimura)
    add_synonyms(["端末", "ノート機", "ワークステーション"], by=cast.kimura)
    found = suggest("ノート機", access=access)
    assert found[0].article.key in {"pc", "terminal"}
    assert found[0].words
    assert articles(cast, "パソコンの申請")[0] == "terminal"
    assert find("ticket", "端末 音", Ticket.objects.all()) == [ticket.pk]
    assert [one.ticket for one in alike_tickets("端末の音", access=access).tickets] == [ticket]
    assert articles(cast, "ワークステーション") == ["terminal"]
    change_synonyms(row, ["ラップトップ", "パソコン"], by=cast.kimura)
    assert "pc" in articles(cast, "ラップトップ")
    remove_synonyms(row, by=cast.kimura)
    assert articles(cast, "ラップトップ") == []


def test_the_word_itself_stands_before_what_means_the_same(cast: Cast) -> None:
    for key, word in (("a", "端末"), ("b", "パソコン")):
        create(Content(question=f"{word}の申請", answer="窓口へ。"), key=key, by=cast.kimura)
    add_synonyms(["端末", "パソコン"], by=cast.kimura)
    assert articles(cast, "端末") == ["a", "b"]
    assert articles(cast, "パソコン") == ["b", "a"]


def test_what_makes_no_row_is_refused_and_a_file_comes_in_once(cast: Cast) -> None:
    for words in ([], ["端末"], ["端末", "端末"], ["端末", "、"], ["端末", "x" * 61]):
        with pytest.raises(Refused):
            add_synonyms([word for word in words if word], by=cast.kimura)
    add_synonyms(["PC", "パソコン"], by=cast.kimura)
    with pytest.raises(Refused) as known:
        add_synonyms(["ﾊﾟｿｺﾝ", "ｐｃ"], by=cast.kimura)
    assert known.value.code == "known"
    file = "\ufeffPC,パソコン\r\n\r\nプリンター,複合機,コピー機\r\n一つ\r\n".encode()
    report = take_in(file, by=cast.kimura)
    assert (report.added, report.unchanged, [line for line, _why in report.refused]) == (1, 1, [4])
    assert take_in(file, by=cast.kimura).added == 0


phrases = st.lists(st.sampled_from("abcd"), min_size=1, max_size=2).map(tuple)


@given(
    st.dictionaries(phrases, st.lists(phrases, max_size=3).map(tuple)), st.lists(st.sampled_from("abcd"), max_size=6)
)
def test_a_query_only_grows_and_once(
    same: dict[tuple[str, ...], tuple[tuple[str, ...], ...]], asked: list[str]
) -> None:
    listed = Thesaurus(same, max(map(len, same), default=0))
    query: tokens.Query = [((tokens.Wanted(term),),) for term in asked]
    grown = listed.in_query(query)
    assert len(grown) == len(query)
    for before, after in zip(query, grown, strict=True):
        assert after[: len(before)] == before
        terms = tuple(wanted.term for wanted in before[0])
        assert {tuple(w.term for w in one) for one in after[len(before) :]} <= set(same.get(terms, ()))
    for phrase, others in listed.of(asked):
        assert others == same[phrase]


def test_an_empty_list_costs_one_small_question_and_changes_nothing(cast: Cast) -> None:
    query = tokens.query("端末の音")
    assert thesaurus().in_query(query) == query


def test_a_file_is_compared_with_the_list_once_and_with_itself(cast: Cast) -> None:
    file = "\n".join(f"語{place},言葉{place}" for place in range(20)) + "\n言葉3,語3\n"
    with CaptureQueriesContext(connection) as asked:
        report = take_in(file.encode(), by=cast.kimura)
    assert (report.added, report.unchanged) == (20, 1)
    assert sum('FROM "search_synonyms"' in query["sql"] for query in asked) == 1
