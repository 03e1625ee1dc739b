"""What the doors of this segment share: finding a hand-off, and answering once something was done."""

import json

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from madoguchi.handoffs.models import Handoff
from madoguchi.handoffs.queries import frozen_tickets
from madoguchi.people.access import Capability
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest
from madoguchi.web.shell.render import block

# Closes the sheet and lets the page under it (the ticket, the inbox, the seat) ask again at once.
_DONE = json.dumps({"close-sheet": {}, "live": {"target": "main [data-live]"}})


def handoff_or_404(request: StaffRequest, handoff_id: int) -> Handoff:
    """The hand-off, if this person may see it and its ticket."""
    handoffs = Handoff.objects.visible_to(request.access).filter(ticket__in=Ticket.objects.visible_to(request.access))
    return get_object_or_404(handoffs.select_related("ticket", "from_team", "to_team", "offered_by"), pk=handoff_id)


def done(request: StaffRequest, sentence: str, *, ticket: Ticket, back: str = "") -> HttpResponse:
    """Say what was done; the page that asked stays where it is and refreshes. Without script: on to ``back``.

    The ticket's own page shows it anyway, and its buttons lie where the sentence would stand.
    """
    if not request.htmx:
        messages.success(request, sentence)
        return HttpResponseRedirect(back or reverse("handoffs:index"))
    link = reverse("tickets:page", args=[ticket.number_shown])
    visible = Ticket.objects.visible_to(request.access).filter(pk=ticket.pk).exists()
    if visible and (request.htmx.current_url_abs_path or "").startswith(link):
        answer = HttpResponse(status=204)
    else:
        context = {"sentence": sentence, "ticket": ticket, "link": link if visible else ""}
        answer = block(request, "handoffs/said.html", "said", context)
    answer["HX-Trigger"] = _DONE
    return answer


def missing(key: str, label: str) -> list[dict[str, str]]:
    """What a refusal names, so that the page jumps to the field."""
    return [{"key": key, "label": label}]


def tabs_of(request: StaffRequest) -> dict[str, int | None]:
    """Figures beside the segment's tabs: frozen tickets for who decides about them (None: not theirs)."""
    deciding = request.access.can(Capability.DECIDE_ROUTING)
    return {"frozen": len(frozen_tickets(request.access)) if deciding else None}
