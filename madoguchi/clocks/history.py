"""What clocks care about in the life of a ticket: journal entries as a few typed facts, in the order of the journal.

A fact carries the id of its entry: the clocks that it starts are named by it. Facts know teams, categories and the like
by id. An entry that means nothing to a clock (an internal note, a new assignee) gives no fact at all.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """Something happened: ``at``, told by the journal's entry of this id."""

    entry: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Opened(Fact):
    """The ticket was raised; ``team`` is its front and holds it. ``spoken``: while speaking with the requester."""

    team: int
    category: int | None
    priority: str
    service_class: str
    spoken: bool


@dataclass(frozen=True, slots=True)
class Changed(Fact):
    """Category, priority or class of the contract as they are from now on; only what changed is in ``to``."""

    to: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting(Fact):
    """Put aside for ``requester``, ``department``, ``vendor`` or ``date``, at the longest ``until``."""

    waiting_for: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WentOn(Fact):
    """Work goes on after waiting."""


@dataclass(frozen=True, slots=True)
class Wrote(Fact):
    """The requester wrote; whatever waited for them goes on."""


@dataclass(frozen=True, slots=True)
class HeardFromUs(Fact):
    """The requester heard from us: a public answer left, or somebody of ours spoke with them."""


@dataclass(frozen=True, slots=True)
class Held(Fact):
    """``team`` works on the ticket from now on."""

    team: int


@dataclass(frozen=True, slots=True)
class Resolved(Fact):
    """Answered, closed or merged into another ticket: nothing is owed any more."""


@dataclass(frozen=True, slots=True)
class Reopened(Fact):
    """It was not solved after all."""


@dataclass(frozen=True, slots=True)
class Begun(Fact):
    """Something with an end of its own is owed: ``offer``, ``question`` or ``call_back``, by ``team``.

    ``due_at`` is a promised time; without it the policy says how long it may take. ``on_duty``: it came to whoever
    is on duty while the team is closed, so every hour counts.
    """

    what: str
    ref: int
    team: int | None = None
    due_at: datetime | None = None
    on_duty: bool = False


@dataclass(frozen=True, slots=True)
class PutOff(Fact):
    """What was begun is due at another time now."""

    what: str
    ref: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ended(Fact):
    """What was begun is over."""

    what: str
    ref: int


@dataclass(frozen=True, slots=True)
class Demanded(Fact):
    """A rule set a deadline for this ticket alone: what the kind promises (``next_update`` or ``resolution``), within
    ``target_s`` seconds of ``team``'s working time or of the clock on the wall. ``names`` are the rule's.
    """

    kind: str
    target_s: int
    working: bool
    team: int
    rule: int
    names: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Fired(Fact):
    """The sweep told that a clock reached ``percent`` of ``target`` (seconds, or a promised time)."""

    kind: str
    subject: int
    percent: int
    target: str


OFFER, QUESTION, CALL_BACK = "offer", "question", "call_back"
# An entry as history reads it: (id, kind, at, data).
type Row = tuple[int, str, datetime, Mapping[str, Any]]
type Reader = Callable[[int, datetime, Mapping[str, Any], int], list[Fact]]


def facts_of(rows: Iterable[Row], ticket: int) -> list[Fact]:
    """The facts of one ticket, in the order of the journal; time never runs backwards in them."""
    facts: list[Fact] = []
    for entry, kind, at, data in rows:
        reader = READERS.get(kind)
        if reader is None:
            continue
        try:
            told = reader(entry, at, data, ticket)
        except KeyError:
            continue  # written before clocks were kept: it does not say what they ask
        for fact in told:
            late = bool(facts) and fact.at < facts[-1].at
            facts.append(replace(fact, at=facts[-1].at) if late else fact)
    return facts


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _opened(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    return [
        Opened(
            entry, at, data["team"], data["category_id"], data["priority"], data["service_class"], bool(data["spoken"])
        )
    ]


def _changed(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    to: Mapping[str, Any] = data.get("clocks") or {}
    return [Changed(entry, at, to)] if to else []


def _posted(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    """An answer that waits to be told by telephone has not been heard yet."""
    heard = data["visibility"] == "public" and data["delivery"] != "call_back"
    return [HeardFromUs(entry, at)] if heard else []


def _linked(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    return [HeardFromUs(entry, at)] if data.get("spoken") else []


def _accepted(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    return [Ended(entry, at, OFFER, data["handoff"]), Held(entry, at, data["to_id"])]


def _returned(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    """``to`` is the team it goes back to; before acceptance that team still holds it."""
    if data["after_acceptance"]:
        return [Held(entry, at, data["to_id"])]
    return [Ended(entry, at, OFFER, data["handoff"])]


def _merged(entry: int, at: datetime, data: Mapping[str, Any], ticket: int) -> list[Fact]:
    """The merged ticket is over; the other one takes over the calls that are still owed."""
    owed = data["call_backs"]
    if ticket == data["from_id"]:
        return [*(Ended(entry, at, CALL_BACK, call["id"]) for call in owed), Resolved(entry, at)]
    return [Begun(entry, at, CALL_BACK, call["id"], call["team"], _time(call["due_at"])) for call in owed]


def _done(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    heard = data["result"] in {"reached", "left_message"}
    return [Ended(entry, at, CALL_BACK, data["call_back"]), *([HeardFromUs(entry, at)] if heard else [])]


def _asked(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    return [Begun(entry, at, QUESTION, data["consultation"], data.get("team_id"), _time(data.get("due_at")))]


def _asked_on(entry: int, at: datetime, data: Mapping[str, Any], ticket: int) -> list[Fact]:
    """Something that can end a question, or open one again that nobody had answered; usually it does neither."""
    if data.get("ended"):
        return _settled(entry, at, data, ticket)
    return _asked(entry, at, data, ticket) if data.get("reopened") else []


def _question_moved(entry: int, at: datetime, data: Mapping[str, Any], ticket: int) -> list[Fact]:
    """Its ticket was merged into another one."""
    if ticket == data["from_id"]:
        return _settled(entry, at, data, ticket)
    return _asked(entry, at, data, ticket)


def _put_off(entry: int, at: datetime, data: Mapping[str, Any], ticket: int) -> list[Fact]:
    if data.get("reopened"):
        return _asked(entry, at, data, ticket)
    return [PutOff(entry, at, QUESTION, data["consultation"], _time(data.get("due_at")))]


def _settled(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    return [Ended(entry, at, QUESTION, data["consultation"])]


def _demanded(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    told = (data[name] for name in ("clock", "target_s", "working", "team", "rule", "names", "text"))
    return [Demanded(entry, at, *told)]


def _fired(entry: int, at: datetime, data: Mapping[str, Any], _ticket: int) -> list[Fact]:
    return [Fired(entry, at, data["clock"], data["subject"], data["percent"], data["target"])]


READERS: Mapping[str, Reader] = {
    "ticket.opened": _opened,
    "ticket.changed": _changed,
    "ticket.waiting": lambda entry, at, data, _: [Waiting(entry, at, data["for"], _time(data["until"]))],
    "ticket.referred_to_sales": lambda entry, at, _data, _: [Waiting(entry, at, "department")],
    "ticket.went_on": lambda entry, at, _data, _: [WentOn(entry, at)],
    "ticket.resolved": lambda entry, at, _data, _: [Resolved(entry, at)],
    "ticket.closed": lambda entry, at, _data, _: [Resolved(entry, at)],
    "ticket.reopened": lambda entry, at, _data, _: [Reopened(entry, at)],
    "ticket.merged": _merged,
    "message.posted": _posted,
    "message.received": lambda entry, at, _data, _: [Wrote(entry, at)],
    "interaction.linked": _linked,
    "handoff.offered": lambda entry, at, data, _: [
        Begun(entry, at, OFFER, data["handoff"], data["to_id"], on_duty="duty" in data)
    ],
    "handoff.accepted": _accepted,
    "handoff.returned": _returned,
    "handoff.recalled": lambda entry, at, data, _: [Ended(entry, at, OFFER, data["handoff"])],
    "routing.decided": lambda entry, at, data, _: [Held(entry, at, data["team_id"])] if data["team_id"] else [],
    "call_back.tied": lambda entry, at, data, _: [
        Begun(entry, at, CALL_BACK, data["call_back"], data["team"], _time(data["due_at"]))
    ],
    "call_back.attempted": lambda entry, at, data, _: [
        PutOff(entry, at, CALL_BACK, data["call_back"], _time(data["due_at"]))
    ],
    "call_back.done": _done,
    "consultation.asked": _asked,
    "consultation.moved": _question_moved,
    "consultation.moved_on": _asked_on,
    "consultation.asked_back": _asked_on,
    "consultation.declined": _asked_on,
    "consultation.reread": _asked_on,
    "consultation.needs_time": _put_off,
    "consultation.replied": _put_off,
    "consultation.answered": _settled,
    "consultation.withdrawn": _settled,
    "consultation.exhausted": _settled,
    "clock.started": _demanded,
    "clock.warned": _fired,
    "clock.breached": _fired,
}
