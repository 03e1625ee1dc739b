"""A question to a department: whom we asked in which order, and everything that was said."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.catalog.models import Category
from madoguchi.files.models import Attachment
from madoguchi.foundation.literal import Words
from madoguchi.mail.models import IncomingMail, MailThread, OutgoingMail
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Contact, ContactChannel, Department, Staff, Team, Topic
from madoguchi.tickets.models import Message, Status, Ticket


class State(models.TextChoices):
    """Of a consultation. ``declined``: the last one asked said "not me" and nobody was left."""

    WAITING = "waiting", pgettext_lazy("consultation", "Waiting")
    ANSWERED = "answered", pgettext_lazy("consultation", "Answered")
    DECLINED = "declined", _("Declined")
    NEEDS_TIME = "needs_time", _("Needs time")
    ASKED_BACK = "asked_back", _("Asked back")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXHAUSTED = "exhausted", _("Nobody answered")


OPEN = (State.WAITING, State.NEEDS_TIME, State.ASKED_BACK)


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    def visible_to(self, access: Access) -> "ConsultationQuerySet":
        """Those of tickets that this person may see; a partner's staff only what their own teams asked."""
        if not access.can(Capability.READ_TICKETS):
            return self.none()
        if access.is_partner:
            return self.filter(team__in=access.team_ids, ticket__in=Ticket.objects.visible_to(access))
        return self

    def open(self) -> "ConsultationQuerySet":
        """Not answered, not given up, not withdrawn."""
        return self.filter(state__in=Words(*OPEN))

    def needing_somebody(self) -> "ConsultationQuerySet":
        """``needs`` says what: the department waits for the desk, something came that nobody has looked at, and while
        the ticket is not solved an answer that the requester was not told, or a contact who is to be called.
        """
        told = Q(state=Words(State.ANSWERED), used_at__isnull=True)
        needing = self.filter(Q(state=Words(State.ASKED_BACK)) | Q(to_review=True) | told | Q(to_call=True))
        waits = told | Q(to_call=True) & ~Q(state=Words(State.ASKED_BACK))
        return needing.exclude(waits, to_review=False, ticket__status__in=Words(Status.RESOLVED, Status.CLOSED))


class Consultation(models.Model):
    """One question to one department, while the ticket stays where it is.

    ``team`` asked, and ``asked_by`` looks after it. Each contact has ``patience_s`` seconds of their working time;
    ``urgent``: by the clock on the wall, sent at once. ``next_at`` is when the sweep has something to do.
    ``to_review``: nobody answered, or something came after the ticket was solved or the question settled, and nobody
    has looked at it. ``to_call``: it is with a contact whom somebody of the desk must call. ``answer`` is the remark
    that won, ``used_in`` the message to the requester that was made of it.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="consultations")
    department = models.ForeignKey(Department, models.PROTECT, related_name="consultations", db_index=False)
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, blank=True, related_name="consultations")
    question = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    urgent = models.BooleanField(default=False)
    asked_by = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="consultations")
    by_rule = models.CharField(max_length=200, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, related_name="consultations")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    patience_s = models.PositiveIntegerField()
    next_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    to_review = models.BooleanField(default=False)
    to_call = models.BooleanField(default=False)
    answer = models.ForeignKey("Remark", models.SET_NULL, null=True, blank=True, related_name="+")
    used_in = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="consultations")
    used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ConsultationQuerySet] = ConsultationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="consultations_next"),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=["waiting", "needs_time", "asked_back"]),
                name="consultations_open",
            ),
            models.Index(
                fields=["asked_by"],
                condition=Q(state="asked_back")
                | Q(to_review=True)
                | Q(state="answered", used_at__isnull=True)
                | Q(to_call=True),
                name="consultations_needing",
            ),
            models.Index(fields=["department", "-id"], name="consultations_of_department"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(next_at__isnull=True), name="consultations_ended_rest"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, state__in=["waiting", "needs_time", "asked_back"])
                | Q(ended_at__isnull=False, state__in=["answered", "declined", "withdrawn", "exhausted"]),
                name="consultations_ended_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.question[:40]}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_usable(self) -> bool:
        """Answered, and the requester has not been told yet."""
        return self.answer_id is not None and self.used_at is None

    def take_as_answer(self, remark: "Remark | None") -> None:
        """From now on this is the answer, or there is none; the requester has not been told of it."""
        self.answer, self.used_in, self.used_at = remark, None, None

    @property
    def needs(self) -> str:
        """What somebody of the desk has to do: ``reply``, ``review``, ``use``, ``call``, or nothing."""
        if self.state == State.ASKED_BACK:
            return "reply"
        if self.to_review:
            return "review"
        return "use" if self.is_usable else "call" if self.to_call else ""

    @property
    def answered_by(self) -> str:
        """Whose answer counts, by name; empty without one. Select ``answer__approach``."""
        if self.answer is None:
            return ""
        return self.answer.approach.name if self.answer.approach else self.answer.author_name

    @property
    def number_shown(self) -> str:
        """``10482-6-17``: the ticket's number and which question it is, as the mails name it."""
        return f"{self.ticket.number_shown}-{self.pk}"


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


class Approach(models.Model):
    """One contact is asked, at most once for the same question.

    ``name`` and ``address`` as they were then; ``tried`` are the channels used so far, ``channel`` the one of now, and
    ``sent_to`` every [channel, address] to which the question went, one that it bounced from included. ``why`` says why
    it was their turn. ``deadline_at`` is when to remind, once ``reminded_at`` when to go on; None while the desk owes
    the contact a reply. ``thread`` is the contact's own, so a reply, an absence note or a bounce says by itself whom it
    is about.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Will be asked")
        ASKED = "asked", _("Asked")
        NEEDS_TIME = "needs_time", _("Needs time")
        ASKED_BACK = "asked_back", _("Asked back")
        ANSWERED = "answered", pgettext_lazy("consultation", "Answered")
        DECLINED = "declined", _("Declined")
        SILENT = "silent", pgettext_lazy("contact", "No answer")
        BOUNCED = "bounced", _("Could not be delivered")
        AWAY = "away", pgettext_lazy("contact", "Away")
        SETTLED = "settled", _("Settled otherwise")

    class Why(models.TextChoices):
        FIRST = "first", _("first in the chain")
        CHOSEN = "chosen", _("chosen by the desk")
        NO_ANSWER = "no_answer", _("no answer from the one before")
        DECLINED = "declined", _("the one before said “not me”")
        NAMED = "named", _("was named by the one before")
        BOUNCED = "bounced", _("the one before could not be reached")
        AWAY = "away", _("the one before is away")
        PRESSED = "pressed", _("the desk went on")
        MANAGER = "manager", _("manages the department")

    consultation = models.ForeignKey(Consultation, models.CASCADE, related_name="approaches")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="approaches")
    name = models.CharField(max_length=100)
    channel = models.CharField(max_length=10, choices=ContactChannel.choices)
    address = models.CharField(max_length=500)
    tried = models.JSONField(default=list)
    sent_to = models.JSONField(default=list)
    why = models.CharField(max_length=10, choices=Why.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    send_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    thread = models.OneToOneField(MailThread, models.PROTECT, null=True, blank=True, related_name="approach")
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consultation", "contact"], name="consultations_contact_asked_once")
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id} → {self.name}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def may_still_answer(self) -> bool:
        """They were sent the question, and may be thinking about it though it went on to somebody else."""
        return self.state in PASSED_OVER


LIVE = (Approach.State.PLANNED, Approach.State.ASKED, Approach.State.NEEDS_TIME, Approach.State.ASKED_BACK)
PASSED_OVER = (Approach.State.SILENT, Approach.State.AWAY)


class Remark(models.Model):
    """Something said about a question, by the department, the desk or a machine.

    ``late``: it came when the question was already settled. ``quoted`` is what a mail quoted, and its signature.
    ``form`` is the form of the answer page that it was written in.
    """

    class Kind(models.TextChoices):
        QUESTION = "question", pgettext_lazy("consultation", "Question")
        ANSWER = "answer", _("Answer")
        DECLINE = "decline", _("Not me")
        NEEDS_TIME = "needs_time", _("Needs time")
        ASK_BACK = "ask_back", _("Question back")
        REPLY = "reply", _("Reply of the desk")
        REMINDER = "reminder", _("Reminder")
        SETTLED = "settled", _("Told that it is settled")
        MACHINE = "machine", _("Automatic mail")
        NOTE = "note", _("Note")

    consultation = models.ForeignKey(Consultation, models.CASCADE, related_name="remarks")
    approach = models.ForeignKey(Approach, models.CASCADE, null=True, blank=True, related_name="remarks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    author_name = models.CharField(max_length=200)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="remarks")
    body = models.TextField(blank=True)
    quoted = models.TextField(blank=True)
    at = models.DateTimeField()
    late = models.BooleanField(default=False)
    incoming = models.ForeignKey(IncomingMail, models.PROTECT, null=True, blank=True, related_name="remarks")
    outgoing = models.ForeignKey(OutgoingMail, models.PROTECT, null=True, blank=True, related_name="remarks")
    attachments: "models.ManyToManyField[Attachment, models.Model]" = models.ManyToManyField(
        Attachment, blank=True, related_name="remarks"
    )
    form = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["approach", "form"], condition=~Q(form=""), name="consultations_form_heard_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.consultation_id} {self.kind}: {self.body[:40]}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> "DeliveryQuerySet":
        """On their way: not sent, not given up."""
        return self.filter(state__in=Words("queued", "sending"))


class Delivery(models.Model):
    """What goes to a contact by chat or SMS: a row that the worker claims, posts and marks.

    ``link`` is where it is answered (empty: nothing to answer). ``answer`` is what the other side said last, as it said
    it, with its HTTP ``status`` (None: it was not reached). ``dropped``: settled before it could leave.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    remark = models.OneToOneField(Remark, models.CASCADE, related_name="delivery")
    channel = models.CharField(max_length=10, choices=ContactChannel.choices)
    address = models.CharField(max_length=500)
    text = models.TextField()
    link = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    queued_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state__in=["queued", "sending"]),
                name="consultations_delivery_due",
            ),
            models.Index(fields=["id"], condition=Q(state="failed"), name="consultations_delivery_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.text[:40]}"


class Disclosure(models.Model):
    """What of a ticket may be told to departments: for a category and all below it, or (none) for everything.

    ``fields`` are ``organization name email phone conversation``, ``items`` (all hearing items) or ``item:KEY``;
    ``outside_fields``, a part of them, is what departments of other companies may be told.
    """

    category = models.ForeignKey(Category, models.CASCADE, null=True, blank=True, related_name="disclosures")
    fields = models.JSONField(default=list)
    outside_fields = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce("category", 0), name="consultations_one_disclosure_each"),
        ]

    def __str__(self) -> str:
        return f"disclosure of {self.category_id or 'everything'}"
