"""What waits on one of us, and who is waited for though they are not there.

A kind of thing that can wait for a person is one line of ``SOURCES``; lists, sums and the act that reassigns it all
know it from there.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from madoguchi.consultations.models import Consultation
from madoguchi.foundation.place import place_after, place_of
from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.models import CallBack
from madoguchi.people.access import Access, access_of, read_access
from madoguchi.people.models import Absence, Staff, Team
from madoguchi.people.standing_in import absent, away_at, next_absence
from madoguchi.tickets.models import Ticket

SHOWN = 100  # tickets of a page, and of each other kind on the first
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    HELD = "held"  # a ticket that they work on
    FRONT = "front"  # a ticket whose requester they answer, while somebody else works on it
    CALL = "call"  # a call that they promised
    OFFER = "offer"  # a ticket that is offered to them
    QUESTION = "question"  # an open question to a department that they look after


class Why(StrEnum):
    """Why somebody does not do what waits on them."""

    AWAY = "away"
    LEFT = "left"
    MOVED = "moved"  # to another team
    HANDED = "handed"  # nothing of it: somebody decided so


@dataclass(frozen=True)
class Source:
    """Things of one kind: the open ones, and the columns that say for whom, in whose name and until when."""

    kind: Kind
    rows: Callable[[Access], QuerySet[Any]]
    staff: str
    team: str
    due: str


def _tickets(access: Access) -> QuerySet[Ticket]:
    return Ticket.objects.visible_to(access).active()


SOURCES = (
    Source(Kind.HELD, _tickets, "assignee", "holder_team", "next_due_at"),
    Source(
        Kind.FRONT,
        # Of a ticket that is theirs both ways, in the name of one team, the holder's side counts.
        lambda access: _tickets(access).exclude(assignee=F("front_staff"), holder_team=F("front_team")),
        "front_staff",
        "front_team",
        "next_due_at",
    ),
    Source(Kind.CALL, lambda access: CallBack.objects.visible_to(access).waiting(), "staff", "team", "due_at"),
    Source(
        Kind.OFFER,
        lambda access: Handoff.objects.visible_to(access).waiting(),
        "to_staff",
        "to_team",
        "ticket__next_due_at",
    ),
    Source(Kind.QUESTION, lambda access: Consultation.objects.visible_to(access).open(), "asked_by", "team", "due_at"),
)


@dataclass
class Tally:
    """How much of what waits, and the earliest deadline among it."""

    counts: Counter[Kind] = field(default_factory=Counter)
    due_at: datetime | None = None

    @property
    def total(self) -> int:
        return self.counts.total()

    def add(self, other: "Tally") -> None:
        self.counts.update(other.counts)
        self.due_at = min((due for due in (self.due_at, other.due_at) if due), default=None)


def tallies(access: Access, people: Collection[int] | QuerySet[Any] | None = None) -> dict[tuple[int, int], Tally]:
    """What waits on whom in the name of which team, by (staff, team), of what ``access`` sees; one query for each kind.

    Of everybody it reads all open tickets that somebody has; of some ``people`` only theirs.
    """
    found: dict[tuple[int, int], Tally] = {}
    for source in SOURCES:
        whose = {f"{source.staff}__isnull": False} if people is None else {f"{source.staff}__in": people}
        rows = source.rows(access).filter(**whose).order_by().values_list(source.staff, source.team)
        for staff, team, count, due_at in rows.annotate(Count("pk"), Min(source.due)):
            found.setdefault((staff, team), Tally()).add(Tally(Counter({source.kind: count}), due_at))
    return found


@dataclass(frozen=True)
class Share:
    """What waits on somebody in the name of one team."""

    team: Team
    tally: Tally


def shares(staff: Staff, access: Access) -> list[Share]:
    """What waits on somebody, team by team in their order."""
    found = tallies(access, [staff.pk])
    teams = Team.objects.filter(pk__in=[team for _staff, team in found])
    return [Share(team, found[staff.pk, team.pk]) for team in teams]


@dataclass(frozen=True)
class WaitedFor:
    """Somebody who is not there, and what waits on them; ``absence`` is the one that holds."""

    staff: Staff
    why: Why
    absence: Absence | None
    tally: Tally


def waited_for(access: Access, now: datetime, *, moved: bool = True) -> list[WaitedFor]:
    """Everybody on whom something waits that they will not do, the most pressing first.

    ``moved``: also what waits on those who are there, in the name of a team that they left; for that all open tickets
    are read.
    """
    if moved:
        found = tallies(access)
        people = Staff.objects.in_bulk({staff for staff, _team in found})
        read_access(people.values())
    else:
        people = {person.pk: person for person in _absent_waited_for(access, now)}
        found = tallies(access, people.keys()) if people else {}
    absences = away_at(now).filter(staff__in=people).select_related("substitute", "substitute_team")
    away = {row.staff_id: row for row in absences}
    teams = Team.objects.in_bulk({team for _staff, team in found}) if moved else {}
    vain: defaultdict[int, Tally] = defaultdict(Tally)
    for (staff, team), part in found.items():
        person = people[staff]
        if not person.is_active or staff in away or not access_of(person).acts_for(teams[team]):
            vain[staff].add(part)
    rows = [WaitedFor(people[staff], _why(people[staff], away), away.get(staff), vain[staff]) for staff in vain]
    return sorted(rows, key=lambda row: (row.tally.due_at or _FAR, row.staff.pk))


def _why(person: Staff, away: Container[int]) -> Why:
    return Why.LEFT if not person.is_active else Why.AWAY if person.pk in away else Why.MOVED


def _absent_waited_for(access: Access, now: datetime) -> list[Staff]:
    """Who is away or left while something waits on them; one query."""
    something: Any = Q()
    for source in SOURCES:
        something |= Exists(source.rows(access).order_by().filter(**{source.staff: OuterRef("pk")}))
    return list(absent(now).filter(something))


def why_not(staff: Staff, team: Team, now: datetime) -> Why:
    """Why somebody else of ``team`` does what waits on ``staff``: they left, are away or will be, or moved."""
    if not staff.is_active:
        return Why.LEFT
    if next_absence(staff, now) is not None:
        return Why.AWAY
    return Why.HANDED if access_of(staff).acts_for(team) else Why.MOVED


class TicketPage(NamedTuple):
    """Tickets by deadline, and the cursor of the rest, ``""`` at the end."""

    rows: Sequence[Ticket]
    next: str


def tickets_of(staff: Staff, access: Access, *, after: str = "", limit: int = SHOWN) -> TicketPage:
    """The open tickets that they work on or are the front of, the earliest deadline first; without one the oldest."""
    rows = _theirs(staff, access).annotate(place=Coalesce("next_due_at", Value(_FAR)))
    if place := place_of(after):
        rows = rows.filter(Q(place__gt=place[0]) | Q(place=place[0], pk__gt=place[1]))
    rows = rows.select_related("holder_team", "front_team", "requester", "organization").order_by("place", "pk")
    found = list(rows[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    return TicketPage(found, place_after(found[-1].place, found[-1].pk) if more else "")


def _theirs(staff: Staff, access: Access) -> QuerySet[Ticket]:
    return _tickets(access).filter(Q(assignee=staff) | Q(front_staff=staff))


def calls_of(staff: Staff, access: Access, *, limit: int = SHOWN) -> list[CallBack]:
    """The calls that they owe, the earliest first."""
    rows = CallBack.objects.visible_to(access).waiting().filter(staff=staff)
    return list(rows.select_related("team", "person", "ticket_link__ticket")[:limit])


def offers_of(staff: Staff, access: Access, *, limit: int = SHOWN) -> list[Handoff]:
    """The offers that name them, the longest wait first."""
    rows = Handoff.objects.visible_to(access).waiting().filter(to_staff=staff)
    return list(rows.select_related("ticket", "from_team", "to_team").order_by("offered_at", "id")[:limit])


def questions_of(staff: Staff, access: Access, *, limit: int = SHOWN) -> list[Consultation]:
    """The open questions to departments that they look after, the earliest deadline first."""
    rows = Consultation.objects.visible_to(access).open().filter(asked_by=staff)
    return list(rows.select_related("ticket", "department", "team").order_by("due_at", "id")[:limit])
