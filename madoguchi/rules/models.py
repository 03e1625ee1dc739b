"""Rules with their versions, what they did, what they proposed, when they are due, and their trials."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.foundation.bilingual import label_of
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff, Team
from madoguchi.people.staff import BilingualName
from madoguchi.tickets.models import Ticket


def in_language_of_page(said: Mapping[str, list[str]]) -> list[str]:
    """The sentences of ``{"ja": [...], "en": [...]}`` that the reader of the page understands."""
    return list(said.get(translation.get_language() or "ja") or said.get("ja", []))


class RuleQuerySet(models.QuerySet["Rule"]):
    def visible_to(self, access: Access) -> "RuleQuerySet":
        """Those who write rules see all of them; others none."""
        return self if access.can(Capability.WRITE_RULES) else self.none()

    def listening(self) -> "RuleQuerySet":
        """The rules that watch what happens, in the order in which they have their turn."""
        return self.filter(state__in=[Rule.State.ON, Rule.State.TRIAL]).order_by("position", "id")


class Rule(BilingualName):
    """An escalation rule as it stands now; each change makes a ``RuleVersion``.

    ``definition`` is ``definition.Definition`` as JSON. ``key`` names a ready-made rule. ``scheduled_to``: up to which
    ticket id a time rule's moments are entered since it was switched on; None when nothing is left to enter.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("rule", "Draft")
        TRIAL = "trial", pgettext_lazy("rule", "Watching")
        ON = "on", pgettext_lazy("rule", "On")
        OFF = "off", pgettext_lazy("rule", "Off")

    key = models.SlugField(max_length=60, null=True, blank=True, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    position = models.PositiveIntegerField(default=100)
    number = models.PositiveIntegerField(default=1)
    definition = models.JSONField()
    changed_at = models.DateTimeField()
    scheduled_to = models.BigIntegerField(null=True, blank=True)

    objects: ClassVar[RuleQuerySet] = RuleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["position", "id"]
        indexes = [
            models.Index(
                fields=["position", "id"], condition=models.Q(state__in=["on", "trial"]), name="rules_listening"
            )
        ]

    @property
    def names(self) -> dict[str, str]:
        """What it is called, for whoever reads it later."""
        return {"ja": self.name, "en": self.name_en or self.name}

    # A rule acts: it is an actor of the journal.
    @property
    def actor_kind(self) -> str:
        return "rule"

    @property
    def actor_id(self) -> int | None:
        return self.pk

    @property
    def actor_name(self) -> str:
        return self.name


class RuleVersion(models.Model):
    """What a rule said from ``at`` on, and who wrote it. Never changed."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100, blank=True)
    definition = models.JSONField()
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="rule_versions")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rules_version_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def label(self) -> str:
        return label_of(self.name, self.name_en)


class Firing(models.Model):
    """A rule fired on a ticket: for which cause, why, and what came of it.

    ``cause`` is what it fired for (``entry:812``, ``unaccepted:2026-11-20T09:00:00+00:00``): once each. ``because`` and
    ``did`` are sentences in both languages: ``{"ja": [...], "en": [...]}``. ``dry``: the rule only watched.
    """

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="firings")
    number = models.PositiveIntegerField()
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="rule_firings")
    cause = models.CharField(max_length=80)
    at = models.DateTimeField()
    because = models.JSONField(default=dict)
    did = models.JSONField(default=dict)
    dry = models.BooleanField(default=False)
    problem = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "ticket", "cause"], name="rules_once_per_cause")]
        indexes = [models.Index(fields=["rule", "-at"], name="rules_firings_latest")]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.ticket_id} for {self.cause}"

    def words(self, said: dict[str, Any]) -> list[str]:
        """``because`` or ``did`` in the language of the page."""
        return in_language_of_page(said)


class Due(models.Model):
    """When a time rule has to look at a ticket: ``due_at`` (None: nothing to look at before something happens).

    ``since`` is the beginning of the state that it counts; a state that began later only puts the moment off.
    """

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="due")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="rules_due")
    since = models.DateTimeField()
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "ticket"], name="rules_due_once")]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(due_at__isnull=False), name="rules_due_next")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.ticket_id} at {self.due_at}"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> "ProposalQuerySet":
        return self.filter(settled_at__isnull=True)


class Proposal(models.Model):
    """What a rule proposes to whoever works on the ticket, until it is followed or put away."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="rule_proposals")
    rule = models.ForeignKey(Rule, models.CASCADE, related_name="proposals")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="rule_proposals")
    text = models.CharField(max_length=300, blank=True)
    because = models.JSONField(default=dict)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="settled_proposals")

    objects: ClassVar[ProposalQuerySet] = ProposalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "rule"],
                condition=models.Q(settled_at__isnull=True),
                name="rules_one_open_proposal",
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.text}"

    @property
    def reasons(self) -> list[str]:
        return in_language_of_page(self.because)


class Trial(models.Model):
    """A rule tried on the last ``days`` days. A worker claims it until ``claimed_until`` and tells its progress.

    ``definition`` is what was tried, also when it was never saved; ``result`` is ``trial.Result`` as JSON.
    """

    CLAIM = timedelta(minutes=5)

    class State(models.TextChoices):
        QUEUED = "queued", _("Waits for the worker")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    rule = models.ForeignKey(Rule, models.CASCADE, null=True, blank=True, related_name="trials")
    name = models.CharField(max_length=100, blank=True)
    definition = models.JSONField()
    days = models.PositiveSmallIntegerField(default=30)
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="rule_trials")
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    claimed_until = models.DateTimeField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    problem = models.CharField(max_length=12, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["at", "id"], condition=models.Q(state__in=["queued", "running"]), name="rules_trials_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d}: {self.state}"
