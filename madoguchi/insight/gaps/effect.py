"""Whether an article helped: what was asked of this kind before it was written, and after.

**Contacts of this kind** are the tickets in the gap and those that were solved with its article. **First line** is the
share of them that the first line solved, of those that are solved. Both are counted in whole weeks before and after the
moment the article was written, eight of each at most; before it no further back than the first ticket. **Uses** are how
often the article was used as the answer or linked to what it solved, since then.

With less than two whole weeks after, or fewer than five tickets on either side together, nothing is concluded.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from madoguchi.foundation.literal import Words
from madoguchi.insight.gaps.models import Evidence, Gap
from madoguchi.insight.gaps.queries import WEEK, gap_evidence
from madoguchi.knowledge.models import Showing
from madoguchi.people.access import Access
from madoguchi.tickets.models import Ticket

SPAN = 8
_LEAST_WEEKS = 2
_LEAST_TICKETS = 5


@dataclass(frozen=True)
class Side:
    """Whole weeks before or after: how many, the tickets in them, those solved, and those solved at first line."""

    weeks: int
    tickets: int
    solved: int
    first_line: int

    @property
    def per_week(self) -> float | None:
        """Tickets a week; None before there was a whole week."""
        return self.tickets / self.weeks if self.weeks else None

    @property
    def share(self) -> float | None:
        """Of the solved ones those that the first line solved."""
        return self.first_line / self.solved if self.solved else None


@dataclass(frozen=True)
class Effect:
    """``course`` counts the tickets of each week, before and after the writing; ``uses`` of the article since then."""

    before: Side
    after: Side
    course: tuple[list[int], list[int]]
    uses: int

    @property
    def is_telling(self) -> bool:
        """Whether there is enough to conclude anything."""
        return self.after.weeks >= _LEAST_WEEKS and self.before.tickets + self.after.tickets >= _LEAST_TICKETS


def effect(gap: Gap, access: Access, *, now: datetime | None = None) -> Effect | None:
    """None while no article is written; counts only tickets that ``access`` may see."""
    if gap.written_at is None or gap.article_id is None:
        return None
    now = now or timezone.now()
    asked = gap_evidence(gap, access).filter(kind=Evidence.Kind.TICKET).values("ticket")
    tickets = (
        Ticket.objects.visible_to(access)
        .filter(Q(pk__in=asked) | Q(article=gap.article_id), merged_into__isnull=True)
        .filter(opened_at__gte=gap.written_at - SPAN * WEEK, opened_at__lt=gap.written_at + SPAN * WEEK)
    )
    rows = list(tickets.values_list("opened_at", "resolved_at", "resolved_at_first_line"))
    past = min(SPAN, int((now - gap.written_at) / WEEK))
    first = min((opened for opened, *_rest in rows if opened < gap.written_at), default=gap.written_at)
    early = min(SPAN, -int((first - gap.written_at) / WEEK) + (first < gap.written_at))
    before, after = [0] * early, [0] * past
    counts = {"before": [0, 0], "after": [0, 0]}
    for opened, resolved, first_line in rows:
        week = (opened - gap.written_at) // WEEK
        side, course, place = ("before", before, early + week) if week < 0 else ("after", after, week)
        if 0 <= place < len(course):
            course[place] += 1
            counts[side][0] += resolved is not None
            counts[side][1] += resolved is not None and first_line
    decisions = Showing.objects.filter(article=gap.article_id, outcome__in=Words("used", "linked", "dismissed"))
    decided = decisions.exclude(outcome="dismissed")  # as the index of decisions has it
    uses = 0 if access.is_partner else decided.filter(outcome_at__gte=gap.written_at).count()
    return Effect(
        Side(early, sum(before), *counts["before"]), Side(past, sum(after), *counts["after"]), (before, after), uses
    )
