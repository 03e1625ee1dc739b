"""A ticket belongs to a notice in force: one of the many that ask about the same outage."""

from django.db import transaction

from madoguchi.journal.record import Actor, record
from madoguchi.notices.models import Notice
from madoguchi.tickets.models import Ticket


@transaction.atomic
def link_notice(ticket: Ticket, *, notice: Notice, by: Actor) -> None:
    """Tie the ticket to the notice. The tie is the journal's: both are mentioned by one entry."""
    record("notice.linked", by=by, about=[ticket, notice], data={"title": notice.title})
