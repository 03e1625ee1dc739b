"""A call-back is promised because of a ticket (折り返しの約束)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import promise_call_back
from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.journal.record import Actor
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.track_call_back import track_call_back
from madoguchi.tickets.models import Message, Status, Ticket


@transaction.atomic
def promise_call(
    ticket: Ticket,
    *,
    due_at: datetime,
    by: Actor,
    number: str = "",
    name: str = "",
    note: str = "",
    team: Team | None = None,
    staff: Staff | None = None,
    interaction: Interaction | None = None,
    message: Message | None = None,
    reason: str = CallBack.Reason.PROMISED,
) -> CallBack:
    """Owe the requester a call: to the number they asked for unless another is given, by the front's team.

    Refuses (409) for a closed ticket, and what ``promise_call_back`` refuses.
    """
    if ticket.status == Status.CLOSED:
        raise Refused(_("This ticket is closed. Reopen it to promise a call."), code="closed", status=409)
    call_back = promise_call_back(
        number=number.strip() or number_to_call(ticket),
        due_at=due_at,
        team=team or ticket.front_team,
        staff=staff,
        name=name,
        person=ticket.requester,
        interaction=interaction,
        note=note,
        reason=reason,
        by=by,
    )
    track_call_back(ticket, call_back=call_back, message=message, by=by)
    return call_back


def number_to_call(ticket: Ticket) -> str:
    """The number they asked to be called on, if what was noted is one, else their own, else their organisation's."""
    if asked := phone.normalise(str(ticket.details.get("callback_number") or "")):
        return asked
    if ticket.requester is None:
        return ""
    own = ticket.requester.phones.order_by("id").first()
    if own is None and ticket.requester.organization is not None:
        own = ticket.requester.organization.phones.order_by("id").first()
    return own.number if own else ""
