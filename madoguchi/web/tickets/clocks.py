"""A ticket's deadlines worked out and explained."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from madoguchi.calendars.words import working_span
from madoguchi.clocks.queries import clocks_of, promised_by
from madoguchi.clocks.words import explain
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page
from madoguchi.web.tickets.clock_panel import OF_TEAMS, deadline_names
from madoguchi.web.tickets.views import ticket_or_404


@guard(Capability.READ_TICKETS)
@require_GET
def clocks(request: StaffRequest, number: str) -> HttpResponse:
    """Every deadline of the ticket with its explanation, and which team used the time."""
    ticket = ticket_or_404(request, number)
    found = clocks_of(ticket)
    teams = Team.objects.in_bulk({reading.team for reading in found.all})
    rows = [
        {
            "kind": reading.kind.value,
            "team": teams[reading.team].label if reading.kind in OF_TEAMS else "",
            "state": reading.state_at(found.now).value,
            "due_at": reading.due_at,
            "ended": reading.ended_at is not None,
            "policy": promised_by(reading, found.book),
            "parts": explain(reading, found.now),
        }
        for reading in found.all
    ]
    used = found.time_used
    whole = sum(seconds for _team, seconds in used)
    return page(
        request,
        "tickets/clocks.html",
        {
            "ticket": ticket,
            "rows": rows,
            "used": [(team.label, seconds / whole if whole else 0, working_span(seconds)) for team, seconds in used],
            "deadlines": deadline_names(),
        },
    )
