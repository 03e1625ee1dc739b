"""The gap list and one gap, as somebody may see them: each figure counts what they may see, and nothing else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.utils import timezone

from madoguchi.foundation.bilingual import label_of
from madoguchi.insight.gaps.models import Evidence, EvidenceQuerySet, Gap
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Team

WEEKS = 12
SHOWN = 100
WEEK = timedelta(days=7)


@dataclass
class Line:
    """A gap with its figures over the last twelve weeks; ``weeks`` counts each, the oldest first."""

    gap: Gap
    title: str
    count: int
    seconds: int
    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)
    category: str = ""
    teams: list[str] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How often times how many minutes: by it the list is ordered."""
        return self.count * self.seconds / 60


@dataclass(frozen=True)
class Asked:
    """Which gaps: those in a state (empty: nobody has settled), of somebody, and how often asked at least."""

    state: str = ""
    owner: int = 0
    least: int = 2


def since(now: datetime | None = None) -> datetime:
    """The beginning of the twelve weeks that figures count."""
    return (now or timezone.now()) - WEEKS * WEEK


def gap_list(access: Access, asked: Asked, *, now: datetime | None = None) -> list[Line]:
    """The weightiest gaps, a hundred at most; what somebody works on stands there however seldom it is asked now."""
    begins = since(now)
    visible = Evidence.objects.visible_to(access).filter(at__gte=begins, gap__isnull=False)
    states = [asked.state] if asked.state else [Gap.State.OPEN, Gap.State.TAKEN]
    gaps = Gap.objects.filter(merged_into__isnull=True, state__in=states)
    if asked.owner:
        gaps = gaps.filter(owner=asked.owner)
    sums = visible.filter(gap__in=gaps).order_by().values_list("gap", "gap__is_kept")
    counted = {
        gap: (count, seconds)
        for gap, kept, count, seconds in sums.annotate(Count("pk"), Sum("seconds"))
        if count >= asked.least or kept
    }
    order = sorted(counted, key=lambda gap: (-counted[gap][0] * counted[gap][1], gap))[:SHOWN]
    found = gaps.select_related("owner").defer("words", "vector").in_bulk(order)
    lines = [Line(found[gap], found[gap].title, *counted[gap]) for gap in order if gap in found]
    if not access.is_partner and access.can(Capability.READ_TICKETS):
        quiet = gaps.filter(is_kept=True).exclude(pk__in=list(counted)).select_related("owner").order_by("-pk")
        lines += [Line(gap, gap.title, 0, 0) for gap in quiet.defer("words", "vector")[: SHOWN - len(lines)]]
    _fill(lines, visible, begins, access)
    return lines


def _fill(lines: Sequence[Line], visible: EvidenceQuerySet, begins: datetime, access: Access) -> None:
    """Weeks, category and teams of all lines by one question, and titles that tell a partner nothing of others."""
    by_gap = {line.gap.pk: line for line in lines}
    teams = {team.pk: team.label for team in Team.objects.all()}
    categories: dict[int, Counter[str]] = {gap: Counter() for gap in by_gap}
    senders: dict[int, Counter[str]] = {gap: Counter() for gap in by_gap}
    rows = visible.filter(gap__in=list(by_gap)).order_by()
    for gap, at, team, name, name_en in rows.values_list(
        "gap", "at", "team", "category__name", "category__name_en"
    ).iterator(chunk_size=1_000):
        by_gap[gap].weeks[min(WEEKS - 1, max(0, int((at - begins) / WEEK)))] += 1
        if name:
            categories[gap][label_of(name, name_en)] += 1
        if team in teams:
            senders[gap][teams[team]] += 1
    own = _nearest(rows) if access.is_partner else {}
    for gap, line in by_gap.items():
        line.category = next((name for name, _times in categories[gap].most_common(1)), "")
        line.teams = [name for name, _times in senders[gap].most_common(3)]
        if access.is_partner:
            line.title = own[gap]


def _nearest(rows: EvidenceQuerySet) -> dict[int, str]:
    """The most central of these texts in each gap."""
    texts = rows.order_by("near", "-pk").values_list("gap", "text")
    return dict(texts)


def title_for(gap: Gap, access: Access) -> str:
    """The gap's title; for a partner's staff the most central text that they may see themselves, or nothing."""
    if not access.is_partner:
        return gap.title
    seen = gap_evidence(gap, access).order_by("-near", "pk").values_list("text", flat=True).first()
    return seen or ""


def gap_evidence(gap: Gap, access: Access) -> EvidenceQuerySet:
    """What of a gap's evidence somebody may see."""
    return Evidence.objects.visible_to(access).filter(gap=gap)


@dataclass(frozen=True)
class Figures:
    """One gap over the last twelve weeks, with how often each category, team and sign stands behind it."""

    count: int
    tickets: int
    seconds: int
    weeks: list[int]
    categories: list[tuple[str, int]]
    teams: list[tuple[str, int]]
    signs: list[tuple[str, int]]


def figures(gap: Gap, access: Access, *, now: datetime | None = None) -> Figures:
    """What the page of a gap says about it."""
    begins = since(now)
    weeks = [0] * WEEKS
    categories, teams, signs = Counter[str](), Counter[str](), Counter[str]()
    tickets = seconds = 0
    labels = dict(Evidence.Sign.choices)
    rows = gap_evidence(gap, access).filter(at__gte=begins).select_related("category", "team").order_by()
    found = list(rows.defer("words", "vector"))
    for row in found:
        weeks[min(WEEKS - 1, max(0, int((row.at - begins) / WEEK)))] += 1
        tickets += row.kind == Evidence.Kind.TICKET
        seconds += row.seconds
        if row.category is not None:
            categories[row.category.label] += 1
        if row.team is not None:
            teams[row.team.label] += 1
        # Questions to departments are not a partner's to know.
        signs.update(
            str(labels[sign]) for sign in row.signs if not (access.is_partner and sign == Evidence.Sign.CONSULTED)
        )
    return Figures(
        len(found),
        tickets,
        seconds,
        weeks,
        categories.most_common(5),
        teams.most_common(5),
        signs.most_common(),
    )
