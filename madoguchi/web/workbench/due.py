"""期限が近い: what this person has to see to next: tickets, promised calls and what departments said, in one order."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from madoguchi.clocks.reading import Kind
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.foundation.prepared import Prepared
from madoguchi.interactions.models import CallBack
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.tickets.models import Ticket, TicketQuerySet, shown

MOST = 8


class Due(NamedTuple):
    """One row. A call that was promised names its ``call_back``, everything else its ticket's ``number``.

    A ``question`` to a ``department`` stands there since ``at``; its ``kind`` is what it ``needs``.
    """

    at: datetime
    kind: str
    text: str
    number: str
    call_back: int | None = None
    is_unassigned: bool = False
    question: int | None = None
    department: str = ""


def _first(tickets: TicketQuerySet) -> "QuerySet[Ticket, tuple[int, str, Any, str]]":
    rows = tickets.active().filter(next_due_at__isnull=False).order_by("next_due_at", "id")
    return rows.values_list("id", "subject", "next_due_at", "next_due_kind")[:MOST]


_own = PreparedVisible(lambda access, staff: _first(Ticket.objects.visible_to(access).filter(assignee=staff)))
_free = PreparedVisible(
    lambda access, team: _first(Ticket.objects.visible_to(access).filter(holder_team=team, assignee__isnull=True))
)
_promised = Prepared(
    lambda staff: (
        CallBack.objects.waiting()
        .filter(staff=staff)
        .values_list("id", "name", "number", "due_at", "ticket_link__ticket")[:MOST]
    )
)
_came = Remark.objects.filter(consultation=OuterRef("pk")).order_by("-id").values("at")[:1]
_asked = PreparedVisible(
    lambda access, staff: (
        Consultation.objects.visible_to(access)
        .needing_somebody()
        .filter(asked_by=staff)
        .select_related("ticket", "department")
        .annotate(came=Coalesce(Subquery(_came), F("asked_at")))
        .order_by("-id")[:MOST]
    )
)


def due_of(access: Access) -> list[Due]:
    """Own tickets, unassigned ones of the own teams, own call-backs: the next due first, so what is late stands on top.

    Four questions and one more for each further team; none looks at more than waits for these people.
    """
    calls = _promised.all(access.staff.pk)
    called = {ticket for *_, ticket in calls}
    found = [
        Due(at, Kind.CALL_BACK, name, shown(ticket) if ticket else number, call_back)
        for call_back, name, number, at, ticket in calls
    ]
    for is_unassigned, rows in (
        (False, _own.all(access, access.staff.pk)),
        *((True, _free.all(access, team)) for team in access.team_ids),
    ):
        found += [
            Due(at, kind, subject, shown(ticket), is_unassigned=is_unassigned)
            for ticket, subject, at, kind in rows
            if kind != Kind.CALL_BACK or ticket not in called
        ]
    found += [
        Due(
            row.came,
            row.needs,
            row.ticket.subject,
            row.ticket.number_shown,
            question=row.pk,
            department=row.department.label,
        )
        for row in _asked.all(access, access.staff.pk)
    ]
    return sorted(found, key=lambda row: row.at)[:MOST]
