"""The supervisor's board, and the lists behind its figures."""

from collections.abc import Mapping
from datetime import timedelta

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from madoguchi.foundation import phone
from madoguchi.foundation.dates import moment_of
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.spreadsheet import Cell
from madoguchi.interactions.actions.contacts import dismiss
from madoguchi.interactions.models import Interaction
from madoguchi.interactions.reasons import labels, offered
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.people.queries import callers
from madoguchi.telephony.models import Outcome
from madoguchi.telephony.queries import openable
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.queries import open_tickets_of
from madoguchi.web.board.contacts import CallsAddress, contacts_of, contacts_page
from madoguchi.web.board.figures import TEAM_FIGURES, tickets_behind
from madoguchi.web.board.queries import Board
from madoguchi.web.shell.export import MOST, export
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, go, page

BOARD = "board/index.html"
PARTS = ("alarms", "calls", "operators", "todo", "service", "teams")
STALE = timedelta(minutes=5)  # who has not asked for longer gets everything
TICKETS = 50


@guard(Capability.WATCH_BOARD)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The desk at this moment."""
    return page(request, BOARD, {"board": Board(request.access)})


@guard(Capability.WATCH_BOARD)
@require_GET
def live(request: StaffRequest) -> HttpResponse:
    """The parts whose topics have rung, all in one answer; of the operators only those changed ``since`` then."""
    wanted = request.GET.get("parts", "").split(",")
    since = moment_of(request.GET.get("since", ""))
    board = Board(request.access, since=since if since and timezone.now() - since < STALE else None)
    return block(request, BOARD, "live", {"board": board, "parts": [part for part in PARTS if part in wanted]})


@guard(Capability.WATCH_BOARD)
@require_GET
def calls(request: StaffRequest) -> HttpResponse:
    """Calls and contacts behind the figures, newest first."""
    address = CallsAddress.read(request.GET)
    rows, following = contacts_page(address, request.access)
    here = reverse("board:calls")
    return page(
        request,
        "board/calls.html",
        {
            "rows": rows,
            "next": f"{here}?{following}" if following else "",
            "first": f"{here}?{address.query}" if address.get("after") else "",
            "here": f"{here}?{address.query}",
            "address": address,
            "outcomes": Outcome.choices,
            "shows": _shows(),
            "recorded": openable(request.access, [row.call_id for row in rows if row.call_id is not None]),
            "reasons": labels(),
            "settles": request.access.can(Capability.DECIDE_ROUTING),
        },
    )


@guard(Capability.WATCH_BOARD)
@require_GET
def export_calls(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The list of calls as it is filtered, as a file of at most MOST rows."""
    address = CallsAddress.read(request.GET)
    heads = [_("Time"), _("Caller"), _("Number"), _("Organization"), _("Queue"), _("Wait"), _("Talk"), _("Taken by")]
    heads += [_("Outcome"), _("Ticket"), _("Why no ticket")]
    reasons = labels()
    rows = (_call_row(contact, reasons) for contact in contacts_of(address, request.access, most=MOST))
    return export("calls", kind, heads, rows, title=_("Calls"))


def _call_row(contact: Interaction, reasons: Mapping[str, str]) -> list[Cell]:
    """Seconds as numbers, so that a sheet can add them up."""
    call = contact.call
    organization = contact.organization or (contact.person.organization if contact.person else None)
    return [
        contact.started_at,
        contact.person.name if contact.person else contact.contact_name,
        phone.display(contact.address),
        organization.name if organization else "",
        call.queue if call else "",
        call.wait_s if call else None,
        call.talk_s if call else None,
        contact.staff.name if contact.staff else "",
        str(Outcome(call.outcome).label) if call and call.outcome else "",
        ", ".join(link.ticket.number_shown for link in contact.ticket_links.all()),
        reasons.get(contact.dismissed_reason, contact.dismissed_reason),
    ]


@guard(Capability.DECIDE_ROUTING)
@require_http_methods(["GET", "POST"])
def settle(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A contact without a ticket: link it to one, or say why there is none."""
    contacts = Interaction.objects.visible_to(request.access).select_related("person", "call", "staff")
    contact = get_object_or_404(contacts, pk=contact_id)
    if request.method == "GET":
        organization = contact.organization_id
        if organization is None and contact.address and "@" not in contact.address:
            organization = next((found.pk for found in callers(contact.address).organizations), None)
        context = {
            "contact": contact,
            "reasons": offered(gave_up=contact.is_abandoned),
            "tickets": open_tickets_of(
                requester=contact.person_id, organization=organization, access=request.access, limit=5
            ),
        }
        return page(request, "board/settle.html", context)
    if request.POST.get("verb") == "link":
        ticket = Ticket.objects.visible_to(request.access).numbered(request.POST.get("number", "")).first()
        if ticket is None:
            raise Refused(
                _("There is no ticket of this number."),
                code="number",
                missing=[{"key": "number", "label": _("Number of the ticket")}],
            )
        link_interaction(ticket, interaction=contact, by=request.user)
        messages.success(request, _("Linked to %(number)s.") % {"number": ticket.number_shown})
    else:
        dismiss(contact, reason=request.POST.get("reason", ""), note=request.POST.get("note", ""), by=request.user)
        messages.success(request, _("Settled without a ticket."))
    return _back(request)


@guard(Capability.WATCH_BOARD)
@require_GET
def tickets(request: StaffRequest, figure: str) -> HttpResponse:
    """The tickets that one of today's figures counted, newest first."""
    if figure not in TEAM_FIGURES:
        raise Http404
    chosen = row_number(request.GET.get("team", ""))
    team = get_object_or_404(Team, pk=chosen) if chosen is not None else None
    found = tickets_behind(figure, team.pk if team else None, access=request.access, now=timezone.now())
    after = row_number(request.GET.get("after", ""))
    if after is not None:
        found = found.filter(pk__lt=after)
    found = found.select_related("category", "requester", "organization", "holder_team", "front_team", "assignee")
    # By an expression: for the bare id SQLite walks all tickets from the newest on to find those of today.
    rows = list(found.order_by((F("id") + 0).desc())[: TICKETS + 1])
    parts = {"team": team.pk} if team else {}
    return page(
        request,
        "board/tickets.html",
        {
            "rows": rows[:TICKETS],
            "next": f"{request.path}?{urlencode({**parts, 'after': rows[TICKETS - 1].pk})}"
            if len(rows) > TICKETS
            else "",
            "first": f"{request.path}?{urlencode(parts)}" if after else "",
            "figure": _figures()[figure],
            "team": team,
        },
    )


def _shows() -> list[tuple[str, str]]:
    return [
        ("", _("All of the day")),
        ("unlinked", _("Without a ticket")),
        ("abandoned", _("To be called back")),
        ("waiting", _("Waiting now")),
        ("talking", _("In a call now")),
        ("late", _("Not answered in time")),
        ("short", _("Short abandons")),
    ]


def _figures() -> dict[str, tuple[str, str]]:
    """What each figure is called, and what it counts."""
    return {
        "received": (_("Received today"), _("Inquiries raised at the team, and hand-offs it accepted.")),
        "first_line": (_("Solved at first line today"), _("Resolved by the first line without being handed over.")),
        "resolved": (_("Resolved today"), _("Resolved by the team and still resolved.")),
        "handed_over": (_("Handed over today"), _("Hand-offs offered by the team, recalled ones left out.")),
        "returned": (_("Returned today"), _("Hand-offs of the team that another team sent back.")),
    }


def _back(request: StaffRequest) -> HttpResponse:
    """To where the sheet was opened, if that is a page of the board."""
    here = request.htmx.current_url_abs_path or "" if request.htmx else ""
    target = here if here.startswith(reverse("board:index")) else reverse("board:calls") + "?show=unlinked"
    return go(request, target)
