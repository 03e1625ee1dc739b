"""Today in numbers: how calls were answered (``telephony.answering`` defines it), and what each team did.

First-line solutions, hand-offs and returns are defined where they are counted. Everything is read by time through an
index.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from madoguchi.foundation.literal import Words
from madoguchi.foundation.prepared import Prepared
from madoguchi.handoffs.models import Handoff
from madoguchi.people.access import Access
from madoguchi.people.models import Team
from madoguchi.telephony.answering import SLOT, Answering, counted, slot_start
from madoguchi.tickets.models import Ticket, TicketQuerySet


def day_start(now: datetime) -> datetime:
    """Midnight of the desk's own day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Slot:
    """A half hour of today."""

    start: datetime
    calls: Answering


@dataclass(frozen=True)
class CallDay:
    """Today's calls: the whole day, and each half hour up to the running one."""

    total: Answering
    slots: tuple[Slot, ...]

    @property
    def now(self) -> Slot:
        return self.slots[-1]


def call_day(access: Access, now: datetime) -> CallDay:
    """One query over today's calls; each lies in the half hour of its arrival."""
    start, last = day_start(now), slot_start(now)
    starts = [start]
    while starts[-1] < last:
        starts.append(starts[-1] + SLOT)
    found = [Answering()] * len(starts)
    for row in counted(access, start, start + timedelta(days=1)):
        # The clock of a telephone system may be ahead of ours.
        place = min((row.begun - start) // SLOT, len(starts) - 1)
        found[place] += row.calls
    slots = tuple(Slot(begun, calls) for begun, calls in zip(starts, found, strict=True))
    return CallDay(sum(found, Answering()), slots)


@dataclass
class TeamDay:
    """What one team did today, in tickets.

    ``received``: inquiries raised today with the team as their front, and hand-offs it accepted today.
    ``first_line``: tickets resolved today by the team that the first line solved without handing them over (FLR).
    ``resolved``: tickets the team resolved today that are still resolved, the former included.
    ``handed_over``: hand-offs it offered today, those it recalled left out.
    ``returned``: its hand-offs that another team sent back today (差し戻し), whenever they were offered.
    """

    team: Team
    counts: dict[str, int] = field(default_factory=dict)

    def get(self, figure: str) -> int:
        return self.counts.get(figure, 0)


TEAM_FIGURES = ("received", "first_line", "resolved", "handed_over", "returned")


def team_days(now: datetime) -> list[TeamDay]:
    """Every active team's day, in five queries however many teams and tickets there are."""
    days = {team.pk: TeamDay(team) for team in _active_teams.all()}
    start = day_start(now)
    for figure, count in _COUNTS:
        for team_id, number in count.all(start):
            if team_id in days:
                counts = days[team_id].counts
                counts[figure] = counts.get(figure, 0) + number
    return list(days.values())


def tickets_behind(figure: str, team: int | None, *, access: Access, now: datetime) -> TicketQuerySet:
    """The tickets behind a figure of today: exactly those that ``team_days`` counted (a ticket counted twice once)."""
    start = day_start(now)
    tickets = Ticket.objects.visible_to(access)
    teams = list(Team.objects.filter(is_active=True).values_list("pk", flat=True)) if team is None else [team]
    if figure == "received":
        opened = _of_teams(_opened(start), "front_team_id", teams)
        accepted = _of_teams(_accepted(start), "to_team_id", teams)
        return tickets.filter(Q(pk__in=opened.values("pk")) | Q(pk__in=accepted.values("ticket")))
    if figure in ("first_line", "resolved"):
        resolved = _of_teams(_resolved(start, first_line=figure == "first_line"), "resolved_by_team_id", teams)
        return tickets.filter(pk__in=resolved.values("pk"))
    handoffs = _offered(start) if figure == "handed_over" else _returned(start)
    return tickets.filter(pk__in=_of_teams(handoffs, "from_team_id", teams).values("ticket"))


# The team as a sum: for the bare column SQLite takes the team's index and walks all that team ever had.


def _by_team(rows: QuerySet[Any], column: str) -> "QuerySet[Any, tuple[int, int]]":
    """(team's id, how many)."""
    counted: QuerySet[Any, tuple[int, int]] = (
        rows.annotate(team=F(column) + 0).values_list("team").annotate(Count("id"))
    )
    return counted


def _of_teams(rows: QuerySet[Any], column: str, teams: list[int]) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.alias(of=F(column) + 0).filter(of__in=teams)
    return found


# Whatever happens to a ticket changes it: the index over the last change finds all that happened today.


def _opened(start: datetime) -> TicketQuerySet:
    return Ticket.objects.filter(opened_at__gte=start).order_by()


def _resolved(start: datetime, *, first_line: bool) -> TicketQuerySet:
    tickets = Ticket.objects.filter(updated_at__gte=start, resolved_at__gte=start)
    return (tickets.filter(resolved_at_first_line=True) if first_line else tickets).order_by()


def _offered(start: datetime) -> QuerySet[Handoff]:
    return Handoff.objects.filter(offered_at__gte=start).exclude(state=Handoff.State.RECALLED).order_by()


def _accepted(start: datetime) -> QuerySet[Handoff]:
    return Handoff.objects.filter(accepted_at__gte=start).order_by()


def _returned(start: datetime) -> QuerySet[Handoff]:
    return Handoff.objects.filter(ended_at__gte=start, state=Words(Handoff.State.RETURNED)).order_by()


_active_teams = Prepared(lambda: Team.objects.filter(is_active=True))
# figure → (team's id, how many) since a moment; what is named twice is added up.
_COUNTS: tuple[tuple[str, Prepared[tuple[int, int]]], ...] = (
    ("received", Prepared(lambda start: _by_team(_opened(start), "front_team_id"))),
    ("received", Prepared(lambda start: _by_team(_accepted(start), "to_team_id"))),
    ("first_line", Prepared(lambda start: _by_team(_resolved(start, first_line=True), "resolved_by_team_id"))),
    ("resolved", Prepared(lambda start: _by_team(_resolved(start, first_line=False), "resolved_by_team_id"))),
    ("handed_over", Prepared(lambda start: _by_team(_offered(start), "from_team_id"))),
    ("returned", Prepared(lambda start: _by_team(_returned(start), "from_team_id"))),
)
