"""Something is said on a ticket: an answer to the requester, or an internal note."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.files.models import Attachment
from madoguchi.foundation.prepared import Prepared, insert
from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.journal.record import record
from madoguchi.people.models import EmailAddress, Staff, Team
from madoguchi.search import index
from madoguchi.tickets.actions.lock import lock, save
from madoguchi.tickets.actions.promise_call import number_to_call, promise_call
from madoguchi.tickets.actions.send_mail import send_mail
from madoguchi.tickets.models import Message, Status, Ticket

Visibility, Delivery = Message.Visibility, Message.Delivery


@transaction.atomic
def post_message(
    ticket: Ticket,
    *,
    body: str,
    visibility: str,
    by: Staff,
    team: Team | None = None,
    attachments: Iterable[Attachment] = (),
    said_in: Interaction | None = None,
) -> Message:
    """Answer the requester (``public``) or leave a note for colleagues (``internal``).

    A public answer goes by mail where an address is known; else it goes ready to the front's list, whose people call
    back. ``said_in`` names the contact in which it was already said aloud, so that nothing is sent.
    Refuses an empty text and a public answer on a closed ticket.
    """
    text = body.strip()
    if not text:
        raise Refused(_("Write a text first."), code="empty", field="body")
    ticket = lock(ticket)
    public = visibility == Visibility.PUBLIC
    if visibility not in Visibility.values:
        raise Refused(_("Choose whether the requester may read this."), code="visibility", field="visibility")
    if public and ticket.status == Status.CLOSED:
        raise Refused(_("This ticket is closed. Reopen it to answer."), code="closed", status=409)
    files = list(attachments)
    message = Message(
        ticket=ticket,
        visibility=visibility,
        staff=by,
        team=team,
        author_name=by.name,
        at=timezone.now(),
        body=text,
    )
    if public and said_in is None:
        message.delivery, addresses = _delivery(ticket)
        if addresses:
            message.outgoing = send_mail(ticket, addresses=addresses, body=text, attachments=files, by=by)
    insert(message)
    if files:
        message.attachments.set(files)
    if message.delivery == Delivery.CALL_BACK:
        _hand_to_front(ticket, message, by)
    if public and ticket.status == Status.NEW:
        save(ticket, status=Status.OPEN)
    else:
        save(ticket)
    index.queue("ticket", ticket.pk)
    record(
        "message.posted",
        by=by,
        about=[ticket, ticket.holder_team, ticket.front_team, ticket.assignee, said_in],
        data={"message": message.pk, "visibility": visibility, "delivery": message.delivery},
    )
    return message


_addresses = Prepared(lambda person: EmailAddress.objects.filter(person=person).order_by("id"))


def _delivery(ticket: Ticket) -> tuple[str, list[str]]:
    """How an answer reaches the requester, and their mail addresses."""
    if ticket.requester is None:
        return Delivery.NONE, []
    if addresses := [row.address for row in _addresses.all(ticket.requester.pk)]:
        return Delivery.MAIL, addresses
    return (Delivery.CALL_BACK if number_to_call(ticket) else Delivery.NONE), []


def _hand_to_front(ticket: Ticket, message: Message, by: Staff) -> None:
    """Many callers have no mail: the answer is ready, and the front tells it by telephone."""
    promise_call(
        ticket,
        due_at=timezone.now(),
        staff=ticket.front_staff,
        note=message.body,
        reason=CallBack.Reason.ANSWER_READY,
        message=message,
        by=by,
    )
