"""Somebody has a ticket open."""

from django.utils import timezone

from madoguchi.foundation.prepared import Prepared
from madoguchi.people.models import Staff
from madoguchi.tickets.models import ReadMark, Ticket

_marks = Prepared(
    lambda ticket, staff, since: ReadMark.objects.filter(ticket=ticket, staff=staff, seen_at__gt=since).values_list(
        "pk"
    )
)


def mark_seen(ticket: Ticket, *, by: Staff) -> None:
    """Say that ``by`` looks at the ticket now; written only when the last mark grows old."""
    now = timezone.now()
    if not _marks.all(ticket.pk, by.pk, now - ReadMark.FRESH / 4):
        ReadMark.objects.bulk_create(
            [ReadMark(ticket=ticket, staff=by, seen_at=now)],
            update_conflicts=True,
            unique_fields=["ticket", "staff"],
            update_fields=["seen_at"],
        )
