"""What is promised, in versions; and the clocks of the tickets as they stand, a cache of the function."""

from uuid import uuid4

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import Category
from madoguchi.clocks import reading
from madoguchi.people.models import Staff, Team
from madoguchi.people.staff import BilingualName
from madoguchi.tickets.models import Ticket


class Kind(models.TextChoices):
    FIRST_RESPONSE = reading.Kind.FIRST_RESPONSE, _("First response")
    NEXT_UPDATE = reading.Kind.NEXT_UPDATE, _("Next update")
    RESOLUTION = reading.Kind.RESOLUTION, _("Resolution")
    ACCEPTANCE = reading.Kind.ACCEPTANCE, _("Acceptance")
    HOLDING = reading.Kind.HOLDING, _("Holding time")
    ANSWER = reading.Kind.ANSWER, _("Answer of a department")
    CALL_BACK = reading.Kind.CALL_BACK, _("Call-back")


class State(models.TextChoices):
    RUNNING = reading.State.RUNNING, pgettext_lazy("deadline", "Running")
    PAUSED = reading.State.PAUSED, _("Paused")
    MET = reading.State.MET, _("Met")
    BREACHED = reading.State.BREACHED, _("Breached")


class Policy(models.Model):
    """A promise through all its versions."""

    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"policy {self.pk}"


def _warnings() -> list[int]:
    return [50, 80]


def _pauses() -> list[str]:
    return ["requester"]


class PolicyVersion(BilingualName):
    """What a policy promises from ``valid_from`` on; never changed, only followed by the next version.

    A clock is judged by the version that held when it started; ``for_running`` makes a version hold for what is
    running, too. Empty conditions fit everything. Nothing is told of moments before ``tell_from``: a policy made today
    does not alarm about last month. ``warn_at`` are per cent of the target.
    """

    class CalendarOf(models.TextChoices):
        DEFAULT = "default", _("the desk's calendar")
        TEAM = "team", _("the calendar of the team whose clock it is")
        OWN = "own", _("a certain calendar")
        ALWAYS = "always", _("24 hours, every day")

    class Reopen(models.TextChoices):
        GOES_ON = reading.Reopen.GOES_ON, _("goes on from where it stood")
        COUNTS = reading.Reopen.COUNTS, _("counts the time in between, too")
        ANEW = reading.Reopen.ANEW, _("starts anew")

    class Tell(models.TextChoices):
        ASSIGNEE = "assignee", _("the assignee, without one the team's supervisors")
        SUPERVISORS = "supervisors", _("the team's supervisors")
        BOTH = "both", _("the assignee and the team's supervisors")
        NOBODY = "nobody", pgettext_lazy("deadline", "nobody")

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    kind = models.CharField(_("deadline"), max_length=16, choices=Kind.choices)
    valid_from = models.DateTimeField()
    for_running = models.BooleanField(default=False)
    is_active = models.BooleanField(_("in force"), default=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="policies")
    priorities = models.JSONField(_("priorities"), default=list, blank=True)
    service_class = models.CharField(_("class of the contract"), max_length=40, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="policies")
    target_s = models.PositiveIntegerField(_("target"))
    calendar_of = models.CharField(max_length=8, choices=CalendarOf.choices, default=CalendarOf.DEFAULT)
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, blank=True, related_name="policies")
    warn_at = models.JSONField(default=_warnings, blank=True)
    pauses_for = models.JSONField(default=_pauses, blank=True)
    reopen = models.CharField(max_length=8, choices=Reopen.choices, default=Reopen.GOES_ON)
    tell = models.CharField(max_length=12, choices=Tell.choices, default=Tell.ASSIGNEE)
    at_once = models.BooleanField(default=False)
    tell_from = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="policy_versions")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["policy", "number"]
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="clocks_version_once")]


class Book(models.Model):
    """One row that changes whenever a policy, a calendar or the tree of categories does: who kept a copy reads anew."""

    revision = models.UUIDField(default=uuid4)

    def __str__(self) -> str:
        return str(self.revision)


class Clock(models.Model):
    """One deadline of a ticket as the journal has it; ``madoguchi clocks rebuild`` makes the rows anew.

    A policy's ``version`` promised it, or (None) a rule set it, with a ``text`` that says what is to be done.

    ``subject`` is the hand-off, consultation or call-back, else the entry that started it. ``due_at`` is empty while
    it is paused; ``next_at`` is when there is something to tell next. A late clock is ``running`` until the sweep told.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="clocks")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject = models.BigIntegerField()
    team = models.ForeignKey(Team, models.PROTECT, related_name="clocks")
    version = models.ForeignKey(PolicyVersion, models.PROTECT, null=True, related_name="clocks")
    state = models.CharField(max_length=8, choices=State.choices)
    target_s = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    elapsed_s = models.PositiveIntegerField(null=True, blank=True)
    text = models.CharField(max_length=100, blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "kind", "subject"], name="clocks_clock_once")]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=models.Q(next_at__isnull=False), name="clocks_due"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.state}"


class Spent(models.Model):
    """Working time of a team on a ticket, once it is over: a stay (``holding``), an offer's wait (``acceptance``), or a
    stay's part of the time promised to the requester (``resolution``, in the policy's calendar).

    Kept for every ticket, whether a policy limits it or not; a cache of the function, like the clocks. ``subject`` is
    that of the clock: the entry that began the stay, or the hand-off. ``worked_s`` counts in the team's own hours.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="spent", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject = models.BigIntegerField()
    team = models.ForeignKey(Team, models.PROTECT, related_name="spent", db_index=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    worked_s = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "kind", "subject"], name="clocks_spent_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.team_id}"


class FormerCalendar(models.Model):
    """Until this moment a team (None: the whole desk) worked by another calendar (None: the desk's default).

    What began before is judged by it. Calendars themselves have versions by days.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="former_calendars")
    calendar = models.ForeignKey(Calendar, models.CASCADE, null=True, blank=True, related_name="+")
    until = models.DateTimeField()

    class Meta:
        ordering = ["until", "id"]

    def __str__(self) -> str:
        return f"{self.team_id} {self.calendar_id} until {self.until:%Y-%m-%d}"


class Recalculation(models.Model):
    """Open tickets whose clocks are to be worked out anew, as something changed that they are judged by.

    ``after`` is the last ticket that was done; the worker goes on behind it.
    """

    asked_at = models.DateTimeField(default=timezone.now)
    after = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"from {self.after}"
