"""What the doors of this segment share: finding a hand-off, and the figures beside its tabs."""

from collections.abc import Iterable, Mapping

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from madoguchi.catalog.models import HearingItem
from madoguchi.foundation.numbers import row_number
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


def lacking(posted: Mapping[str, str], unanswered: Iterable[HearingItem]) -> list[tuple[str, str]]:
    """The fields of the sheet that hands over which are needed and empty, from its top to its end; also the seat's."""
    fields = [] if row_number(posted.get("to_team", "")) is not None else [("to_team", _("To"))]
    if not posted.get("urgent"):
        fields += [(item.key, item.label) for item in unanswered]
    if not posted.get("reason", "").strip():
        fields.append(("reason", _("Reason")))
    if posted.get("urgent") and not urgent_because(posted):
        fields.append(("urgent_because", _("Why it cannot wait")))
    return fields


def urgent_because(posted: Mapping[str, str]) -> str:
    """Why it cannot wait for the items; empty when it is not urgent."""
    return posted.get("urgent_because", "").strip()[:500] if posted.get("urgent") else ""


def tabs_of(request: StaffRequest) -> dict[str, int | None]:
    """Figures beside the segment's tabs: frozen tickets for who decides about them (None: not theirs)."""
    deciding = request.access.can(Capability.DECIDE_ROUTING)
    return {"frozen": len(frozen_tickets(request.access)) if deciding else None}
