"""The index in memory equals one that is built anew, after any history; and nobody learns of what they may not read."""

import numpy as np
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, archive, change, create, learn, unlearn
from madoguchi.knowledge.article_index import ArticleIndex
from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.knowledge.suggest import suggest
from madoguchi.people.access import access_of
from tests.cast import Cast

WORDS = ("プリンター", "メール", "電話", "パスワード")
ACTS = ("create", "change", "archive", "learn", "unlearn", "suggest")


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
            made.append(create(Content(question=f"{word}が困る", answer="確かめる。"), by=cast.kimura))
        elif act == "change":
            made[place % len(made)] = change(article, Content(question=f"{word}の件", answer="直す。"), by=cast.kimura)
        elif act == "archive":
            archive(article, by=cast.kimura)
        elif act == "learn":
            learn(article, f"{word}がだめ", source=f"ticket:{place}", by=cast.kimura)
        elif act == "unlearn":
            unlearn(article, source=f"ticket:{place}", by=cast.kimura)
        else:
            suggest(word, access=access_of(cast.sato))
    held = article_index.current()
    assert same(held, article_index._read(article_index._version(), with_encoder=False))
    Article.objects.all().delete()


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
