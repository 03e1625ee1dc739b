"""Somebody has a ticket open."""

from django.utils import timezone

from madoguchi.people.models import Staff
from madoguchi.tickets.models import ReadMark, Ticket


def mark_seen(ticket: Ticket, *, by: Staff) -> None:
    """Say that ``by`` looks at the ticket now; written only when the last mark grows old."""
    now = timezone.now()
    if not ReadMark.objects.filter(ticket=ticket, staff=by, seen_at__gt=now - ReadMark.FRESH / 4).exists():
        ReadMark.objects.bulk_create(
            [ReadMark(ticket=ticket, staff=by, seen_at=now)],
            update_conflicts=True,
            unique_fields=["ticket", "staff"],
            update_fields=["seen_at"],
        )
