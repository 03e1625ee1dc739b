"""The call goes on to somebody else, with its ticket."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from madoguchi.foundation import phone
from madoguchi.foundation.numbers import row_number
from madoguchi.interactions.models import Passing
from madoguchi.people.access import Capability
from madoguchi.people.models import Staff
from madoguchi.people.queries import colleagues
from madoguchi.telephony.models import OperatorState
from madoguchi.tickets.actions.pass_call import pass_call
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import page
from madoguchi.web.workbench import intake as form
from madoguchi.web.workbench.seat import contact_or_404
from madoguchi.web.workbench.settling import finish_round, into_ticket
from madoguchi.web.workbench.views import closing, show, telling

_STATES = {state: place for place, state in enumerate(("available", "wrapup", "ringing", "talking", "paused", "away"))}


@guard(Capability.TAKE_CALLS)
@require_POST
def sheet(request: StaffRequest, contact_id: int) -> HttpResponse:
    """転送: to whom, and with which ticket; the form is saved on the way."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.keep(contact, request.POST, by=request.user), request.access)
    linked = Ticket.objects.visible_to(request.access).filter(contact_links__interaction=contact)
    return page(
        request,
        "workbench/pass_on.html",
        {
            "contact": contact,
            "intake": intake,
            "linked": list(linked.order_by("contact_links__id")),
            "people": _who_may_take_it(request),
            "kinds": Passing.Kind.choices,
            "seen": contact.passings.order_by("-id").values_list("id", flat=True).first() or 0,
        },
    )


@guard(Capability.TAKE_CALLS)
@require_POST
def pass_on(request: StaffRequest, contact_id: int) -> HttpResponse:
    """Raise the ticket from what is written (or take the one that goes on), and pass call and ticket on, in one."""
    contact = contact_or_404(request, contact_id)
    intake = form.read(form.posted(request.POST), request.access)
    chosen = row_number(request.POST.get("to_staff", ""))
    to_staff = get_object_or_404(colleagues(request.access), pk=chosen) if chosen is not None else None
    linked = Ticket.objects.visible_to(request.access).filter(contact_links__interaction=contact)
    with transaction.atomic():
        ticket: Ticket | None = None
        if intake.ticket or intake.proposed_subject:
            ticket = into_ticket(request, contact, intake)
        passing = pass_call(
            contact,
            ticket=ticket or linked.order_by("-contact_links__id").first(),
            to_staff=to_staff,
            number=request.POST.get("number", ""),
            kind=request.POST.get("kind", "") or Passing.Kind.BLIND,
            note=request.POST.get("note", ""),
            seen=row_number(request.POST.get("seen", "")) or 0,
            by=request.user,
        )
        if ticket is not None:
            finish_round(request, contact)
    words = {"to": to_staff.name if to_staff else phone.display(passing.to_number), "number": passing.to_number}
    sentence = _("%(to)s sees the call and its ticket. Transfer it on your telephone to %(number)s.") % words
    if passing.order is not None:
        sentence = _("The call goes to %(to)s, with its ticket.") % words
    return telling(request, closing(show(request, contact)), sentence)


def _who_may_take_it(request: StaffRequest) -> list[tuple[Staff, OperatorState | None]]:
    """Colleagues with an extension, who is free first."""
    rows = colleagues(request.access).exclude(pk=request.user.pk).exclude(extension="").select_related("operator_state")
    found = [(member, getattr(member, "operator_state", None)) for member in rows]
    return sorted(found, key=lambda one: (_STATES.get(one[1].state, 9) if one[1] else 9, one[0].kana, one[0].pk))
