"""Telephone calls as their events tell them, and what each operator is doing."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.files.models import StoredFile
from madoguchi.foundation.literal import Words
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Membership, Staff, Team
from madoguchi.people.staff import BilingualName
from madoguchi.telephony.reconciliations import Reconciliation  # noqa: F401 (Django looks for tables here)


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
    """One of ours in one call: being rung, talking, or done. ``staff`` is null when nobody is known by that name."""

    class State(models.TextChoices):
        OFFERED = "offered", _("Ringing")
        TALKING = "talking", _("Talking")
        LEFT = "left", _("Was in the call")
        GONE = "gone", _("Was rung")

    LIVE = (State.OFFERED, State.TALKING)
    SEEN = (State.OFFERED, State.TALKING, State.LEFT)

    # The constraint's index serves.
    call = models.ForeignKey(Call, models.CASCADE, related_name="agents", db_index=False)
    agent = models.CharField(max_length=200)
    staff = models.ForeignKey(Staff, models.CASCADE, null=True, related_name="call_seats", db_index=False)
    state = models.CharField(max_length=8, choices=State.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "agent"], name="telephony_agent_once")]
        indexes = [
            models.Index(
                fields=["staff"], name="telephony_agent_live", condition=models.Q(state__in=["offered", "talking"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.state}"


class OperatorState(models.Model):
    """What a member of staff is doing now, one row each; the changes stand in the journal.

    ``rest_state`` is what they return to the moment their call or their wrap-up ends, and ``rest_source`` who said so
    last: ``madoguchi`` is the person on our own screen, anything else a telephone system. ``call`` is the call that is
    talked in or written up, ``until`` when the wrap-up ends by itself.
    """

    class State(models.TextChoices):
        LOGGED_OFF = "logged_off", _("Logged off")
        AVAILABLE = "available", _("Available")
        PAUSED = "paused", _("On a break")
        RINGING = "ringing", _("Ringing")
        TALKING = "talking", _("In a call")
        WRAPUP = "wrapup", _("Wrapping up")
        AWAY = "away", _("Away")
        TRAINING = "training", _("Training")
        UNREACHABLE = "unreachable", _("Phone unreachable")

    staff = models.OneToOneField(Staff, models.CASCADE, primary_key=True, related_name="operator_state")
    state = models.CharField(max_length=12, choices=State.choices, default=State.LOGGED_OFF)
    reason = models.CharField(max_length=100, blank=True)
    since = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=64, blank=True)
    rest_state = models.CharField(max_length=12, choices=State.choices, default=State.AVAILABLE)
    rest_reason = models.CharField(max_length=100, blank=True)
    rest_source = models.CharField(max_length=64, blank=True)
    call = models.ForeignKey(Call, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["until"], name="telephony_state_until", condition=models.Q(until__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.state}"

    @property
    def is_own_wrapup(self) -> bool:
        """A wrap-up of one of our calls, which no telephone may end; the other kind is only heard of."""
        return self.state == self.State.WRAPUP and self.call_id is not None


class StateTime(models.Model):
    """How many seconds somebody was in a state during one half hour; ``slot`` is its beginning.

    Written as each state ends, from the same change that stands in the journal; time logged off is not kept.
    """

    # The constraint's index serves.
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="state_times", db_index=False)
    slot = models.DateTimeField()
    state = models.CharField(max_length=12, choices=OperatorState.State.choices)
    seconds = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "slot", "state"], name="telephony_state_time_once")]
        indexes = [models.Index(fields=["slot", "staff"], name="telephony_state_time_slot")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.slot:%Y-%m-%d %H:%M} {self.state} {self.seconds}"


class WrapupCode(BilingualName):
    """What kind of call it was, as the wrap-up says it; without rows the product's five count.

    ``settles``: a call of this kind needs no ticket. A code that is no longer used stays for the records that name it.
    """

    key = models.SlugField(max_length=40, unique=True)
    settles = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=100)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]


class WrapupPolicy(models.Model):
    """What the work after a call is for the members of a team; without one it is optional."""

    class Mode(models.TextChoices):
        OPTIONAL = "optional", _("Optional: ends when the operator says so")
        MANDATORY = "mandatory", _("Mandatory: ends with a ticket, or with the reason why there is none")
        TIMED = "timed", _("Time-boxed: ends by itself")

    team = models.OneToOneField(Team, models.CASCADE, primary_key=True, related_name="wrapup_policy")
    mode = models.CharField(_("wrap-up after a call"), max_length=10, choices=Mode.choices, default=Mode.OPTIONAL)
    seconds = models.PositiveIntegerField(_("seconds until it ends by itself"), null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.team_id} {self.mode}"


class Pbx(models.Model):
    """A telephone system that the desk keeps a line to, and how that line stands.

    ``key`` is the sender of its events. ``held_by`` is the connector that has it, until ``held_until`` (asked for anew
    every few seconds); only the holder writes here. ``memory`` is what the translation of its stream remembers, as
    JSON, written in the transaction of the events that it led to. ``down_since`` is null while the line stands.
    """

    class State(models.TextChoices):
        DOWN = "down", _("Not connected")
        CONNECTED = "connected", _("Connected")
        REFUSED = "refused", _("Name or password refused")

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DOWN)
    connected_since = models.DateTimeField(null=True)
    down_since = models.DateTimeField(null=True, default=timezone.now)
    told_down_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    error_at = models.DateTimeField(null=True)
    held_by = models.CharField(max_length=200, blank=True)
    held_until = models.DateTimeField(null=True)
    memory = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name

    def is_connected(self, now: datetime) -> bool:
        """Whether an order would be carried out at ``now``: the line stands, and its connector is alive."""
        return self.state == self.State.CONNECTED and self.held_until is not None and self.held_until > now


class PbxDevice(models.Model):
    """An extension in the queues of a telephone system: as which members, and whether it is paused there.

    ``is_paused`` is what we asked for last, until the telephone system says otherwise.
    """

    pbx = models.ForeignKey(Pbx, models.CASCADE, related_name="devices", db_index=False)
    extension = models.CharField(max_length=40)
    interfaces = models.JSONField(default=list)
    is_paused = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pbx", "extension"], name="telephony_device_once")]

    def __str__(self) -> str:
        return self.extension


class Order(models.Model):
    """Something that a telephone system shall do; its connector claims it, sends it and notes what came of it.

    It goes out once or never: what was sent and not acknowledged is ``unanswered``, and is not sent again.
    ``request`` is our own id of it, the call's ``request_id`` for a click-to-call. ``parameters``: originate
    ``number``, ``name``; redirect and attended ``to``; pause ``reason``; ``again`` when it repeats a pause, or its
    end, that failed. ``expires_at``: until when it may be sent, and once it is sent, until when an answer counts.
    """

    class Kind(models.TextChoices):
        ORIGINATE = "originate", _("Call a number")
        PAUSE = "pause", _("Pause in the queues")
        UNPAUSE = "unpause", _("Back in the queues")
        REDIRECT = "redirect", _("Transfer")
        ATTENDED = "attended", _("Transfer after asking")
        HANGUP = "hangup", _("Hang up")
        PARK = "park", _("Park")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waits")
        SENT = "sent", _("Sent")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Was not sent")
        UNANSWERED = "unanswered", _("Not acknowledged")

    OPEN = (State.QUEUED, State.SENT)

    pbx = models.ForeignKey(Pbx, models.CASCADE, related_name="orders", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    request = models.CharField(max_length=40, unique=True)
    extension = models.CharField(max_length=40)
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="orders")
    call = models.ForeignKey(Call, models.SET_NULL, null=True, related_name="orders", db_index=False)
    parameters = models.JSONField(default=dict)
    given_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    pending = models.PositiveSmallIntegerField(default=0)
    result = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["pbx", "id"], name="telephony_order_open", condition=models.Q(state__in=["queued", "sent"])
            ),
            models.Index(fields=["call"], name="telephony_order_call", condition=models.Q(call__isnull=False)),
            models.Index(fields=["staff", "id"], name="telephony_order_calls", condition=models.Q(kind="originate")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.request}"


DAYS = 90  # that recordings are kept, unless a policy says otherwise


class RecordingQuerySet(models.QuerySet["Recording"]):
    def visible_to(self, access: Access) -> "RecordingQuerySet":
        """Supervisors and administrators hear every call that they may see, who takes calls only their own."""
        if access.can(Capability.HEAR_RECORDINGS):
            return self.filter(call__in=Call.objects.visible_to(access)) if access.is_partner else self
        if not access.can(Capability.TAKE_CALLS):
            return self.none()
        own = CallAgent.objects.filter(
            call=models.OuterRef("call"), staff=access.staff, state__in=Words("talking", "left")
        )
        return self.filter(models.Q(call__answered_by=access.staff) | models.Q(models.Exists(own)))

    def kept(self) -> "RecordingQuerySet":
        return self.filter(deleted_at__isnull=True)


class Recording(models.Model):
    """One recording of a call: a file of ours, a link to where it lies, or (neither) its name at the telephone system.

    ``source`` is what it was told as, so that it is entered once. ``queue`` and ``team`` decide how long it is kept.
    After ``deleted_at`` neither file nor link is left.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="recordings")
    source = models.CharField(max_length=64)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="recordings")
    url = models.CharField(max_length=2000, blank=True)
    name = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    leg = models.CharField(max_length=200, blank=True)
    queue = models.CharField(max_length=80, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, db_index=False, related_name="recordings")
    recorded_at = models.DateTimeField()
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, db_index=False, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "source"], name="telephony_recording_once")]
        indexes = [
            models.Index(
                fields=["recorded_at", "id"],
                condition=models.Q(deleted_at__isnull=True),
                name="telephony_recording_kept",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.url or self.source


class RecordingPolicy(models.Model):
    """For how many days recordings are kept: those of a queue, else of a team, else (neither) all others."""

    queue = models.CharField(_("queue"), max_length=80, blank=True)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="recording_policies", verbose_name=_("team")
    )
    days = models.PositiveSmallIntegerField(_("days"), default=DAYS)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.F("queue"),
                Coalesce("team", 0, output_field=models.BigIntegerField()),
                name="telephony_recording_policy_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.queue or self.team_id or 'all'}: {self.days}"
