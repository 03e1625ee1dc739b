"""凍結: tickets that were moved too often. A supervisor sees the whole trail and decides in one step."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from madoguchi.consultations.models import Consultation
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import decide_routing, team_of_taker
from madoguchi.handoffs.models import RoutingDecision
from madoguchi.handoffs.queries import frozen_tickets, moved, time_by_team, trails
from madoguchi.people.access import Capability
from madoguchi.people.models import Department, Team
from madoguchi.tickets.models import Message, Ticket
from madoguchi.web.handoffs.answers import missing
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page
from madoguchi.web.tickets.views import ticket_or_404

ASK_DEPARTMENT = "ask_department"  # in the form; the decision is "ask" with a consultation


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
                "questions": _questions(ticket),
                "asked": Message.objects.filter(ticket=ticket).order_by("id").first(),
                "teams": [(team.pk, team.label) for team in Team.objects.filter(is_active=True)],
                "departments": [(row.pk, row.label) for row in Department.objects.filter(is_active=True)],
                "kinds": [
                    (RoutingDecision.Kind.ASSIGN.value, _("Give it to a team, which must take it")),
                    (RoutingDecision.Kind.TAKE.value, _("I take it over")),
                    (RoutingDecision.Kind.ALLOW.value, _("Allow one more hand-off")),
                    (RoutingDecision.Kind.KEEP.value, _("It stays where it is")),
                    (RoutingDecision.Kind.ASK.value, _("Ask a team first")),
                    (ASK_DEPARTMENT, _("Ask a department first")),
                ],
            },
        )
    kind, note = request.POST.get("kind", ""), request.POST.get("note", "")
    if kind not in {*RoutingDecision.Kind.values, ASK_DEPARTMENT}:
        raise Refused(_("Choose what shall happen."), code="kind", missing=missing("kind", _("Decision")))
    named = kind in (RoutingDecision.Kind.ASSIGN, RoutingDecision.Kind.ASK)
    team = _chosen(request, "team", Team) if named else None
    department = _chosen(request, "department", Department) if kind == ASK_DEPARTMENT else None
    if not note.strip():
        raise Refused(
            _("Say in a few words why you decide so, or what you ask."),
            code="note_missing",
            missing=missing("note", _("Why you decide so, or what you ask")),
        )
    decided = RoutingDecision.Kind.ASK.value if department else kind
    decide_routing(ticket, kind=decided, team=team, department=department, note=note[:500], by=request.user)
    if decided == RoutingDecision.Kind.ASK:
        asked = department or team
        messages.success(request, _("%(team)s is told your question.") % {"team": asked.label if asked else ""})
        target = reverse("handoffs:decide", args=[ticket.number_shown])
    else:
        messages.success(request, _("Decided. %(number)s can go on.") % {"number": ticket.number_shown})
        target = reverse("tickets:page", args=[ticket.number_shown])
    return go(request, target)


def _chosen[T: (Team, Department)](request: StaffRequest, field: str, among: type[T]) -> T:
    names = {"team": (_("Choose a team."), _("Team")), "department": (_("Choose a department."), _("Department"))}
    sentence, label = names[field]
    chosen = row_number(request.POST.get(field, ""))
    if chosen is None:
        raise Refused(sentence, code=field, missing=missing(field, label))
    return get_object_or_404(among, pk=chosen)


def _questions(ticket: Ticket) -> list[Consultation]:
    """What departments were asked since the ticket is frozen, with their answers."""
    if ticket.frozen_at is None:
        return []
    asked = Consultation.objects.filter(ticket=ticket, routing_decision__at__gte=ticket.frozen_at)
    return list(asked.select_related("department", "answer").order_by("id"))


def _said_since_asked(ticket: Ticket) -> list[Message]:
    """The notes written after a team was last asked about the frozen ticket."""
    decisions = RoutingDecision.objects.filter(ticket=ticket, kind=RoutingDecision.Kind.ASK, team__isnull=False)
    asked = decisions.order_by("-id").first()
    if asked is None or ticket.frozen_at is None or asked.at < ticket.frozen_at:
        return []
    notes = Message.objects.filter(ticket=ticket, at__gt=asked.at, visibility=Message.Visibility.INTERNAL)
    return list(notes.select_related("staff").order_by("id")[:20])
