"""A desk as large as one likes, to measure with: ``write``. Some years of it, and the last of them up to the present.

The history is one period, told in full and then told again of other people (``copies``); the present is told in full
once more, with all that is still open. Nothing is left out that a desk would hold: contacts, calls with their events,
mails, messages, hand-offs, call-backs, the journal with its mentions, deadlines, learned texts, the search index.
Only the way in is short: no constraint is checked on the way, indexes are built at the end, the originals of repeated
mails are those of the first telling, and so is the working time of deadlines that were repeated.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from random import Random

from django.db import connection, models, transaction
from django.utils import timezone

from madoguchi.clocks.actions import tell_from_now_on
from madoguchi.demo import company, copies, deadlines, history, source
from madoguchi.demo.analysis import analysed
from madoguchi.demo.bulk import Tables
from madoguchi.demo.copies import Copier
from madoguchi.demo.crowd import MODELS as CUSTOMERS
from madoguchi.demo.crowd import Crowd
from madoguchi.demo.history import count_uses
from madoguchi.demo.indexes import without_indexes
from madoguchi.demo.ledger import Ledger
from madoguchi.demo.lives import Desk
from madoguchi.demo.world import Customer, World
from madoguchi.files.models import StoredFile
from madoguchi.journal.models import Mention
from madoguchi.people.models import Contract, Membership, Organization, Person, Role, Staff, Team
from madoguchi.reactions import SEARCH_SOURCES
from madoguchi.search.models import Document, Pending
from madoguchi.tickets.models import Ticket, TicketCallBack

YEARS = 900  # days that a desk looks back on, whatever its size
LARGEST_PERIOD = 20_000  # tickets that are told in full; larger desks repeat more often
_SLOWEST = 10  # tickets a day; a small desk looks back less far
_PER_PERSON = 10  # tickets
_SETTLED = 60  # days after which nothing of a period is open any more
_CALLS_A_DAY = 25  # of one operator
_CHUNK = 500

# What a period consists of; originals of mails stay where they are.
_HISTORY = tuple(model for model in history.MODELS if model not in (StoredFile, Pending))
_ALL: tuple[type[models.Model], ...] = (*CUSTOMERS, *history.MODELS, *deadlines.MODELS, Document)

type Say = Callable[[str], None]


def write(tickets: int, *, seed: int, say: Say = print) -> None:
    """Fill a desk that has the sample company, and no tickets yet, with about ``tickets``. Nothing else may be at work.

    The same seed and size give the same history. On PostgreSQL the user must be allowed to put off foreign keys.
    """
    size = min(max(tickets // 10, 50), LARGEST_PERIOD)
    blocks = max(1, tickets // size - 1)
    days = max(1, min(YEARS, tickets // _SLOWEST) // (blocks + 1))
    now = timezone.now()
    clock = _Clock(say)
    tell_from_now_on()
    with ExitStack() as stack:
        stack.enter_context(_unguarded())
        index = stack.enter_context(without_indexes(_ALL, say=clock.say))
        chance = Random(seed)
        desk = _Told(tickets, size, days, now, chance)
        desk.hire()
        copier = desk.period(clock.say)
        for number in range(1, blocks):
            with transaction.atomic():
                desk.people(number)
                copier.copy(number)
            clock.say(f"period {number + 1} of {blocks}: {(number + 1) * size:,} tickets")
        desk.present(blocks, clock.say)
        index.rebuild()
    count_uses()
    clock.say("done")


class _Clock:
    def __init__(self, say: Say) -> None:
        self._began, self._say = time.monotonic(), say

    def say(self, line: str) -> None:
        self._say(f"{time.monotonic() - self._began:7.1f} s  {line}")


class _Told:
    """The tellings: the first period, the people of each other, the present."""

    def __init__(self, tickets: int, size: int, days: int, now: datetime, chance: Random) -> None:
        self.tickets, self.size, self.days, self.now, self.chance = tickets, size, days, now, chance
        self.blocks = max(1, tickets // size - 1)
        self.began = (now - timedelta(days=days * (self.blocks + 1))).replace(microsecond=0)
        self.ledger = Ledger()
        self.crowd = Crowd(
            max(_PER_PERSON, size // _PER_PERSON),
            seed=chance.randrange(2**30),
            services=_services(),
            began=self.began,
        )
        words = source.table("crowd")
        self._towns, self._places = words["town"], words["place"]
        self._families = [each.split()[0] for each in words["family"]]

    def hire(self) -> None:
        """As many people as the calls of a day need."""
        wanted = int(self.size / self.days / _CALLS_A_DAY)
        teams = {team.key: team for team in Team.objects.all()}
        extension = 5000
        with transaction.atomic():
            for place in range(wanted):
                for key, role in (("call-centre", Role.OPERATOR), *_ENGINEERS[place % len(_ENGINEERS) :][:1]):
                    extension += 1
                    name = self._families[(place * 7 + extension) % len(self._families)]
                    staff = Staff(
                        email=f"mass{extension}@{company.DOMAIN}",
                        family_name=name,
                        extension=str(extension),
                        password="!",  # noqa: S106  nobody signs in with it
                    )
                    staff.save()
                    Membership.objects.create(staff=staff, role=role, team=teams[key])

    def period(self, say: Say) -> Copier:
        """The first period, of which nothing is open; what copies it."""
        begin = self.began + timedelta(days=self.days)
        with transaction.atomic():
            tables = Tables(_ALL)
            customers = self.crowd.write(tables, self.ledger, 0)
            spans_from = {model: tables[model].next for model in _ALL}
            self.ledger.write(tables)
            start = {model: tables[model].next for model in (*_HISTORY, Document)}
            desk = Desk(tables, self.ledger, _world(customers), begin + timedelta(days=_SETTLED), self.detail)
            self._play(desk, history.arrivals(self.size, self.chance, begin, self.days), say)
            many = {model: tables[model].next - start[model] for model in _HISTORY}
        spans: dict[type[models.Model], tuple[int, int]] = {model: (start[model], many[model]) for model in _HISTORY}
        ranges = {model: range(first, first + rows) for model, (first, rows) in spans.items()}
        with transaction.atomic():
            _index(ranges[Ticket], say)
        with transaction.atomic():
            spans |= deadlines.write(ranges[Ticket], ranges[Mention], ranges[TicketCallBack])
        spans[Document] = (start[Document], many[Ticket])
        for model, rows in ((Person, self.crowd.size), (Organization, self.crowd.companies)):
            spans[model] = (spans_from[model] - rows, rows)
        spans[Contract] = (spans_from[Contract] - self.crowd.companies, self.crowd.companies)
        say(f"period 1: {self.size:,} tickets told in full")
        return Copier(spans, self.days)

    def people(self, block: int) -> None:
        """The people of another block. Their arrival is told with the present."""
        tables = Tables(CUSTOMERS)
        self.latest = self.crowd.write(tables, self.ledger, block)
        tables.write()
        tables.settle()

    def present(self, blocks: int, say: Say) -> None:
        """The last days until now."""
        with transaction.atomic():
            self.people(blocks)
            tables = Tables(_ALL)
            self.ledger.write(tables)
            told: tuple[type[models.Model], ...] = (Ticket, Mention, TicketCallBack)
            first = {model: tables[model].next for model in told}
            rest = max(1, self.tickets - blocks * self.size)
            desk = Desk(tables, self.ledger, _world(self.latest), self.now, self.detail)
            self._play(desk, history.arrivals(rest, self.chance, self.now, self.days), say)
            tickets, mentions, call_backs = (range(first[model], tables[model].next) for model in told)
        with transaction.atomic():
            _index(tickets, say)
        with transaction.atomic():
            deadlines.write(tickets, mentions, call_backs)
        say(f"the last {self.days} days: {rest:,} tickets told in full")

    def detail(self, ticket: int) -> str:
        """Where it is, whose it is, which machine: words that few tickets share, one that is this ticket's alone."""
        chance = self.chance
        town = self._towns[int(len(self._towns) * chance.random() ** 2)]
        family = self._families[int(len(self._families) * chance.random() ** 2)]
        machine = f"{chance.choice(('PC', 'NB', 'TB'))}-{chance.randrange(10_000, 100_000)}"
        return f"{town}{chance.choice(self._places)} {family}様 機器{machine} 控え{copies.mark(ticket)}"

    def _play(self, desk: Desk, arrived: Sequence[datetime], say: Say) -> None:
        step = 2_000
        for start in range(0, len(arrived), step):
            history.play(desk, self.chance, arrived[start : start + step])
            say(f"{min(start + step, len(arrived)):,} of {len(arrived):,}")
        self.ledger.write(desk.tables)
        # The texts go straight into the index.
        desk.tables[Pending].rows.clear()
        desk.tables.write()
        desk.tables.settle()


_ENGINEERS = (("service-desk", Role.ENGINEER), ("network", Role.ENGINEER), ("field-service", Role.ENGINEER))


def _world(customers: list[Customer]) -> World:
    world = World.read()
    world.customers = customers
    return world


def _services() -> list[str]:
    found = {topic.service for topic in World.read().topics.values() if topic.service}
    return sorted(found)


def _index(tickets: range, say: Say) -> None:
    """The texts of these tickets as the worker would have indexed them; analysed by all processors."""
    chunks = [tickets[start : start + _CHUNK] for start in range(0, len(tickets), _CHUNK)]
    texts = (list(SEARCH_SOURCES["ticket"](list(chunk)).items()) for chunk in chunks)
    tables = Tables([Document])
    for done, found in enumerate(analysed(list(texts)), start=1):
        for ref, terms in found:
            tables[Document].add(kind="ticket", ref=ref, terms=terms)
        if done % 10 == 0:
            say(f"{done * _CHUNK:,} texts analysed")
    if connection.vendor == "sqlite":
        rows = [(row[2], row[3]) for row in tables[Document].rows]
        connection.connection.executemany("INSERT INTO search_fts_ticket (rowid, terms) VALUES (?, ?)", rows)
    tables.write()
    tables.settle()


@contextmanager
def _unguarded() -> Iterator[None]:
    """No wait for the disk and no check of what refers to what, while nobody else is there."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET maintenance_work_mem = '1GB'")
        else:
            for pragma in ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -1000000", "temp_store = FILE"):
                cursor.execute(f"PRAGMA {pragma}")
    try:
        yield
    finally:
        connection.close()
