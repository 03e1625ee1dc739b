"""“This is wrong” goes to the owner team with a time, is answered once, and never stays silent."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.knowledge.actions import (
    Content,
    answer,
    archive,
    change,
    comment,
    create,
    learn,
    tell_late,
    unlearn,
    validate,
)
from madoguchi.knowledge.actions.standing import content_of
from madoguchi.knowledge.models import Article, ArticleComment, Audience, State
from madoguchi.knowledge.review import queue
from madoguchi.notifications.models import Notification
from madoguchi.people.staff import Staff
from tests.cast import Cast, enter
from tests.telephony.test_concurrency import at_once

TOKYO = ZoneInfo("Asia/Tokyo")
THURSDAY = datetime(2026, 11, 26, 15, 0, tzinfo=TOKYO)


def told(kind: str) -> list[Staff]:
    return [row.staff for row in Notification.objects.filter(kind=kind).order_by("id")]


@pytest.fixture
def article(cast: Cast) -> Article:
    with freeze_time(THURSDAY - timedelta(days=100)):
        content = Content(question="印刷できない", answer="待つ", owner_team=cast.service_desk, state=State.VALIDATED)
        return create(content, by=cast.kimura)


@freeze_time(THURSDAY)
def test_an_answer_is_owed_after_three_working_days_of_the_owner_team(cast: Cast, article: Article) -> None:
    written = comment(article, kind="outdated", text="画面が変わった", by=cast.sato, source="ticket:7")
    # Friday, Monday, Tuesday: the weekend does not count.
    assert written.due_at == datetime(2026, 12, 1, 18, 0, tzinfo=TOKYO)
    assert comment(article, kind="outdated", text="画面が変わった", by=cast.sato) == written
    article.refresh_from_db()
    assert article.open_comments == 1
    assert told("article.commented") == [cast.kimura]


def test_who_commented_hears_the_sentence_and_nobody_answers_twice(cast: Cast, article: Article) -> None:
    written = comment(article, kind="wrong", text="", by=cast.sato)
    with pytest.raises(Refused) as refused:
        answer(written, "accepted", reply="直しました", by=cast.suzuki)
    assert refused.value.status == 403
    answer(written, "accepted", reply="直しました", by=cast.takahashi)
    with pytest.raises(Refused) as refused:
        answer(written, "declined", reply="正しいです", by=cast.kimura)
    assert refused.value.status == 409
    article.refresh_from_db()
    assert (article.open_comments, written.state) == (0, "accepted")
    [row] = Notification.objects.filter(kind="article.comment_answered")
    assert row.staff == cast.sato
    assert "直しました" in row.words


@pytest.mark.parametrize(("audience", "ends"), [(Audience.STAFF, False), (Audience.FIRST_LINE, True)])
def test_who_commented_hears_nothing_of_an_article_that_is_not_for_them_any_more(
    cast: Cast, article: Article, audience: str, ends: bool
) -> None:
    written = comment(article, kind="wrong", text="", by=cast.ogawa)
    change(article, replace(content_of(article), question="社外秘の手順", audience=audience), by=cast.kimura)
    if ends:
        archive(article, by=cast.kimura)  # that it is gone is what its answer says
    written.refresh_from_db()
    answer(written, "accepted", reply="直しました", by=cast.kimura)
    assert told("article.comment_answered") == ([cast.ogawa] if audience == Audience.FIRST_LINE else [])


@pytest.mark.parametrize(("kind", "text"), [("remark", " "), ("bad", "x"), ("wrong", "長" * 4001)])
def test_what_says_nothing_is_refused(cast: Cast, article: Article, kind: str, text: str) -> None:
    with pytest.raises(Refused):
        comment(article, kind=kind, text=text, by=cast.sato)
    with pytest.raises(Refused):
        comment(article, kind="wrong", text="", by=cast.watanabe)


def test_supervisors_of_the_owner_team_hear_once_of_what_is_late(cast: Cast, article: Article) -> None:
    with freeze_time(THURSDAY):
        written = comment(article, kind="wrong", text="", by=cast.sato)
    assert tell_late(written.due_at - timedelta(seconds=1)) == 0
    assert tell_late(written.due_at) == 1
    assert tell_late(written.due_at + timedelta(days=9)) == 0
    assert told("article.comment_late") == [cast.hayashi]
    assert Entry.objects.filter(kind="article.comment_late").count() == 1


def test_using_it_again_is_what_shows_that_it_is_good(cast: Cast, article: Article) -> None:
    learn(article, "印刷が出ない", source="ticket:1", by=cast.sato)
    learn(article, "印刷が出ない!", source="ticket:1", by=cast.sato)
    learn(article, "紙が出ない", source="ticket:2", by=cast.sato)
    unlearn(article, source="ticket:2", by=cast.sato)
    article.refresh_from_db()
    assert article.uses == 1
    assert article.used_at is not None


@freeze_time(THURSDAY)
def test_what_is_used_old_and_complained_about_is_reviewed_first(cast: Cast, article: Article) -> None:
    fresh = create(Content(question="新しい", answer="はい", state=State.VALIDATED), by=cast.kimura)
    wip = create(Content(question="作成中", state=State.WIP), by=cast.kimura)
    gone = archive(create(Content(question="古い", answer="はい"), by=cast.kimura), by=cast.kimura)
    learn(article, "印刷が出ない", source="ticket:1", by=cast.sato)
    comment(article, kind="wrong", text="", by=cast.sato)
    found = queue(Article.objects.all(), after="", size=9)
    assert [row.pk for row in found.rows] == [article.pk, wip.pk]
    assert found.heaviest == (1 + 1) * (1 + 100) * (1 + 4)
    assert {fresh.pk, gone.pk}.isdisjoint(row.pk for row in found.rows)
    first = queue(Article.objects.all(), after="", size=1)
    assert [row.pk for row in queue(Article.objects.all(), after=first.next, size=9).rows] == [wip.pk]
    answer(ArticleComment.objects.get(), "answered", reply="確かめます", by=cast.kimura)
    validate(article, by=cast.kimura, review_on=None)
    assert [row.pk for row in queue(Article.objects.all(), after="x~1~1", size=9).rows] == [wip.pk]


def test_what_was_used_a_million_times_and_never_looked_at_is_still_a_number(cast: Cast, article: Article) -> None:
    Article.objects.update(uses=1_000_000, checked_day=1, open_comments=50)
    assert queue(Article.objects.all(), after="", size=1).heaviest > 10**13


def test_a_comment_by_whoever_vouches_reaches_who_leads_the_owner_team(cast: Cast, article: Article) -> None:
    comment(article, kind="outdated", text="", by=cast.kimura)
    assert told("article.commented") == [cast.hayashi]


@pytest.mark.django_db(transaction=True)
def test_the_same_comment_twice_at_once_is_one() -> None:
    cast = enter()
    article = create(Content(question="印刷できない", answer="待つ"), by=cast.kimura)
    job = lambda: comment(article, kind="wrong", text="逆です", by=cast.sato)  # noqa: E731
    assert at_once(job, job, job) == []
    article.refresh_from_db()
    assert (ArticleComment.objects.count(), article.open_comments) == (1, 1)
