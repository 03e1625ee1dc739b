"""What the doors of this segment share: finding a hand-off, and the figures beside its tabs."""

from django.shortcuts import get_object_or_404

from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.queries import frozen_tickets
from madoguchi.people.access import Capability
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest


def handoff_or_404(request: StaffRequest, handoff_id: int) -> Handoff:
    """The hand-off, if this person may see it and its ticket."""
    handoffs = Handoff.objects.visible_to(request.access).filter(ticket__in=Ticket.objects.visible_to(request.access))
    return get_object_or_404(handoffs.select_related("ticket", "from_team", "to_team", "offered_by"), pk=handoff_id)


def missing(key: str, label: str) -> list[dict[str, str]]:
    """What a refusal names, so that the page jumps to the field."""
    return [{"key": key, "label": label}]


def tabs_of(request: StaffRequest) -> dict[str, int | None]:
    """Figures beside the segment's tabs: frozen tickets for who decides about them (None: not theirs)."""
    deciding = request.access.can(Capability.DECIDE_ROUTING)
    return {"frozen": len(frozen_tickets(request.access)) if deciding else None}
