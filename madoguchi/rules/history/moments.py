"""The life of one ticket as rules would have seen it: every moment at which something happened, with the facts then."""

from dataclasses import dataclass, field
from datetime import datetime

from madoguchi.rules.definition import Happened
from madoguchi.rules.facts import Facts


@dataclass(frozen=True)
class Moment:
    """Something happened (None: nothing that rules listen to), and the facts right after it.

    ``cause`` is what an event rule would have fired for; ``rule`` is the id of the rule that did it, if one did. A mere
    ``touch`` is heard by those rules only that wait for a person to do something.
    """

    at: datetime
    happened: Happened | None
    facts: Facts
    cause: str = ""
    rule: int | None = None
    touch: bool = False


@dataclass(frozen=True)
class Move:
    """The ticket went over to ``to`` at ``at``; ``asked_at`` is when it was offered (a return: when it came back)."""

    at: datetime
    asked_at: datetime
    to: int
    back: bool = False


@dataclass(frozen=True)
class History:
    """One ticket from its beginning to ``until``; ``destination`` is where its category would have sent it."""

    ticket: int
    label: str
    moments: tuple[Moment, ...]
    moves: tuple[Move, ...]
    until: datetime
    offers: tuple[datetime, ...] = ()
    resolved_at: datetime | None = None
    destination: int | None = None
    teams: tuple[int, ...] = field(default=())  # every team that had it, in order
