"""An answer leaves by mail, in the ticket's thread, from the one sender that requesters see: the desk."""

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from madoguchi.files.models import Attachment
from madoguchi.foundation import phone
from madoguchi.foundation.dates import date_and_time
from madoguchi.foundation.prepared import Prepared, insert
from madoguchi.interactions.models import CallBack
from madoguchi.journal.record import Actor
from madoguchi.mail.actions import queue_mail
from madoguchi.mail.models import MailThread, OutgoingMail
from madoguchi.people.models import Person
from madoguchi.tickets.models import Message, Ticket, TicketThread

_latest_thread = Prepared(
    lambda ticket: TicketThread.objects.select_related("thread").filter(ticket=ticket).order_by("-id")[:1]
)
_latest_mail = Prepared(
    lambda ticket: (
        Message.objects.filter(ticket=ticket, incoming__isnull=False)
        .select_related("incoming")
        .only("incoming__from_address")
        .order_by("-id")[:1]
    )
)


def send_mail(
    ticket: Ticket, *, addresses: Sequence[str], body: str, attachments: Sequence[Attachment], by: Actor
) -> OutgoingMail:
    """Queue a text to the requester, addressed politely in their language; no name of ours is in it.

    It goes where they wrote from last on this ticket, if that is one of their ``addresses``; else to the first of them.
    """
    requester = ticket.requester
    assert requester is not None
    written = _latest_mail.first(ticket.pk)
    last = written.incoming.from_address.lower() if written and written.incoming else ""
    with translation.override(requester.language):
        return queue_mail(
            thread=thread_of(ticket),
            to=[last if last in addresses else addresses[0]],
            subject=f"{'Re: ' if written else ''}{ticket.subject} [{ticket.number_shown}]",
            body=_letter(body, requester, ticket),
            attachments=attachments,
            by=by,
        )


def thread_of(ticket: Ticket) -> MailThread:
    """The thread in which the ticket's requester is answered: the latest one, else a new one."""
    link = _latest_thread.first(ticket.pk)
    if link is not None:
        return link.thread
    thread = insert(MailThread())
    insert(TicketThread(ticket=ticket, thread=thread))
    return thread


def _letter(body: str, requester: Person, ticket: Ticket) -> str:
    greeting = requester.polite_name
    return "\n".join(
        [
            *([greeting, ""] if greeting else []),
            body,
            *_promise(ticket),
            "",
            "-- ",
            settings.MAIL_NAME,
            _("Inquiry number: %(number)s") % {"number": ticket.number_shown},
        ]
    )


def _promise(ticket: Ticket) -> list[str]:
    """When they will be called, so that they need not wonder."""
    if ticket.call_back_at is None:
        return []
    promised = CallBack.objects.waiting().filter(ticket_link__ticket=ticket, reason=CallBack.Reason.PROMISED)
    row = promised.filter(due_at__gt=timezone.now()).first()
    if row is None:
        return []
    told = {"at": date_and_time(row.due_at), "number": phone.display(row.number)}
    return ["", _("We will call you by %(at)s at %(number)s.") % told]
