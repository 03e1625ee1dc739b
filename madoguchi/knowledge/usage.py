"""What became of the articles that were shown and of what was looked for: the next suggestion learns from it."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone

from madoguchi.catalog.models import Category
from madoguchi.foundation.japanese import search_key
from madoguchi.journal.record import record, subject_of
from madoguchi.knowledge.feedback import NEWEST
from madoguchi.knowledge.models import Article, Place, Search, Showing
from madoguchi.knowledge.suggest import Suggestion
from madoguchi.people.staff import Staff
from madoguchi.search import tokens

_Outcome = Showing.Outcome
DECIDED = (_Outcome.USED, _Outcome.LINKED, _Outcome.DISMISSED)
_LONGEST_WORDS = 200
_LONGEST_TERMS = 600
_LONGEST_SEARCH = 500
_SESSION = timedelta(minutes=3)


def dismissed(subject: models.Model) -> list[int]:
    """The ids of the articles that somebody said do not fit this contact or ticket, the last one last."""
    kind, ref = subject_of(subject)
    rows = Showing.objects.filter(kind=kind, ref=ref, outcome=_Outcome.DISMISSED)
    return list(rows.order_by("outcome_at", "pk").values_list("article", flat=True))


def shown(subject: models.Model, found: Sequence[Suggestion], *, place: Place, by: Staff) -> None:
    """Note which articles stand before somebody's eyes. One statement for those that are new; else nothing is written.

    No entry in the journal: it is nobody's act.
    """
    if not found:
        return
    kind, ref = subject_of(subject)
    known = set(Showing.objects.filter(kind=kind, ref=ref).values_list("article", flat=True))
    now = timezone.now()
    rows = [
        Showing(
            article=one.article,
            kind=kind,
            ref=ref,
            staff=by,
            place=place,
            words=" ".join(one.words)[:_LONGEST_WORDS],
            rank=rank,
            shown_at=now,
        )
        for rank, one in enumerate(found, 1)
        if one.article.pk not in known
    ]
    if rows:
        # Two screens may show it for the first time in the same moment.
        Showing.objects.bulk_create(rows, ignore_conflicts=True)


def opened(article: Article, subject: models.Model, *, place: Place, by: Staff) -> None:
    """Somebody read the article for this contact or ticket; no entry in the journal, and no decision is undone."""
    kind, ref = subject_of(subject)
    if not Showing.objects.filter(kind=kind, ref=ref, article=article).exclude(outcome=_Outcome.SHOWN).exists():
        _decide(article, subject, _Outcome.OPENED, "", place=place, by=by)


@transaction.atomic
def use(article: Article, subject: models.Model, text: str, *, place: Place, by: Staff) -> None:
    """The article's answer is what this requester is told; ``text`` is what they asked."""
    if _decide(article, subject, _Outcome.USED, text, place=place, by=by):
        record("article.used", by=by, about=[article, subject], data={"key": article.key, "place": place})
    _answered(subject, article)


@transaction.atomic
def dismiss(article: Article, subject: models.Model, text: str, *, place: Place, by: Staff) -> None:
    """The article does not fit: it is not shown for this subject any more and stands lower for similar texts."""
    if _decide(article, subject, _Outcome.DISMISSED, text, place=place, by=by):
        record("article.dismissed", by=by, about=[article, subject], data={"key": article.key, "place": place})


@transaction.atomic
def withdraw(article: Article, subject: models.Model, *, by: Staff) -> None:
    """It was not used or did fit after all: it counts as shown only, and teaches nothing."""
    kind, ref = subject_of(subject)
    rows = Showing.objects.filter(kind=kind, ref=ref, article=article, outcome__in=DECIDED)
    if rows.update(outcome=_Outcome.SHOWN, outcome_at=None, terms="", teaches=False):
        record("article.reconsidered", by=by, about=[article, subject], data={"key": article.key})
    Search.objects.filter(kind=kind, ref=ref, article=article).update(article=None, is_used=False)


def link(article: Article, subject: models.Model, text: str, *, by: Staff | None) -> None:
    """In the transaction of the act that solved something by this article, whose entry tells it."""
    _decide(article, subject, _Outcome.LINKED, text, place=Place.TICKET, by=by)


def unlink(article: Article, subject: models.Model) -> None:
    """In the transaction of the act that took it back."""
    kind, ref = subject_of(subject)
    rows = Showing.objects.filter(kind=kind, ref=ref, article=article, outcome=_Outcome.LINKED)
    rows.update(outcome=_Outcome.SHOWN, outcome_at=None, terms="", teaches=False)


def _decide(
    article: Article, subject: models.Model, outcome: str, text: str, *, place: Place, by: Staff | None
) -> bool:
    """Write what became of it, shown before or not; whether that was new."""
    kind, ref = subject_of(subject)
    if Showing.objects.filter(kind=kind, ref=ref, article=article, outcome=outcome).exists():
        return False
    now = timezone.now()
    row = Showing(
        article=article,
        kind=kind,
        ref=ref,
        staff=by,
        place=place,
        rank=0,
        shown_at=now,
        outcome=outcome,
        outcome_at=now,
        terms=terms_of(text),
        teaches=outcome in DECIDED,
    )
    Showing.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["kind", "ref", "article"],
        update_fields=["outcome", "outcome_at", "terms", "teaches"],
    )
    teaching = Showing.objects.filter(article=article, teaches=True).order_by("-outcome_at", "-pk")
    if row.teaches and (old := list(teaching.values_list("pk", flat=True)[NEWEST:])):
        Showing.objects.filter(pk__in=old).update(teaches=False)
    return True


def terms_of(text: str) -> str:
    """The different terms of a text between blanks, the first ones, as many as are kept."""
    kept, length = [], 0
    for term in dict.fromkeys(token.term for token in tokens.asked(text[:2_000])):
        length += len(term) + 1
        if length > _LONGEST_TERMS:
            break
        kept.append(term)
    return " ".join(kept)


def asked(
    text: str,
    found: int,
    *,
    place: Place,
    by: Staff,
    subject: models.Model | None = None,
    category: Category | None = None,
) -> Search | None:
    """Remember what is looked for; None when there is nothing to remember.

    With a subject there is one row for it. Without, what is typed within three minutes of the last key goes on with
    the row before, as long as one text begins like the other: half of the shorter one, at least.
    """
    text = " ".join(text.split())[:_LONGEST_SEARCH]
    if not text:
        return None
    now = timezone.now()
    kind, ref = subject_of(subject) if subject is not None else ("", None)
    if subject is not None:
        row = Search.objects.filter(kind=kind, ref=ref).first()
    else:
        recent = Search.objects.filter(staff=by, place=place, ref=None, is_used=False, typed_at__gte=now - _SESSION)
        row = next((row for row in recent.order_by("-typed_at")[:1] if _goes_on(row.text, text)), None)
    if row is None:
        row = Search(place=place, kind=kind, ref=ref, staff=by, category=category, text=text, found=found)
        row.begun_at = row.typed_at = now
        if subject is None:
            row.save(force_insert=True)
        else:
            Search.objects.bulk_create([row], ignore_conflicts=True)
        return row
    if (row.text, row.found, row.category_id) != (text, found, category.pk if category else None):
        Search.objects.filter(pk=row.pk).update(text=text, found=found, category=category, typed_at=now)
    return row


def answered(search_id: int, article: Article, *, by: Staff) -> None:
    """Somebody opened an article that their own search had found: it was of use."""
    Search.objects.filter(pk=search_id, staff=by, is_used=False).update(article=article, is_used=True)


def _answered(subject: models.Model, article: Article) -> None:
    kind, ref = subject_of(subject)
    Search.objects.filter(kind=kind, ref=ref).update(article=article, is_used=True)


def _goes_on(before: str, now: str) -> bool:
    old, new = search_key(before), search_key(now)
    same = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        same += 1
    return same >= max(1, min(len(old), len(new)) / 2)
