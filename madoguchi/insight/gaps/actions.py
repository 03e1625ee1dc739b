"""Working on a gap: taken, an article written, closed without one, merged, split. Whoever touches it keeps it."""

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from madoguchi.foundation.kept import one_line
from madoguchi.foundation.refusal import Refused
from madoguchi.insight.gaps.models import Evidence, Gap, Progress
from madoguchi.insight.gaps.work import hold
from madoguchi.journal.record import record
from madoguchi.knowledge.actions import learn, unlearn
from madoguchi.knowledge.models import Article, ArticleText
from madoguchi.notifications.actions import notify
from madoguchi.people.access import Access, Capability, access_of
from madoguchi.people.models import Staff

State = Gap.State
GIVEN = gettext_noop("%(by)s gave you the gap “%(title)s” to work on.")
_TAUGHT = 20


def may_work(access: Access, gap: Gap) -> bool:
    """Whoever keeps the knowledge, and who has taken this gap."""
    return access.can(Capability.EDIT_KNOWLEDGE) or (gap.owner_id == access.staff.pk and not access.is_partner)


@transaction.atomic
def take(gap: Gap, *, owner: Staff, due_on: date | None = None, by: Staff) -> Gap:
    """``owner`` works on it from now on, until ``due_on``; again: somebody else does, or until another day.

    Who got it from somebody else is told.
    """
    current = _held(gap, by)
    if not owner.is_active or access_of(owner).is_partner or not access_of(owner).can(Capability.READ_KNOWLEDGE):
        raise Refused(_("Choose somebody who works here."), code="not_staff", field="owner")
    if current.state in {State.WRITTEN, State.CLOSED}:
        raise Refused(_("This gap is settled. Open it again first."), code="settled", status=409)
    before = current.owner_id
    current.taken_at = current.taken_at or timezone.now()
    current.state, current.owner, current.due_on = State.TAKEN, owner, due_on
    _keep(current, "state", "owner", "due_on", "taken_at")
    record(
        "gap.taken",
        by=by,
        about=[current, owner],
        data={"title": current.title, "due_on": due_on.isoformat() if due_on else None},
    )
    if owner.pk not in {by.pk, before}:
        notify([owner], GIVEN, kind="gap.taken", params={"by": by.name, "title": current.title}, about=current)
    return current


@transaction.atomic
def release(gap: Gap, *, by: Staff) -> Gap:
    """Nobody works on it any more; it is open, and stays as it is."""
    current = _held(gap, by)
    if current.state != State.TAKEN:
        raise Refused(_("Nobody works on this gap."), code="not_taken", status=409)
    current.state, current.owner, current.due_on, current.taken_at = State.OPEN, None, None, None
    _keep(current, "state", "owner", "due_on", "taken_at")
    record("gap.released", by=by, about=[current], data={"title": current.title})
    return current


@transaction.atomic
def write(gap: Gap, article: Article, *, by: Staff) -> Gap:
    """``article`` answers it from now on, and is found by the words in which it was asked.

    These words are no uses of the article; what another article learned from this gap is forgotten.
    """
    current = _held(gap, by)
    now = timezone.now()
    _forget(current, by)
    current.state, current.article, current.written_at, current.closed_at = State.WRITTEN, article, now, None
    current.reason = current.note = ""
    _keep(current, "state", "article", "written_at", "closed_at", "reason", "note")
    _teach(current, by)
    record("gap.written", by=by, about=[current, article], data={"title": current.title, "key": article.key})
    return current


@transaction.atomic
def close(gap: Gap, *, reason: str, note: str = "", by: Staff) -> Gap:
    """The article that was written answers it; or none is needed, something else cures it, or it may stay.

    What the article changed is told on, and its words lead to it.
    """
    if reason not in Gap.Reason.values:
        raise Refused(_("Say why no article is needed."), code="reason_missing", field="reason")
    note = one_line(note)[:500]
    if reason == Gap.Reason.OTHER and not note:
        raise Refused(_("Say in a few words what it is."), code="note_missing", field="note")
    current = _held(gap, by)
    if reason == Gap.Reason.ANSWERED and (current.state != State.WRITTEN or current.article_id is None):
        raise Refused(_("No article is written for this gap yet."), code="not_written", status=409)
    current.state, current.reason, current.note, current.closed_at = State.CLOSED, reason, note, timezone.now()
    _keep(current, "state", "reason", "note", "closed_at")
    record("gap.closed", by=by, about=[current], data={"title": current.title, "reason": reason, "note": note})
    return current


@transaction.atomic
def reopen(gap: Gap, *, by: Staff) -> Gap:
    """It was not settled after all; the article, if there is one, stays, but is no longer found by these words."""
    current = _held(gap, by)
    if current.state not in {State.WRITTEN, State.CLOSED}:
        raise Refused(_("This gap is not settled."), code="not_settled", status=409)
    _forget(current, by)
    current.state = State.TAKEN if current.owner_id else State.OPEN
    current.article, current.written_at, current.closed_at = None, None, None
    current.reason = current.note = ""
    _keep(current, "state", "article", "written_at", "closed_at", "reason", "note")
    record("gap.reopened", by=by, about=[current], data={"title": current.title})
    return current


@transaction.atomic
def rename(gap: Gap, title: str, *, by: Staff) -> Gap:
    """Give it another title; what joins it is still judged by the text in its middle."""
    title = one_line(title)[:300]
    if not title:
        raise Refused(_("A gap needs a title."), code="title_missing", field="title")
    current = _held(gap, by)
    if title != current.title:
        before, current.title = current.title, title
        _keep(current, "title")
        record("gap.renamed", by=by, about=[current], data={"from": before, "to": title})
    return current


@transaction.atomic
def merge(gap: Gap, into: Gap, *, by: Staff) -> Gap:
    """Everything of ``gap`` belongs to ``into``; its address leads there.

    Its words lead to the article of ``into``, if there is one, and to no other.
    """
    current = _held(gap, by)
    other = Gap.objects.select_for_update().get(pk=into.pk)
    if other.pk == current.pk or other.merged_into_id is not None:
        raise Refused(_("Choose another gap."), code="same_gap", field="into")
    _forget(current, by)
    moved = current.evidence.update(gap=other, near=1)
    _teach(other, by)
    current.merged_into = other
    _keep(current, "merged_into")
    _keep(other)
    record(
        "gap.merged", by=by, about=[current, other], data={"from": current.title, "into": other.title, "moved": moved}
    )
    return other


@transaction.atomic
def move(gap: Gap, evidence: Collection[int], into: Gap | None, *, by: Staff) -> Gap:
    """This evidence belongs to another gap; None: to a new one, whose middle is the newest of it."""
    current = _held(gap, by)
    rows = list(current.evidence.filter(pk__in=evidence).order_by("-at", "-pk"))
    if not rows:
        raise Refused(_("Choose what is to be moved."), code="nothing_chosen", field="evidence")
    if into is None:
        if len(rows) == current.evidence.count():
            raise Refused(_("Something has to stay behind."), code="all_chosen", field="evidence")
        first = rows[0]
        into = Gap.objects.create(title=first.text, words=first.words, vector=first.vector, found_at=timezone.now())
    other = Gap.objects.select_for_update().get(pk=into.pk)
    if other.pk == current.pk or other.merged_into_id is not None:
        raise Refused(_("Choose another gap."), code="same_gap", field="into")
    Evidence.objects.filter(pk__in=[row.pk for row in rows]).update(gap=other, near=1)
    _keep(current)
    _keep(other)
    record(
        "gap.split",
        by=by,
        about=[current, other],
        data={"from": current.title, "into": other.title, "moved": len(rows)},
    )
    return other


def _teach(gap: Gap, by: Staff) -> None:
    """The article of the gap is found by the words nearest to its middle."""
    if gap.article is not None:
        for row in gap.evidence.order_by("-near", "-at", "-pk")[:_TAUGHT]:
            learn(gap.article, row.text, source=f"gap:{gap.pk}:{row.kind}:{row.ref}", by=by, is_use=False)


def _forget(gap: Gap, by: Staff) -> None:
    """What the article of the gap learned from it."""
    if gap.article is not None:
        taught = ArticleText.objects.filter(article=gap.article, source__startswith=f"gap:{gap.pk}:")
        for source in list(taught.order_by("pk").values_list("source", flat=True)):
            unlearn(gap.article, source=source, by=by)


def _held(gap: Gap, by: Staff) -> Gap:
    """The gap as it is now, held against the worker; refuses whoever may not work on it, and one that was merged."""
    hold()
    current = Gap.objects.select_for_update().filter(pk=gap.pk).first()
    if current is None or current.merged_into_id is not None:
        raise Refused(_("This gap is no longer there. Look at the list again."), code="gone", status=409)
    if not may_work(access_of(by), current):
        raise Refused(_("Only the knowledge keepers and whoever took it may do this."), code="forbidden", status=403)
    return current


def _keep(gap: Gap, *fields: str) -> None:
    gap.is_kept = True
    gap.save(update_fields=[*fields, "is_kept"])
    Progress.objects.filter(pk=1).update(version=F("version") + 1)
