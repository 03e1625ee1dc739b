"""Tickets that belong together."""

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import CallBack
from madoguchi.journal.record import record
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.lock import lock, save
from madoguchi.tickets.actions.track_call_back import promised_time, refresh_call_back_at
from madoguchi.tickets.models import Status, Ticket, TicketCallBack, TicketInteraction, TicketLink, TicketThread


@transaction.atomic
def link_tickets(ticket: Ticket, *, other: Ticket, kind: str, by: Staff) -> TicketLink:
    """Say that a ticket is a duplicate of, or related to, another; saying it twice changes nothing."""
    if ticket.pk == other.pk:
        raise Refused(_("A ticket cannot be linked to itself."), code="itself", field="other")
    if kind not in TicketLink.Kind.values:
        raise Refused(_("Choose how the tickets belong together."), code="kind", field="kind")
    link, created = TicketLink.objects.get_or_create(ticket=ticket, other=other, kind=kind)
    if created:
        record("ticket.linked", by=by, about=[ticket, other], data={"kind": kind, "other": other.number_shown})
    return link


@transaction.atomic
def set_parent(ticket: Ticket, *, parent: Ticket | None, by: Staff) -> Ticket:
    """Make a ticket part of a larger one; None takes it out. A ticket cannot stand below itself."""
    ticket = lock(ticket)
    ancestor = parent.pk if parent else None
    while ancestor is not None:
        if ancestor == ticket.pk:
            raise Refused(_("A ticket cannot stand below itself."), code="circle", field="parent")
        ancestor = Ticket.objects.values_list("parent", flat=True).get(pk=ancestor)
    former = ticket.parent
    if former == parent:
        return ticket
    save(ticket, parent=parent)
    record(
        "ticket.parent_set",
        by=by,
        about=[ticket, parent, former],
        data={"parent": parent.number_shown if parent else None},
    )
    return ticket


@transaction.atomic
def merge(ticket: Ticket, *, into: Ticket, by: Staff) -> Ticket:
    """Go on with ``into`` alone: contacts, threads and call-backs move there; this one closes and points to it."""
    if ticket.pk == into.pk:
        raise Refused(_("A ticket cannot be merged into itself."), code="itself", field="into")
    first, second = sorted((ticket, into), key=lambda row: row.pk)
    locked = {row.pk: row for row in (lock(first), lock(second))}
    ticket, into = locked[ticket.pk], locked[into.pk]
    if ticket.merged_into_id is not None or into.merged_into_id is not None:
        raise Refused(_("One of the tickets was already merged."), code="merged", status=409)
    if not into.is_active:
        raise Refused(_("Merge into a ticket that is still open."), code="not_active", status=409)
    if ticket.offered_to_id is not None:
        raise Refused(_("This ticket is being offered to a team. Recall the offer first."), code="offered", status=409)
    there = TicketInteraction.objects.filter(ticket=into).values("interaction")
    TicketInteraction.objects.filter(ticket=ticket).exclude(interaction__in=there).update(ticket=into)
    TicketThread.objects.filter(ticket=ticket).update(ticket=into)
    owed = list(CallBack.objects.waiting().filter(ticket_link__ticket=ticket))
    TicketCallBack.objects.filter(ticket=ticket, call_back__in=owed).update(ticket=into)
    for row in (ticket, into):
        refresh_call_back_at(row)
    save(ticket, status=Status.CLOSED, merged_into=into, waiting_for="", waiting_until=None, frozen_at=None)
    save(into)
    record(
        "ticket.merged",
        by=by,
        about=[ticket, into, ticket.holder_team, into.holder_team],
        data={
            "from": ticket.number_shown,
            "into": into.number_shown,
            "from_id": ticket.pk,
            "into_id": into.pk,
            "call_backs": [{"id": call.pk, "team": call.team_id, "due_at": promised_time(call)} for call in owed],
        },
    )
    return into
