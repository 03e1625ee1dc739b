"""The mails of the history: originals kept like any other, answers already sent, each in its thread."""

import hashlib
import secrets
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from django.conf import settings

from madoguchi.demo.ledger import SYSTEM
from madoguchi.demo.lives import Desk, TicketLife
from madoguchi.demo.world import Customer, Member
from madoguchi.files import store
from madoguchi.files.models import StoredFile
from madoguchi.interactions.models import Interaction
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail, new_token
from madoguchi.tickets.models import TicketThread

_GATE = ("system", None, "smtp")


class Correspondence:
    """The mail thread between one ticket and its requester."""

    def __init__(self, desk: Desk, customer: Customer) -> None:
        self.desk, self.customer = desk, customer
        self.thread = 0
        self.token = ""
        self.ids: list[str] = []
        self.written = 0

    def begin(self, at: datetime) -> int:
        self.token = new_token()  # unguessable, so of no seed
        self.thread = self.desk.tables[MailThread].add(token=self.token, created_at=at)
        return self.thread

    def belongs_to(self, life: TicketLife) -> None:
        self.desk.tables[TicketThread].add(ticket_id=life.id, thread_id=self.thread)

    def arrive(self, at: datetime, subject: str, body: str) -> tuple[int, dict[str, Any]]:
        """A mail from the customer; its id and the values of its interaction's row."""
        self.desk.until_now(at)
        if not self.thread:
            self.begin(at)
        message_id = self._message_id(self.customer.email.rpartition("@")[2])
        raw = _letter(self.customer, at, subject, body, message_id, self.ids)
        tables = self.desk.tables
        mail = tables[IncomingMail].add(
            raw_id=tables[StoredFile].add(sha256=_keep(raw), size=len(raw), stored_at=at),
            source="smtp",
            envelope_from=self.customer.email,
            envelope_to=[settings.MAIL_ADDRESS],
            received_at=at,
            state="taken",
            dedupe_key=hashlib.sha256(raw).hexdigest(),
            message_id=message_id,
            in_reply_to=self.ids[-1] if self.ids else "",
            references=list(self.ids),
            subject=subject,
            from_address=self.customer.email,
            from_name=self.customer.name,
            thread_id=self.thread,
        )
        thread = ("mailthread", self.thread) if self.ids else None
        self.ids.append(message_id)
        ledger, contact = self.desk.ledger, tables[Interaction].new_id()
        ledger.record(
            at, "mail.received", by=_GATE, about=[("incomingmail", mail), thread], data={"subject": subject[:200]}
        )
        front = self.desk.world.front
        ledger.record(
            at,
            "interaction.opened",
            by=self.customer.who,
            about=[("interaction", contact), ("incomingmail", mail), ("person", self.customer.id), ("team", front)],
            data={"channel": "mail", "direction": "inbound"},
        )
        self.written += 1
        return mail, {
            "id": contact,
            "channel": "mail",
            "mail_id": mail,
            "address": self.customer.email,
            "contact_name": self.customer.name,
            "person_id": self.customer.id,
            "organization_id": self.customer.organization,
            "team_id": front,
            "summary": subject,
            "started_at": at,
            "ended_at": at,
        }

    def send(self, at: datetime, life: TicketLife, body: str, by: Member) -> int:
        """An answer that has left the house long since; its id."""
        self.desk.until_now(at)
        if not self.thread:
            self.begin(at)
            self.belongs_to(life)
        local, _, domain = settings.MAIL_ADDRESS.rpartition("@")
        message_id = self._message_id(domain)
        signature = ["", "-- ", settings.MAIL_NAME, f"お問い合わせ番号: {life.number_shown}"]
        mail = self.desk.tables[OutgoingMail].add(
            thread_id=self.thread,
            message_id=message_id,
            to=[self.customer.email],
            reply_to=f"{local}+{self.token}@{domain}",
            subject=f"{'Re: ' if self.written else ''}{life.row['subject']} [{life.number_shown}]",
            body="\n".join([f"{self.customer.name} 様", "", body, *signature]),
            in_reply_to=self.ids[-1] if self.ids else "",
            references=list(self.ids),
            queued_at=at,
            next_attempt_at=at,
            state="sent",
            attempts=1,
            sent_at=at,
        )
        self.ids.append(message_id)
        about = [("outgoingmail", mail), ("mailthread", self.thread)]
        data = {"to": [self.customer.email], "automatic": False}
        self.desk.ledger.record(at, "mail.queued", by=by.who, about=about, data=data)
        self.desk.ledger.record(at, "mail.sent", by=SYSTEM, about=about)
        return mail

    def _message_id(self, domain: str) -> str:
        return f"<{secrets.token_hex(16)}@{domain}>"


def _keep(raw: bytes) -> str:
    """As ``store.write``, without waiting for the disk each time: a sample can be made again."""
    digest = hashlib.sha256(raw).hexdigest()
    path = store.path_of(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return digest


def _letter(customer: Customer, at: datetime, subject: str, body: str, message_id: str, references: list[str]) -> bytes:
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"{customer.name} <{customer.email}>"
    letter["To"] = settings.MAIL_ADDRESS
    letter["Subject"] = subject
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = message_id
    if references:
        letter["In-Reply-To"] = references[-1]
        letter["References"] = " ".join(references)
    letter.set_content(body)
    return letter.as_bytes()
