"""A number is clicked, on whichever page."""

import json

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from madoguchi.foundation import phone
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import take_call_back
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import CallBack, Channel, Interaction
from madoguchi.interactions.written_down import outbound_at_hand
from madoguchi.people.access import Capability
from madoguchi.people.models import Person, Staff
from madoguchi.telephony.actions.orders import BY_HAND, call_number
from madoguchi.tickets.requesters import people_visible_to
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block
from madoguchi.web.workbench.intake import front_of


@guard(Capability.TAKE_CALLS)
@require_POST
@transaction.atomic
def ring(request: StaffRequest) -> HttpResponse:
    """The telephone system rings here and then calls; without one the call that is made by hand is noted.

    The page stays where it is. A call to an extension is no contact. With ``call_back`` it is the call that is owed.
    """
    number = phone.normalise(request.POST.get("number", ""))
    if not number:
        raise Refused(_("A call needs a telephone number."), code="number_missing")
    chosen = row_number(request.POST.get("person", ""))
    person = get_object_or_404(people_visible_to(request.access), pk=chosen) if chosen is not None else None
    call_back = row_number(request.POST.get("call_back", ""))
    if call_back is not None:
        make_owed_call(request, call_back)
    ordered = order_call(request.user, number, person)
    if not ordered and number.startswith("+"):
        note_call(request, number, person)
    words = {"number": phone.display(number)}
    sentence = _("Your telephone rings, then %(number)s is called.") if ordered else _("Calling %(number)s.")
    answer = block(request, "shell/said.html", "said", {"sentence": sentence % words, "link": ""})
    if not ordered:
        answer["HX-Trigger"] = json.dumps({"dial-by-hand": {"number": number}})
    return answer


def make_owed_call(request: StaffRequest, call_back_id: int) -> CallBack:
    """The call that is owed is made now: by whoever has taken it, else by who asks, if their team owes it.

    Refuses (409) one that was made meanwhile or that somebody else has taken: nobody is called back twice.
    """
    row = get_object_or_404(CallBack.objects.visible_to(request.access).select_related("team"), pk=call_back_id)
    waits = row.done_at is None
    mine = waits and row.staff_id == request.user.pk
    elsewhere = waits and row.staff_id is None and not request.access.acts_for(row.team)
    if not mine and not elsewhere:
        take_call_back(row, by=request.user)
    return row


def order_call(staff: Staff, number: str, person: Person | None) -> bool:
    """Whether the telephone system was told to call; without one, people dial themselves."""
    try:
        call_number(staff, number, name=person.name if person else "", by=staff)
    except Refused as refusal:
        if refusal.code in BY_HAND:
            return False
        raise
    return True


def note_call(request: StaffRequest, number: str, person: Person | None) -> Interaction:
    """The outgoing call to ``number``: the one just begun, or a new one."""
    at_hand = outbound_at_hand(staff=request.user, number=number, at=timezone.now())
    if at_hand is not None and at_hand.ended_at is None:
        return at_hand
    return open_interaction(
        channel=Channel.PHONE,
        direction=Interaction.Direction.OUTBOUND,
        address=number,
        person=person,
        staff=request.user,
        team=front_of(request.access),
        by=request.user,
    )
