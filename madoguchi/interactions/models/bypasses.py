"""Mails that may record a contact past the desk, and who was told by mail how often they were reached so."""

from django.db import models

from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.people.models import Staff


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


class BypassDraft(models.Model):
    """A mail to the record address of which nobody vouches that ``staff`` wrote it: recorded when they say so."""

    mail = models.OneToOneField(IncomingMail, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.mail_id}"
