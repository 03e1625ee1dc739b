"""Tickets' words: what acts queue, the worker indexes, once, and what is found is found newest first."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from madoguchi.people.models import Person
from madoguchi.search import index, tokens
from madoguchi.search.models import Document, Pending
from tests.cast import person

pytestmark = pytest.mark.django_db


class Texts(dict[int, str]):
    """The room upstairs: what stands behind each ref, and what happens while it is being read."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[object] = []

    def __call__(self, refs: Sequence[int]) -> Mapping[int, str]:
        found = {ref: self[ref] for ref in refs if ref in self}
        while self.meanwhile:
            self.meanwhile.pop()()  # type: ignore[operator]
        return found

    def say(self, ref: int, text: str) -> None:
        self[ref] = text
        with transaction.atomic():
            index.queue("ticket", ref)


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Texts:
    source = Texts()
    monkeypatch.setattr(index, "_sources", lambda: {"ticket": source})
    return source


def found(text: str, **options: Any) -> list[int]:
    return index.find("ticket", text, Person.objects.all(), **options)


@pytest.fixture
def rows() -> list[int]:
    """Some rows to search among; their ids stand for tickets."""
    return [person("山田", str(place), "やまだ", "").pk for place in range(12)]


def test_what_was_queued_is_found_after_the_worker_drained(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "プリンターで印刷できない")
    assert found("印刷") == []
    assert index.drain() == 1
    assert found("印刷") == [rows[0]]
    assert index.drain() == 0


def test_the_newest_come_first_and_a_page_goes_on_below_the_last(texts: Texts, rows: list[int]) -> None:
    for row in rows:
        texts.say(row, "メールが送れない")
    index.drain()
    assert found("メール", limit=5) == rows[:-6:-1]
    assert found("メール", limit=50, before=rows[3]) == [rows[2], rows[1], rows[0]]


def test_only_rows_of_the_given_set_are_found_even_when_most_are_not(texts: Texts, rows: list[int]) -> None:
    for row in rows:
        texts.say(row, "メールが送れない")
    index.drain()
    mine = Person.objects.filter(pk__in=[rows[0], rows[5]])
    assert index.find("ticket", "メール", mine, limit=2) == [rows[5], rows[0]]
    assert index.find("ticket", "メール", mine, limit=1) == [rows[5]]
    assert index.find("ticket", "メール", Person.objects.none(), limit=2) == []
    refs = index.matching("ticket", "メール")
    assert refs is not None
    assert set(mine.filter(pk__in=refs).values_list("pk", flat=True)) == {rows[0], rows[5]}


def test_all_words_must_stand_in_the_text(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "メールが送れない")
    texts.say(rows[1], "メールで届いた書類を印刷できない")
    index.drain()
    assert found("メール 印刷") == [rows[1]]
    assert found("印さ") == []
    assert found("めーる") == [rows[1], rows[0]]


def test_a_changed_text_is_found_by_its_new_words_only(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "プリンターの故障")
    index.drain()
    texts.say(rows[0], "電話機の故障")
    index.drain()
    assert found("プリンター") == []
    assert found("電話") == [rows[0]]
    assert Document.objects.count() == 1


def test_what_is_gone_upstairs_is_gone_from_the_index(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "プリンターの故障")
    index.drain()
    del texts[rows[0]]
    index.queue("ticket", rows[0])
    assert index.drain() == 1
    assert found("プリンター") == []
    assert not Document.objects.exists()


def test_several_changes_before_the_worker_comes_are_indexed_once(texts: Texts, rows: list[int]) -> None:
    for text in ("一つ目の故障", "二つ目の故障", "三つ目の故障"):
        texts.say(rows[0], text)
    assert Pending.objects.count() == 1
    assert index.drain() == 1


def test_a_change_while_the_worker_reads_is_never_lost(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "プリンターの故障")
    texts.meanwhile.append(lambda: texts.say(rows[0], "電話機の故障"))
    assert index.drain() == 0
    assert index.drain() == 1
    assert found("電話") == [rows[0]]
    assert found("プリンター") == []


def test_two_workers_on_the_same_list_index_it_once(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "プリンターの故障")
    done: list[int] = []
    texts.meanwhile.append(lambda: done.append(index.drain()))
    done.append(index.drain())
    assert sorted(done) == [0, 1]
    assert found("プリンター") == [rows[0]]


def test_an_act_that_is_rolled_back_queues_nothing(texts: Texts, rows: list[int]) -> None:
    with transaction.atomic():
        index.queue("ticket", rows[0])
        transaction.set_rollback(True)
    assert not Pending.objects.exists()


def test_one_bad_text_is_set_aside_and_the_others_go_on(
    texts: Texts, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse = tokens.document_terms

    def fragile(text: str) -> list[str]:
        if "壊れた" in text:
            raise ValueError("cannot be analysed")
        return analyse(text)

    monkeypatch.setattr(tokens, "document_terms", fragile)
    texts.say(rows[0], "壊れた文")
    texts.say(rows[1], "正しい文")
    assert index.drain() == 1
    assert index.drain() == 0
    assert found("正しい") == [rows[1]]
    assert Pending.objects.get().error == "ValueError: cannot be analysed"
    monkeypatch.setattr(tokens, "document_terms", analyse)
    assert index.forget_errors() == 1
    assert index.drain() == 1
    assert found("壊れた") == [rows[0]]


def test_a_kind_that_nobody_knows_is_set_aside(texts: Texts) -> None:
    index.queue("riddle", 1)
    assert index.drain() == 0
    assert Pending.objects.get().error


def test_everything_can_be_indexed_anew(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "プリンターの故障")
    for row in rows[1:]:
        texts[row] = "電話機の故障"
    assert index.requeue_all("ticket", rows) == len(rows)
    assert index.drain(5) == 5
    while index.drain(5):
        pass
    assert len(found("故障")) == len(rows)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("\"'()*:&|!<>-+^\\%_{}[],;=$ ANDORNOTEAR印刷めーる0x\0"), max_size=30))
def test_hostile_queries_never_fail(texts: Texts, rows: list[int], typed: str) -> None:
    assert found(typed) == []


def test_a_language_of_the_engine_is_only_words_here(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "メール NEAR プリンター")
    index.drain()
    assert found("メール NOT プリンター") == []
    assert found('"メール" NEAR/3 (プリンター)') == []
    assert found("メール' | 'プリンター':*") == [rows[0]]


@pytest.mark.django_db(transaction=True)
def test_workers_in_parallel_share_the_list(texts: Texts) -> None:
    rows = [person("山田", str(place), "やまだ", "").pk for place in range(40)]
    for row in rows:
        texts.say(row, "メールが送れない")
    done: list[int] = []

    def work() -> None:
        try:
            while Pending.objects.filter(error="").exists():
                done.append(index.drain(7))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == len(rows)
    assert sorted(found("メール", limit=100)) == rows
    assert Document.objects.count() == len(rows)


def test_a_rare_word_is_found_behind_thousands_of_newer_texts(rows: list[int]) -> None:
    last = max(rows)
    Document.objects.bulk_create(
        [Document(kind="ticket", ref=last + 1 + place, terms="usual") for place in range(12_000)]
    )
    with transaction.atomic():
        index.engine().write("ticket", {rows[0]: "rare", rows[1]: "rare usual"}, [])
    assert found("rare") == [rows[1], rows[0]]
    assert found("rare", limit=1) == [rows[1]]
    assert found("rare", before=rows[1]) == [rows[0]]


def test_texts_that_say_the_same_are_found_by_how_much_of_it_they_say(texts: Texts, rows: list[int]) -> None:
    texts.say(rows[0], "10月分の請求書が届かない")
    texts.say(rows[1], "請求先の住所を変更したい")
    texts.say(rows[2], "プリンターで印刷できない")
    index.drain()
    shares = index.alike("ticket", "請求書がまだ届かない", rows)
    assert rows[2] not in shares
    assert 1 >= shares[rows[0]] > shares.get(rows[1], 0)
    assert index.alike("ticket", "請求書がまだ届かない", []) == {}
    assert index.alike("ticket", "。", rows) == {}
