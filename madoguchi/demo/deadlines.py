"""Deadlines of tickets that were written in bulk: worked out from their journal, as ``clocks rebuild`` does it."""

from collections import defaultdict

from django.db import models

from madoguchi.clocks import spending
from madoguchi.clocks.book import current_book
from madoguchi.clocks.follow import Row as ClockRow
from madoguchi.clocks.follow import next_due
from madoguchi.clocks.function import read
from madoguchi.clocks.history import READERS, Row, facts_of
from madoguchi.clocks.models import Clock, Spent
from madoguchi.demo.bulk import Tables
from madoguchi.journal.models import Mention
from madoguchi.tickets.models import Ticket, TicketCallBack

MODELS: tuple[type[models.Model], ...] = (Clock, Spent)


def write(tickets: range, mentions: range, call_backs: range) -> dict[type[models.Model], tuple[int, int]]:
    """Write the clocks of these tickets, and who used their time; the first id and the number of the rows of each.

    ``mentions`` and ``call_backs`` (ticket ↔ call-back) are the ids of all that tells of them: no index is asked.
    """
    book, tables = current_book(), Tables(MODELS)
    hours = spending.team_hours(book)
    first = {model: tables[model].next for model in MODELS}
    for ticket, rows in _journal(tickets, mentions, call_backs).items():
        facts = facts_of([rows[entry] for entry in sorted(rows)], ticket)
        clocks = [ClockRow.of(ticket, reading) for reading in read(facts, book)]
        for clock in clocks:
            tables[Clock].add(**clock._asdict())
        for row in spending.spent(ticket, facts, hours, book):
            tables[Spent].add(**row._asdict())
        due_at, kind = next_due(clocks)
        if due_at is not None:
            Ticket.objects.filter(pk=ticket).update(next_due_at=due_at, next_due_kind=kind)
    many = {model: tables[model].next - first[model] for model in MODELS}
    tables.write()
    tables.settle()
    return {model: (first[model], many[model]) for model in MODELS}


def _journal(tickets: range, mentions: range, call_backs: range) -> dict[int, dict[int, Row]]:
    """What the journal says about each ticket and the calls owed because of it, by entry, in one pass."""
    links = TicketCallBack.objects.filter(pk__gte=call_backs.start, pk__lt=call_backs.stop)
    owed: dict[int, int] = dict(links.values_list("call_back", "ticket"))
    found: dict[int, dict[int, Row]] = defaultdict(dict)
    told = Mention.objects.filter(pk__gte=mentions.start, pk__lt=mentions.stop)
    told = told.filter(kind__in=("ticket", "callback"), entry__kind__in=READERS)
    columns = ("kind", "ref", "entry_id", "entry__kind", "entry__at", "entry__data")
    for kind, ref, *row in told.order_by("pk").values_list(*columns).iterator(chunk_size=10_000):
        ticket = ref if kind == "ticket" else owed.get(ref)
        if ticket is not None and ticket in tickets:
            found[ticket].setdefault(row[0], (row[0], row[1], row[2], row[3]))
    return found
