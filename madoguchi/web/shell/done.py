"""The answer to an act on a ticket, wherever it was pressed: over the ticket, in a list, at the seat."""

import json

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest
from madoguchi.web.shell.render import block

# Closes the sheet and lets the page under it (the ticket, the inbox, the seat) ask again at once.
_DONE = json.dumps({"close-sheet": {}, "live": {"target": "main [data-live]"}})


def done(request: StaffRequest, sentence: str, *, ticket: Ticket, back: str = "") -> HttpResponse:
    """Say what was done; the page that asked stays where it is and refreshes.

    The ticket's own page shows it anyway, and its buttons lie where the sentence would stand. Without script: on to
    ``back``, else to the ticket.
    """
    link = reverse("tickets:page", args=[ticket.number_shown])
    if not request.htmx:
        messages.success(request, sentence)
        return HttpResponseRedirect(back or link)
    visible = Ticket.objects.visible_to(request.access).filter(pk=ticket.pk).exists()
    if visible and (request.htmx.current_url_abs_path or "").startswith(link):
        answer = HttpResponse(status=204)
    else:
        context = {"sentence": sentence, "ticket": ticket, "link": link if visible else ""}
        answer = block(request, "shell/said.html", "said", context)
    answer["HX-Trigger"] = _DONE
    return answer
