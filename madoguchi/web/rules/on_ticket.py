"""What rules leave on a ticket for people: an approval that is asked for, a proposal."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.foundation.prepared import Prepared
from madoguchi.people.access import Access, Capability
from madoguchi.rules.actions.settle_proposal import put_away
from madoguchi.rules.models import Proposal
from madoguchi.tickets.actions.approve import decide_approval
from madoguchi.tickets.models import Approval, Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page

_open_proposals = Prepared(
    lambda ticket: Proposal.objects.open().filter(ticket=ticket).select_related("rule", "team").order_by("at", "id")
)


def left_by_rules(ticket: Ticket, access: Access) -> dict[str, Any]:
    """For the ticket's page: what rules propose, and the approval that it waits for."""
    if not ticket.is_active:
        return {"proposals": [], "approval": None, "approves": False}
    asked = ticket.approval_asked_at is not None
    return {
        "proposals": _open_proposals.all(ticket.pk),
        "approval": _approval(ticket.pk) if asked else None,
        "approves": access.can(Capability.DECIDE_ROUTING),
    }


def _approval(ticket_id: int) -> Approval | None:
    waiting = Approval.objects.filter(ticket=ticket_id, approved_at__isnull=True).select_related("decided_by")
    return waiting.order_by("-id").first()


@guard(Capability.DECIDE_ROUTING)
@require_GET
def approvals(request: StaffRequest) -> HttpResponse:
    """The tickets that wait for an approval, the longest first."""
    tickets = Ticket.objects.visible_to(request.access).filter(approval_asked_at__isnull=False)
    rows = Approval.objects.filter(ticket__in=tickets, approved_at__isnull=True)
    rows = rows.select_related("ticket", "ticket__holder_team", "decided_by").order_by("asked_at", "id")
    return page(request, "rules/approvals.html", {"approvals": list(rows[:100])})


@guard(Capability.DECIDE_ROUTING)
@require_POST
def approve(request: StaffRequest, number: str) -> HttpResponse:
    """A supervisor approves, or says what is still to be done."""
    ticket = get_object_or_404(Ticket.objects.visible_to(request.access).numbered(number))
    approved = request.POST.get("verb") == "approve"
    decide_approval(ticket, approved=approved, note=request.POST.get("note", ""), by=request.user)
    messages.success(request, _("Approved.") if approved else _("Your note is on the ticket."))
    return go(request, reverse("tickets:page", args=[ticket.number_shown]))


@guard(Capability.WORK_TICKETS)
@require_POST
def put_proposal_away(request: StaffRequest, proposal_id: int) -> HttpResponse:
    """The proposal does not help here."""
    tickets = Ticket.objects.visible_to(request.access)
    proposal = get_object_or_404(
        Proposal.objects.select_related("ticket__holder_team", "rule").filter(ticket__in=tickets), pk=proposal_id
    )
    put_away(proposal, by=request.user)
    return go(request, reverse("tickets:page", args=[proposal.ticket.number_shown]))
