"""What is left over: contacts without a ticket, calls that are owed, contacts by hand and round the desk."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.foundation import phone
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions import (
    dismiss,
    end_interaction,
    finish_call_back,
    open_interaction,
    record_bypass,
    try_call_back_again,
)
from madoguchi.interactions.models import CallBack, Channel, Interaction
from madoguchi.interactions.written_down import outbound_at_hand
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Capability
from madoguchi.people.models import Person, Staff
from madoguchi.people.queries import callers, colleagues
from madoguchi.scripts.models import Walk
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.queries import open_tickets_of
from madoguchi.tickets.requesters import people_visible_to
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page
from madoguchi.web.tickets.acts import no_article_reasons
from madoguchi.web.tickets.promising import promised_time, quick_times
from madoguchi.web.tickets.solving import fitting_ticket
from madoguchi.web.workbench import script
from madoguchi.web.workbench.intake import front_of
from madoguchi.web.workbench.seat import contact_or_404, context_of
from madoguchi.web.workbench.settling import SHEETS
from madoguchi.web.workbench.views import SEAT, closing, telling

_BY_HAND = (Channel.VISIT, Channel.PHONE)
_CALL_BACK_REASONS = (Interaction.Reason.CALLED_BACK, Interaction.Reason.NOT_REACHED, Interaction.Reason.NO_NUMBER)


@guard(Capability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
@transaction.atomic
def put_away(request: StaffRequest, contact_id: int) -> HttpResponse:
    """A contact without a ticket: link it to one, or say why there is none."""
    contact = contact_or_404(request, contact_id)
    if request.method == "GET":
        reasons = [
            choice
            for choice in Interaction.Reason.choices
            if contact.is_abandoned or choice[0] not in _CALL_BACK_REASONS
        ]
        organization = contact.organization_id
        if organization is None and contact.address and "@" not in contact.address:
            organization = next((found.pk for found in callers(contact.address).organizations), None)
        return page(
            request,
            SHEETS,
            {
                "sheet": "put_away",
                "contact": contact,
                "reasons": reasons,
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
@require_http_methods(["GET", "POST"])
def call_back(request: StaffRequest, call_back_id: int) -> HttpResponse:
    """折り返す: the number, whom to ask for and what to tell; then how it ended."""
    owed = get_object_or_404(
        CallBack.objects.visible_to(request.access).select_related(
            "person__organization", "team", "ticket_link__ticket", "ticket_link__message"
        ),
        pk=call_back_id,
    )
    link = getattr(owed, "ticket_link", None)
    ticket = Ticket.objects.visible_to(request.access).filter(pk=link.ticket_id).first() if link else None
    if request.method == "GET":
        return page(
            request,
            SHEETS,
            {
                "sheet": "call_back",
                "owed": owed,
                "ticket": ticket,
                "message": link.message if link else None,
                "reasons": no_article_reasons(),
                "found": fitting_ticket(request, ticket) if ticket is not None and ticket.is_active else [],
                "times": quick_times(timezone.localtime()),
            },
        )
    result = request.POST.get("result", "")
    with transaction.atomic():
        if result == "again":
            due_at = promised_time(request)
            outbound = _called(request, owed.number, owed.person, owed.name)
            _settle(outbound, ticket, reached=False, by=request.user)
            try_call_back_again(owed, due_at=due_at, by=request.user)
        else:
            made = result != CallBack.Result.WITHDRAWN
            outbound_or_none = _called(request, owed.number, owed.person, owed.name) if made else None
            finish_call_back(owed, result=result, outbound=outbound_or_none, by=request.user)
            if outbound_or_none is not None:
                _settle(outbound_or_none, ticket, reached=True, by=request.user)
            if request.POST.get("resolve") and ticket is not None:
                _resolve(request, ticket, outbound_or_none)
    return telling(request, closing(_lists(request)), _("Recorded."))


def _resolve(request: StaffRequest, ticket: Ticket, said_in: Interaction | None) -> None:
    key = request.POST.get("article", "").strip()
    article = Article.objects.visible_to(request.access).filter(key=key).first() if key else None
    reason = request.POST.get("no_article", "").strip()
    if article is None and not reason:
        raise Refused(
            _("Name the article that solved it, or say why there was none."),
            code="article_missing",
            missing=[{"key": "no_article", "label": _("Why there is no article")}],
        )
    resolve(
        ticket,
        resolution=request.POST.get("answer", ""),
        article=article,
        no_article_reason=reason,
        said_in=said_in,
        by=request.user,
    )


def _called(request: StaffRequest, number: str, person: Person | None, name: str) -> Interaction:
    """The outgoing call that has just been made: as the telephone told of it, else noted now."""
    now = timezone.now()
    known = outbound_at_hand(staff=request.user, number=number, at=now)
    return known or open_interaction(
        channel=Channel.PHONE,
        direction=Interaction.Direction.OUTBOUND,
        address=number,
        person=person,
        contact_name="" if person else name,
        staff=request.user,
        team=front_of(request.access),
        started_at=now,
        ended_at=now,
        by=request.user,
    )


def _settle(outbound: Interaction, ticket: Ticket | None, *, reached: bool, by: Staff) -> None:
    """The outgoing call belongs to its ticket, else it is marked with how it ended."""
    if ticket is not None:
        link_interaction(ticket, interaction=outbound, by=by)
    else:
        reason = Interaction.Reason.CALLED_BACK if reached else Interaction.Reason.NOT_REACHED
        dismiss(outbound, reason=reason, by=by)


@guard(Capability.TAKE_CALLS)
@require_POST
def dial(request: StaffRequest) -> HttpResponse:
    """A number was clicked: the call that one makes now is a contact, and stands on the seat.

    With ``contact`` it answers a caller who gave up: that one is settled as called back.
    """
    number = phone.normalise(request.POST.get("number", ""))
    if not number:
        raise Refused(_("A call needs a telephone number."), code="number_missing")
    chosen, before = (row_number(request.POST.get(name, "")) for name in ("person", "contact"))
    person = get_object_or_404(people_visible_to(request.access), pk=chosen) if chosen is not None else None
    with transaction.atomic():
        if before is not None:
            abandoned = contact_or_404(request, before)
            person = person or abandoned.person
            dismiss(abandoned, reason=Interaction.Reason.CALLED_BACK, by=request.user)
        at_hand = outbound_at_hand(staff=request.user, number=number, at=timezone.now())
        outbound = at_hand if at_hand is not None and at_hand.ended_at is None else None
        outbound = outbound or open_interaction(
            channel=Channel.PHONE,
            direction=Interaction.Direction.OUTBOUND,
            address=number,
            person=person,
            staff=request.user,
            team=front_of(request.access),
            by=request.user,
        )
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


@guard(Capability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def bypass(request: StaffRequest) -> HttpResponse:
    """Somebody went round the desk: who, what, whom did they reach."""
    named = colleagues(request.access)
    if request.method == "POST":
        chosen = row_number(request.POST.get("reached", ""))
        reached = named.filter(pk=chosen).first() if chosen is not None else None
        if reached is None:
            raise Refused(
                _("Say whom they reached."),
                code="reached",
                missing=[{"key": "reached", "label": _("Whom they reached")}],
            )
        record_bypass(
            who=request.POST.get("who", ""), what=request.POST.get("what", ""), reached=reached, by=request.user
        )
        messages.success(request, _("Recorded."))
        return _go(request, None)
    return page(
        request,
        "workbench/bypass.html",
        {"colleagues": [(person.pk, person.name) for person in named]},
    )


def _lists(request: StaffRequest) -> HttpResponse:
    return page(request, SEAT, context_of(request))


def _go(request: StaffRequest, contact: Interaction | None) -> HttpResponse:
    target = reverse("workbench:index") + (f"?contact={contact.pk}" if contact else "")
    return go(request, target)
