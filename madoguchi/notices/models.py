"""News for users and operators: outage, maintenance, information."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from madoguchi.catalog.models import Category
from madoguchi.people.models import Staff


class NoticeQuerySet(models.QuerySet["Notice"]):
    def in_force(self, at: datetime | None = None) -> "NoticeQuerySet":
        """Begun, not ended (now, or at another moment); the gravest first."""
        now = at or timezone.now()
        return self.filter(models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=now), starts_at__lte=now).order_by(
            "-gravity", "-starts_at", "-id"
        )


class Notice(models.Model):
    """One piece of news, in force from ``starts_at`` until ``ends_at`` (open when empty)."""

    class Gravity(models.IntegerChoices):
        INFORMATION = 1, _("Information")
        MAINTENANCE = 2, _("Maintenance")
        OUTAGE = 3, _("Outage")

    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    gravity = models.PositiveSmallIntegerField(_("kind"), choices=Gravity.choices, default=Gravity.INFORMATION)
    categories = models.ManyToManyField(Category, verbose_name=_("categories"), blank=True, related_name="notices")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    posted_by = models.ForeignKey(Staff, models.PROTECT, related_name="notices")

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["-starts_at", "-id"], name="notices_newest")]

    def __str__(self) -> str:
        return self.title
