"""Whatever articles there are and whoever asks: nothing of what one may not read is shown, hinted or counted."""

from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.knowledge.suggest import Suggestion, ranked, suggest
from madoguchi.knowledge.terms import article_terms
from madoguchi.people.access import Access, access_of
from madoguchi.tickets.alike import likely_category
from madoguchi.tickets.shown import shown_for
from tests.cast import Cast

WORDS = ("プリンター", "メール", "パスワード")
READERS = ("sato", "ogawa", "watanabe", "kimura", "outsider")
ARTICLES = st.lists(
    st.tuples(
        st.sampled_from(WORDS),
        st.sampled_from(WORDS),
        st.sampled_from(Audience.values),
        st.sampled_from(State.values),
        st.sampled_from(["", "call_centre", "partner"]),
        st.sampled_from(["", "mail_trouble", "wiring"]),
    ),
    min_size=1,
    max_size=7,
)


def write(cast: Cast, rows: list[tuple[str, str, str, str, str, str]]) -> None:
    for place, (one, other, audience, state, team, category) in enumerate(rows):
        article = Article(
            key=f"a-{place}",
            question=f"{one}と{other}の件",
            answer="確かめる。",
            audience=audience,
            state=state,
            owner_team=getattr(cast, team) if team else None,
            category=getattr(cast, category) if category else None,
            updated_at=timezone.now(),
        )
        article.terms = article_terms(article)
        article.save()


def readable(article: Article, access: Access | None, who: str) -> bool:
    """What the guide promises, said once more without a query."""
    if article.state == State.ARCHIVED or who == "outsider":
        return False
    if access is None:
        return (article.audience, article.state) == (Audience.PUBLIC, State.VALIDATED)
    own = article.owner_team_id in access.team_ids
    return not access.is_partner or article.audience != Audience.STAFF or own


def text_of(article: Article) -> str:
    """What it is found by."""
    return f"{article.question} {article.category.name if article.category else ''}"


def told(found: list[Suggestion]) -> list[tuple[int, tuple[str, ...]]]:
    return sorted((one.article.pk, tuple(sorted(one.words))) for one in found)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(rows=ARTICLES, asked=st.sampled_from([*WORDS, "メールとプリンター", "パスワードのメール"]))
def test_nothing_of_what_one_may_not_read_is_shown_hinted_or_counted(
    cast: Cast, rows: list[tuple[str, str, str, str, str, str]], asked: str
) -> None:
    write(cast, rows)
    try:
        every = list(Article.objects.select_related("category", "owner_team"))
        for who in (*READERS, "public"):
            access = None if who == "public" else access_of(getattr(cast, who))
            mine = {one.pk: one for one in every if readable(one, access, who)}
            found = suggest(asked, access=access, limit=20)
            fits = {pk for pk, one in mine.items() if any(word in text_of(one) for word in WORDS if word in asked)}
            assert {one.article.pk for one in found} == fits, who
            assert all(
                set(one.words) == {w for w in WORDS if w in asked and w in text_of(one.article)} for one in found
            )
            likely = likely_category(found, [])
            if likely is not None:
                assert set(likely.articles) <= set(mine.values())
                assert likely.category in [one.category for one in mine.values()]
            if access is not None:
                shown = shown_for(asked, access=access, category=None, articles=20)
                assert (told(shown.articles), shown.likely) == (told(found), likely)
            # However few are asked for, what may not be read takes no place among them.
            assert len(suggest(asked, access=access, limit=2)) == min(2, len(fits))
            chosen = ranked(asked, Article.objects.filter(pk__in=mine).filter(audience=Audience.PUBLIC), limit=20)
            assert {one.article.pk for one in chosen} == {pk for pk in fits if mine[pk].audience == Audience.PUBLIC}
    finally:
        Article.objects.all().delete()
