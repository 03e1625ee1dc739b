"""What readers of the public FAQ say counts once a day, wherever it is heard, and is nobody's."""

from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from freezegun import freeze_time

from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.helped import MOST, count_help, forget_readers
from madoguchi.knowledge.models import Article, Audience, HelpMark, State
from tests.cast import Cast

NOON = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)  # 12:00 in Tokyo


def article(cast: Cast, question: str = "パスワード") -> Article:
    content = Content(question=question, answer="押す", audience=Audience.PUBLIC, state=State.VALIDATED)
    return create(content, by=cast.kimura)


def counts(row: Article) -> tuple[int, int]:
    row.refresh_from_db()
    return row.helped, row.not_helped


def test_a_reader_counts_once_in_whichever_process(cast: Cast) -> None:
    one, other = article(cast), article(cast, "メール")
    assert count_help(one, helped=True, address="192.0.2.1")
    cache.clear()  # another process remembers nothing
    assert not count_help(one, helped=False, address="192.0.2.1")
    assert count_help(other, helped=False, address="192.0.2.1")
    assert count_help(one, helped=False, address="192.0.2.2")
    assert (counts(one), counts(other)) == ((1, 1), (0, 1))


def test_one_address_says_it_of_some_articles_in_an_hour(cast: Cast) -> None:
    rows = [article(cast, f"質問{number}") for number in range(MOST + 1)]
    with freeze_time(NOON) as clock:
        assert all(count_help(row, helped=True, address="192.0.2.1") for row in rows[:MOST])
        assert not count_help(rows[-1], helped=True, address="192.0.2.1")
        assert count_help(rows[-1], helped=True, address="192.0.2.2")
        clock.tick(timedelta(minutes=61))
        assert count_help(rows[-1], helped=True, address="192.0.2.1")


def test_nothing_of_a_reader_outlives_the_day(cast: Cast) -> None:
    row = article(cast)
    with freeze_time(NOON) as clock:
        count_help(row, helped=True, address="192.0.2.1")
        today = HelpMark.objects.get().mark
        assert "192.0.2.1" not in today
        forget_readers()
        assert not count_help(row, helped=True, address="192.0.2.1")
        clock.tick(timedelta(hours=12, seconds=1))
        assert count_help(row, helped=True, address="192.0.2.1")
        assert forget_readers() is False
        assert HelpMark.objects.get().mark != today
    assert counts(row) == (2, 0)


def test_what_is_not_public_any_more_is_not_counted(cast: Cast) -> None:
    row = article(cast)
    Article.objects.update(state=State.ARCHIVED)
    count_help(row, helped=True, address="192.0.2.1")
    assert counts(row) == (0, 0)
