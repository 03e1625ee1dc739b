"""What stands beside a call that is difficult, that was, or that is being passed on."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, Prefetch, Q
from django.utils import timezone

from madoguchi.interactions.models import Difficulty, DifficultyKind, Interaction, Passing
from madoguchi.people.access import Access
from madoguchi.people.models import PhoneNumber
from madoguchi.telephony.models import Order
from madoguchi.telephony.words import why_not_passed
from madoguchi.tickets.models import TicketInteraction

PASSING_LASTS = timedelta(minutes=10)
_SHOWN = 5


def difficult_of(contact: Interaction, access: Access) -> dict[str, Any]:
    """How this contact is marked, and what was difficult with the same person before.

    With the same number, too, where it is not known who called; many people call from an organisation's main line.
    """
    marks = list(contact.difficulties.standing().select_related("answered_by").order_by("id"))
    theirs = Q(interaction__person=contact.person) if contact.person_id else Q(pk__in=[])
    if contact.address:
        same = Q(interaction__address=contact.address)
        if contact.person_id:
            same &= Q(interaction__person__isnull=True)
        shared = PhoneNumber.objects.filter(number=contact.address, organization__isnull=False)
        theirs |= same & Q(~Exists(shared))
    before = Difficulty.objects.visible_to(access).standing().filter(theirs).exclude(interaction=contact)
    before = before.exclude(kind=DifficultyKind.HELP).select_related("interaction", "staff")
    return {
        "marks": marks,
        "marked": {mark.kind for mark in marks},
        "alarm": next((mark for mark in reversed(marks) if mark.alarmed_at), None),
        "difficult_before": list(before.prefetch_related("notes__staff").order_by("-at")[:_SHOWN]),
        "passed_to_me": contact.passings.filter(to_staff=access.staff, at__gte=timezone.now() - PASSING_LASTS)
        .select_related("staff")
        .order_by("-id")
        .first(),
        "why_not_passed": why_not_passed,
        "not_passed": contact.passings.filter(
            staff=access.staff, order__state__in=(Order.State.FAILED, Order.State.EXPIRED, Order.State.UNANSWERED)
        )
        .select_related("to_staff", "order")
        .order_by("-id")
        .first()
        if contact.ended_at is None
        else None,
    }


def coming(access: Access, contact: Interaction | None) -> list[Passing]:
    """Calls that colleagues are passing to this person now, but for the one that is shown; the latest first."""
    rows = Passing.objects.filter(
        to_staff=access.staff, at__gte=timezone.now() - PASSING_LASTS, interaction__ended_at__isnull=True
    )
    if contact is not None:
        rows = rows.exclude(interaction=contact)
    rows = rows.select_related("interaction__person", "interaction__call", "staff")
    links = TicketInteraction.objects.visible_to(access).select_related("ticket").order_by("id")
    return list(rows.prefetch_related(Prefetch("interaction__ticket_links", links)).order_by("-at")[:3])
