"""The sweep: what a clock reaches, a warning or the breach, is written into the journal once, and people are told."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from madoguchi.clocks.book import PolicyBook, current_book
from madoguchi.clocks.function import read
from madoguchi.clocks.history import Fact, facts_of
from madoguchi.clocks.models import Clock, PolicyVersion
from madoguchi.clocks.queries import rows_of_many
from madoguchi.clocks.reading import DUE, Kind, Reading
from madoguchi.clocks.rebuild import renew
from madoguchi.clocks.words import KINDS
from madoguchi.interactions.models import CallBack
from madoguchi.journal.record import SYSTEM, record
from madoguchi.notifications.actions import notify
from madoguchi.people.models import Staff, Team
from madoguchi.people.queries import supervisors_of
from madoguchi.people.standing_in import covered
from madoguchi.problems.set_aside import set_aside
from madoguchi.tickets.models import Ticket

_TOGETHER = 20  # tickets held by one transaction
WARNING = gettext_noop("%(number)s %(clock)s is due %(due)s (%(percent)s %% used): %(subject)s")
BREACH = gettext_noop("%(number)s %(clock)s is overdue since %(due)s: %(subject)s")


def sweep(*, limit: int = 200) -> int:
    """Tell what became due, the earliest first; how many clocks were due, at most ``limit``.

    Found through the index over ``next_at``, so the work grows with what is due and not with what is open. Several
    workers may sweep at once: each ticket is held while its clocks are told, one that another worker holds is left to
    it. What is told is committed together with the moment of what comes next, so a worker that dies leaves everything
    to be told, and nothing twice. After a stop everything that was missed is told, in order.
    """
    due = list(
        Clock.objects.filter(next_at__lt=timezone.now())
        .order_by("next_at", "id")
        .values_list("ticket_id", flat=True)[:limit]
    )
    tickets = list(dict.fromkeys(due))
    for start in range(0, len(tickets), _TOGETHER):
        _tell(tickets[start : start + _TOGETHER])
    return len(due)


@transaction.atomic
def _tell(tickets: Sequence[int]) -> None:
    held = Ticket.objects.select_for_update(of=("self",), skip_locked=True).select_related(
        "assignee", "holder_team", "front_team"
    )
    rows = {ticket.pk: ticket for ticket in held.filter(pk__in=tickets).order_by("pk")}
    now = timezone.now()
    # Another worker may have told them since we looked.
    still = set(Clock.objects.filter(ticket__in=rows, next_at__lt=now).values_list("ticket_id", flat=True))
    if not still:
        return
    book, histories, told = current_book(), rows_of_many(still), []
    for key in tickets:
        if key in still:
            try:
                with transaction.atomic():
                    _tell_ticket(rows[key], facts_of(histories[key], key), book, now)
                told.append(key)
            except Exception as error:  # noqa: BLE001 (one bad ticket must not keep the others from being told)
                Clock.objects.filter(ticket=key).update(next_at=None)
                set_aside("worker.clocks", error, document=f"ticket:{key}")
    # Rules may have acted on it, and a row that the cache should not have would be due for ever: so all anew.
    renew(list(held.only("next_due_at", "next_due_kind").select_related(None).filter(pk__in=told)), current_book())


def _tell_ticket(ticket: Ticket, facts: Sequence[Fact], book: PolicyBook, now: datetime) -> None:
    for moment, reading, percent in sorted(_reached(facts, book, now), key=lambda mark: mark[0]):
        _record(ticket, reading, percent, moment)
        if reading.ended_at is None:
            _notify(ticket, reading, percent, book, now)


def _reached(facts: Sequence[Fact], book: PolicyBook, now: datetime) -> Iterator[tuple[datetime, Reading, int]]:
    for reading in read(facts, book):
        for percent in (*reading.policy.warn_at, DUE):
            moment = reading.mark(percent)
            if moment is not None and moment < now:
                yield moment, reading, percent


def _record(ticket: Ticket, reading: Reading, percent: int, moment: datetime) -> None:
    record(
        "clock.breached" if percent == DUE else "clock.warned",
        by=SYSTEM,
        about=[ticket, Team(pk=reading.team), ticket.assignee],  # only named
        data={
            "clock": reading.kind.value,
            "subject": reading.subject,
            "percent": percent,
            "target": reading.target,
            "due_at": reading.due_at.isoformat() if reading.due_at else None,
            "reached_at": moment.isoformat(),
            "policy": reading.policy.version,
            "priority": ticket.priority,
            "ended": reading.ended_at is not None,
            "text": reading.demand.text if reading.demand else "",
        },
    )


def _notify(ticket: Ticket, reading: Reading, percent: int, book: PolicyBook, now: datetime) -> None:
    version = reading.policy.version
    row = book.lines[version].row if version else None
    tell = PolicyVersion.Tell(row.tell) if row else PolicyVersion.Tell.BOTH
    wanted = reading.demand.text if reading.demand else ""
    notify(
        _to_be_told(ticket, reading, tell, now),
        BREACH if percent == DUE else WARNING,
        kind="clock.breached" if percent == DUE else "clock.warned",
        params={
            "number": ticket.number_shown,
            "clock_msgid": KINDS[reading.kind],
            "due_time": reading.due_at.isoformat() if reading.due_at else None,
            "percent": percent,
            "subject": f"{wanted} – {ticket.subject}" if wanted else ticket.subject,
        },
        about=ticket,
        at_once=row is not None and row.at_once,
        now=now,
    )


def _meant(ticket: Ticket, reading: Reading) -> tuple[Staff | None, Team | None]:
    """Who is to act, and for which team: whoever promised to call back, else the assignee."""
    if reading.kind is Kind.CALL_BACK:
        call = CallBack.objects.select_related("staff", "team").filter(pk=reading.subject).first()
        if call is not None and call.staff is not None:
            return call.staff, call.team
    team = next((team for team in (ticket.holder_team, ticket.front_team) if team.pk == reading.team), None)
    return ticket.assignee, team


def _to_be_told(ticket: Ticket, reading: Reading, tell: PolicyVersion.Tell, now: datetime) -> list[Staff]:
    """Whoever stands in is told for somebody who is away; nobody does: the supervisors."""
    if tell is PolicyVersion.Tell.NOBODY:
        return []
    meant, team = _meant(ticket, reading)
    if team is None or tell is PolicyVersion.Tell.SUPERVISORS:
        return supervisors_of(reading.team, now)
    assignee, _stand_in = covered(meant, team, now)
    if tell is PolicyVersion.Tell.ASSIGNEE and assignee is not None:
        return [assignee]
    people = supervisors_of(reading.team, now)
    return [*people, assignee] if tell is PolicyVersion.Tell.BOTH and assignee is not None else people
