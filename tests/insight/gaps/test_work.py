"""What happens becomes evidence, and evidence gaps: nothing lost, nothing doubled, in any order, after any stop."""

import random
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.clocks.models import Spent
from madoguchi.handoffs.actions.decide import return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.insight.gaps import gathering, work
from madoguchi.insight.gaps.actions import take
from madoguchi.insight.gaps.models import Evidence, Gap, Progress, Waiting
from madoguchi.journal.models import Entry
from madoguchi.knowledge.actions import Content, create
from madoguchi.problems.models import Problem
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.link_tickets import merge
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.actions.write_article import link_article
from tests import cast as cast_module
from tests.cast import Cast
from tests.insight.gaps.desk import gap_of, handed, partition, searched, solved, ticket, worked


def signs() -> dict[str, list[str]]:
    return {row.text: row.signs for row in Evidence.objects.all()}


def test_each_sign_counts_and_what_has_an_article_does_not(cast: Cast) -> None:
    article = create(Content(question="印刷できない", answer="電源。"), by=cast.kimura)
    handed(cast, "引き継いだ件")
    returned = handed(cast, "差し戻された件")
    return_(returned.handoffs.get(), reason="wrong_team", by=cast.ito)
    known = handed(cast, "答えはあった件")
    return_(known.handoffs.get(), reason="first_line_can_solve", article=article, by=cast.ito)
    solved(cast, "記事なしの件")
    solved(cast, "一度きりの件", reason="one_off")
    solved(cast, "記事ありの件", article=article)
    solved(cast, "理由を言わない件", reason="")
    ticket(cast, "受けただけの件")
    searched(cast.sato, "探した言葉")
    searched(cast.sato, "見たが使わない言葉", found=3)
    searched(cast.sato, "まだ打っている言葉", hours=0.1)
    worked()
    assert signs() == {
        "引き継いだ件": ["handoff"],
        "差し戻された件": ["handoff", "return"],
        "記事なしの件": ["no_article"],
        "探した言葉": ["nothing_found"],
        "見たが使わない言葉": ["not_used"],
    }
    assert not Waiting.objects.exists()
    assert not Evidence.objects.filter(gap=None).exists()


def test_evidence_follows_what_becomes_of_its_ticket(cast: Cast) -> None:
    row = solved(cast, "プリンターで印刷できない")
    worked()
    assert gap_of(row).title == "プリンターで印刷できない"
    reopen(row, by=cast.sato)
    worked()
    assert not Evidence.objects.exists()
    assert not Gap.objects.exists()
    row.refresh_from_db()
    resolve(row, resolution="調べた", no_article_reason="no_article", by=cast.sato)
    worked()
    assert Evidence.objects.count() == 1
    other = ticket(cast, "まとめ先")
    row.refresh_from_db()
    merge(row, into=other, by=cast.sato)
    worked()
    assert not Evidence.objects.exists()


def test_a_ticket_that_gets_its_article_afterwards_is_none_until_it_is_opened_again(cast: Cast) -> None:
    row = solved(cast, "プリンターで印刷できない")
    worked()
    assert Evidence.objects.count() == 1
    link_article(row, create(Content(question="印刷できない", answer="電源。"), by=cast.kimura), by=cast.kimura)
    worked()
    assert not Evidence.objects.exists()
    row.refresh_from_db()
    offer(reopen(row, by=cast.sato), to_team=cast.network, reason="専門外", by=cast.sato)
    worked()
    assert signs() == {"プリンターで印刷できない": ["handoff"]}


def test_what_was_lost_is_the_working_time_away_from_the_front(cast: Cast) -> None:
    row = handed(cast, "引き継いだ件")
    begins = timezone.now()
    spans = (("acceptance", cast.network, 600), ("holding", cast.network, 5400), ("holding", cast.call_centre, 900))
    for subject, (kind, team, worked_s) in enumerate(spans, start=1000):
        Spent.objects.create(
            ticket=row, kind=kind, subject=subject, team=team, started_at=begins, ended_at=begins, worked_s=worked_s
        )
    assert gathering.tickets([row.pk])[row.pk].seconds == 6000
    (at_once,) = gathering.tickets([solved(cast, "その場の件").pk]).values()
    assert at_once.seconds == 60


def test_many_cost_as_many_questions_as_one(cast: Cast, django_assert_num_queries: Any) -> None:
    one = [handed(cast, "件").pk]
    with django_assert_num_queries(5) as first:
        gathering.tickets(one)
    many = one + [handed(cast, f"件{place}").pk for place in range(5)]
    with django_assert_num_queries(len(first.captured_queries)):
        gathering.tickets(many)


SAID = [
    "メールが送信できない",
    "メールの送信ができない",
    "VPNに接続できない",
    "VPN接続ができない",
    "請求書の再発行",
    "印刷できない",
]


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(12)), size=st.integers(1, 12))
def test_the_same_gaps_come_from_any_order_and_any_steps(cast: Cast, order: list[int], size: int) -> None:
    if not Evidence.objects.exists():
        for place in range(12):
            solved(cast, SAID[place % len(SAID)])
        worked()
    whole, refs = partition(), sorted(Evidence.objects.values_list("ref", flat=True))
    assert sorted(len(members) for _title, members in whole) == [2, 2, 4, 4]
    Evidence.objects.all().delete()
    Gap.objects.all().delete()
    for place in order:
        work._queue("ticket", [refs[place]])
    while Waiting.objects.exists():
        work.look(size)
        work.group()
    assert partition() == whole


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(12)), size=st.integers(1, 12), window=st.integers(1, 12))
def test_a_matter_is_one_gap_however_much_comes_between(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, order: list[int], size: int, window: int
) -> None:
    monkeypatch.setattr(work, "GROUPED", window)
    refs = sorted(Evidence.objects.values_list("ref", flat=True))
    if not refs:
        refs = [solved(cast, SAID[place % len(SAID)]).pk for place in range(12)]
        worked()
    Evidence.objects.all().delete()
    Gap.objects.all().delete()
    for place in order:
        work._queue("ticket", [refs[place]])
    while Waiting.objects.exists():
        work.look(size)
        while work.group():
            pass
    assert not Evidence.objects.filter(gap=None).exists()
    assert {members for _title, members in partition()} == {
        frozenset(f"ticket:{refs[place]}" for place in places)
        for places in ((0, 1, 6, 7), (2, 3, 8, 9), (4, 10), (5, 11))
    }


def test_a_gap_that_nothing_is_left_in_goes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "GROUPED", 3)
    rows = [solved(cast, f"{word}の件") for word in ("印刷", "請求書", "電話", "鍵", "会議室")]
    worked()
    assert Gap.objects.count() == 5
    reopen(rows[0], by=cast.sato)
    worked()
    assert sorted(Gap.objects.values_list("title", flat=True)) == sorted(row.subject for row in rows[1:])


def test_a_bad_row_is_set_aside_and_the_others_go_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    solved(cast, "良い件")
    bad = solved(cast, "悪い件")
    real = gathering.tickets

    def failing(refs: list[int]) -> Any:
        if bad.pk in refs:
            raise RuntimeError("unreadable")
        return real(refs)

    monkeypatch.setitem(work._SOURCES, "ticket", failing)
    worked()
    assert list(signs()) == ["良い件"]
    assert Waiting.objects.get().ref == bad.pk
    assert Problem.objects.get().facts == {"kind": "ticket", "ref": bad.pk}
    monkeypatch.undo()
    change(bad, by=cast.sato, subject="直った件")
    worked()
    assert set(signs()) == {"良い件", "直った件"}


@pytest.mark.django_db(transaction=True)
def test_a_desk_that_has_worked_for_years_begins_with_the_last_half_year() -> None:
    cast = cast_module.enter()
    solved(cast, "昔の件")
    Entry.objects.update(at=timezone.now() - timedelta(days=200))
    solved(cast, "今の件")
    worked()
    assert list(signs()) == ["今の件"]
    solved(cast, "次の件")
    worked()
    assert set(signs()) == {"今の件", "次の件"}


def test_what_somebody_has_taken_is_never_regrouped_and_goes_on_growing(cast: Cast) -> None:
    first = solved(cast, "VPNに接続できない")
    worked()
    gap = take(gap_of(first), owner=cast.kimura, due_on=timezone.localdate() + timedelta(days=7), by=cast.kimura)
    rest = [solved(cast, subject) for subject in ("VPN接続ができない", "VPN接続が切れる", "VPN接続が切れる")]
    worked()
    assert gap_of(first) == gap
    assert gap_of(rest[0]) == gap
    gap.refresh_from_db()
    assert gap.title == "VPNに接続できない"
    assert gap_of(rest[1]) == gap_of(rest[2])


@pytest.mark.django_db(transaction=True)
def test_two_workers_lose_nothing_and_double_nothing() -> None:
    cast = cast_module.enter()
    for place in range(30):
        solved(cast, f"{SAID[place % len(SAID)]}")
    random.seed(7)
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            for _turn in range(40):
                work.step(random.randint(1, 6))
        except BaseException as error:  # noqa: BLE001 (the thread's failure is the test's)
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    worked()
    progress = Progress.objects.get()
    assert progress.grouped == progress.version
    assert Evidence.objects.count() == 30
    assert sum(len(members) for _title, members in partition()) == 30
    assert len(partition()) == 4
