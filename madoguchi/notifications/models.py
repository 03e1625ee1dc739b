"""One member of staff is told one thing."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from madoguchi.foundation.dates import short_time
from madoguchi.people.models import Staff


def _said(name: str, value: Any) -> tuple[str, Any]:
    if name.endswith("_msgid"):
        return name.removesuffix("_msgid"), _(value)
    if name.endswith("_time"):
        return name.removesuffix("_time"), short_time(datetime.fromisoformat(value)) if value else ""
    if isinstance(value, dict):
        return name, value.get(get_language() or "") or next(iter(value.values()), "")
    return name, value


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, staff: Staff) -> "NotificationQuerySet":
        """What has reached this person, the latest first. Nobody reads anybody else's."""
        return self.filter(staff=staff, delivered_at__isnull=False).order_by("-delivered_at", "-id")

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """``text`` is an English msgid with ``%(name)s`` places that ``params`` fill: it is said in the reader's language.

    ``about`` names a row as the journal does, (kind, id); ``deliver_at`` is when it is to reach the person, in their
    working hours unless it had to be at once; ``delivered_at`` says that the worker has told them.
    """

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=64)
    text = models.CharField(max_length=300)
    params = models.JSONField(default=dict)
    about_kind = models.CharField(max_length=24, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    deliver_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[NotificationQuerySet] = NotificationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(
                fields=["deliver_at", "id"],
                condition=models.Q(delivered_at__isnull=True),
                name="notifications_due",
            ),
            models.Index(fields=["staff", "-delivered_at", "-id"], name="notifications_of_staff"),
            models.Index(
                fields=["staff"],
                condition=models.Q(read_at__isnull=True, delivered_at__isnull=False),
                name="notifications_unread",
            ),
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """The sentence in the active language; see ``notify`` for what its parameters may be."""
        return _(self.text) % dict(_said(name, value) for name, value in self.params.items())


class Preference(models.Model):
    """How somebody wants to be told, besides the bell on every page."""

    staff = models.OneToOneField(Staff, models.CASCADE, related_name="notification_preference")
    by_mail = models.BooleanField(gettext_lazy("also by mail"), default=False)

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.by_mail}"
