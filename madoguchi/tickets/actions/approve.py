"""A supervisor has to approve before a ticket may be resolved."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import Capability, access_of
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.lock import lock, require_active, save
from madoguchi.tickets.models import Approval, Ticket


@transaction.atomic
def require_approval(ticket: Ticket, *, reason: str, by: Actor) -> Approval | None:
    """From now on the ticket is resolved only after a supervisor has approved; None when that was asked already."""
    ticket = lock(ticket)
    require_active(ticket)
    if ticket.approval_asked_at is not None:
        return None
    now = timezone.now()
    approval = Approval.objects.create(ticket=ticket, reason=reason[:500], asked_by=by.actor_name, asked_at=now)
    save(ticket, approval_asked_at=now)
    record(
        "approval.asked",
        by=by,
        about=[ticket, ticket.holder_team, ticket.front_team, ticket.assignee],
        data={"reason": approval.reason},
    )
    return approval


@transaction.atomic
def decide_approval(ticket: Ticket, *, approved: bool, note: str, by: Staff) -> Approval:
    """Approve, or say what is still to be done; until it is approved the ticket cannot be resolved."""
    if not access_of(by).can(Capability.DECIDE_ROUTING):
        raise Refused(_("Only a supervisor can decide this."), code="not_supervisor", status=403)
    if not approved and not note.strip():
        raise Refused(_("Say what is still to be done."), code="note_missing", field="note")
    ticket = lock(ticket)
    approval = Approval.objects.filter(ticket=ticket, approved_at__isnull=True).order_by("-id").first()
    if ticket.approval_asked_at is None or approval is None:
        raise Refused(_("This ticket waits for no approval."), code="no_approval", status=409)
    now = timezone.now()
    approval.decided_by, approval.decided_at, approval.note = by, now, note.strip()[:500]
    approval.approved_at = now if approved else None
    approval.save(update_fields=["decided_by", "decided_at", "note", "approved_at"])
    save(ticket, approval_asked_at=None if approved else ticket.approval_asked_at)
    record(
        "approval.decided",
        by=by,
        about=[ticket, ticket.holder_team, ticket.front_team, ticket.assignee],
        data={"approved": approved, "note": approval.note},
    )
    return approval
