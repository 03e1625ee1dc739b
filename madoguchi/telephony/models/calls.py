"""Telephone calls as their events tell them, and who of ours is in them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.people.access import Access
from madoguchi.people.models import Membership, Staff


class Sender(models.Model):
    """A telephone system that posts events, and how far its clock is from ours.

    ``skew_s`` is the mean of receipt − event time over the last events, outliers dropped; ``lags`` are those seconds.
    """

    key = models.CharField(max_length=64, unique=True)
    skew_s = models.FloatField(default=0.0)
    lags = models.JSONField(default=list)
    gives_snapshots = models.BooleanField(default=False)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key


class Direction(models.TextChoices):
    INBOUND = "inbound", _("Inbound")
    OUTBOUND = "outbound", _("Outbound")
    INTERNAL = "internal", _("Internal")


class CallState(models.TextChoices):
    """Where a call stands now. Nothing moves it back from talking to ringing or from ended to anything by accident."""

    STARTED = "started", _("Started")
    WAITING = "waiting", _("Waiting")
    RINGING = "ringing", _("Ringing")
    TALKING = "talking", _("Talking")
    HELD = "held", _("On hold")
    TRANSFERRING = "transferring", _("Being transferred")
    ENDED = "ended", _("Ended")
    MERGED = "merged", _("Part of another call")


class Outcome(models.TextChoices):
    ANSWERED = "answered", _("Answered")
    ABANDONED = "abandoned", _("Abandoned")
    ABANDONED_IN_IVR = "abandoned_in_ivr", _("Abandoned in the menu")
    OVERFLOW = "overflow", _("Left the queue unanswered")
    MISSED = "missed", _("Missed")
    NO_ANSWER = "no_answer", _("No answer")
    BUSY = "busy", _("Busy")
    OPERATOR_NO_ANSWER = "operator_no_answer", _("Own phone not picked up")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Unknown")


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, access: Access) -> "CallQuerySet":
        """Everybody of the house sees every call; partners those their own teams' staff answered or are offered now."""
        if not access.is_partner:
            return self
        return self.filter(models.Exists(seats_of(access, models.OuterRef("pk"))))


class Call(models.Model):
    """The telephone facts of one call: a projection of its events, rewritten whenever one arrives.

    ``record`` is the fold's result (the fields of the public contract); the columns beside it are what lists and the
    live board need. ``caller_number`` is E.164, empty when withheld. ``seats`` maps each agent (as the sender names
    them) to a ``CallAgent`` state; ``told`` are the transitions already in the journal.
    """

    sender = models.CharField(max_length=64)
    call_id = models.CharField(max_length=200)
    direction = models.CharField(max_length=10, choices=Direction.choices, blank=True)
    state = models.CharField(max_length=12, choices=CallState.choices, default=CallState.STARTED)
    is_live = models.BooleanField(default=True)
    caller_number = models.CharField(max_length=40, blank=True)
    caller_name = models.CharField(max_length=200, blank=True)
    presentation = models.CharField(max_length=12, default="unknown")
    called = models.CharField(max_length=80, blank=True)
    queue = models.CharField(max_length=80, blank=True)
    answered_by = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, related_name="calls_answered", db_index=False
    )
    started_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    wait_s = models.FloatField(null=True)
    talk_s = models.FloatField(null=True)
    record = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged", db_index=False
    )
    seats = models.JSONField(default=dict)
    told = models.JSONField(default=list)

    objects = CallQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["sender", "call_id"], name="telephony_call_once")]
        indexes = [
            models.Index(fields=["started_at", "id"], name="telephony_call_started"),
            models.Index(fields=["outcome", "started_at", "id"], name="telephony_call_outcome"),
            models.Index(
                fields=["caller_number", "started_at"],
                name="telephony_call_caller",
                condition=~models.Q(caller_number=""),
            ),
            models.Index(fields=["started_at"], name="telephony_call_live", condition=models.Q(is_live=True)),
            models.Index(
                fields=["merged_into"], name="telephony_call_merged", condition=models.Q(merged_into__isnull=False)
            ),
            models.Index(fields=["answered_by", "-started_at"], name="telephony_call_answered_by"),
        ]

    def __str__(self) -> str:
        return self.call_id


class CallEvent(models.Model):
    """One event as it was sent (a withheld number removed), for ever; ``payload`` is the original.

    ``clock`` is ``sender`` when ``at`` is the sender's own time, ``received`` when it is ours. Events of no call
    (``agent.state``, ``source.*``) have none.
    """

    sender = models.CharField(max_length=64)
    event_id = models.CharField(max_length=200)
    call = models.ForeignKey(Call, models.CASCADE, null=True, related_name="events")
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    clock = models.CharField(max_length=8, default="sender")
    payload = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "event_id"], name="telephony_event_once")]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class CallLeg(models.Model):
    """Which call a device's part belongs to, as its sender numbers them (an Asterisk: by Uniqueid).

    What else a telephone system tells of a call (its call data records, recordings) names legs, not calls. After calls
    became one, all their legs lead to it.
    """

    sender = models.CharField(max_length=64)
    uniqueid = models.CharField(max_length=200)
    call = models.ForeignKey(Call, models.CASCADE, related_name="legs")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "uniqueid"], name="telephony_leg_once")]

    def __str__(self) -> str:
        return self.uniqueid


def seats_of(access: Access, call: models.OuterRef) -> "models.QuerySet[CallAgent]":
    """The seats by which these teams' staff may see the call of the outer query: answered, in it, or being rung."""
    colleagues = Membership.objects.filter(team__in=access.team_ids).values("staff")
    return CallAgent.objects.filter(call=call, staff__in=colleagues, state__in=CallAgent.SEEN)


class CallAgent(models.Model):
    """One of ours in one call: being rung, talking, or done. ``staff`` is null when nobody is known by that name.

    ``talk_s``: their talk and hold in it, as the call's record says (``segments``); null as long as it is not known.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("Ringing")
        TALKING = "talking", _("Talking")
        LEFT = "left", _("Was in the call")
        GONE = "gone", _("Was rung")

    LIVE = (State.OFFERED, State.TALKING)
    SEEN = (State.OFFERED, State.TALKING, State.LEFT)
    SPOKE = (State.TALKING, State.LEFT)

    # The constraint's index serves.
    call = models.ForeignKey(Call, models.CASCADE, related_name="agents", db_index=False)
    agent = models.CharField(max_length=200)
    staff = models.ForeignKey(Staff, models.CASCADE, null=True, related_name="call_seats", db_index=False)
    state = models.CharField(max_length=8, choices=State.choices)
    talk_s = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "agent"], name="telephony_agent_once")]
        indexes = [
            models.Index(
                fields=["staff"], name="telephony_agent_live", condition=models.Q(state__in=["offered", "talking"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.state}"
