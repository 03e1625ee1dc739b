"""The gap list and one gap, as somebody may see them: each figure counts what they may see, and nothing else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from madoguchi.foundation.bilingual import label_of
from madoguchi.foundation.numbers import row_number
from madoguchi.insight.gaps.models import Evidence, EvidenceQuerySet, Gap
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Team

WEEKS = 12
SHOWN = 100
WEEK = timedelta(days=7)
AGAIN = 3  # asked so often since it was settled, a gap is on the list again
_UNSETTLED = [Gap.State.OPEN, Gap.State.TAKEN]
_SINCE_SETTLED = Q(at__gt=Coalesce("gap__closed_at", "gap__written_at"))


@dataclass
class Line:
    """A gap with its figures over the last twelve weeks; ``weeks`` counts each, the oldest first.

    ``again`` of these were asked after an article was written or the gap was closed.
    """

    gap: Gap
    title: str
    count: int
    seconds: int
    again: int = 0
    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)
    category: str = ""
    teams: list[str] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How often times how many minutes: by it the list is ordered."""
        return self.count * self.seconds / 60


@dataclass(frozen=True)
class Asked:
    """Which gaps: those in a state (empty: those that ask for work), of somebody, and how often asked at least."""

    state: str = ""
    owner: int = 0
    least: int = 2


def since(now: datetime | None = None) -> datetime:
    """The beginning of the twelve weeks that figures count."""
    return (now or timezone.now()) - WEEKS * WEEK


def gap_list(access: Access, asked: Asked, *, now: datetime | None = None) -> list[Line]:
    """The weightiest gaps, a hundred at most."""
    return gap_lines(access, asked, now=now)[0]


def gap_lines(access: Access, asked: Asked, *, after: str = "", now: datetime | None = None) -> tuple[list[Line], str]:
    """A hundred gaps at most, the weightiest first, and where the next ones begin (empty: there are none).

    What somebody works on stands there however seldom it is asked now. A settled gap asks for work again when it was
    asked three times (``AGAIN``) since it was settled; then its line counts these alone.
    """
    begins = since(now)
    visible = Evidence.objects.visible_to(access).filter(at__gte=begins, gap__isnull=False)
    gaps = Gap.objects.filter(merged_into__isnull=True)
    if asked.state:
        gaps = gaps.filter(state=asked.state)
    else:
        visible = visible.filter(Q(gap__state__in=_UNSETTLED) | _SINCE_SETTLED)
    if asked.owner:
        gaps = gaps.filter(owner=asked.owner)
    keys = visible.filter(gap__in=gaps).order_by().values_list("gap", "gap__is_kept", "gap__state")
    sums = keys.annotate(times=Count("pk"), lost=Sum("seconds"), again=Count("pk", filter=_SINCE_SETTLED))
    counted = {
        gap: (count, seconds, again)
        for gap, kept, state, count, seconds, again in sums
        if (count >= AGAIN if not asked.state and state not in _UNSETTLED else kept or count >= asked.least)
    }
    begin = _place(after)
    places = sorted((-count * seconds, gap) for gap, (count, seconds, _again) in counted.items())
    order = [gap for place, gap in places if (place, gap) > begin][: SHOWN + 1]
    found = gaps.select_related("owner").defer("words", "vector").in_bulk(order)
    lines = [Line(found[gap], found[gap].title, *counted[gap]) for gap in order if gap in found]
    if not access.is_partner and access.can(Capability.READ_TICKETS):
        quiet = gaps if asked.state else gaps.filter(state__in=_UNSETTLED)
        quiet = quiet.filter(is_kept=True).exclude(pk__in=list(counted)).select_related("owner").order_by("pk")
        quiet = quiet.filter(pk__gt=begin[1]) if begin[0] == 0 else quiet
        lines += [Line(gap, gap.title, 0, 0) for gap in quiet.defer("words", "vector")[: SHOWN + 1 - len(lines)]]
    more = len(lines) > SHOWN
    lines = lines[:SHOWN]
    _fill(lines, visible, begins, access)
    return lines, f"{lines[-1].count * lines[-1].seconds}_{lines[-1].gap.pk}" if more else ""


def _place(after: str) -> tuple[float, int]:
    """Behind which (negative weight, gap) the list goes on; what is no place is the beginning."""
    weight, _mark, gap = map(row_number, after.partition("_"))
    return (-inf, 0) if weight is None or gap is None else (-weight, gap)


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
    """One gap over the last twelve weeks, with how often each category, team and sign stands behind it.

    ``again``: how often of these it was asked since it was settled.
    """

    count: int
    tickets: int
    seconds: int
    again: int
    weeks: list[int]
    categories: list[tuple[str, int]]
    teams: list[tuple[str, int]]
    signs: list[tuple[str, int]]


def figures(gap: Gap, access: Access, *, now: datetime | None = None) -> Figures:
    """What the page of a gap says about it."""
    begins = since(now)
    weeks = [0] * WEEKS
    categories, teams, signs = Counter[str](), Counter[str](), Counter[str]()
    tickets = seconds = again = 0
    settled = gap.closed_at or gap.written_at
    labels = dict(Evidence.Sign.choices)
    rows = gap_evidence(gap, access).filter(at__gte=begins).select_related("category", "team").order_by()
    found = list(rows.defer("words", "vector"))
    for row in found:
        weeks[min(WEEKS - 1, max(0, int((row.at - begins) / WEEK)))] += 1
        tickets += row.kind == Evidence.Kind.TICKET
        seconds += row.seconds
        again += settled is not None and row.at > settled
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
        again,
        weeks,
        categories.most_common(5),
        teams.most_common(5),
        signs.most_common(),
    )
