"""The first line says that an article is wrong, and the owner team answers within a time."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import WorkingTime
from madoguchi.foundation.kept import paragraphs
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import SYSTEM, record
from madoguchi.knowledge.actions.write import hold
from madoguchi.knowledge.models import Article, ArticleComment
from madoguchi.knowledge.rights import may_keep, may_propose
from madoguchi.people.access import access_of
from madoguchi.people.queries import calendar_of
from madoguchi.people.staff import Staff

LONGEST = 4_000
_FURTHEST = 400  # days in which a calendar must have opened often enough, or every day counts
State = ArticleComment.State


@transaction.atomic
def comment(article: Article, *, kind: str, text: str, by: Staff, source: str = "") -> ArticleComment:
    """Say what is wrong with an article, or what would make it better; the owner team owes an answer.

    A remark needs words, a complaint may stand alone: whoever has a caller on the line has no time for more.
    ``source`` says where it was noticed (``ticket:12``). The same complaint of one person, while open, counts once.
    """
    if not may_propose(access_of(by)):
        raise Refused(_("You may not comment on articles."), code="forbidden", status=403)
    text = paragraphs(text)
    if kind not in ArticleComment.Kind.values:
        raise Refused(_("Say what is the matter with the article."), code="kind_missing", field="kind")
    if kind == ArticleComment.Kind.REMARK and not text:
        raise Refused(_("Write your remark."), code="text_missing", field="text")
    if len(text) > LONGEST:
        raise Refused(_("A comment has at most 4,000 characters."), code="text_too_long", field="text")
    article = hold(article)  # of two that come at once, the second finds the first
    same = ArticleComment.objects.open().filter(article=article, by=by, kind=kind, text=text).first()
    if same is not None:
        return same
    now = timezone.now()
    written = ArticleComment.objects.create(
        article=article,
        kind=kind,
        text=text,
        by=by,
        at=now,
        source=source[:80],
        team=article.owner_team,
        due_at=answer_due(article, now),
    )
    Article.objects.filter(pk=article.pk).update(open_comments=F("open_comments") + 1)
    record(
        "article.commented",
        by=by,
        about=[written, article, article.owner_team, article.validated_by],
        data={"key": article.key, "question": article.question, "kind": kind, "text": text[:500]},
    )
    return written


@transaction.atomic
def answer(written: ArticleComment, state: str, *, reply: str, by: Staff) -> ArticleComment:
    """The owner team takes a comment up, or not, or answers it, with a sentence to whoever wrote it."""
    if not may_keep(access_of(by), written.article):
        raise Refused(
            _("Only the knowledge keepers and the owner team may answer this comment."), code="forbidden", status=403
        )
    reply = paragraphs(reply)
    if state not in {State.ACCEPTED, State.DECLINED, State.ANSWERED}:
        raise Refused(_("Say whether the comment is taken up."), code="state_missing", field="state")
    if not reply:
        raise Refused(_("Write a sentence for whoever commented."), code="reply_missing", field="reply")
    if len(reply) > LONGEST:
        raise Refused(_("A comment has at most 4,000 characters."), code="text_too_long", field="reply")
    mine = ArticleComment.objects.open().filter(pk=written.pk)
    if not mine.update(state=state, reply=reply, answered_by=by, answered_at=timezone.now()):
        raise Refused(_("This comment has been answered already."), code="answered", status=409)
    Article.objects.filter(pk=written.article_id, open_comments__gt=0).update(open_comments=F("open_comments") - 1)
    written.refresh_from_db()
    record(
        "article.comment_answered",
        by=by,
        about=[written, written.article, written.by if hears(written) else None],
        data={"key": written.article.key, "question": written.article.question, "state": state, "reply": reply[:500]},
    )
    return written


def hears(written: ArticleComment) -> bool:
    """Whether whoever commented is told the answer: the article may have become one that is not meant for them."""
    return Article.objects.meant_for(access_of(written.by)).filter(pk=written.article_id).exists()


def tell_late(now: datetime | None = None, *, limit: int = 50) -> int:
    """Mark the comments whose time for an answer has passed, each once, by however many workers; how many were due."""
    moment = now or timezone.now()
    late = ArticleComment.objects.open().filter(late_at__isnull=True, due_at__lte=moment).order_by("due_at", "id")
    rows = list(late.select_related("article", "team")[:limit])
    for row in rows:
        _mark_late(row, moment)
    return len(rows)


@transaction.atomic
def _mark_late(row: ArticleComment, moment: datetime) -> None:
    if ArticleComment.objects.open().filter(pk=row.pk, late_at__isnull=True).update(late_at=moment):
        record(
            "article.comment_late",
            by=SYSTEM,
            about=[row, row.article, row.team],
            data={"key": row.article.key, "question": row.article.question, "due": row.due_at.isoformat()},
        )


def answer_due(article: Article, start: datetime) -> datetime:
    """When an answer is owed: at closing time of the last of so many working days of the owner team's calendar."""
    hours = working_time(calendar_of(article.owner_team) if article.owner_team else None)
    return _closing(hours, start, settings.ARTICLE_COMMENT_DAYS)


def _closing(hours: WorkingTime, start: datetime, days: int) -> datetime:
    first = start.astimezone(hours.zone).date()
    for ahead in range(1, _FURTHEST):
        day = first + timedelta(days=ahead)
        if periods := hours.day(day).periods:
            days -= 1
            if days == 0:
                midnight = datetime.combine(day, time(), hours.zone)
                return midnight + timedelta(seconds=max(period.end for period in periods))
    return start + timedelta(days=settings.ARTICLE_COMMENT_DAYS)
