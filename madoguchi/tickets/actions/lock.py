"""Taking hold of a ticket for a change."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.prepared import Prepared, update
from madoguchi.foundation.refusal import Refused
from madoguchi.tickets.models import Ticket

_held = Prepared(
    lambda ticket: (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("category", "holder_team", "front_team", "assignee", "requester", "offered_to")
        .filter(pk=ticket)
    )
)


def lock(ticket: Ticket, *, if_version: int | None = None) -> Ticket:
    """The ticket as it stands now, held until the transaction ends.

    Refuses (409) when it has moved on from ``if_version``. On SQLite the transaction itself holds the database.
    """
    current = _held.first(ticket.pk)
    if current is None:
        raise Ticket.DoesNotExist
    if if_version is not None and current.version != if_version:
        raise Refused(
            _("Somebody changed this ticket meanwhile. Look at the new state and try again."),
            code="version",
            status=409,
            version=current.version,
        )
    return current


def save(ticket: Ticket, **changes: Any) -> None:
    """Write the named fields, the new version and the time of the change; the caller holds the lock."""
    changes["updated_at"] = timezone.now()
    changes["version"] = ticket.version + 1
    for name, value in changes.items():
        setattr(ticket, name, value)
    update(ticket, changes)


def require_active(ticket: Ticket) -> None:
    """Refuses (409) what can only be done to a ticket that is not resolved, closed or merged."""
    if not ticket.is_active:
        raise Refused(_("This ticket is already resolved or closed. Reopen it first."), code="not_active", status=409)
