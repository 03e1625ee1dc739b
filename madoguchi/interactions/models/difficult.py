"""Difficult calls: as what they were marked, and what the company requires in them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from madoguchi.interactions.models.contacts import Interaction
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Staff


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
