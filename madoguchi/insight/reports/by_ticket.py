"""Reports whose figures count tickets: one aggregate for the rows and one for the total, whatever their number."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.insight.reports.frame import (
    BY_TICKET,
    Column,
    Figure,
    Period,
    Report,
    Row,
    Unit,
    grouped,
    named,
    of_group,
)
from madoguchi.people.access import Access
from madoguchi.tickets.models import TicketQuerySet


def _counts(columns: Sequence[Column]) -> dict[str, Any]:
    return {f"n_{column.key}": Count("pk", filter=column.where) for column in columns if column.where is not None}


def _figures(columns: Sequence[Column], found: Mapping[str, Any]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for column in columns:
        if column.share_of:
            part, whole = (found[f"n_{key}"] for key in column.share_of)
            figures[column.key] = part / whole if whole else None
        elif column.unit is Unit.AVERAGE:
            figures[column.key] = found["moved"] / found["n_tickets"] if found["n_tickets"] else None
        else:
            figures[column.key] = found[f"n_{column.key}"]
    return figures


def _rows(
    columns: Sequence[Column], period: Period, by: str, access: Access | None
) -> tuple[list[Row], Mapping[str, Figure]]:
    tickets, column = grouped(period.tickets(access), by)
    counts = _counts(columns) | {"moved": Sum("moves")}
    found = {row.pop(column): row for row in tickets.order_by().values(column).annotate(**counts)}
    whole = {name: sum(row[name] for row in found.values()) for name in counts}
    return named(by, {key: _figures(columns, row) for key, row in found.items()}), _figures(columns, whole)


def _behind(period: Period, access: Access | None, by: str, key: str | None, column: Column) -> TicketQuerySet:
    tickets = period.tickets(access)
    if key is not None:
        tickets = of_group(tickets, by, key)
    return tickets.filter(column.where) if column.where is not None else tickets


def of_tickets(
    name: str, label: str | Promise, meaning: str | Promise, columns: Sequence[Column], *, drawn: str
) -> Report:
    """A report whose columns are conditions on tickets, shares of two of them, or moves on average."""
    return Report(
        name,
        label,
        meaning,
        BY_TICKET,
        columns,
        drawn,
        rows=partial(_rows, columns),
        behind=_behind,
    )


_ALL = Q(pk__isnull=False)
_SOLVED = Q(resolved_at__isnull=False)
_OPENED = Column(
    "tickets", _("Tickets"), _("Opened in the period; merged ones count with the ticket they went into."), where=_ALL
)

MOVES = of_tickets(
    "moves",
    _("Moves per ticket"),
    _("How often tickets changed the team: accepted hand-offs, returns after acceptance, and assignments."),
    [
        _OPENED,
        Column("moves_0", _("No move"), _("Never left the team that took it in."), where=Q(moves=0)),
        Column("moves_1", _("1 move"), _("Changed the team once."), where=Q(moves=1)),
        Column("moves_2", _("2 moves"), _("Changed the team twice."), where=Q(moves=2)),
        Column("moves_3", _("3 or more"), _("Changed the team three times or more."), where=Q(moves__gte=3)),
        Column("average", _("Moves on average"), _("Moves divided by tickets."), Unit.AVERAGE),
        Column("solved", _("Solved"), _("Of these tickets, those that are solved now."), where=_SOLVED),
        Column(
            "solved_unmoved",
            _("Solved without a move"),
            _("Solved by the team that took it in."),
            where=_SOLVED & Q(moves=0),
        ),
        Column(
            "solved_unmoved_share",
            _("Share without a move"),
            _("Solved without a move, of all that are solved."),
            Unit.SHARE,
            share_of=("solved_unmoved", "solved"),
        ),
    ],
    drawn="average",
)


def _returned() -> Q:
    return Q(Exists(Handoff.objects.filter(ticket=OuterRef("pk"), accepted_at__isnull=False, state="returned")))


def _sent_back() -> Q:
    """Handed over, or given by a supervisor's decision, to a team that had it before."""
    handed = Handoff.objects.filter(
        _had_before("to_team", "accepted_at"), ticket=OuterRef("pk"), accepted_at__isnull=False
    )
    given = RoutingDecision.objects.filter(
        _had_before("team", "at"), ticket=OuterRef("pk"), kind__in=RoutingDecision.MOVING
    )
    return Q(Exists(handed)) | Q(Exists(given))


def _had_before(team: str, at: str) -> Q:
    """The team handed it over before that moment, or had it until a supervisor gave it to another one."""
    earlier = Handoff.objects.filter(ticket=OuterRef("ticket"), accepted_at__lt=OuterRef(at))
    decided = RoutingDecision.objects.filter(
        ticket=OuterRef("ticket"), at__lt=OuterRef(at), kind__in=RoutingDecision.MOVING
    )
    had = (
        Q(ticket__front_team=F(team))
        | Exists(earlier.filter(to_team=OuterRef(team)))
        | Exists(decided.filter(team=OuterRef(team)))
    )
    return Exists(earlier.filter(from_team=OuterRef(team))) | (Exists(decided.exclude(team=OuterRef(team))) & had)


RETURNS = of_tickets(
    "returns",
    _("Tickets with a return to a former team"),
    _("Tickets that came back to a team that had already had them. A return before acceptance is none: nothing moved."),
    [
        _OPENED,
        Column(
            "came_back",
            _("Came back"),
            _("Returned after acceptance, or handed over or assigned again to a team that had it before."),
            where=_returned() | _sent_back(),
        ),
        Column(
            "came_back_share",
            _("Share that came back"),
            _("Came back, of all tickets opened in the period."),
            Unit.SHARE,
            share_of=("came_back", "tickets"),
        ),
        Column("returned", _("Returned"), _("Returned after it had been accepted."), where=_returned()),
        Column(
            "sent_back",
            _("Handed back"),
            _("Came back by a new hand-off or a supervisor's decision."),
            where=_sent_back(),
        ),
    ],
    drawn="came_back_share",
)
