"""The facts of tickets out of the journal, and their clocks worked out from them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.calendars.working_time import NeverOpen
from madoguchi.clocks.book import PolicyBook, current_book
from madoguchi.clocks.function import read, time_used
from madoguchi.clocks.history import READERS, Fact, Row, facts_of
from madoguchi.clocks.life import Circumstances
from madoguchi.clocks.reading import Kind, Reading, State
from madoguchi.foundation.bilingual import label_of
from madoguchi.foundation.prepared import Prepared
from madoguchi.journal.models import Mention
from madoguchi.people.models import Team
from madoguchi.tickets.models import Ticket, TicketCallBack

_entries = Prepared(
    lambda ref: Mention.objects.filter(kind="ticket", ref=ref).select_related("entry").order_by("entry_id")
)
# After these a ticket may have calls whose later fate only the call-back itself is named for.
_OWES = frozenset({"call_back.tied", "ticket.merged"})


def rows_of(ticket: int) -> list[Row]:
    """What the journal says about a ticket and the calls that are owed because of it: one question, seldom two."""
    found = {
        mention.entry_id: (mention.entry_id, mention.entry.kind, mention.entry.at, mention.entry.data)
        for mention in _entries.all(ticket)
        if mention.entry.kind in READERS
    }
    if any(row[1] in _OWES for row in found.values()):
        for _ticket, row in _rows_of_calls([ticket]):
            found.setdefault(row[0], row)
    return [found[entry] for entry in sorted(found)]


def rows_of_many(tickets: Collection[int]) -> dict[int, list[Row]]:
    """What the journal says about several tickets, in two questions."""
    rows: dict[int, dict[int, Row]] = {ticket: {} for ticket in tickets}
    mentions = Mention.objects.filter(kind="ticket", ref__in=tickets, entry__kind__in=READERS)
    for ticket, *row in mentions.values_list("ref", "entry_id", "entry__kind", "entry__at", "entry__data"):
        rows[ticket][row[0]] = (row[0], row[1], row[2], row[3])
    owing = [ticket for ticket, found in rows.items() if any(row[1] in _OWES for row in found.values())]
    for ticket, call in _rows_of_calls(owing) if owing else ():
        rows[ticket].setdefault(call[0], call)
    return {ticket: [found[entry] for entry in sorted(found)] for ticket, found in rows.items()}


def _rows_of_calls(tickets: Collection[int]) -> list[tuple[int, Row]]:
    of: dict[int, int] = dict(TicketCallBack.objects.filter(ticket__in=tickets).values_list("call_back", "ticket"))
    mentions = Mention.objects.filter(kind="callback", ref__in=list(of), entry__kind__in=READERS)
    return [
        (of[ref], (entry, kind, at, data))
        for ref, entry, kind, at, data in mentions.values_list(
            "ref", "entry_id", "entry__kind", "entry__at", "entry__data"
        )
    ]


@dataclass(frozen=True)
class Clocks:
    """The clocks of one ticket at one moment, as a page or a program shows them."""

    facts: Sequence[Fact]
    book: PolicyBook
    now: datetime

    @cached_property
    def all(self) -> list[Reading]:
        """Every clock: what is late or due first, then what is paused, then what has ended, the latest first."""
        return sorted(read(self.facts, self.book), key=self._order)

    @cached_property
    def next(self) -> Reading | None:
        """The one that is due first among those that run."""
        running = [reading for reading in self.all if reading.ended_at is None and reading.due_at is not None]
        return min(running, key=lambda reading: reading.due_at or self.now, default=None)

    @cached_property
    def time_used(self) -> list[tuple[Team, int]]:
        """Who used the time promised to the requester, each team once, in the order in which they had the ticket."""
        seconds: dict[int, int] = defaultdict(int)
        for team, used in time_used(self.facts, self.book, now=self.now):
            seconds[team] += used
        teams = Team.objects.in_bulk(list(seconds))
        return [(teams[team], used) for team, used in seconds.items() if team in teams]

    def _order(self, reading: Reading) -> tuple[int, float]:
        if reading.ended_at is not None:
            return (2, -reading.ended_at.timestamp())
        if reading.state_at(self.now) is State.PAUSED:
            return (1, reading.started_at.timestamp())
        return (0, reading.due_at.timestamp() if reading.due_at else float("inf"))


def clocks_of(ticket: Ticket, *, now: datetime | None = None) -> Clocks:
    """The clocks of a ticket, worked out from the journal now: never what a cache remembers."""
    return Clocks(facts_of(rows_of(ticket.pk), ticket.pk), current_book(), now or timezone.now())


def counts_from(kind: Kind, ticket: Ticket, team: Team, at: datetime) -> datetime | None:
    """When a clock of this kind that starts at ``at`` for the team begins to count; None: nothing is promised."""
    service_class = ticket.contract.service_class if ticket.contract else ""
    now = Circumstances(ticket.category_id, ticket.priority, service_class, team.pk)
    policy = current_book().choose(kind, now, started_at=at, ended_at=None)
    try:
        return policy.calendar.next_open(at) if policy else None
    except NeverOpen:
        return None


def promised_by(reading: Reading, book: PolicyBook) -> str:
    """The name of the policy or the rule behind a clock, in the language of the page."""
    if reading.demand is not None:
        names = reading.demand.names
        return _("Rule “%(name)s”") % {"name": label_of(names["ja"], names["en"])}
    version = reading.policy.version
    return book.lines[version].row.label if version else ""
