"""What is left over: contacts without a ticket, calls that are owed, contacts by hand and round the desk."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.foundation import phone
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import take_call_back
from madoguchi.interactions.actions.contacts import dismiss, end_interaction, open_interaction
from madoguchi.interactions.models import CallBack, Channel, Interaction
from madoguchi.interactions.owing import owe_by_choice
from madoguchi.interactions.reasons import offered
from madoguchi.people.access import Capability
from madoguchi.people.queries import callers
from madoguchi.scripts.models import Walk
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.queries import open_tickets_of
from madoguchi.tickets.requesters import people_visible_to
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page
from madoguchi.web.workbench import script
from madoguchi.web.workbench.dialling import make_owed_call, note_call, order_call
from madoguchi.web.workbench.intake import front_of
from madoguchi.web.workbench.seat import contact_or_404, context_of
from madoguchi.web.workbench.settling import SHEETS
from madoguchi.web.workbench.views import SEAT, closing

_BY_HAND = (Channel.VISIT, Channel.PHONE)


@guard(Capability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
@transaction.atomic
def put_away(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A contact without a ticket: link it to one, or say why there is none."""
    contact = contact_or_404(request, contact_id)
    if request.method == "GET":
        organization = contact.organization_id
        if organization is None and contact.address and "@" not in contact.address:
            organization = next((found.pk for found in callers(contact.address).organizations), None)
        return page(
            request,
            SHEETS,
            {
                "sheet": "put_away",
                "contact": contact,
                "reasons": offered(gave_up=contact.is_abandoned),
                "tickets": open_tickets_of(
                    requester=contact.person_id, organization=organization, access=request.access, limit=5
                ),
            },
        )
    script.settle(contact, outcome=Walk.Outcome.LEFT, by=request.user)
    if request.POST.get("verb") == "link":
        ticket = Ticket.objects.visible_to(request.access).numbered(request.POST.get("number", "")).first()
        if ticket is None:
            raise Refused(
                _("There is no ticket of this number."),
                code="number",
                missing=[{"key": "number", "label": _("Number of the ticket")}],
            )
        link_interaction(ticket, interaction=contact, by=request.user)
    else:
        dismiss(contact, reason=request.POST.get("reason", ""), note=request.POST.get("note", ""), by=request.user)
    return closing(_lists(request))


@guard(Capability.TAKE_CALLS)
@require_POST
def dial(request: StaffRequest) -> HttpResponse:
    """A number was clicked: the call that one makes now is a contact, and stands on the seat.

    With ``contact`` it answers a caller who gave up: the call that is owed for it is mine from now on, and where none
    was owed, one is. With ``call_back`` it is the call that is owed.
    """
    number = phone.normalise(request.POST.get("number", ""))
    if not number:
        raise Refused(_("A call needs a telephone number."), code="number_missing")
    chosen, before, call_back = (row_number(request.POST.get(name, "")) for name in ("person", "contact", "call_back"))
    person = get_object_or_404(people_visible_to(request.access), pk=chosen) if chosen is not None else None
    with transaction.atomic():
        if before is not None:
            abandoned = contact_or_404(request, before)
            person = person or abandoned.person
            owed = CallBack.objects.waiting().filter(calls__interaction=abandoned).first()
            if owed is None:
                own = abandoned.team if abandoned.team and request.access.acts_for(abandoned.team) else None
                owed = owe_by_choice(abandoned, team=own or front_of(request.access), by=request.user)
            if owed.staff_id != request.user.pk:
                take_call_back(owed, by=request.user)
        if call_back is not None:
            row = make_owed_call(request, call_back)
            person = person or row.person
        outbound = note_call(request, number, person)
        order_call(request.user, number, person)
    return _go(request, outbound)


@guard(Capability.TAKE_CALLS)
@require_POST
def begin(request: StaffRequest) -> HttpResponse:
    """Somebody at the counter, or a call that the telephone did not tell of."""
    channel = request.POST.get("channel", "")
    contact = open_interaction(
        channel=channel if channel in _BY_HAND else Channel.VISIT,
        staff=request.user,
        team=front_of(request.access),
        by=request.user,
    )
    return _go(request, contact)


@guard(Capability.TAKE_CALLS)
@require_POST
def end(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A contact by hand is over; without a ticket it joins the list."""
    end_interaction(contact_or_404(request, contact_id), by=request.user)
    return page(request, SEAT, context_of(request))


def _lists(request: StaffRequest) -> HttpResponse:
    return page(request, SEAT, context_of(request))


def _go(request: StaffRequest, contact: Interaction | None) -> HttpResponse:
    target = reverse("workbench:index") + (f"?contact={contact.pk}" if contact else "")
    return go(request, target)
