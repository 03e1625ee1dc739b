"""Scripts with their versions, and the walks along them."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.catalog.models import Category
from madoguchi.interactions.models import Interaction
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff


class Script(models.Model):
    """What the first line asks and says for a category, as it changes over time."""

    category = models.OneToOneField(Category, models.CASCADE, related_name="script")

    def __str__(self) -> str:
        return self.category.label


class ScriptVersionQuerySet(models.QuerySet["ScriptVersion"]):
    def visible_to(self, access: Access) -> "ScriptVersionQuerySet":
        """Whoever reads knowledge reads what was ever switched on; drafts are for those who write scripts."""
        if access.can(Capability.WRITE_SCRIPTS):
            return self
        if not access.can(Capability.READ_KNOWLEDGE):
            return self.none()
        return self.filter(state=ScriptVersion.State.ON)

    def in_force(self, at: datetime) -> "ScriptVersionQuerySet":
        """The versions that calls of this moment are walked by: one for each script at most."""
        begun = self.filter(state=ScriptVersion.State.ON, effective_from__lte=at)
        return begun.filter(Q(effective_until__isnull=True) | Q(effective_until__gt=at))


class ScriptVersion(models.Model):
    """What a script says. A draft is written over; what was switched on is never changed, only ended.

    ``definition`` is ``definition.Definition`` as JSON. In force from ``effective_from`` until ``effective_until``
    (not part of it; None: until further notice); a script has no two versions in force at once.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("script", "Draft")
        ON = "on", pgettext_lazy("script", "On")

    script = models.ForeignKey(Script, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    effective_from = models.DateTimeField(null=True, blank=True)
    effective_until = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(default=1)
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="script_versions")
    at = models.DateTimeField()

    objects: ClassVar[ScriptVersionQuerySet] = ScriptVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["script", "number"], name="scripts_version_once"),
            models.UniqueConstraint(fields=["script"], condition=models.Q(state="draft"), name="scripts_one_draft"),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(effective_from__isnull=False),
                name="scripts_on_from_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.script_id} ({self.number})"


class WalkQuerySet(models.QuerySet["Walk"]):
    def visible_to(self, access: Access) -> "WalkQuerySet":
        """Those of the contacts that this person may see; the desk's own readers see every contact."""
        if access.can(Capability.READ_TICKETS) and not access.is_partner:
            return self
        return self.filter(interaction__in=Interaction.objects.visible_to(access).order_by())


class Walk(models.Model):
    """A script is walked along during a contact: one for each inquiry (``round``) of it and script.

    ``here`` is the step one stands at; ``passed`` are the keys of the steps that were left by going on. The answers
    stand in the contact's draft. The version stays, whatever comes into force meanwhile.
    """

    class Outcome(models.TextChoices):
        RESOLVED = "resolved", pgettext_lazy("walk", "Resolved")
        HANDED_OVER = "handed_over", pgettext_lazy("walk", "Handed over")
        CALLED_BACK = "called_back", pgettext_lazy("walk", "Call-back promised")
        LEFT = "left", pgettext_lazy("walk", "Left the script")

    interaction = models.ForeignKey(Interaction, models.CASCADE, related_name="walks")
    version = models.ForeignKey(ScriptVersion, models.CASCADE, related_name="walks", db_index=False)
    round = models.PositiveIntegerField(default=0)
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="walks")
    here = models.CharField(max_length=40, blank=True)
    passed = models.JSONField(default=list)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)

    objects: ClassVar[WalkQuerySet] = WalkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["interaction", "round", "version"], name="scripts_walk_once"),
        ]
        indexes = [models.Index(fields=["version", "-started_at", "-id"], name="scripts_walks_latest")]

    def __str__(self) -> str:
        return f"{self.interaction_id} by {self.version_id}: {self.outcome or self.here}"


class Stay(models.Model):
    """The walk's trail: a step was entered, and left after so many seconds (None: one stands there still)."""

    walk = models.ForeignKey(Walk, models.CASCADE, related_name="trail")
    step = models.CharField(max_length=40)
    entered_at = models.DateTimeField()
    seconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("step of a walk")

    def __str__(self) -> str:
        return f"{self.walk_id} {self.step}"
