"""What became of suggestions: one row each, written once, undone at will; and what it teaches, within bounds."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.interactions.models import Interaction
from madoguchi.journal.models import Entry
from madoguchi.knowledge import usage
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.feedback import REACH, leaning, similarity
from madoguchi.knowledge.models import Article, Place, Search, Showing
from madoguchi.knowledge.suggest import suggest
from madoguchi.people.access import access_of
from tests.cast import Cast

SAID = "プリンターで印刷できない"


@pytest.fixture
def contact(cast: Cast) -> Interaction:
    return Interaction.objects.create(channel="phone", staff=cast.sato, started_at=timezone.now())


@pytest.fixture
def articles(cast: Cast) -> list[Article]:
    contents = [Content(question=f"プリンターで印刷できない（{place}）", answer="紙を見る。") for place in "一二三"]
    return [create(content, by=cast.kimura) for content in contents]


def another(cast: Cast) -> Interaction:
    return Interaction.objects.create(channel="phone", staff=cast.sato, started_at=timezone.now())


def found(cast: Cast, text: str = SAID) -> list[int]:
    return [one.article.pk for one in suggest(text, access=access_of(cast.sato))]


def test_what_is_shown_is_written_once_in_one_statement(
    cast: Cast, contact: Interaction, articles: list[Article]
) -> None:
    seen = suggest(SAID, access=access_of(cast.sato))
    written = []
    for rows in (seen[:2], seen[:2], seen, []):
        with CaptureQueriesContext(connection) as asked:
            usage.shown(contact, rows, place=Place.SEAT, by=cast.sato)
        written.append(sum(query["sql"].startswith("INSERT") for query in asked.captured_queries))
    assert written == [1, 0, 1, 0]
    assert set(Showing.objects.values_list("article", "outcome")) == {(row.pk, "") for row in articles}


def test_decisions_follow_one_another_and_each_is_told_once(
    cast: Cast, contact: Interaction, articles: list[Article]
) -> None:
    usage.shown(contact, suggest(SAID, access=access_of(cast.sato)), place=Place.SEAT, by=cast.sato)
    first = articles[0]
    usage.opened(first, contact, place=Place.SEAT, by=cast.sato)
    usage.use(first, contact, SAID, place=Place.SEAT, by=cast.sato)
    usage.use(first, contact, SAID, place=Place.SEAT, by=cast.sato)
    usage.opened(first, contact, place=Place.SEAT, by=cast.sato)
    assert Showing.objects.get(article=first).outcome == "used"
    usage.withdraw(first, contact, by=cast.sato)
    usage.dismiss(first, contact, SAID, place=Place.SEAT, by=cast.sato)
    row = Showing.objects.get(article=first)
    assert (row.outcome, row.rank > 0, usage.dismissed(contact)) == ("dismissed", True, [first.pk])
    kinds = list(Entry.objects.filter(kind__startswith="article.").order_by("id").values_list("kind", flat=True))
    assert kinds[-3:] == ["article.used", "article.reconsidered", "article.dismissed"]


def test_a_dismissed_article_stands_lower_for_such_texts_and_a_used_one_higher(
    cast: Cast, contact: Interaction, articles: list[Article]
) -> None:
    before = found(cast)
    usage.dismiss(articles[0], contact, SAID, place=Place.SEAT, by=cast.sato)
    assert found(cast) == [*before[1:], before[0]]
    usage.use(articles[2], another(cast), SAID, place=Place.SEAT, by=cast.sato)
    assert found(cast) == [articles[2].pk, articles[1].pk, articles[0].pk]
    # Unlike texts learn nothing from it, and it is forgotten when it is taken back.
    assert found(cast, "紙") == before
    usage.withdraw(articles[0], contact, by=cast.sato)
    assert found(cast) == [articles[2].pk, *before[:2]]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1))))
def test_what_is_learned_stays_within_bounds(decisions: list[tuple[bool, float]]) -> None:
    factor = leaning(decisions)
    assert 1 - REACH < factor < 1 + REACH
    assert leaning([*decisions, (True, 0.5)]) > factor > leaning([*decisions, (False, 0.5)])
    assert leaning([(not used, alike) for used, alike in decisions]) == pytest.approx(2 - factor)


@given(st.frozensets(st.sampled_from("abcdef")), st.frozensets(st.sampled_from("abcdef")))
def test_similarity_is_a_share(one: frozenset[str], other: frozenset[str]) -> None:
    share = similarity(one, other, lambda term: float(ord(term)))
    assert 0 <= share <= 1
    assert share == similarity(other, one, lambda term: float(ord(term)))
    assert (share == 1) == (one == other and bool(one))
    assert (share > 0) == bool(one & other)


def test_typing_on_is_one_search_and_another_question_another(cast: Cast, contact: Interaction) -> None:
    for text in ("プリ", "プリンター", "プリンターの紙", "プリンター　の紙", "VPN"):
        row = usage.asked(text, 0, place=Place.KNOWLEDGE, by=cast.sato)
    assert list(Search.objects.order_by("id").values_list("text", flat=True)) == ["プリンター の紙", "VPN"]
    Search.objects.update(typed_at=timezone.now() - timedelta(minutes=5))
    usage.asked("VPN", 2, place=Place.KNOWLEDGE, by=cast.sato)
    usage.asked("VPN", 2, place=Place.KNOWLEDGE, by=cast.suzuki)
    assert Search.objects.count() == 4
    assert usage.asked(" ", 0, place=Place.KNOWLEDGE, by=cast.sato) is None
    article = create(Content(question="VPN", answer="つなぐ。"), by=cast.kimura)
    assert row is not None
    usage.answered(row.pk, article, by=cast.suzuki)
    assert not Search.objects.filter(is_used=True).exists()
    usage.answered(row.pk, article, by=cast.sato)
    assert Search.objects.get(is_used=True).article == article


def test_at_the_seat_a_search_is_the_contact(cast: Cast, contact: Interaction, articles: list[Article]) -> None:
    usage.asked("電話", 0, place=Place.SEAT, by=cast.sato, subject=contact)
    usage.asked("別の言葉", 3, place=Place.SEAT, by=cast.sato, subject=contact, category=cast.wiring)
    row = Search.objects.get()
    assert (row.text, row.found, row.category, row.is_used) == ("別の言葉", 3, cast.wiring, False)
    usage.use(articles[0], contact, "別の言葉", place=Place.SEAT, by=cast.sato)
    assert Search.objects.get().article == articles[0]
    usage.withdraw(articles[0], contact, by=cast.sato)
    assert not Search.objects.get().is_used


def test_only_the_newest_decisions_teach(cast: Cast, articles: list[Article], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "NEWEST", 2)
    contacts = [another(cast) for _ in range(3)]
    for contact in contacts:
        usage.dismiss(articles[0], contact, SAID, place=Place.SEAT, by=cast.sato)
    assert set(Showing.objects.filter(teaches=True).values_list("ref", flat=True)) == {row.pk for row in contacts[1:]}
    usage.withdraw(articles[0], contacts[2], by=cast.sato)
    assert list(Showing.objects.filter(teaches=True).values_list("ref", flat=True)) == [contacts[1].pk]
