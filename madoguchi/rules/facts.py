"""The facts of one ticket at one moment: what conditions speak about. No database here.

The same facts come from the store (``store.py``), from folding the journal (``history/journal.py``) and from a log of
another desk (``history/xes.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from madoguchi.interactions.models import CallBack
from madoguchi.tickets.models import ACTIVE

# Entries that say whether somebody of ours spoke with the requester, and the results of a call-back that did.
SPOKEN = ("ticket.opened", "interaction.linked")
COMPLAINT = "complaint"  # what the wrap-up of a call may say that it was
REACHED = (CallBack.Result.REACHED, CallBack.Result.LEFT_MESSAGE)


class Since(StrEnum):
    """States that last; each has a moment at which it began, or none while it does not hold."""

    OPEN = "open"  # raised, not resolved yet
    UNACCEPTED = "unaccepted"  # raised and taken by nobody, or offered to a team and not accepted
    HELD = "held"  # lies with the team that holds it
    UNANSWERED = "unanswered"  # the requester's oldest words that nobody has answered
    UNTOLD = "untold"  # nothing was said to the requester
    WAITING = "waiting"  # put aside
    UNTOUCHED = "untouched"  # no person did anything


class Count(StrEnum):
    """What is counted."""

    MOVES = "moves"
    RETURNS = "returns"
    REOPENINGS = "reopenings"
    WROTE = "wrote"  # messages of the requester, the first included
    CONTACTS = "contacts"  # contacts of the requester within some days, on whatever


@dataclass(frozen=True)
class Said:
    """One text on the ticket."""

    body: str
    by_requester: bool


@dataclass(frozen=True)
class Facts:
    """``since`` names the states that hold now; ``contacts`` are the moments at which the requester made contact.

    ``code_known``: some article contains the answer to the hearing item ``error_code``. ``complaint``: the wrap-up of a
    call of it says so. ``told_clock``: the kind of the deadline that was last told of, having used ``told_percent``.
    Rows are named by their ids.
    """

    at: datetime
    ticket: int = 0
    status: str = "new"
    waiting_for: str = ""
    priority: str = "normal"
    channel: str = ""
    category: int | None = None
    holder: int = 0
    front: int = 0
    offered_to: int | None = None
    assignee: int | None = None
    requester: int | None = None
    organization: int | None = None
    service_class: str = ""
    not_entitled: bool = False
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    moves: int = 0
    returns: int = 0
    reopenings: int = 0
    handoff_reason: str = ""
    contacts: tuple[datetime, ...] = ()
    code_known: bool = False
    complaint: bool = False
    told_clock: str = ""
    told_percent: int = 0
    since: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    def owed_by(self, state: Since) -> int:
        """The team whose working time counts for a state: of an offer that nobody accepts, whom it was made to."""
        awaited = self.offered_to if state == Since.UNACCEPTED else None
        return self.holder if awaited is None else awaited

    @property
    def wrote(self) -> int:
        """How often the requester wrote."""
        return sum(text.by_requester for text in self.said)


def text_of(value: Any) -> str:
    """An answer to a hearing item as text; what is no plain answer counts as none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else ""
