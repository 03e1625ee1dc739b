"""The calls that the desk owes: promised, or to callers who gave up."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce
from django.db.models.lookups import In
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation.literal import Unindexed
from madoguchi.interactions.models.contacts import Interaction
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Person, Staff, Team
from madoguchi.telephony.models import Outcome

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
        ABANDONED = "abandoned", _("Called in vain")

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
    """How soon callers of a team (None: of every other team) in vain are called back; ``queues`` are the team's.

    ``is_on``: those who gave up are; ``owes_missed``: those whom nobody answered otherwise are, too.
    ``within_min`` and ``escalate_min`` are minutes of the team's working hours, the second from the due time on.
    ``settles_short``: callers who hung up at once (SHORT_ABANDON_SECONDS) need nobody to settle them.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    queues = models.JSONField(default=list, blank=True)
    is_on = models.BooleanField(default=True)
    owes_missed = models.BooleanField(default=True)
    within_min = models.PositiveSmallIntegerField(default=30)
    escalate_min = models.PositiveSmallIntegerField(default=30)
    settles_short = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(Coalesce("team", 0), name="call_backs_policy_once")]

    def __str__(self) -> str:
        return f"{self.team_id}: {self.within_min} min"

    def owes(self, outcome: str) -> bool:
        """Whether a call that ended so is to be made up for."""
        return self.is_on and (self.owes_missed or outcome == Outcome.ABANDONED)
