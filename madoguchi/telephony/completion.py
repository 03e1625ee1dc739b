"""What was heard of a call, completed from its call data records: only where it lacks something or names a doubt."""

from datetime import datetime, timedelta

from madoguchi.telephony.events import OWN_SENDER, Event
from madoguchi.telephony.facts import Facts
from madoguchi.telephony.timeline import CDR, COMPLETED, Timeline
from madoguchi.telephony.written import WITHIN, Reading, Speaker, alone, derived, rows_among

_SECOND = timedelta(seconds=1)


def completed(line: Timeline) -> Timeline:
    """The timeline with what its records add; as it is when it holds none."""
    rows = rows_among(line.events)
    if not rows:
        return line
    if not heard_of(line):
        return Timeline(line.call_id, (*line.events, *alone(line.call_id, rows)))
    return Timeline(line.call_id, (*line.events, *_Completion(line, Reading(tuple(rows))).events()))


def heard_of(line: Timeline) -> list[Event]:
    """What the telephone system told of the call while it happened."""
    return [
        event
        for event in line.core
        if not event.payload.get("estimated") and event.payload.get("source") != CDR and event.sender != OWN_SENDER
    ]


class _Completion:
    """``known`` are names that are missing no more, ``missing`` those that are now, ``facts`` what was added."""

    def __init__(self, line: Timeline, reading: Reading) -> None:
        self.line, self.reading = line, reading
        self.heard = Facts(line)
        self.last = max(event.moment for event in heard_of(line))
        self.found: list[Event] = []
        self.known: dict[str, None] = {}
        self.missing: dict[str, None] = {}
        self.facts: dict[str, None] = {}

    def events(self) -> list[Event]:
        """What is added; nothing where the records end before what was heard, as they are of something else then."""
        lacks_end = self.heard.end is None or bool(self.heard.end.payload.get("estimated"))
        if lacks_end and self.reading.end_at + _SECOND < self.last:
            return []
        if "started" in self.heard.incomplete:
            self._begin()
        if lacks_end:
            self._end()
        elif "ended" in self.heard.incomplete and self.heard.end is not None:
            self._confirm_end(self.heard.end)
        named = "answered" in self.heard.incomplete or self.heard.answer_unknown
        if lacks_end or named or self.found:
            self._way()
        self._who(lacks_end=lacks_end, named=named)
        if not (self.found or self.known or self.missing):
            return []
        said = {"known": list(self.known), "missing": list(self.missing), "facts": list(self.facts)}
        unanswered = "answered" in self.known and not self.heard.was_answered and self.reading.answered is False
        told = derived("completed", COMPLETED, self.line.call_id, self.last, unanswered=unanswered, **said)
        return [*self.found, told]

    def _who(self, *, lacks_end: bool, named: bool) -> None:
        """Who answered and who else spoke; ``named``: that is in doubt though the end was heard."""
        if not self.heard.was_answered:
            if lacks_end or named:
                self._answer()
        elif self.heard.answer is None:
            self._who_answered()
        elif lacks_end or named or "transfers" in self.heard.incomplete:
            self._others()
            if named and not self.heard.answer.payload.get("estimated") and self._confirmed():
                self._finer("wait_s", "talk_s", "segments", "offers", "queue_visits")
            elif lacks_end and not named and self._spoke_to_the_end(self.heard.answer):
                self.known |= {"talk_s": None, "segments": None}

    def _begin(self) -> None:
        call, reading = self.line.call_id, self.reading
        begin = {**reading.begin, "missing": reading.untold_of_begin}
        self.found.append(derived("begin", "call.started", call, reading.start_at + WITHIN, **begin))
        if self.line.first("queue.entered", "agent.offered") is None:
            self.missing |= {"wait_s": None, "queue_visits": None, "offers": None}
        self.facts["started"] = None

    def _way(self) -> None:
        """Where the call went before anybody answered, as far as that was not heard."""
        call, reading, at = self.line.call_id, self.reading, self.reading.start_at + WITHIN
        if self.line.first("queue.entered", "agent.offered", "agent.joined") is None and not reading.rang_at_once:
            self.missing |= {"ivr_s": None, "ivr_digits": None}
        if reading.direction == "inbound" and reading.queue and self.heard.queue is None:
            entered = derived("queue", "queue.entered", call, at, queue=reading.queue, estimated=CDR)
            self.found.append(entered)
            self.missing["queue"] = None
        elif reading.answered is False and not self.heard.rings and reading.direction != "outbound":
            guess = {} if reading.rang_at_once else {"estimated": CDR}
            for place, agent in enumerate(reading.rung):
                self.found.append(derived(f"ring:{place}", "agent.offered", call, at, agent=agent, **guess))
                self.missing["offers"] = None
        picked_up = self.reading.first.answered_at
        if self.heard.request and self.heard.own_pick_up is None and picked_up and not reading.request:
            said = {"request": self.heard.request, "ok": True, "estimated": CDR}
            self.found.append(derived("request", "request.result", call, picked_up, **said))

    def _end(self) -> None:
        at = max(self.reading.end_at + WITHIN, self.last)
        said = {"by": "unknown", "cause": self.reading.cause}
        self.found.append(derived("end", "call.ended", self.line.call_id, at, **said))
        self.known["ended"] = None
        self.missing["ended_by"] = None
        if self.heard.was_answered or self.reading.answered is not False:
            self._unheard()
        if len(self.heard.stays) > 1:
            self.missing["segments"] = None  # who left first was not heard
        self.facts["ended"] = None

    def _confirm_end(self, end: Event) -> None:
        """An end was heard that may not have been the last word of it."""
        if abs(end.moment - self.reading.end_at - WITHIN) <= _SECOND:
            self.known["ended"] = None
            self.missing["ended_by"] = None
            if self.heard.was_answered:
                self._unheard()

    def _unheard(self) -> None:
        """What may have happened in a conversation, the records do not say."""
        self.missing |= {"hold": None, "transfers": None}

    def _answer(self) -> None:
        """Nobody was heard to answer."""
        if self.reading.answered is None:
            self.missing["answered"] = None
        elif self.reading.answered:
            for place, one in enumerate(self.reading.speakers):
                self._join(place, one, until=None)
            self._unheard()
            self._finer("offers", "queue_visits", "segments")
        else:
            self._finer("offers", "queue_visits")
            self.facts["answered"] = None
            if self.reading.is_left_open:
                self.missing["outcome"] = None

    def _who_answered(self) -> None:
        """That it was answered is known by what followed; the moment too, where the answer itself was told of."""
        trace, heard = self.heard.answered_when, self.heard.answered_by
        first = self.reading.speakers[0] if self.reading.speakers else None
        if first is None or (heard and heard != first.who):
            return
        if trace is not None and "answered" not in self.heard.incomplete:
            self.found.append(first.event("answer:0", self.line.call_id, trace.moment, exact=True))
            self.facts["answered"] = None
        else:
            followed = self.heard.answer_trace
            self._join(0, first, until=followed.moment if followed else None)
        self._others()
        self._finer("offers", "queue_visits", *(["segments"] if self.reading.direction == "internal" else []))

    def _others(self) -> None:
        """Those who came into the conversation unheard, where the records call people as the sender does."""
        heard = {stay.agent for stay in self.heard.stays} | {one.text("agent") for one in self.found} - {""}
        if not heard & {one.who for one in self.reading.speakers}:
            if len(self.reading.speakers) > len(heard):
                self.missing |= {"agents": None, "segments": None, "talk_s": None}
            return
        new = [one for one in self.reading.speakers if one.kind == "agent.joined" and one.who not in heard]
        for place, one in enumerate(new, 1):
            at = (
                max(one.at, self.heard.answer.moment)
                if self.heard.answer and one.at > self.reading.start_at
                else one.at
            )
            self.found.append(one.event(f"joined:{place}", self.line.call_id, at, exact=False))
            self.facts["agents"] = None
            self.missing |= {"transfers": None, "segments": None, "talk_s": None}

    def _join(self, place: int, one: Speaker, until: datetime | None) -> None:
        """Somebody answered: after they were last offered the call, and before ``until``."""
        offers = [event.moment for event in self.line.all("agent.offered") if event.text("agent") in ("", one.who)]
        offers += [event.moment for event in self.line.all("queue.entered")]
        at = max([one.at + WITHIN, *offers])
        at = min(at, until) if until else at
        self.found.append(one.event(f"answer:{place}", self.line.call_id, at, exact=one.exact))
        self.facts["answered"] = None

    def _confirmed(self) -> bool:
        """The records name the one who was heard to answer."""
        return bool(self.reading.speakers) and self.reading.speakers[0].who == self.heard.answered_by

    def _spoke_to_the_end(self, answer: Event) -> bool:
        """Whoever was heard to answer was the only one, and nothing of the records began since."""
        alone = [one.who for one in self.reading.speakers] == [self.heard.answered_by] and len(self.heard.stays) == 1
        later = any(row.start_at > answer.moment + _SECOND for row in self.reading.rows)
        return alone and not later and not self.heard.transfers and not answer.payload.get("estimated")

    def _finer(self, *names: str) -> None:
        """It is known that and by whom it was answered; what depends on when and how is named by itself."""
        self.known["answered"] = None
        self.missing |= dict.fromkeys(names)
