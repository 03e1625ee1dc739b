"""Which thread a mail belongs to: by In-Reply-To and References, else by the token in our address, never by subject."""

import re
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import connection

from madoguchi.foundation.prepared import Prepared
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.mail.parse import ParsedMail

_TOKEN = re.compile(r"\+([a-z2-7]{24})@", re.IGNORECASE)
MOST_REFERENCES = 30


def reply_address(thread: MailThread) -> str:
    """``desk+TOKEN@example.co.jp``: answers to it come back into the thread."""
    local, _, domain = settings.MAIL_ADDRESS.rpartition("@")
    return f"{local}+{thread.token}@{domain}"


_thread = Prepared(lambda thread: MailThread.objects.filter(pk=thread))


def find_thread(mail: ParsedMail, envelope_to: Sequence[str]) -> MailThread | None:
    """The thread that the mail's references or its recipients name, or None."""
    named = [*([mail.in_reply_to] if mail.in_reply_to else []), *reversed(mail.references)]
    if mail.bounce and mail.bounce.original_message_id:
        named.insert(0, mail.bounce.original_message_id)
    if thread := _of_messages(list(dict.fromkeys(named))[:MOST_REFERENCES]):
        return thread
    addresses = [*envelope_to, *(entry.address for entry in (*mail.to, *mail.cc))]
    return _of_tokens(addresses)


_last_written_to_us = Prepared(
    lambda thread: (
        IncomingMail.objects.filter(thread=thread, nature=IncomingMail.Nature.ORDINARY)
        .exclude(message_id="")
        .only("message_id", "references")
        .order_by("-id")[:1]
    )
)
_last_written_by_us = Prepared(
    lambda thread: (
        OutgoingMail.objects.filter(thread=thread)
        .exclude(state=OutgoingMail.State.DROPPED)
        .only("message_id", "references")
        .order_by("-id")[:1]
    )
)


def chain_of(thread: MailThread, answered: IncomingMail | None) -> tuple[str, list[str]]:
    """In-Reply-To and References of the thread's next mail; References keeps its first and its newest ids."""
    last: IncomingMail | OutgoingMail | None = (
        answered or _last_written_to_us.first(thread.pk) or _last_written_by_us.first(thread.pk)
    )
    if last is None or not last.message_id:
        return "", []
    chain = list(dict.fromkeys([*last.references, last.message_id]))
    return last.message_id, chain if len(chain) <= MOST_REFERENCES else [chain[0], *chain[-MOST_REFERENCES + 1 :]]


def _of_messages(message_ids: list[str]) -> MailThread | None:
    """The thread of the first of these ids that we know."""
    if not message_ids:
        return None
    places = ", ".join(["%s"] * len(message_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 0, id, message_id, thread_id FROM mail_incomingmail WHERE message_id IN ({places})"  # noqa: S608
            f" UNION ALL SELECT 1, id, message_id, thread_id FROM mail_outgoingmail WHERE message_id IN ({places})"
            " ORDER BY 1, 2",
            [*message_ids, *message_ids],
        )
        known = {message_id: thread for _, _, message_id, thread in cursor.fetchall() if thread is not None}
    thread = next((known[message_id] for message_id in message_ids if message_id in known), None)
    return _thread.first(thread) if thread else None


def _of_tokens(addresses: Iterable[str]) -> MailThread | None:
    domain = settings.MAIL_ADDRESS.rpartition("@")[2].lower()
    tokens = [
        found[1].lower()
        for address in addresses
        if address.lower().endswith("@" + domain) and (found := _TOKEN.search(address))
    ]
    return MailThread.objects.filter(token__in=tokens).order_by("id").first() if tokens else None
