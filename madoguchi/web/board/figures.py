"""Today in numbers: how calls were answered, what each team did. Every definition stands where it is counted.

Sources: the published definitions of answer rate (応答率), abandonment and service level (時間内応答率), and the
product's own of first-line solutions, hand-offs and returns. Everything is read by time through an index.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.lookups import IsNull
from django.utils import timezone

from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.foundation.prepared import Prepared
from madoguchi.handoffs.models import Handoff
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.people.models import Team
from madoguchi.telephony.models import Call, CallQuerySet, Direction, Outcome
from madoguchi.tickets.models import Ticket, TicketQuerySet

ANSWER_WITHIN_S = 20.0
SLOT = timedelta(minutes=30)
# They never got as far as the desk, or nobody can say how they ended.
_NOT_OFFERED = (Outcome.ABANDONED_IN_IVR, Outcome.UNKNOWN)


def day_start(now: datetime) -> datetime:
    """Midnight of the desk's own day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def slot_start(now: datetime) -> datetime:
    """The beginning of the half hour that ``now`` lies in, by the desk's clock."""
    local = timezone.localtime(now)
    return local.replace(minute=local.minute // 30 * 30, second=0, microsecond=0)


@dataclass(frozen=True)
class Answering:
    """How the calls of a span were answered. Calls that still wait are in no figure: nothing is decided yet.

    ``offered``: inbound calls that reached a queue and were answered or lost there. A desk whose telephone system
    names no queues has every inbound call that rang. Left out: calls that ended in the menu before any queue,
    and calls that became part of another. ``answered``: spoken to by one of ours.
    ``short``: abandoned after a wait below SHORT_ABANDON_SECONDS; counted apart, in neither rate.
    ``in_time`` of ``timed``: answered within 20 seconds of waiting. A call answered after a wait that nobody knows
    is in neither, since guessing would colour the figure.
    """

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    short: int = 0
    in_time: int = 0
    timed: int = 0

    @property
    def lost(self) -> int:
        """Offered and not answered, short ones left out: abandoned, overflowed, missed."""
        return self.offered - self.answered - self.short

    @property
    def answer_rate(self) -> float | None:
        """応答率: answered ÷ offered, short abandons left out; None without calls."""
        return self.answered / (self.offered - self.short) if self.offered > self.short else None

    @property
    def service_level(self) -> float | None:
        """時間内応答率: answered within 20 s ÷ offered, short abandons left out; None without calls."""
        return self.in_time / self.timed if self.timed else None

    def __add__(self, other: "Answering") -> "Answering":
        return Answering(
            self.offered + other.offered,
            self.answered + other.answered,
            self.abandoned + other.abandoned,
            self.short + other.short,
            self.in_time + other.in_time,
            self.timed + other.timed,
        )


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


def offered_calls(calls: CallQuerySet) -> CallQuerySet:
    """The calls that ``Answering.offered`` counts, those that named no queue included."""
    decided = Q(ended_at__isnull=False) | Q(answered_at__isnull=False)
    calls = calls.filter(decided, IsNull(Unindexed("merged_into"), True)).exclude(outcome__in=_NOT_OFFERED)
    return calls.exclude(direction__in=(Direction.OUTBOUND, Direction.INTERNAL))


def answered_calls(call: str = "") -> Q:
    """Spoken to by one of ours, or being so; ``call`` is the way to the call (``call__``)."""
    talking = Q(**{f"{call}answered_at__isnull": False, f"{call}ended_at__isnull": True})
    return Q(**{f"{call}outcome": Outcome.ANSWERED}) | talking


def short_calls(call: str = "") -> Q:
    """Abandoned after a wait below SHORT_ABANDON_SECONDS; ``call`` is the way to the call."""
    return Q(**{f"{call}outcome": Outcome.ABANDONED, f"{call}wait_s__lt": settings.SHORT_ABANDON_SECONDS})


@cache
def _by_slot(slots: int, short_below: int) -> "PreparedVisible[tuple[Any, ...]]":
    """The question for the calls since the first of so many moments, grouped by the slot that begins with each."""

    def ask(access: Access, *starts: Any) -> "QuerySet[Call, tuple[Any, ...]]":
        place = Case(
            *(When(started_at__lt=begun, then=Value(number)) for number, begun in enumerate(starts[1:])),
            default=Value(slots - 1),
            output_field=IntegerField(),
        )
        queued = Case(When(queue="", then=Value(0)), default=Value(1), output_field=IntegerField())
        calls = offered_calls(Call.objects.visible_to(access).filter(started_at__gte=starts[0])).order_by()
        return (
            calls.annotate(place=place, queued=queued)
            .values_list("place", "queued")
            .annotate(
                offered=Count("id"),
                answered=Count("id", filter=answered_calls()),
                abandoned=Count("id", filter=Q(outcome=Outcome.ABANDONED)),
                short=Count("id", filter=short_calls()),
                in_time=Count("id", filter=answered_calls() & Q(wait_s__lte=ANSWER_WITHIN_S)),
                timed=Count("id", filter=~short_calls() & ~Q(answered_calls(), wait_s__isnull=True)),
            )
        )

    return PreparedVisible(ask, values=slots)


def call_day(access: Access, now: datetime) -> CallDay:
    """One query over today's calls, grouped where they lie: by half hour of their arrival and by queue or none."""
    start, last = day_start(now), slot_start(now)
    starts = [start]
    while starts[-1] < last:
        starts.append(starts[-1] + SLOT)
    rows = _by_slot(len(starts), settings.SHORT_ABANDON_SECONDS).all(access, *starts)
    if any(queued for _place, queued, *_counts in rows):
        rows = [row for row in rows if row[1]]
    by_place = {place: Answering(*counts) for place, _queued, *counts in rows}
    slots = tuple(Slot(begun, by_place.get(number, Answering())) for number, begun in enumerate(starts))
    return CallDay(sum((slot.calls for slot in slots), Answering()), slots)


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
