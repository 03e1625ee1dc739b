"""A ticket, a question about it, and what the tests ask about what became of it."""

from typing import Any

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.models import Approach, Consultation
from madoguchi.journal.models import Entry
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def raised(cast: Cast, **more: Any) -> Ticket:
    fields: dict[str, Any] = {"subject": "請求書が届かない", "requester": cast.yamada, "by": cast.sato} | more
    return open_ticket(body="まだ届きません", channel="phone", **fields)


def asked(cast: Cast, ticket: Ticket, **more: Any) -> Consultation:
    fields: dict[str, Any] = {"question": "8月分の請求書は発行済みですか", "urgent": True, "by": cast.sato} | more
    return ask(ticket, department=cast.accounting, **fields)


def kinds(ticket: Ticket) -> list[str]:
    """What the ticket's trail says of its questions, in order."""
    rows = Entry.objects.filter(mentions__kind="ticket", mentions__ref=ticket.pk, kind__startswith="consultation.")
    return [kind.removeprefix("consultation.") for kind in rows.order_by("id").values_list("kind", flat=True)]


def states(consultation: Consultation) -> list[tuple[str, str]]:
    """Who was asked, and what became of it, in order."""
    rows = Approach.objects.filter(consultation=consultation).order_by("id")
    return [(row.name, row.state) for row in rows]
