"""凍結: tickets that were moved too often. A supervisor sees the whole trail and decides in one step."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import decide_routing, team_of_taker
from madoguchi.handoffs.models import RoutingDecision
from madoguchi.handoffs.queries import frozen_tickets, moved, time_by_team, trails
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.tickets.models import Message, Ticket
from madoguchi.web.handoffs.answers import missing
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page
from madoguchi.web.tickets.views import ticket_or_404


@guard(Capability.DECIDE_ROUTING)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """What waits for a decision, the longest first."""
    tickets = frozen_tickets(request.access)
    context = {"tickets": tickets, "trails": trails(tickets), "frozen": len(tickets)}
    return page(request, "handoffs/frozen.html", context)


@guard(Capability.DECIDE_ROUTING)
@require_http_methods(["GET", "POST"])
def decide(request: StaffRequest, number: str) -> HttpResponse:
    """One ticket's trail, and the decision."""
    ticket = ticket_or_404(request, number)
    if request.method == "GET":
        stops = time_by_team(ticket)
        return page(
            request,
            "handoffs/decide.html",
            {
                "ticket": ticket,
                "stops": stops,
                "moved": moved(stops),
                "taker": team_of_taker(ticket, request.user),
                "notes": _said_since_asked(ticket),
                "asked": Message.objects.filter(ticket=ticket).order_by("id").first(),
                "teams": [(team.pk, team.label) for team in Team.objects.filter(is_active=True)],
                "kinds": [
                    (RoutingDecision.Kind.ASSIGN.value, _("Give it to a team, which must take it")),
                    (RoutingDecision.Kind.TAKE.value, _("I take it over")),
                    (RoutingDecision.Kind.ALLOW.value, _("Allow one more hand-off")),
                    (RoutingDecision.Kind.KEEP.value, _("It stays where it is")),
                    (RoutingDecision.Kind.ASK.value, _("Ask a team first")),
                ],
            },
        )
    kind, chosen, note = (request.POST.get(name, "") for name in ("kind", "team", "note"))
    if kind not in RoutingDecision.Kind.values:
        raise Refused(_("Choose what shall happen."), code="kind", missing=missing("kind", _("Decision")))
    named = kind in (RoutingDecision.Kind.ASSIGN, RoutingDecision.Kind.ASK)
    if named and not chosen.isdecimal():
        raise Refused(_("Choose a team."), code="team", missing=missing("team", _("Team")))
    if not note.strip():
        raise Refused(
            _("Say in a few words why you decide so, or what you ask."),
            code="note_missing",
            missing=missing("note", _("Why you decide so, or what you ask")),
        )
    team = get_object_or_404(Team, pk=chosen) if named else None
    decide_routing(ticket, kind=kind, team=team, note=note[:500], by=request.user)
    if kind == RoutingDecision.Kind.ASK and team is not None:
        messages.success(request, _("%(team)s is told your question.") % {"team": team.label})
        target = reverse("handoffs:decide", args=[ticket.number_shown])
    else:
        messages.success(request, _("Decided. %(number)s can go on.") % {"number": ticket.number_shown})
        target = reverse("tickets:page", args=[ticket.number_shown])
    return go(request, target)


def _said_since_asked(ticket: Ticket) -> list[Message]:
    """The notes written after a team was last asked about the frozen ticket."""
    asked = RoutingDecision.objects.filter(ticket=ticket, kind=RoutingDecision.Kind.ASK).order_by("-id").first()
    if asked is None or ticket.frozen_at is None or asked.at < ticket.frozen_at:
        return []
    notes = Message.objects.filter(ticket=ticket, at__gt=asked.at, visibility=Message.Visibility.INTERNAL)
    return list(notes.select_related("staff").order_by("id")[:20])
