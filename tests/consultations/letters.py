"""Mails of a department: the last one that left to an address, and an answer to it."""

import itertools
from email.header import Header

from madoguchi.journal.record import SYSTEM
from madoguchi.mail.actions import take_in
from madoguchi.mail.models import IncomingMail, OutgoingMail
from tests.mail.samples import mail

_numbers = itertools.count(1)


def sent_to(address: str) -> OutgoingMail:
    """The last mail that was queued to an address."""
    found = OutgoingMail.objects.filter(to=[address]).order_by("-id").first()
    assert found is not None, f"nothing was sent to {address}"
    return found


def leave() -> None:
    """The mail server takes what stands in the outbox."""
    OutgoingMail.objects.filter(state="queued").update(state="sent")


def by_mail(
    answered: OutgoingMail | None,
    body: str,
    *,
    sender: str = "経理 <keiri@example.jp>",
    subject: str = "",
    headers: dict[str, str | bytes] | None = None,
    raw: bytes | None = None,
) -> IncomingMail:
    """Somebody replies to ``answered`` (None: writes to the desk) as programs do, or with the ``raw`` bytes."""
    to = answered.reply_to if answered else "desk@localhost"
    lines: dict[str, str | bytes] = {
        "From": sender.encode(),
        "To": to,
        "Subject": str(Header(subject or f"Re: {answered.subject if answered else ''}", "utf-8")),
        "Message-ID": f"<{next(_numbers)}@example.jp>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    if answered:
        lines["In-Reply-To"] = answered.message_id
    return take_in(
        mail(lines | (headers or {}), body.encode()) if raw is None else raw,
        source="smtp",
        envelope_from="someone@example.jp",
        envelope_to=[to],
        by=SYSTEM,
    )


def failed(answered: OutgoingMail, *, action: str = "failed", status: str = "5.1.1") -> IncomingMail:
    """A mail server says that it could not deliver ``answered`` (or that it still tries)."""
    report = "\r\n".join(
        [
            "--b",
            "Content-Type: text/plain; charset=utf-8",
            "",
            "This is the mail system.",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.jp",
            "",
            f"Final-Recipient: rfc822; {answered.to[0]}",
            f"Action: {action}",
            f"Status: {status}",
            "",
            "--b",
            "Content-Type: text/rfc822-headers",
            "",
            f"Message-ID: {answered.message_id}",
            "--b--",
        ]
    )
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    return by_mail(answered, report, sender="MAILER-DAEMON@mx.example.jp", headers={"Content-Type": kind})
