"""Who is away and who stands in; who is on duty when."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from madoguchi.people.staff import Staff, Team


class Absence(models.Model):
    """Somebody is away from ``starts_at`` until before ``ends_at`` (empty: until further notice).

    New work goes to ``substitute``, or to ``substitute_team``, or (neither) stays with the team that it comes to.
    """

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    substitute = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("substitute")
    )
    substitute_team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["staff", "starts_at"], name="people_absence_of_staff")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")),
                name="people_absence_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(substitute__isnull=True) | Q(substitute_team__isnull=True),
                name="people_absence_one_substitute",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.starts_at:%Y-%m-%d}"


class Duty(models.Model):
    """Somebody is on duty for a team from ``starts_at`` until before ``ends_at``."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="duties")
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="duties")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["team", "ends_at"], name="people_duty_of_team")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="people_duty_ends_after_start"),
            models.UniqueConstraint(fields=["team", "staff", "starts_at"], name="people_duty_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.staff_id} {self.starts_at:%Y-%m-%d %H:%M}"
