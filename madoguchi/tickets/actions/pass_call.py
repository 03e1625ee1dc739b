"""A call is passed on with its ticket: whoever it goes to sees both before they pick up."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Interaction, Passing
from madoguchi.journal.record import record
from madoguchi.people.access import access_of
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.orders import BY_HAND, transfer
from madoguchi.telephony.models import Call, Order
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.models import Ticket


@transaction.atomic
def pass_call(
    contact: Interaction,
    *,
    ticket: Ticket | None,
    to_staff: Staff | None = None,
    number: str = "",
    kind: str = Passing.Kind.BLIND,
    note: str = "",
    seen: int = 0,
    by: Staff,
) -> Passing:
    """Link the live call to ``ticket`` and pass it to a colleague, or to a number (any writing).

    The telephone system is told to, where it is connected; else ``order`` is None and it is passed on by hand. ``seen``
    is the id of the latest passing of this call that ``by`` knows of: of two at one instant the first has it.

    Refuses a call that is over, nobody to pass it to, oneself, a colleague who may not see the ticket (409), and a call
    that was passed on meanwhile (409).
    """
    held = Interaction.objects.select_for_update(of=("self",), no_key=True).select_related("call").get(pk=contact.pk)
    _only_seen(held, seen)
    call = held.call
    if call is None or not call.is_live or call.answered_at is None:
        raise Refused(_("Only a call that somebody speaks in can be passed on."), code="not_live", status=409)
    to_number = to_staff.extension if to_staff is not None else phone.normalise(number)
    if not to_number:
        raise Refused(
            _("Say to whom the call goes."), code="nobody", missing=[{"key": "to_staff", "label": _("To whom")}]
        )
    if to_staff == by:
        raise Refused(_("You have this call already."), code="oneself")
    if kind not in Passing.Kind.values:
        raise Refused(_("A call is passed on at once, or after talking to them first."), code="kind")
    if ticket is not None and to_staff is not None and not _sees(to_staff, ticket):
        raise Refused(
            _("%(name)s may not see this ticket. Offer it to their team first, or pass the call on by number.")
            % {"name": to_staff.name},
            code="not_theirs",
            status=409,
        )
    if ticket is not None:
        link_interaction(ticket, interaction=contact, by=by)
    passing = Passing.objects.create(
        interaction=contact,
        staff=by,
        to_staff=to_staff,
        to_number=to_number,
        kind=kind,
        note=note.strip()[:500],
        at=timezone.now(),
        order=_ordered(call, to_number, kind, by),
    )
    record(
        "call.passed_on",
        by=by,
        about=[contact, call, ticket, to_staff],
        data={"to": to_staff.name if to_staff else phone.display(to_number), "kind": kind, "note": passing.note},
    )
    return passing


def _only_seen(contact: Interaction, seen: int) -> None:
    latest = Passing.objects.filter(interaction=contact).select_related("staff", "to_staff").order_by("-id").first()
    if latest is None or latest.pk <= seen:
        return
    to = latest.to_staff.name if latest.to_staff else phone.display(latest.to_number)
    raise Refused(
        _("%(name)s has passed this call on to %(to)s meanwhile.") % {"name": latest.staff.name, "to": to},
        code="already_passed_on",
        status=409,
    )


def _sees(staff: Staff, ticket: Ticket) -> bool:
    return Ticket.objects.visible_to(access_of(staff)).filter(pk=ticket.pk).exists()


def _ordered(call: Call, number: str, kind: str, by: Staff) -> Order | None:
    try:
        return transfer(call, number, kind, staff=by, by=by)
    except Refused as refusal:
        if refusal.code in BY_HAND:
            return None
        raise
