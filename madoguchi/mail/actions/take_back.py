"""Take back what has not left yet."""

from django.db import transaction

from madoguchi.journal.record import Actor, record
from madoguchi.mail.models import MailThread, OutgoingMail
from madoguchi.mail.queries import mails_waiting

State = OutgoingMail.State


@transaction.atomic
def take_back(thread: MailThread, *, by: Actor) -> None:
    """Drop the mails of the thread that still wait in the outbox; one that is leaving just now goes."""
    for mail in mails_waiting().filter(thread=thread, state=State.QUEUED):
        if OutgoingMail.objects.filter(pk=mail.pk, state=State.QUEUED).update(state=State.DROPPED):
            record("mail.taken_back", by=by, about=[mail, thread], data={"to": mail.pending})
