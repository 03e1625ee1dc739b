"""Tables of tickets, of what belongs to them, and of how they are looked at."""

from madoguchi.tickets.models.links import (
    TicketCallBack,
    TicketInteraction,
    TicketInteractionQuerySet,
    TicketLink,
    TicketThread,
)
from madoguchi.tickets.models.ticket import (
    ACTIVE,
    Approval,
    Message,
    Priority,
    Status,
    Ticket,
    TicketQuerySet,
    WaitingFor,
    id_of,
    number_of,
    shown,
)
from madoguchi.tickets.models.views import ReadMark, SavedView

__all__ = [
    "ACTIVE",
    "Approval",
    "Message",
    "Priority",
    "ReadMark",
    "SavedView",
    "Status",
    "Ticket",
    "TicketCallBack",
    "TicketInteraction",
    "TicketInteractionQuerySet",
    "TicketLink",
    "TicketQuerySet",
    "TicketThread",
    "WaitingFor",
    "id_of",
    "number_of",
    "shown",
]
