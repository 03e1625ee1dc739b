"""The index in memory equals one that is built anew, after any history; and nobody learns of what they may not read."""

import numpy as np
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from madoguchi.catalog.actions import change_category
from madoguchi.catalog.models import Category
from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, archive, change, create, learn, unlearn
from madoguchi.knowledge.article_index import ArticleIndex
from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.knowledge.suggest import suggest
from madoguchi.knowledge.terms import VERSION
from madoguchi.people.access import access_of
from tests.cast import Cast

WORDS = ("プリンター", "メール", "電話", "パスワード")
ACTS = ("create", "change", "archive", "learn", "unlearn", "rename", "suggest")


def same(one: ArticleIndex, other: ArticleIndex) -> bool:
    """Whether both rank every word alike, in the same articles."""
    return (
        list(one.ids) == list(other.ids)
        and list(one.categories) == list(other.categories)
        and all(
            np.allclose(one.words.scores({word: 1.0}), other.words.scores({word: 1.0})) for word in _terms(one, other)
        )
    )


def _terms(*indexes: ArticleIndex) -> set[str]:
    return {term for index in indexes for term in index.words._ids}


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.sampled_from(WORDS)), min_size=1, max_size=6))
def test_after_any_history_the_index_equals_a_rebuilt_one(cast: Cast, history: list[tuple[str, int, str]]) -> None:
    made: list[Article] = []
    for act, place, word in history:
        article = made[place % len(made)] if made else None
        if act == "create" or article is None:
            made.append(create(Content(f"{word}が困る", "確かめる。", cast.mail_trouble), by=cast.kimura))
        elif act == "change":
            made[place % len(made)] = change(article, Content(question=f"{word}の件", answer="直す。"), by=cast.kimura)
        elif act == "archive":
            archive(article, by=cast.kimura)
        elif act == "learn":
            learn(article, f"{word}がだめ", source=f"ticket:{place}", by=cast.kimura)
        elif act == "unlearn":
            unlearn(article, source=f"ticket:{place}", by=cast.kimura)
        elif act == "rename":
            change_category((cast.general, cast.mail_trouble)[place % 2], name=f"{word}の件", by=cast.admin)
        else:
            suggest(word, access=access_of(cast.sato))
    held = article_index.current()
    assert same(held, article_index._read(article_index._version(), with_encoder=False))
    Article.objects.all().delete()
    Category.objects.filter(key__in=["general", "mail-trouble"]).update(name="すべて")


def test_an_article_is_found_by_the_names_of_its_category_and_of_those_above(cast: Cast) -> None:
    def found(text: str) -> list[Article]:
        return [one.article for one in suggest(text, access=access_of(cast.sato))]

    article = create(Content("送れないとき", "待つ。", cast.wiring), by=cast.kimura)
    Article.objects.update(terms={"v": 1, "q": {}, "a": {}, "r": {}})  # as stored by an older version
    assert found("配線") == found("wiring") == [article]
    change_category(cast.wiring, name="ケーブル", by=cast.admin)
    assert (found("配線"), found("ケーブル")) == ([], [article])
    change_category(cast.general, name="共通窓口", by=cast.admin)
    assert found("共通窓口") == [article]
    article_index.forget()
    article_index.current(wait=True)
    article.refresh_from_db()
    assert article.terms["v"] == VERSION
    change(article, Content("送れないとき", "待つ。", cast.mail_trouble), by=cast.kimura)
    assert (found("ケーブル"), found("不具合")) == ([], [article])


def test_where_little_may_be_read_that_is_asked_once(cast: Cast) -> None:
    for place in range(300):
        create(Content(f"プリンター {place}", "待つ。", audience=Audience.STAFF), by=cast.kimura)
    mine = create(Content("プリンター その他のいろいろな機種と設定について", "待つ。"), by=cast.kimura)
    article_index.current()
    with CaptureQueriesContext(connection) as asked:
        assert [one.article for one in suggest("プリンター", access=access_of(cast.ogawa), limit=1)] == [mine]
    assert max(query["sql"].count(", ") for query in asked) < 100


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(WORDS), st.sampled_from(Audience.values), st.sampled_from([State.VALIDATED, State.WIP])
        ),
        max_size=6,
    ),
    asked=st.sampled_from(WORDS),
    who=st.sampled_from(["sato", "ogawa", "outsider", "public"]),
)
def test_nobody_is_shown_an_article_they_may_not_read(
    cast: Cast, rows: list[tuple[str, str, str]], asked: str, who: str
) -> None:
    for word, audience, state in rows:
        content = Content(question=f"{word}の件", answer="確かめる。", audience=audience, state=state)
        create(content, by=cast.kimura)
    access = None if who == "public" else access_of(getattr(cast, who))
    readable = Article.objects.public() if access is None else Article.objects.visible_to(access)
    found = suggest(asked, access=access, limit=20)
    assert {one.article.pk for one in found} <= set(readable.values_list("pk", flat=True))
    fits = readable.filter(question__startswith=asked)
    assert {one.article.pk for one in found} == set(fits.values_list("pk", flat=True))
    Article.objects.all().delete()
