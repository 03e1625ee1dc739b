"""Mail as it came, mail as it goes, and the thread that holds both together."""

import base64
import secrets
from functools import cached_property

from django.db import models
from django.db.models import Q

from madoguchi.files import store
from madoguchi.files.models import Attachment, StoredFile
from madoguchi.mail.parse import ParsedMail, parse


def new_token() -> str:
    """24 characters (120 bits) that survive a mail server that lowers the case of addresses."""
    return base64.b32encode(secrets.token_bytes(15)).decode("ascii").lower()


class MailThread(models.Model):
    """One conversation by mail. Whoever knows the token may write into it, so it is never guessable.

    ``belongs_to`` is the room whose conversation it is: only that room takes what comes in by it.
    """

    class Room(models.TextChoices):
        TICKETS = "tickets"
        CONSULTATIONS = "consultations"
        INTERACTIONS = "interactions"

    belongs_to = models.CharField(max_length=16, choices=Room.choices, default=Room.TICKETS)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"thread {self.pk}"


class IncomingMail(models.Model):
    """A mail that reached the desk, with its original; read or not, it is never thrown away."""

    class Source(models.TextChoices):
        SMTP = "smtp"
        IMAP = "imap"
        API = "api"

    class State(models.TextChoices):
        RECEIVED = "received"
        TAKEN = "taken"
        SET_ASIDE = "set_aside"
        IGNORED = "ignored"

    class Nature(models.TextChoices):
        """Only an ordinary mail is somebody writing to us."""

        ORDINARY = "ordinary"
        AUTO_REPLY = "auto_reply"
        BOUNCE = "bounce"
        LOOP = "loop"

    raw = models.ForeignKey(StoredFile, models.PROTECT, related_name="incoming_mails")
    source = models.CharField(max_length=4, choices=Source.choices)
    envelope_from = models.CharField(max_length=998, blank=True)
    envelope_to = models.JSONField(default=list)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    nature = models.CharField(max_length=10, choices=Nature.choices, default=Nature.ORDINARY)
    error = models.TextField(blank=True)
    dedupe_key = models.CharField(max_length=64, unique=True)
    message_id = models.CharField(max_length=998, blank=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    from_name = models.CharField(max_length=320, blank=True)
    auto_submitted = models.BooleanField(default=False)
    bounce = models.JSONField(null=True)
    thread = models.ForeignKey(MailThread, models.PROTECT, null=True, related_name="incoming")

    class Meta:
        indexes = [
            models.Index(fields=["message_id"], name="mail_incoming_message_id"),
            models.Index(fields=["id"], condition=Q(state__in=["received", "set_aside"]), name="mail_incoming_open"),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id or f"mail {self.pk}"

    @cached_property
    def parsed(self) -> ParsedMail:
        """What the original says, read again from the stored bytes."""
        return parse(store.read(self.raw))


class OutgoingMail(models.Model):
    """The outbox: a mail that must leave the house, and how far it got."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        WRITTEN = "written"
        DROPPED = "dropped"  # taken back before it left

    thread = models.ForeignKey(MailThread, models.PROTECT, related_name="outgoing")
    message_id = models.CharField(max_length=255, unique=True)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    reply_to = models.CharField(max_length=320)
    subject = models.TextField(blank=True)
    body = models.TextField(blank=True)
    html = models.TextField(null=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.JSONField(default=list)
    attachments = models.ManyToManyField(Attachment, related_name="outgoing_mails")
    is_automatic = models.BooleanField(default=False)
    queued_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True)
    pending = models.JSONField(default=list)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state__in=["queued", "sending"]),
                name="mail_outgoing_due",
            ),
            models.Index(fields=["claimed_by"], condition=Q(state="sending"), name="mail_outgoing_claimed"),
            models.Index(fields=["id"], condition=Q(state__in=["failed", "written"]), name="mail_outgoing_unsent"),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id


class CollectedMailbox(models.Model):
    """How far an IMAP mailbox has been read: every mail up to ``uid``, but for those in ``failed_uids``."""

    name = models.CharField(max_length=320, unique=True)
    uid_validity = models.BigIntegerField()
    uid = models.BigIntegerField(default=0)
    failed_uids = models.JSONField(default=list)
    collected_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
