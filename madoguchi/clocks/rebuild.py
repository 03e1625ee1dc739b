"""Working the cache out anew from the journal: everything (the command), or the open tickets (by the worker)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from madoguchi.clocks import spending
from madoguchi.clocks.book import PolicyBook, current_book
from madoguchi.clocks.follow import Row, forget, rows_as_kept, show_next, write
from madoguchi.clocks.function import read
from madoguchi.clocks.history import facts_of
from madoguchi.clocks.models import Recalculation
from madoguchi.clocks.queries import rows_of_many
from madoguchi.clocks.rows import differences
from madoguchi.tickets.models import Ticket

_BATCH = 200
_ROWS = 500  # of one statement: SQLite takes so many values


@dataclass
class Rebuilt:
    """How many tickets were looked at, and how many clocks were not as they should be."""

    tickets: int = 0
    clocks: int = 0


def rebuild() -> Rebuilt:
    """Work out the clocks of all tickets; what is right already is not written. Acts may go on meanwhile."""
    done, after = Rebuilt(), 0
    while True:
        with transaction.atomic():
            tickets = _hold(
                list(Ticket.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_BATCH])
            )
            if not tickets:
                return done
            done.tickets += len(tickets)
            done.clocks += renew(tickets, current_book())
            after = tickets[-1].pk


def recalculate() -> bool:
    """Go on with what asked for it first; whether more waits. One batch of open tickets, in one transaction."""
    with transaction.atomic():
        asked = Recalculation.objects.select_for_update(skip_locked=True).order_by("id").first()
        if asked is None:
            return False
        open_ones = Ticket.objects.active().filter(pk__gt=asked.after).order_by("pk")
        tickets = _hold(list(open_ones.values_list("pk", flat=True)[:_BATCH]))
        if not tickets:
            asked.delete()
            return Recalculation.objects.exists()
        if asked.after == 0:  # one pass serves all that was asked for before it began
            Recalculation.objects.filter(pk__gt=asked.pk).delete()
        renew(tickets, current_book())
        asked.after = tickets[-1].pk
        asked.save(update_fields=["after"])
        return True


def renew(tickets: Sequence[Ticket], book: PolicyBook) -> int:
    """Make the rows of tickets that the caller holds equal to the function's; how many clocks changed."""
    keys = [ticket.pk for ticket in tickets]
    rows, kept, count = rows_of_many(keys), rows_as_kept(keys), 0
    used, hours = spending.rows_as_kept(keys), spending.team_hours(book)
    clocks: list[Row] = []
    times: list[spending.Row] = []
    for ticket in tickets:
        facts = facts_of(rows[ticket.pk], ticket.pk)
        new = [Row.of(ticket.pk, reading) for reading in read(facts, book)]
        different, gone = differences(kept[ticket.pk], new)
        clocks += different
        count += len(different) + len(gone)
        forget(ticket.pk, gone)
        show_next(ticket, new)
        different_times, gone = differences(used[ticket.pk], spending.spent(ticket.pk, facts, hours, book))
        times += different_times
        spending.forget(ticket.pk, gone)
    for start in range(0, len(clocks), _ROWS):
        write(clocks[start : start + _ROWS])
    for start in range(0, len(times), _ROWS):
        spending.write(times[start : start + _ROWS])
    return count


def _hold(keys: Sequence[int]) -> list[Ticket]:
    held = Ticket.objects.select_for_update().filter(pk__in=keys).only("next_due_at", "next_due_kind")
    return list(held.order_by("pk"))
