"""Reactions: a mail that arrived joins its ticket, or becomes one."""

from django.db import models
from django.utils.translation import gettext as _

from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.foundation.prepared import Prepared, insert, update
from madoguchi.interactions.actions.contacts import open_interaction
from madoguchi.interactions.models import Channel, Interaction
from madoguchi.journal.models import Entry
from madoguchi.journal.record import Actor, NamedActor, record
from madoguchi.mail import quote
from madoguchi.mail.actions import begin_thread
from madoguchi.mail.models import IncomingMail, MailThread
from madoguchi.people.actions import Requester, find_or_add_person
from madoguchi.people.models import Person
from madoguchi.search import index
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.actions.lock import lock, save
from madoguchi.tickets.actions.open_ticket import first_line, open_ticket
from madoguchi.tickets.actions.resolve import reopen
from madoguchi.tickets.models import Message, Status, Ticket, TicketThread, WaitingFor


def receive_mail(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Somebody wrote: into the ticket of the thread; once it is closed, into a follow-up of it; else a new one.

    What belongs to another room's conversation is that room's.
    """
    mail = _mail_of(subjects)
    if mail.thread is not None and mail.thread.belongs_to != MailThread.Room.TICKETS:
        return
    person = find_or_add_person(
        Requester(name=mail.from_name, email=mail.from_address), by=NamedActor("system", mail.source)
    )
    writer: Actor = person or NamedActor("person", mail.from_address or _("unknown sender"))
    interaction = open_interaction(
        channel=Channel.MAIL,
        mail=mail,
        address=mail.from_address[:254],
        contact_name=mail.from_name[:200],
        person=person,
        summary=mail.subject,
        team=first_line(),
        started_at=mail.received_at,
        ended_at=mail.received_at,
        by=writer,
    )
    ticket = _ticket_of(mail)
    if ticket is None:
        _open(mail, interaction, person, writer, thread=begin_thread(mail), follow_up_of=None)
    elif ticket.status == Status.CLOSED:
        mail.thread = insert(MailThread())
        update(mail, ["thread"])
        _open(mail, interaction, person, writer, thread=mail.thread, follow_up_of=ticket)
    else:
        _join(ticket, mail, interaction, person, writer)


def show_machine_mail(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """An auto-reply or a bounce is shown on the ticket whose mail it answers; it opens, reopens and answers nothing."""
    mail = _mail_of(subjects)
    ticket = _ticket_of(mail)
    if ticket is None:
        return
    writer = NamedActor("system", mail.from_address or mail.nature)
    message = _say(ticket, mail, None, visibility=Message.Visibility.INTERNAL)
    record(
        "message.machine_received",
        by=writer,
        about=[ticket, ticket.holder_team, mail],
        data={"message": message.pk, "nature": mail.nature, "bounce": mail.bounce},
    )


def _mail_of(subjects: tuple[models.Model, ...]) -> IncomingMail:
    return next(subject for subject in subjects if isinstance(subject, IncomingMail))


_thread_of = Prepared(
    lambda thread: TicketThread.objects.select_related("ticket").only("ticket__id").filter(thread=thread)
)


def _ticket_of(mail: IncomingMail) -> Ticket | None:
    """The ticket of the mail's thread, followed to where it was merged, and held as it stands now."""
    if mail.thread_id is None:
        return None
    link = _thread_of.first(mail.thread_id)
    ticket = lock(link.ticket) if link else None
    while ticket is not None and ticket.merged_into is not None:
        ticket = lock(ticket.merged_into)
    return ticket


def _open(
    mail: IncomingMail,
    interaction: Interaction,
    person: Person | None,
    writer: Actor,
    *,
    thread: MailThread,
    follow_up_of: Ticket | None,
) -> None:
    text, quoted = quote.cut(mail.parsed.text)
    ticket = open_ticket(
        subject=mail.subject.strip() or _("(no subject)"),
        body=text or mail.parsed.text,
        channel=Channel.MAIL,
        requester=person,
        interaction=interaction,
        front_team=interaction.team,
        follow_up_of=follow_up_of,
        message_fields={
            "incoming": mail,
            "quoted": quoted if text else "",
            "html": mail.parsed.html or "",
            "author_name": _author(mail, person),
        },
        by=writer,
    )
    insert(TicketThread(ticket=ticket, thread=thread))
    if mail.parsed.attachments:
        _attach(ticket.messages.get(), mail)


def _join(ticket: Ticket, mail: IncomingMail, interaction: Interaction, person: Person | None, writer: Actor) -> None:
    message = _say(ticket, mail, person, visibility=Message.Visibility.PUBLIC)
    if ticket.status == Status.RESOLVED:
        ticket = reopen(ticket, by=writer)
    elif ticket.status == Status.WAITING and ticket.waiting_for == WaitingFor.REQUESTER:
        save(ticket, status=Status.OPEN, waiting_for="", waiting_until=None)
    else:
        save(ticket)
    link_interaction(ticket, interaction=interaction, by=writer)
    index.queue("ticket", ticket.pk)
    record(
        "message.received",
        by=writer,
        about=[ticket, ticket.holder_team, ticket.front_team, ticket.assignee, interaction],
        data={"message": message.pk},
    )


def _say(ticket: Ticket, mail: IncomingMail, person: Person | None, *, visibility: str) -> Message:
    text, quoted = quote.cut(mail.parsed.text)
    message = insert(
        Message(
            ticket=ticket,
            visibility=visibility,
            from_requester=True,
            person=person,
            author_name=_author(mail, person),
            at=mail.received_at,
            body=text or mail.parsed.text,
            quoted=quoted if text else "",
            html=mail.parsed.html or "",
            incoming=mail,
        )
    )
    _attach(message, mail)
    return message


def _author(mail: IncomingMail, person: Person | None) -> str:
    return ((person.name if person else "") or mail.from_name or mail.from_address)[:200]


def _attach(message: Message, mail: IncomingMail) -> None:
    rows = [
        Attachment.objects.create(
            file=store.keep(part.content), name=part.name[:255], content_type=part.content_type[:100]
        )
        for part in mail.parsed.attachments
    ]
    if rows:
        message.attachments.set(rows)
