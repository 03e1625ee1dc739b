"""How members of staff look at tickets: lists they saved, and how far they have read."""

from datetime import timedelta

from django.db import models

from madoguchi.people.models import Staff
from madoguchi.tickets.models.ticket import Ticket


class SavedView(models.Model):
    """A person's own list: a name for a filter that the list's URL carries."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["staff", "name"], name="tickets_saved_view_once")]

    def __str__(self) -> str:
        return self.name


class ReadMark(models.Model):
    """Up to which moment somebody has seen a ticket, and that they look at it now (``seen_at`` kept fresh)."""

    FRESH = timedelta(seconds=45)

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="read_marks")
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="read_marks")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "staff"], name="tickets_read_mark_once")]

    def __str__(self) -> str:
        return f"{self.staff_id} saw {self.ticket_id}"
