"""Every contact, whatever the channel, and the call-backs that are owed."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, In
from django.utils.translation import gettext_lazy as _

from madoguchi.files.models import Attachment
from madoguchi.foundation import phone
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Contract, Organization, Person, Staff, Team
from madoguchi.telephony.models import Call, Order, seats_of


class Channel(models.TextChoices):
    PHONE = "phone", _("Phone")
    MAIL = "mail", _("Mail")
    WEB = "web", _("Web")
    CHAT = "chat", _("Chat")
    VISIT = "visit", _("Visit")
    BYPASS = "bypass", _("Bypassed the desk")


# Channels on which somebody of ours speaks with the requester, who has thereby heard from us.
SPOKEN = frozenset({Channel.PHONE, Channel.VISIT, Channel.CHAT})


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def visible_to(self, access: Access) -> "InteractionQuerySet":
        """A partner's staff see only what they or their teams took or are offered; others who may read see all."""
        if not access.can(Capability.READ_TICKETS):
            return self.none()
        if access.is_partner:
            theirs = models.Exists(seats_of(access, models.OuterRef("call")))
            own = models.Q(In(Unindexed("team"), access.team_ids)) | models.Q(
                Exact(Unindexed("staff"), access.staff.pk)
            )
            return self.filter(own | theirs)
        return self

    def open(self) -> "InteractionQuerySet":
        """Contacts that are neither linked to a ticket nor marked with why there is none; ended or not."""
        return self.filter(state=Words(Interaction.State.OPEN))

    def unsettled(self) -> "InteractionQuerySet":
        """Those of them that have ended."""
        return self.open().filter(ended_at__isnull=False)

    def not_owed(self) -> "InteractionQuerySet":
        """Without those whose caller is owed a call: they are settled with it."""
        owed = VainCall.objects.filter(interaction=models.OuterRef("pk"), call_back__done_at__isnull=True)
        return self.exclude(models.Exists(owed))


class Interaction(models.Model):
    """One contact by one person on one channel. It ends linked to a ticket, or dismissed with a reason."""

    class State(models.TextChoices):
        OPEN = "open", _("Unsettled")
        LINKED = "linked", _("Linked to a ticket")
        DISMISSED = "dismissed", _("No ticket needed")

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("Inbound")
        OUTBOUND = "outbound", _("Outbound")

    class Reason(models.TextChoices):
        """Why there is no ticket."""

        WRONG_NUMBER = "wrong_number", _("Wrong number")
        SILENT = "silent", _("Silent call")
        SALES_CALL = "sales_call", _("Sales or nuisance call")
        PASSED_ON = "passed_on", _("Only passed on")
        CALLED_BACK = "called_back", _("Called back, settled")
        NOT_REACHED = "not_reached", _("Called back, not reached")
        NO_NUMBER = "no_number", _("No number to call back")
        CALLED_AGAIN = "called_again", _("Called again, was answered")
        NO_CALL = "no_call", _("No call-back needed")
        TEST = "test", _("Test")
        OTHER = "other", _("Other")

    channel = models.CharField(max_length=10, choices=Channel.choices)
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.INBOUND)
    call = models.OneToOneField(Call, models.PROTECT, null=True, blank=True, related_name="interaction")
    mail = models.OneToOneField(IncomingMail, models.PROTECT, null=True, blank=True, related_name="interaction")
    address = models.CharField(max_length=254, blank=True)
    contact_name = models.CharField(max_length=200, blank=True)
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    organization = models.ForeignKey(
        Organization, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    staff = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False)
    summary = models.TextField(blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    is_abandoned = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    dismissed_reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    dismissed_note = models.CharField(max_length=500, blank=True)
    attachments = models.ManyToManyField(Attachment, blank=True, related_name="interactions")

    objects: ClassVar[InteractionQuerySet] = InteractionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["started_at", "id"], name="interactions_by_start"),
            models.Index(fields=["person", "-started_at"], name="interactions_by_person"),
            models.Index(fields=["organization", "-started_at"], name="interactions_by_customer"),
            models.Index(fields=["staff", "-started_at"], name="interactions_by_staff"),
            models.Index(fields=["channel", "-started_at"], name="interactions_by_channel"),
            models.Index(fields=["address", "-started_at", "-id"], name="interactions_by_address"),
            models.Index(fields=["ended_at", "id"], condition=models.Q(state="open"), name="interactions_unsettled"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.address or self.contact_name}"


class IntakeDraft(models.Model):
    """What an operator has typed for a contact so far; autosaved, without a journal entry.

    ``data`` holds the fields of the intake page as they stand, hearing items under ``details``.
    """

    interaction = models.OneToOneField(Interaction, models.CASCADE, related_name="draft")
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="drafts")
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"draft of {self.interaction_id}"


class IdentityCheck(models.Model):
    """本人確認: which of the contract's questions were asked, and whether the caller is who they say.

    ``asked`` is a list of ``{"question": str, "passed": bool}``; the answers themselves are not kept.
    """

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="identity_checks")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True)
    contract = models.ForeignKey(Contract, models.SET_NULL, null=True, blank=True)
    asked = models.JSONField(default=list)
    passed = models.BooleanField()
    read_back = models.BooleanField(default=False)
    staff = models.ForeignKey(Staff, models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.interaction_id}: {self.passed}"


WARN_AHEAD = timedelta(minutes=10)  # of a call that is owed


class CallBackQuerySet(models.QuerySet["CallBack"]):
    def visible_to(self, access: Access) -> "CallBackQuerySet":
        if not access.can(Capability.READ_TICKETS):
            return self.none()
        return self.filter(In(Unindexed("team"), access.team_ids)) if access.is_partner else self

    def waiting(self) -> "CallBackQuerySet":
        return self.filter(done_at__isnull=True).order_by("due_at", "id")


class CallBack(models.Model):
    """A call that the desk owes somebody: by when, to which number, whom to ask for, what to tell.

    Promised, or owed to a caller who gave up: then ``calls`` are the calls in vain, the last of them at ``called_at``,
    of one number for one team all in one row. ``staff`` is who makes the call; nobody: whoever of the team takes it.
    ``told`` is how far people were told (``Told``), ``next_at`` when there is something to tell next.
    """

    class Reason(models.TextChoices):
        PROMISED = "promised", _("Promised")
        ANSWER_READY = "answer_ready", _("Answer ready")
        ABANDONED = "abandoned", _("Gave up waiting")

    class Result(models.TextChoices):
        REACHED = "reached", _("Reached")
        LEFT_MESSAGE = "left_message", _("Left a message")
        WITHDRAWN = "withdrawn", _("No longer needed")
        CALLED_AGAIN = "called_again", _("Called again, was answered")
        ANSWERED = "answered", _("Had been answered after all")

    class Told(models.IntegerChoices):
        NOTHING = 0
        WARNED = 1
        BREACHED = 2
        ESCALATED = 3

    reason = models.CharField(max_length=12, choices=Reason.choices, default=Reason.PROMISED)
    due_at = models.DateTimeField()
    number = models.CharField(max_length=40)
    name = models.CharField(max_length=200, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="call_backs")
    team = models.ForeignKey(Team, models.PROTECT, related_name="call_backs", db_index=False)
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="call_backs", db_index=False)
    interaction = models.ForeignKey(
        Interaction, models.SET_NULL, null=True, blank=True, related_name="promised_call_backs"
    )
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    called_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, related_name="done_call_backs", db_index=False
    )
    result = models.CharField(max_length=12, choices=Result.choices, blank=True)
    outbound = models.ForeignKey(
        Interaction, models.SET_NULL, null=True, blank=True, related_name="fulfilled_call_backs"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    told = models.PositiveSmallIntegerField(choices=Told.choices, default=Told.NOTHING)
    next_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CallBackQuerySet] = CallBackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number", "team"],
                condition=models.Q(done_at__isnull=True, reason="abandoned"),
                name="call_backs_once_for_a_caller",
            )
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(done_at__isnull=True), name="call_backs_waiting"),
            models.Index(fields=["number"], condition=models.Q(done_at__isnull=True), name="call_backs_by_number"),
            models.Index(
                fields=["next_at", "id"],
                condition=models.Q(done_at__isnull=True, next_at__isnull=False),
                name="call_backs_to_tell",
            ),
            models.Index(fields=["done_at", "id"], condition=models.Q(done_at__isnull=False), name="call_backs_done"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class VainCall(models.Model):
    """A caller gave up: the contact, and the call-back that is owed for it."""

    call_back = models.ForeignKey(CallBack, models.CASCADE, related_name="calls")
    interaction = models.OneToOneField(Interaction, models.CASCADE, related_name="owed")

    def __str__(self) -> str:
        return f"{self.interaction_id} of {self.call_back_id}"


class Attempt(models.Model):
    """Somebody tried to make a call that is owed: who, when, and what came of it."""

    class Result(models.TextChoices):
        NO_ANSWER = "no_answer", _("No answer")
        BUSY = "busy", _("Busy")
        FAILED = "failed", _("Could not be connected")
        LEFT_MESSAGE = "left_message", _("Left a message")
        REACHED = "reached", _("Reached")

    call_back = models.ForeignKey(CallBack, models.CASCADE, related_name="tries")
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    result = models.CharField(max_length=12, choices=Result.choices)
    outbound = models.ForeignKey(Interaction, models.SET_NULL, null=True, blank=True, related_name="tried_for")

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["call_back", "outbound"], name="call_backs_attempt_once")]

    def __str__(self) -> str:
        return f"{self.result} {self.at:%Y-%m-%d %H:%M}"


class CallBackPolicy(models.Model):
    """How soon callers of a team (None: of every other team) who gave up are called back; ``queues`` are the team's.

    ``within_min`` and ``escalate_min`` are minutes of the team's working hours, the second from the due time on.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    queues = models.JSONField(default=list, blank=True)
    is_on = models.BooleanField(default=True)
    within_min = models.PositiveSmallIntegerField(default=30)
    escalate_min = models.PositiveSmallIntegerField(default=30)

    class Meta:
        constraints = [models.UniqueConstraint(Coalesce("team", 0), name="call_backs_policy_once")]

    def __str__(self) -> str:
        return f"{self.team_id}: {self.within_min} min"


class BypassPolicy(models.Model):
    """One row: whether whoever was reached past the desk at least so often in a month is told of it by mail."""

    sends_letters = models.BooleanField(default=True)
    at_least = models.PositiveSmallIntegerField(default=3)

    def __str__(self) -> str:
        return f"from {self.at_least}"


class BypassLetter(models.Model):
    """Somebody was told how often they were reached past the desk in a ``month`` (its first day); once."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")
    month = models.DateField()
    contacts = models.PositiveIntegerField()
    mail = models.ForeignKey(OutgoingMail, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "staff"], name="bypasses_told_once")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.month:%Y-%m}"


class NumberProposal(models.Model):
    """A number in the signature of somebody's mail: a person says that it is theirs, or that it is not, for ever."""

    class State(models.TextChoices):
        OPEN = "open", _("Proposed")
        ACCEPTED = "accepted", _("Taken")
        DISMISSED = "dismissed", _("Not theirs")

    person = models.ForeignKey(Person, models.CASCADE, related_name="number_proposals", db_index=False)
    number = models.CharField(max_length=40)
    label = models.CharField(max_length=40, blank=True)
    written = models.CharField(max_length=200, blank=True)
    mail = models.ForeignKey(IncomingMail, models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "number"], name="interactions_number_proposed_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.number}"

    @property
    def display(self) -> str:
        return phone.display(self.number)


class Passing(models.Model):
    """A live call is passed on: to a colleague, whose screen shows the contact before they pick up, or to a number.

    ``order`` is what the telephone system was told; without one it is passed on by hand.
    """

    class Kind(models.TextChoices):
        BLIND = "blind", _("Pass it on at once")
        ATTENDED = "attended", _("After talking to them first")

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="passings")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    to_staff = models.ForeignKey(Staff, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    to_number = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BLIND)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    order = models.ForeignKey(Order, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["to_staff", "-at"], name="interactions_passed_to")]

    def __str__(self) -> str:
        return f"{self.interaction_id} to {self.to_number}"


class DifficultyKind(models.TextChoices):
    COMPLAINT = "complaint", _("Complaint")
    HARASSMENT = "harassment", _("Harassment (customer)")
    HELP = "help", _("Support wanted")


class DifficultyQuerySet(models.QuerySet["Difficulty"]):
    def visible_to(self, access: Access) -> "DifficultyQuerySet":
        """Those of the contacts that this person may see."""
        if access.can(Capability.READ_TICKETS) and not access.is_partner:
            return self
        return self.filter(interaction__in=Interaction.objects.visible_to(access).order_by())

    def standing(self) -> "DifficultyQuerySet":
        return self.filter(withdrawn_at__isnull=True)

    def alarms(self) -> "DifficultyQuerySet":
        """Quiet alarms that no supervisor has answered."""
        return self.standing().filter(alarmed_at__isnull=False, answered_at__isnull=True)


class Difficulty(models.Model):
    """A call is marked as difficult, during it or afterwards: a complaint, harassment, or help wanted.

    ``steps`` are those that the company required when it was marked: ``{"name", "name_en", "at", "by"}``, ``at`` null
    until it was taken. ``alarmed_at``: the supervisor was called quietly; ``answered_at``: and has seen it.
    """

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="difficulties")
    kind = models.CharField(max_length=12, choices=DifficultyKind.choices)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    steps = models.JSONField(default=list)
    alarmed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[DifficultyQuerySet] = DifficultyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["interaction", "kind"], name="interactions_difficulty_once")]
        indexes = [
            models.Index(
                fields=["alarmed_at"],
                name="interactions_alarms",
                condition=models.Q(alarmed_at__isnull=False, answered_at__isnull=True, withdrawn_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.interaction_id}: {self.kind}"


class ListeningNote(models.Model):
    """What a supervisor noted who listened in to a difficult call, or spoke about it afterwards."""

    difficulty = models.ForeignKey(Difficulty, models.CASCADE, related_name="notes")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.difficulty_id} by {self.staff_id}"


class RequiredStep(models.Model):
    """What the company requires in a call of this kind, in order; without rows the guideline's defaults count."""

    kind = models.CharField(max_length=12, choices=DifficultyKind.choices)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["kind", "position", "id"]

    def __str__(self) -> str:
        return self.name
