"""Keeping the cache: what the journal just said changes the rows of the ticket's clocks, in the same transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import models

from madoguchi.clocks.book import PolicyBook, changed, current_book
from madoguchi.clocks.function import read
from madoguchi.clocks.history import Fact, facts_of
from madoguchi.clocks.models import Clock, FormerCalendar, Recalculation
from madoguchi.clocks.queries import rows_of
from madoguchi.clocks.reading import Reading
from madoguchi.clocks.rows import differences, upsert
from madoguchi.clocks.spending import TURNS, keep
from madoguchi.foundation.prepared import update
from madoguchi.interactions.models import CallBack
from madoguchi.journal.models import Entry
from madoguchi.people.models import Team
from madoguchi.tickets.models import Ticket

# Acts that record these do not hold the ticket; clocks are only ever worked out by who does.
_UNLOCKED = frozenset({"interaction.linked", "call_back.tied", "call_back.attempted", "call_back.done"})


class Row(NamedTuple):
    """A clock as the cache keeps it, in the order of its columns."""

    ticket_id: int
    kind: str
    subject: int
    team_id: int
    version_id: int | None
    state: str
    target_s: int
    started_at: datetime
    due_at: datetime | None
    next_at: datetime | None
    ended_at: datetime | None
    elapsed_s: int | None
    text: str = ""

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.subject

    @classmethod
    def of(cls, ticket: int, reading: Reading) -> "Row":
        ended = reading.ended_at
        return cls(
            ticket,
            reading.kind.value,
            reading.subject,
            reading.team,
            reading.policy.version,
            reading.state.value,
            reading.target_s,
            reading.started_at,
            reading.due_at,
            reading.next_at,
            ended,
            None if ended is None else reading.elapsed_s(ended),
            reading.demand.text if reading.demand else "",
        )


def follow_ticket(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: something happened to one ticket (or, when two were merged, to two)."""
    for ticket in [subject for subject in subjects if isinstance(subject, Ticket)]:
        _follow(entry, ticket)


def follow_call(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: a call that was owed was made or put off; its ticket, if it has one, hears of it."""
    calls = [subject for subject in subjects if isinstance(subject, CallBack)]
    for ticket in Ticket.objects.filter(call_back_links__call_back__in=calls).order_by("pk"):
        _follow(entry, ticket)


def follow_book(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: hours, teams or the tree of categories changed. Open tickets are worked out anew by the worker."""
    _remember_calendar(entry, subjects)
    changed()
    Recalculation.objects.create()


def _remember_calendar(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """A team or the desk has another calendar: what began before keeps the former one, unless the past is meant."""
    if "former_calendar" not in entry.data:
        return
    team = next((subject for subject in subjects if isinstance(subject, Team)), None)
    if entry.data["also_past"]:
        FormerCalendar.objects.filter(team=team).delete()
    else:
        FormerCalendar.objects.create(team=team, calendar_id=entry.data["former_calendar"], until=entry.at)


def _follow(entry: Entry, ticket: Ticket) -> None:
    if not facts_of([(entry.pk, entry.kind, entry.at, entry.data)], ticket.pk):
        return
    book = current_book()
    if entry.kind in _UNLOCKED:
        held = Ticket.objects.select_for_update().only("next_due_at", "next_due_kind").get(pk=ticket.pk)
        ticket.next_due_at, ticket.next_due_kind = held.next_due_at, held.next_due_kind
    if entry.kind == "ticket.opened":
        refresh(ticket, [], facts_of([(entry.pk, entry.kind, entry.at, entry.data)], ticket.pk), book)
        return
    rows = rows_of(ticket.pk)
    before = facts_of([row for row in rows if row[0] != entry.pk], ticket.pk)
    after = facts_of(rows, ticket.pk)
    refresh(ticket, before, after, book)
    if entry.kind in TURNS or ticket.resolved_at is not None:
        keep(ticket.pk, before, after, book)


def refresh(ticket: Ticket, before: Sequence[Fact], after: Sequence[Fact], book: PolicyBook) -> None:
    """Write what differs between the clocks of two histories of a ticket; whoever calls holds the ticket."""
    old = {row.key: row for row in (Row.of(ticket.pk, reading) for reading in read(before, book))}
    replace(ticket, old, read(after, book))


def replace(ticket: Ticket, old: Mapping[tuple[str, int], Row], readings: Iterable[Reading]) -> int:
    """Make the ticket's rows, which are ``old``, what the readings say; how many were not."""
    new = [Row.of(ticket.pk, reading) for reading in readings]
    different, gone = differences(old, new)
    write(different)
    forget(ticket.pk, gone)
    show_next(ticket, new)
    return len(different) + len(gone)


def write(rows: Sequence[Row]) -> None:
    """New rows and changed ones in one statement."""
    upsert("clocks_clock", Row._fields, rows)


def forget(ticket: int, keys: Iterable[tuple[str, int]]) -> None:
    """Drop clocks for which nothing is promised any more."""
    for kind, subject in keys:
        Clock.objects.filter(ticket=ticket, kind=kind, subject=subject).delete()


def next_due(rows: Iterable[Row]) -> tuple[datetime | None, str]:
    """(when, kind) of the clock that is due first among those that run; (None, "") when none does."""
    running = [(row.due_at, row.kind) for row in rows if row.ended_at is None and row.due_at is not None]
    return min(running, default=(None, ""))


def show_next(ticket: Ticket, rows: Iterable[Row]) -> None:
    """Bring the ticket's own column up to date."""
    due_at, kind = next_due(rows)
    if (ticket.next_due_at, ticket.next_due_kind) != (due_at, kind):
        ticket.next_due_at, ticket.next_due_kind = due_at, kind
        update(ticket, ("next_due_at", "next_due_kind"))


def rows_as_kept(tickets: Collection[int]) -> Mapping[int, dict[tuple[str, int], Row]]:
    """The rows of these tickets as the cache has them."""
    kept: dict[int, dict[tuple[str, int], Row]] = {ticket: {} for ticket in tickets}
    for values in Clock.objects.filter(ticket__in=tickets).values_list(*Row._fields):
        row = Row(*values)
        kept[row.ticket_id][row.key] = row
    return kept
