"""Put a mail into the outbox; the worker sends it."""

import secrets
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.files.models import Attachment
from madoguchi.foundation.prepared import insert
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.mail.addresses import is_address
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.mail.threads import chain_of, reply_address

MOST_RECIPIENTS = 100


@transaction.atomic
def queue_mail(
    *,
    thread: MailThread,
    to: Sequence[str],
    subject: str,
    body: str,
    cc: Sequence[str] = (),
    html: str | None = None,
    attachments: Sequence[Attachment] = (),
    in_reply_to: IncomingMail | None = None,
    automatic: bool = False,
    by: Actor,
) -> OutgoingMail:
    """Queue one mail of the thread, threaded behind ``in_reply_to`` or the thread's last mail.

    ``to`` and ``cc`` are bare addresses. ``automatic`` marks it as written by no person (RFC 3834), so that nobody's
    responder answers.
    """
    recipients = [*to, *cc]
    if not to:
        raise Refused(_("Name at least one recipient."), code="no_recipient")
    if len(recipients) > MOST_RECIPIENTS:
        raise Refused(_("A mail can have at most %d recipients.") % MOST_RECIPIENTS, code="too_many_recipients")
    for address in recipients:
        if not is_address(address):
            raise Refused(_("“%s” is not a mail address.") % address[:100], code="bad_address")
    parent, references = chain_of(thread, in_reply_to)
    now = timezone.now()
    mail = insert(
        OutgoingMail(
            thread=thread,
            message_id=f"<{secrets.token_hex(16)}@{settings.MAIL_ADDRESS.rpartition('@')[2]}>",
            to=list(to),
            cc=list(cc),
            reply_to=reply_address(thread),
            subject=" ".join(subject.split()),
            body=body,
            html=html,
            in_reply_to=parent,
            references=references,
            is_automatic=automatic,
            queued_at=now,
            next_attempt_at=now,
            pending=list(dict.fromkeys(recipients)),
        )
    )
    if attachments:
        mail.attachments.set(attachments)
    record("mail.queued", by=by, about=[mail, thread], data={"to": recipients, "automatic": automatic})
    return mail
