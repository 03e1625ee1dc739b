"""What one call's events say about who, how it was answered and how it ended; ``fold`` makes the record of it."""

from functools import cached_property
from typing import Any

from madoguchi.telephony.events import Event
from madoguchi.telephony.presence import Holds, Ring, Stay, holds_of, rings_of, rounded, stays_of
from madoguchi.telephony.timeline import COMPLETED, Timeline

_DIRECTIONS = ("inbound", "outbound", "internal")
_OVERFLOW = ("timeout", "empty", "key", "withdrawn")
_BUSY = ("17", "busy", "userbusy")
_FAILED = ("1", "3", "34", "38", "41", "42", "congestion", "notfound", "failed", "chanunavail")
# The one cause word (of sipgate and Zammad) that says the call was established; Q.850's 16 says no such thing.
_UNANSWERED = ("18", "19", "21", "cancel", "noanswer", "no_answer", "rejected")
_WAS_ANSWERED = "normalclearing"


_LONGEST_WAIT = 10**7


def _missing(event: Event) -> list[str]:
    """The names that a sender gives of what it did not hear of a call."""
    names = event.payload.get("missing")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def seconds_told(event: Event) -> float | None:
    """How long a call waited in the queue that it leaves, where the sender measured it: ``wait_s``."""
    said = event.payload.get("wait_s")
    if not isinstance(said, int | float) or isinstance(said, bool):
        return None
    return float(said) if 0 <= said < _LONGEST_WAIT else None


class Facts:
    """Everything about a call but its seconds; each fact is worked out once, when it is asked for."""

    def __init__(self, line: Timeline) -> None:
        self.line = line
        begins = list(line.all("call.started"))
        # A begin that was only concluded from what followed gives way to one that was heard, then to one with a time.
        self.started = min(
            begins, key=lambda event: (bool(event.payload.get("partial")), event.at is None), default=None
        )
        self.end = line.end
        heard = self.started is not None and not self.started.payload.get("partial")
        self.incomplete: dict[str, None] = {} if heard else {"started": None}
        tellers = line.all("call.incomplete", "call.started", "call.ended")
        self.incomplete |= dict.fromkeys(name for event in tellers for name in _missing(event))
        self.recovered = any(event.payload.get("recovered") is True for event in begins)
        # What call data records added, and that they say that nobody answered.
        self.from_records: list[str] = []
        self.told_unanswered = False
        for event in line.all(COMPLETED):
            self._complete(event)

    def _complete(self, event: Event) -> None:
        for name in event.payload["known"]:
            self.incomplete.pop(name, None)
        self.incomplete |= dict.fromkeys(_missing(event))
        self.from_records = list(event.payload["facts"])
        self.told_unanswered = bool(event.payload["unanswered"])

    # Who and what

    @cached_property
    def direction(self) -> str | None:
        return next((word for event in self.line.ordered if (word := event.text("direction")) in _DIRECTIONS), None)

    def party(self, key: str) -> dict[str, Any]:
        bearers = list(self.line.all("call.started", "agent.offered", "queue.entered"))
        if self.started is not None and not self.started.payload.get("partial"):
            bearers.insert(0, self.started)
        return next((party for event in bearers if (party := event.party(key))), {})

    @cached_property
    def own_agent(self) -> str | None:
        """The one of ours who dialled, in outgoing and internal calls."""
        if self.direction not in ("outbound", "internal") or self.started is None:
            return None
        return self.started.text("agent") or self.party("from").get("number") or None

    @cached_property
    def request(self) -> str | None:
        return next((request for event in self.line.ordered if (request := event.text("request"))), None)

    @cached_property
    def rings(self) -> list[Ring]:
        return rings_of(self.line)

    @cached_property
    def stays(self) -> list[Stay]:
        return stays_of(self.line)

    @cached_property
    def holds(self) -> Holds:
        return holds_of(self.line)

    @cached_property
    def offers(self) -> list[Ring]:
        """The offers of the call itself: ringing after a transfer is not one, nor the dialler's own phone."""
        targets = [(event.moment, event.text("to") or event.party("to").get("number")) for event in self.transfers]
        return [
            ring
            for ring in self.rings
            if ring.agent != self.own_agent
            and not (ring.begun and ring.begun.payload.get("consultation") is True)
            and not any(ring.begun and ring.agent == to and ring.begun.moment >= since for since, to in targets)
        ]

    # The answer

    @cached_property
    def answer(self) -> Event | None:
        """The event that connected the two sides: the called party's answer, or the first of ours joining."""
        if self.direction == "outbound":
            return self.line.first("party.answered")
        if self.direction == "internal":
            return next((e for e in self.line.all("agent.joined") if e.text("agent") != self.own_agent), None)
        return self.line.first("agent.joined")

    @cached_property
    def answer_trace(self) -> Event | None:
        """What tells of an answer whose own event is missing."""
        for event in self.line.ordered:
            if event.type == "queue.left" and event.text("reason") == "connected":
                return event
            if event.type == "agent.offer_ended" and event.text("result") == "answered":
                return event if event.text("agent") != self.own_agent else None
            if event.type in ("agent.left", "hold.started", "hold.ended", "transfer.started"):
                return event
        end = self.end
        if end is None:
            return None
        by, cause = end.text("by"), end.text("cause").lower()
        # Only somebody who was in the conversation can hang it up from the other side.
        answered = by == "agent" and self.direction not in ("outbound", "internal")
        answered |= by == "remote" and self.direction == "outbound" and cause not in (*_BUSY, *_FAILED, *_UNANSWERED)
        return end if answered or cause == _WAS_ANSWERED else None

    @cached_property
    def answered_when(self) -> Event | None:
        """The event whose time is the answer's; None when the answer is only concluded from what followed."""
        if self.answer is not None:
            return self.answer
        trace = self.answer_trace
        return trace if trace is not None and trace.type in ("queue.left", "agent.offer_ended") else None

    @cached_property
    def answer_unknown(self) -> bool:
        """It rang, it ended, and nothing tells whether anybody answered in between."""
        if self.end is None or self.was_answered or self.told_unanswered:
            return False
        if self.line.first("queue.left") is not None:
            return False
        if self.direction == "outbound" or self.end.text("cause").lower() in (*_BUSY, *_FAILED, *_UNANSWERED):
            return False
        return any(not ring.said and ring.result == "caller_gone" for ring in self.rings)

    @cached_property
    def was_answered(self) -> bool:
        return self.answer is not None or self.answer_trace is not None

    @cached_property
    def answered_by(self) -> str | None:
        if self.direction == "outbound":
            number = self.answer.text("number") if self.answer else ""
            return (number or self.called) if self.was_answered else None
        if self.answer is not None:
            return self.answer.text("agent")
        trace = self.answer_trace
        if trace is None or trace.type == "call.ended":
            return None
        answering = (ring.agent for ring in self.rings if ring.result == "answered")
        return next(answering, None) or trace.text("agent") or None

    @cached_property
    def called(self) -> str | None:
        return self.party("to").get("number") or None

    # Queue and transfers

    @cached_property
    def queue(self) -> str | None:
        for event in (*self.line.all("queue.entered"), *self.line.all("queue.left", "agent.offered")):
            if event.text("queue"):
                return event.text("queue")
        return None

    def visits(self) -> list[dict[str, Any]]:
        visits: list[dict[str, Any]] = []
        entered: Event | None = None
        for event in self.line.all("queue.entered", "queue.left"):
            if event.type == "queue.entered":
                entered = event
                visits.append({"queue": event.text("queue"), "wait_s": None, "reason": None})
                continue
            if entered is None or event.text("queue") != entered.text("queue"):
                visits.append({"queue": event.text("queue"), "wait_s": None, "reason": None})
            told = seconds_told(event)
            visits[-1] |= {
                "wait_s": rounded(self.line.between(entered, event) if told is None else told),
                "reason": event.text("reason") or "unknown",
            }
            entered = None
        if entered is not None:
            joined = next((e for e in self.line.all("agent.joined") if e.moment >= entered.moment), None)
            until = joined or (self.answered_when if self.was_answered else self.end)
            visits[-1]["wait_s"] = rounded(self.line.between(entered, until))
        return visits

    @cached_property
    def in_menu(self) -> bool:
        """Before any queue or phone: in the menu, unless the format cannot tell a menu from a telephone (Zammad)."""
        nowhere = self.queue is None and not self.rings and not self.was_answered
        if not nowhere or self.started is None or self.direction == "outbound":
            return False
        return self.line.first("ivr.input") is not None or self.started.payload.get("tells_of_menus") is not False

    @cached_property
    def transfers(self) -> list[Event]:
        return list(self.line.all("transfer.started"))

    @cached_property
    def own_pick_up(self) -> Event | None:
        """After a click-to-call: the moment our own phone was picked up."""
        for event in self.line.all("request.result", "agent.offer_ended", "agent.joined"):
            if event.type == "request.result":
                answered = event.payload.get("ok") is True
            else:
                mine = event.text("agent") == self.own_agent
                answered = mine and (event.type == "agent.joined" or event.text("result") == "answered")
            if answered:
                return event
        return None

    # How it ended, and where it stands

    @cached_property
    def outcome(self) -> str | None:
        if self.end is None:
            return None
        if self.was_answered:
            return "answered"
        if self.direction == "outbound":
            return self._outcome_outside()
        if self.recovered and "answered" in self.incomplete:
            return "unknown"
        if self.queue is not None:
            left = [event.text("reason") for event in self.line.all("queue.left")]
            return "overflow" if left and left[-1] in _OVERFLOW else "abandoned"
        if self.started is None and not self.rings:
            return "unknown"
        return "abandoned_in_ivr" if self.in_menu else "missed"

    def _outcome_outside(self) -> str:
        cause = self.end.text("cause").lower() if self.end else ""
        if self.request is not None and self.own_pick_up is None:
            return "operator_no_answer"
        if cause in _BUSY:
            return "busy"
        return "failed" if cause in _FAILED else "no_answer"

    @cached_property
    def state(self) -> str:
        if self.end is not None:
            return "ended"
        if self.was_answered:
            if self.answer is not None and not any(stay.ended is None for stay in self.stays) and self.stays:
                return "transferring"
            return "held" if self.holds.open else "talking"
        if self.direction == "outbound" or any(ring.ended is None for ring in self.rings):
            return "ringing"
        visits = self.visits()
        return "waiting" if visits and visits[-1]["reason"] is None else "started"

    @cached_property
    def seats(self) -> dict[str, str]:
        seats = dict.fromkeys((ring.agent for ring in self.rings), "gone")
        seats |= {ring.agent: "offered" for ring in self.rings if ring.ended is None}
        if self.own_agent and (self.request is None or self.own_pick_up is not None):
            seats[self.own_agent] = "talking" if self.end is None else "left"
        for stay in self.stays:
            seats[stay.agent] = "talking" if stay.ended is None and self.end is None else "left"
        if self.answered_by and self.direction != "outbound":
            seats.setdefault(self.answered_by, "left" if self.end else "talking")
            if self.answer is None:
                seats[self.answered_by] = "left" if self.end else "talking"
        if self.end is not None:
            seats = {agent: "gone" if seat == "offered" else seat for agent, seat in seats.items()}
        return seats
