"""Mails that may record a contact past the desk, and who was told by mail how often they were reached so."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.people.access import Access
from madoguchi.people.models import Membership, Role, Staff

_ALONE = timedelta(days=1)  # so long a mail waits for whoever it names


class BypassPolicy(models.Model):
    """One row: whether whoever was reached past the desk at least so often in a month is told of it by mail."""

    sends_letters = models.BooleanField(default=True)
    at_least = models.PositiveSmallIntegerField(default=3)

    def __str__(self) -> str:
        return f"from {self.at_least}"


class BypassLetter(models.Model):
    """Somebody was told how often they were reached past the desk in a ``month`` (its first day); once."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")
    month = models.DateField()
    contacts = models.PositiveIntegerField()
    mail = models.ForeignKey(OutgoingMail, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "staff"], name="bypasses_told_once")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.month:%Y-%m}"


class BypassDraftQuerySet(models.QuerySet["BypassDraft"]):
    def to_settle(self, access: Access, now: datetime) -> "BypassDraftQuerySet":
        """Those in their own name; of whom they lead those that have waited for a day, or of somebody who left."""
        waiting = Q(mail__received_at__lt=now - _ALONE) | Q(staff__is_active=False)
        return self.filter(Q(staff=access.staff) | (waiting & _led_by(access)))


def _led_by(access: Access) -> Q:
    """Whom they lead: supervisors their team or the whole desk, administrators everybody."""
    led = [team for role, team in access.memberships if role in (Role.SUPERVISOR, Role.ADMINISTRATOR)]
    if None in led:
        return Q(staff__isnull=False)
    return Q(staff__in=Membership.objects.filter(team__in=led).values("staff"))


class BypassDraft(models.Model):
    """A mail to the record address of which nobody vouches that ``staff`` wrote it: recorded when they say so.

    ``remind_at`` is when whoever leads them is told that it still waits; null: they were.
    """

    mail = models.OneToOneField(IncomingMail, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")
    remind_at = models.DateTimeField(null=True)

    objects: ClassVar[BypassDraftQuerySet] = BypassDraftQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.mail_id}"
