"""Reading hand-offs: a team's inbox, what it waits for, what came back; and who held a ticket how long."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Substr
from django.utils import timezone

from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.foundation.place import place_after, place_of
from madoguchi.foundation.prepared import Prepared
from madoguchi.handoffs.models import Handoff, HandoffQuerySet, RoutingDecision
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.people.models import Team
from madoguchi.people.queries import working_time_of
from madoguchi.tickets.models import ACTIVE, Message, Ticket

BACK_SINCE = timedelta(days=14)
MOST = 100
_RELATED = ("ticket", "from_team", "to_team", "to_staff", "offered_by", "ended_by", "article")


_active_teams = Prepared(lambda: Team.objects.filter(is_active=True))


def teams_of(access: Access) -> list[Team]:
    """The active teams in whose name this person accepts, returns and writes; one query."""
    return [team for team in _active_teams.all() if access.acts_for(team)]


@dataclass(frozen=True)
class Offers:
    """Open offers, oldest first, each with ``said``, the first line of the case; ``next`` is the cursor of the rest."""

    rows: list[Handoff]
    next: str


def offers_to(teams: Sequence[Team], *, access: Access, after: str = "", limit: int = 50) -> Offers:
    """What waits for these teams; one query however much it is."""
    place = place_of(after)
    rows = _waiting("to_team", _ids(teams), bool(place), limit + 1).all(access, *(place or ()))
    more, rows = len(rows) > limit, rows[:limit]
    return Offers(rows, place_after(rows[-1].offered_at, rows[-1].pk) if more else "")


def offers_from(teams: Sequence[Team], *, access: Access, limit: int = 50) -> list[Handoff]:
    """What these teams have offered and nobody has decided, the longest wait first."""
    return _waiting("from_team", _ids(teams), False, limit).all(access)


@lru_cache(maxsize=500)
def _waiting(side: str, teams: tuple[int, ...], goes_on: bool, most: int) -> PreparedVisible[Handoff]:
    """The question for the open offers to or from these teams, perhaps behind a place."""

    def ask(access: Access, *place: Any) -> HandoffQuerySet:
        offers = Handoff.objects.visible_to(access).waiting().filter(**{f"{side}__in": teams})
        if goes_on:
            offers = offers.filter(offered_at__gte=place[0]).exclude(offered_at=place[0], pk__lte=place[1])
        return _rows(offers).order_by(Unindexed("offered_at"), "id")[:most]

    return PreparedVisible(ask, values=2 * goes_on)


def _ids(teams: Sequence[Team]) -> tuple[int, ...]:
    return tuple(team.pk for team in teams)


def returned_to(teams: Sequence[Team], *, access: Access, limit: int = 20) -> list[Handoff]:
    """What came back to these teams within BACK_SINCE and still lies there, the latest first, each ticket once."""
    rows = _returned(_ids(teams), limit * 2).all(access, timezone.now() - BACK_SINCE)
    latest: dict[int, Handoff] = {}
    for row in rows:
        latest.setdefault(row.ticket_id, row)
    return list(latest.values())[:limit]


@lru_cache(maxsize=500)
def _returned(teams: tuple[int, ...], most: int) -> PreparedVisible[Handoff]:
    def ask(access: Access, since: Any) -> HandoffQuerySet:
        back = Handoff.objects.visible_to(access).filter(
            state=Words(Handoff.State.RETURNED),
            ended_at__gte=since,
            from_team__in=teams,
            ticket__holder_team=F("from_team"),
            ticket__offered_to__isnull=True,
            ticket__status__in=ACTIVE,
        )
        return _rows(back).order_by("-ended_at", "-id")[:most]

    return PreparedVisible(ask)


_frozen = PreparedVisible(
    lambda access: (
        Ticket.objects.visible_to(access)
        .active()
        .filter(frozen_at__isnull=False)
        .select_related("category", "front_team", "holder_team", "assignee")
        .order_by("frozen_at", "id")[:MOST]
    )
)


def frozen_tickets(access: Access) -> list[Ticket]:
    """The open tickets whose routing waits for a supervisor, the longest wait first; at most MOST."""
    return _frozen.all(access)


def returnable(ticket: Ticket, handoffs: Sequence[Handoff]) -> Handoff | None:
    """Of the ticket's hand-offs the one by which its holder got it, while the holder can still return it; pure.

    What a supervisor assigned meanwhile is refused by the act.
    """
    if not ticket.is_active or ticket.offered_to_id is not None or ticket.frozen_at is not None:
        return None
    taken = [(handoff.accepted_at, handoff.pk, handoff) for handoff in handoffs if handoff.accepted_at is not None]
    latest = max(taken)[2] if taken else None
    held = latest is not None and latest.state == latest.State.ACCEPTED and latest.to_team_id == ticket.holder_team_id
    return latest if held else None


@dataclass
class Stop:
    """A team had the ticket from ``since`` to ``until``; ``arrived`` is what brought it there (None: raised there).

    ``attempts`` are the offers made from there that moved nothing, ``decisions`` those that left the ticket there.
    """

    team: Team
    since: datetime
    until: datetime
    arrived: Handoff | RoutingDecision | None = None
    attempts: list[Handoff] = field(default_factory=list)
    decisions: list[RoutingDecision] = field(default_factory=list)
    share: float = 0.0

    @property
    def span(self) -> timedelta:
        return self.until - self.since

    @property
    def how(self) -> str:
        """``raised``, ``handed_over``, ``returned`` (after acceptance), ``assigned`` or ``taken`` (by a supervisor)."""
        if self.arrived is None:
            return "raised"
        if isinstance(self.arrived, RoutingDecision):
            return "taken" if self.arrived.kind == RoutingDecision.Kind.TAKE else "assigned"
        return "returned" if self.arrived.from_team_id == self.team.pk else "handed_over"

    @property
    def worked(self) -> timedelta:
        """The part of it in which the team works by its calendar. A question to the database."""
        return timedelta(seconds=working_time_of(self.team).between(self.since, self.until))

    @property
    def waited(self) -> timedelta | None:
        """How long the offer that brought it here waited at the former stop; None when it came otherwise."""
        if self.how != "handed_over" or not isinstance(self.arrived, Handoff):
            return None
        return self.since - self.arrived.offered_at


@dataclass(frozen=True)
class Moved:
    """How often a ticket went forward, came back after acceptance, and was assigned: these are moves.

    ``declined`` offers were returned before acceptance and ``recalled`` ones taken back: they moved nothing.
    """

    forward: int
    returned: int
    assigned: int
    declined: int
    recalled: int


def moved(found: Sequence[Stop]) -> Moved:
    """What the stops of a ticket tell apart; pure."""
    how = Counter(stop.how for stop in found)
    state = Counter(attempt.state for stop in found for attempt in stop.attempts)
    return Moved(
        forward=how["handed_over"],
        returned=how["returned"],
        assigned=how["assigned"] + how["taken"],
        declined=state[Handoff.State.RETURNED],
        recalled=state[Handoff.State.RECALLED],
    )


def time_by_team(ticket: Ticket, *, now: datetime | None = None) -> list[Stop]:
    """Where the ticket has been, in order, with the time spent at each stop and its share of the whole; two queries."""
    handoffs = Handoff.objects.filter(ticket=ticket).select_related(
        "from_team", "to_team", "to_staff", "offered_by", "accepted_by", "ended_by", "article"
    )
    decisions = RoutingDecision.objects.filter(ticket=ticket).select_related(
        "team", "staff", "consultation__department"
    )
    end = (None if ticket.is_active else ticket.resolved_at or ticket.closed_at) or now or timezone.now()
    return stops(
        list(handoffs),
        list(decisions),
        opened_at=ticket.opened_at,
        front=ticket.front_team,
        end=end,
    )


def stops(
    handoffs: Sequence[Handoff],
    decisions: Sequence[RoutingDecision],
    *,
    opened_at: datetime,
    front: Team,
    end: datetime,
) -> list[Stop]:
    """The same from what is known already; pure."""
    moves = _moves(handoffs, decisions)
    first = moves[0][2].from_team if moves and isinstance(moves[0][2], Handoff) else front
    if not moves and handoffs:
        first = handoffs[0].from_team
    found = [Stop(first, opened_at, end)]
    for at, team, arrived in moves:
        if team == found[-1].team:
            if isinstance(arrived, RoutingDecision):
                found[-1].decisions.append(arrived)
            continue
        found[-1].until = at
        found.append(Stop(team, at, end, arrived))
    for handoff in handoffs:
        if handoff.accepted_at is None:
            _at(found, handoff.offered_at).attempts.append(handoff)
    for made in decisions:
        if made.kind not in made.MOVING:
            _at(found, made.at).decisions.append(made)
    whole = (found[-1].until - found[0].since).total_seconds()
    for stop in found:
        stop.share = stop.span.total_seconds() / whole if whole > 0 else 0.0
    return found


def _moves(
    handoffs: Sequence[Handoff], decisions: Sequence[RoutingDecision]
) -> list[tuple[datetime, Team, Handoff | RoutingDecision]]:
    """(when, to which team, by what) of everything that moved the ticket, in order."""
    moves: list[tuple[datetime, Team, Handoff | RoutingDecision]] = []
    for handoff in handoffs:
        if handoff.accepted_at is not None:
            moves.append((handoff.accepted_at, handoff.to_team, handoff))
            if handoff.state == Handoff.State.RETURNED and handoff.ended_at is not None:
                moves.append((handoff.ended_at, handoff.from_team, handoff))
    moves += [(made.at, made.team, made) for made in decisions if made.kind in made.MOVING and made.team]
    return sorted(moves, key=lambda move: move[0])


def trails(tickets: Sequence[Ticket]) -> dict[int, list[Stop]]:
    """For each ticket (by id) the stops it went through, in order; two queries for all of them."""
    ids = [ticket.pk for ticket in tickets]
    handoffs: dict[int, list[Handoff]] = {}
    moved = Handoff.objects.filter(ticket__in=ids, accepted_at__isnull=False)
    for handoff in moved.select_related("from_team", "to_team"):
        handoffs.setdefault(handoff.ticket_id, []).append(handoff)
    decisions: dict[int, list[RoutingDecision]] = {}
    for made in RoutingDecision.objects.filter(ticket__in=ids).select_related("team"):
        decisions.setdefault(made.ticket_id, []).append(made)
    return {
        ticket.pk: stops(
            handoffs.get(ticket.pk, []),
            decisions.get(ticket.pk, []),
            opened_at=ticket.opened_at,
            front=ticket.front_team,
            end=ticket.updated_at,
        )
        for ticket in tickets
    }


def _at(found: list[Stop], moment: datetime) -> Stop:
    """The stop where the ticket was at ``moment``."""
    return next((stop for stop in reversed(found) if stop.since <= moment), found[0])


def _rows(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """With what a row shows: the rows around it and the beginning of what was said first."""
    said = Message.objects.filter(ticket=OuterRef("ticket")).order_by("id").values(start=Substr("body", 1, 300))[:1]
    return handoffs.select_related(*_RELATED).annotate(said=Subquery(said))
