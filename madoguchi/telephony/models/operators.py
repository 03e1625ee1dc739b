"""What each operator is doing, and what the work after a call is."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.people.models import Staff, Team
from madoguchi.people.staff import BilingualName
from madoguchi.telephony.models.calls import Call


class OperatorState(models.Model):
    """What a member of staff is doing now, one row each; the changes stand in the journal.

    ``rest_state`` is what they return to the moment their call or their wrap-up ends, and ``rest_source`` who said so
    last: ``madoguchi`` is the person on our own screen, anything else a telephone system. ``call`` is the call that is
    talked in or written up, ``until`` when the wrap-up ends by itself; ``unfinished`` are calls whose mandatory wrap-up
    was broken off, the last of them at the end.
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
    unfinished = models.JSONField(default=list, blank=True)

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
