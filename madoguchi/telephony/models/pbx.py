"""The telephone systems that the desk keeps a line to, and what they are told to do."""

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.people.models import Staff
from madoguchi.telephony.models.calls import Call


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
