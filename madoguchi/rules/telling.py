"""Somebody is told that a rule fired on a ticket."""

from madoguchi.people.models import Staff
from madoguchi.rules.models import Firing
from madoguchi.tickets.models import Ticket


def tell(person: Staff, *, firing: Firing, ticket: Ticket, at_once: bool) -> None:
    """Tell one member of staff: in their working hours, or at once."""
