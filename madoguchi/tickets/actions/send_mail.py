"""An answer leaves by mail, in the ticket's thread, from the one sender that requesters see: the desk."""

from collections.abc import Sequence

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from madoguchi.files.models import Attachment
from madoguchi.journal.record import Actor
from madoguchi.mail.actions import queue_mail
from madoguchi.mail.models import MailThread, OutgoingMail
from madoguchi.people.models import Person
from madoguchi.tickets.models import Message, Ticket, TicketThread


def send_mail(ticket: Ticket, *, message: Message, attachments: Sequence[Attachment], by: Actor) -> OutgoingMail:
    """Queue the message to the requester's address, addressed politely in their language; no name of ours is in it."""
    requester = ticket.requester
    assert requester is not None
    with translation.override(requester.language):
        return queue_mail(
            thread=thread_of(ticket),
            to=[_address(ticket, requester)],
            subject=_subject(ticket),
            body=_letter(message.body, requester, ticket),
            attachments=attachments,
            by=by,
        )


def thread_of(ticket: Ticket) -> MailThread:
    """The thread in which the ticket's requester is answered: the latest one, else a new one."""
    link = TicketThread.objects.select_related("thread").filter(ticket=ticket).order_by("-id").first()
    if link is not None:
        return link.thread
    thread = MailThread.objects.create()
    TicketThread.objects.create(ticket=ticket, thread=thread)
    return thread


def _address(ticket: Ticket, requester: Person) -> str:
    """Where they wrote from last on this ticket, if it is theirs; else their first address."""
    own = list(requester.emails.order_by("id").values_list("address", flat=True))
    written = ticket.messages.filter(incoming__isnull=False).order_by("-id").first()
    last = written.incoming.from_address.lower() if written and written.incoming else ""
    return last if last in own else own[0]


def _subject(ticket: Ticket) -> str:
    replied = ticket.messages.filter(incoming__isnull=False).exists()
    return f"{'Re: ' if replied else ''}{ticket.subject} [{ticket.number_shown}]"


def _letter(body: str, requester: Person, ticket: Ticket) -> str:
    greeting = requester.polite_name
    return "\n".join(
        [
            *([greeting, ""] if greeting else []),
            body,
            "",
            "-- ",
            settings.MAIL_NAME,
            _("Inquiry number: %(number)s") % {"number": ticket.number_shown},
        ]
    )
