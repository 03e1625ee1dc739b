"""Who used the time of a ticket: each team's stays and the waits of offers to it, of every ticket, promised or not.

Only what is over counts. A stay counts in the team's own hours, without the time in which the ticket waited for the
requester or was solved; an offer from its making until it was accepted, returned or recalled. Once a ticket is solved,
each stay also has its part of the time that was promised to the requester, by the policy (``function.time_used``).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import WorkingTime
from madoguchi.clocks.book import PolicyBook, calendar_then
from madoguchi.clocks.function import Book, gaps, time_used
from madoguchi.clocks.history import OFFER, Fact
from madoguchi.clocks.life import SOLVED, Life
from madoguchi.clocks.models import Spent
from madoguchi.clocks.reading import Kind
from madoguchi.clocks.rows import differences, upsert
from madoguchi.foundation.prepared import Prepared
from madoguchi.people.models import Team

# After these a stay or an offer may be over, or go on after all.
TURNS = frozenset(
    {
        *("handoff.accepted", "handoff.returned", "handoff.recalled", "routing.decided"),
        *("ticket.resolved", "ticket.closed", "ticket.merged", "ticket.reopened"),
    }
)
_STOPS = frozenset({"requester", SOLVED})
_calendar = Prepared(lambda team: Team.objects.filter(pk=team).values_list("calendar"))


class Row(NamedTuple):
    """One row of ``Spent``, in the order of its columns."""

    ticket_id: int
    kind: str
    subject: int
    team_id: int
    started_at: datetime
    ended_at: datetime
    worked_s: int

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.subject


type Hours = Callable[[int, datetime], WorkingTime]


def team_hours(book: PolicyBook) -> Hours:
    """The working time that a team had at a moment; each is asked for once. Make it anew for each piece of work."""
    now = cache(lambda team: row[0] if (row := _calendar.first(team)) else None)
    of_calendar = cache(working_time)
    return lambda team, at: of_calendar(calendar_then(book.former, team, at, now(team)))


def spent(ticket: int, facts: Sequence[Fact], hours: Hours, book: Book) -> list[Row]:
    """All that is over, stays first."""
    life = Life.of(facts)
    if life is None:
        return []
    return [*_stays(ticket, life, hours), *_offers(ticket, life, hours), *_promised(ticket, life, facts, book)]


def _stays(ticket: int, life: Life, hours: Hours) -> Iterator[Row]:
    for team, entry, start, left in life.stays:
        end = min((moment for moment in (left, life.solved_at) if moment is not None), default=None)
        if end is None:
            continue
        end = max(start, end)
        between = hours(team, start).between
        worked = sum(between(span.start, span.end or end) for span in gaps(life.pauses(_STOPS, start, end), start, end))
        yield Row(ticket, Kind.HOLDING.value, entry, team, start, end, worked)


def _offers(ticket: int, life: Life, hours: Hours) -> Iterator[Row]:
    for thing in life.things.values():
        if thing.what == OFFER and thing.end is not None and thing.team is not None:
            worked = hours(thing.team, thing.start).between(thing.start, thing.end)
            yield Row(ticket, Kind.ACCEPTANCE.value, thing.ref, thing.team, thing.start, thing.end, worked)


def _promised(ticket: int, life: Life, facts: Sequence[Fact], book: Book) -> Iterator[Row]:
    solved_at = life.solved_at
    if solved_at is None:
        return
    used = time_used(facts, book, now=solved_at)
    for (team, entry, start, left), (_team, seconds) in zip(life.stays, used, strict=True):
        if seconds:
            yield Row(ticket, Kind.RESOLUTION.value, entry, team, start, min(left or solved_at, solved_at), seconds)


def keep(ticket: int, before: Sequence[Fact], after: Sequence[Fact], book: PolicyBook) -> None:
    """Write what differs between two histories of a ticket; whoever calls holds the ticket."""
    hours = team_hours(book)
    old = {row.key: row for row in spent(ticket, before, hours, book)}
    different, gone = differences(old, spent(ticket, after, hours, book))
    write(different)
    forget(ticket, gone)


def write(rows: Sequence[Row]) -> None:
    """New rows and changed ones in one statement."""
    upsert("clocks_spent", Row._fields, rows)


def forget(ticket: int, keys: Iterable[tuple[str, int]]) -> None:
    """Drop what is not over after all."""
    for kind, subject in keys:
        Spent.objects.filter(ticket=ticket, kind=kind, subject=subject).delete()


def rows_as_kept(tickets: Collection[int]) -> dict[int, dict[tuple[str, int], Row]]:
    """The rows of these tickets as they are kept."""
    kept: dict[int, dict[tuple[str, int], Row]] = {ticket: {} for ticket in tickets}
    for values in Spent.objects.filter(ticket__in=tickets).values_list(*Row._fields):
        row = Row(*values)
        kept[row.ticket_id][row.key] = row
    return kept
