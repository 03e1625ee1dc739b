"""The record of a call, as a pure function of its events: any order, any doubles, late, or some missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from madoguchi.telephony.completion import completed
from madoguchi.telephony.events import OWN_SENDER, Event, presentation_of
from madoguchi.telephony.facts import Facts, seconds_told
from madoguchi.telephony.presence import Ring, Span, Stay, length, overlap, rounded, union
from madoguchi.telephony.timeline import CDR, Timeline

# What is not known when these names are missing.
_SECONDS_OF = {"hold": "hold_s", "transfers": "transfer_wait_s"}


@dataclass(frozen=True)
class Folded:
    """``record`` holds the fields of the public contract; the rest is what the desk needs while the call lives.

    ``seats``: agent → ``offered``, ``talking``, ``left`` or ``gone``. ``rings``: every offer, transfers' included.
    """

    record: dict[str, Any]
    state: str
    seats: dict[str, str]
    rings: list[Ring]
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    waiting_since: datetime | None


def fold(call_id: str, events: Iterable[Event]) -> Folded:
    """The record of call ``call_id``. ``events`` are its own and those of calls that became part of it, not empty."""
    return _Fold(completed(Timeline.of(call_id, events))).result()


class _Fold(Facts):
    # Seconds

    @cached_property
    def _talks(self) -> dict[str, list[Span] | None]:
        """For each of ours the spans with the customer; None when a side of one is not known."""
        found: dict[str, list[Span] | None] = {}
        stays = self.stays
        if self.direction == "outbound" and self.own_agent and not any(s.agent == self.own_agent for s in stays):
            stays = [Stay(self.own_agent, self.answer, self.end), *stays] if self.was_answered else stays
        for stay in stays:
            begun = stay.begun
            if begun is not None and self.direction == "outbound" and self.answer is not None:
                begun = max(begun, self.answer, key=lambda event: event.moment)
            spans = found.setdefault(stay.agent, [])
            if self.direction == "outbound" and not self.was_answered:
                continue
            ended = stay.ended
            if self.line.between(self.end, ended):
                ended = self.end
            seconds = self.line.between(begun, ended)
            if seconds is None or spans is None:
                found[stay.agent] = None
            elif begun is not None:
                since = self.line.time(begun) or 0.0
                spans.append((since, since + seconds))
        return found

    @cached_property
    def _talk(self) -> list[Span] | None:
        """When the customer was connected to any of ours, hold included."""
        if self.answer_unknown or (self.was_answered and self.answer is None):
            return None
        if not self.was_answered:
            return []
        lists = [
            spans for agent, spans in self._talks.items() if self.direction != "internal" or agent != self.own_agent
        ]
        if not lists or any(spans is None for spans in lists):
            return None
        return union([span for spans in lists for span in spans or []])

    def _wait(self) -> float | None:
        until = self.answered_when if self.was_answered else self._abandon or self.end
        if self.was_answered and until is None:
            return None
        if self.direction == "outbound":
            return self._ring_outside(until)
        if self._is_consultation or self.answer_unknown:
            return None
        entered = self.line.first("queue.entered")
        if entered is not None or self._waited is not None:
            return self.line.between(entered, until) if self._waited is None else self._waited
        if self.queue is not None:
            return None
        if not self.offers and not self.was_answered:
            return 0.0 if self.in_menu else self.line.between(self.started, until)
        offered = next((ring.begun for ring in self.offers), None)
        if offered is not None:
            return self.line.between(offered, until)
        return None if self.offers or self.line.first("ivr.input") else self.line.between(self.started, until)

    @cached_property
    def _waited(self) -> float | None:
        """The wait as the telephone system itself measured it, where the call was in one queue once."""
        visits = self.visits()
        told = next((seconds_told(event) for event in self.line.all("queue.left")), None)
        return told if len(visits) == 1 else None

    def _ring_outside(self, until: Event | None) -> float | None:
        """How long the outside party rang: from the dialling, or from our own pick-up after a click."""
        if self.outcome in ("busy", "operator_no_answer", "failed"):
            return None
        dialled = self.started
        if self.request is not None:
            dialled = self.own_pick_up
        return self.line.between(dialled, until)

    @property
    def _is_consultation(self) -> bool:
        """An internal call made during another one: no customer waits in it."""
        return self.started is not None and bool(self.started.text("consultation_of"))

    @cached_property
    def _abandon(self) -> Event | None:
        return next((e for e in self.line.all("queue.left") if e.text("reason") != "connected"), None)

    def _ivr(self) -> float | None:
        if self.line.first("ivr.input") is None and not (self.end is not None and self.outcome == "abandoned_in_ivr"):
            return 0.0
        after = next(iter(self.line.all("queue.entered", "agent.offered", "agent.joined")), None)
        return self.line.between(self.started, after or self.end)

    @cached_property
    def _hides_holds(self) -> bool:
        """A conversation of which the sender would not have told that it was held: unknown, not 0."""
        return self.was_answered and any(e.payload.get("tells_of_holds") is False for e in self.line.events)

    def _hold(self, talk: list[Span] | None) -> float | None:
        if self.holds.missing:
            return None
        if self._hides_holds:
            return None
        if not self.holds.spans:
            return 0.0
        spans: list[Span] = []
        for begun, ended in self.holds.spans:
            seconds = self.line.between(begun, ended)
            if seconds is None:
                return None
            since = self.line.time(begun) or 0.0
            spans.append((since, since + seconds))
        return length(spans if talk is None else overlap(spans, talk))

    def _wrapup(self) -> float | None:
        """Time after the call as our own screen tells it; None when nobody recorded any."""
        total: float | None = None
        begun: dict[str, Event] = {}
        for event in sorted(self.line.events, key=lambda event: (event.moment, event.type != "wrapup.started")):
            agent = event.text("agent")
            if event.type == "wrapup.started":
                begun.setdefault(agent, event)
            elif event.type == "wrapup.ended" and agent in begun:
                total = (total or 0.0) + (event.moment - begun.pop(agent).moment).total_seconds()
        return total

    # Queue, transfers

    def _transfer_rows(self) -> list[dict[str, Any]]:
        ends = list(self.line.all("transfer.ended"))
        rows = []
        for event in self.transfers:
            target = event.text("to") or event.party("to").get("number")
            kind = event.text("kind") or None
            ended = next((e for e in ends if e.text("to") in ("", target) and e.moment >= event.moment), None)
            if ended is not None:
                ends.remove(ended)
            result = (ended.text("result") if ended else "") or event.text("result") or None
            result = result or self._result_of(event, target, kind)
            giver = event.text("agent") or next((s.agent for s in reversed(self.stays) if not _since(s, event)), None)
            rows.append({"type": kind, "from": giver, "to": target, "result": result})
            consulted = event.payload.get("consult_s")
            if isinstance(consulted, int | float) and not isinstance(consulted, bool):
                rows[-1]["consult_s"] = rounded(max(0.0, float(consulted)))
        return rows

    def _result_of(self, event: Event, target: str | None, kind: str | None) -> str | None:
        """What came of a transfer of which nobody said it: of the target itself, else of whoever took the call."""
        since = [stay for stay in self.stays if _since(stay, event)]
        rung = [r.result for r in self.rings if r.agent == target and r.begun and r.begun.moment >= event.moment]
        if any(stay.agent == target for stay in since):
            return "completed" if kind == "attended" else "answered"
        if rung and rung[0] in ("no_answer", "rejected", "busy"):
            return "no_answer"
        if since and not rung:
            return "answered"
        return "abandoned" if self.end is not None else None

    def _transfer_wait(self) -> tuple[float | None, bool]:
        """Seconds of ringing after blind transfers, and whether the caller was lost in one."""
        total, lost = 0.0, False
        for event in self.transfers:
            if event.text("kind") != "blind":
                continue
            joined = next((e for e in self.line.all("agent.joined") if e.moment > event.moment), None)
            lost |= joined is None and self.end is not None
            if joined is None and self.end is None:
                continue
            seconds = self.line.between(event, joined or self.end)
            if seconds is None:
                return None, lost
            total += seconds
        return total, lost

    # The whole

    def _seconds(self) -> dict[str, float | None]:
        """All durations; those of an ended call that cannot be known are named in ``incomplete``."""
        talk = self._talk
        transfer_wait, _lost = self._transfer_wait()
        known = {
            "wait_s": self._wait(),
            "ivr_s": self._ivr(),
            "talk_s": None if talk is None else length(talk),
            "hold_s": self._hold(talk),
            "transfer_wait_s": transfer_wait,
        }
        if self.recovered:
            # Nothing was heard, so that nothing is 0 because nothing was heard of it.
            untold = {*self.incomplete, *(_SECONDS_OF[name] for name in self.incomplete if name in _SECONDS_OF)}
            known |= {name: None for name in known if name in untold}
        missing = self.answer is None or self.answer.payload.get("estimated") not in (None, False, CDR)
        if self.answer_unknown or (self.was_answered and missing):
            self.incomplete["answered"] = None
        if self.holds.missing:
            self.incomplete["hold"] = None
        if self.end is not None:
            if self.end.payload.get("estimated"):
                self.incomplete["ended"] = None
                if not self.was_answered:
                    self.incomplete["answered"] = None
            if any(ring.begun is None for ring in self.offers):
                self.incomplete["offered"] = None
            unknowable = self._is_consultation or (
                self.direction == "outbound" and self.outcome in ("busy", "operator_no_answer", "failed")
            )
            self.incomplete |= {
                name: None for name, value in known.items() if value is None and not (name == "wait_s" and unknowable)
            }
        return {name: rounded(value) for name, value in known.items()}

    def _offer_row(self, ring: Ring) -> dict[str, Any]:
        if self.answer_unknown and not ring.said:
            return {"agent": ring.agent, "result": None, "ring_s": None}
        if self.was_answered and self.answer is None and ring.result == "caller_gone" and not ring.said:
            if ring.agent != self.answered_by:
                return {
                    "agent": ring.agent,
                    "result": "picked_up_by_other" if self.answered_by else None,
                    "ring_s": None,
                }
            until = rounded(self.line.between(ring.begun, self.answered_when))
            return {"agent": ring.agent, "result": "answered", "ring_s": until}
        return {"agent": ring.agent, "result": ring.result, "ring_s": rounded(ring.seconds(self.line))}

    def result(self) -> Folded:
        line, party = self.line, self.party("from")
        number, name = party.get("number") or None, party.get("name") or None
        presentation = presentation_of(number, name, party.get("presentation"))
        seconds = self._seconds()
        visits = self.visits()
        agents = list(dict.fromkeys([*self._agents(), *(stay.agent for stay in self.stays)]))
        record = {
            "call_id": line.call_id,
            "direction": self.direction,
            "caller": {"number": number, "name": name, "presentation": presentation},
            "called": self.called,
            "queue": self.queue,
            "queue_visits": visits,
            "offers": [self._offer_row(ring) for ring in self.offers],
            "answered_by": self.answered_by,
            "agents": agents,
            "segments": [
                {"agent": agent, "talk_s": None if spans is None else rounded(length(spans))}
                for agent, spans in self._talks.items()
            ],
            **seconds,
            "hold_count": None
            if self._hides_holds or (self.recovered and seconds["hold_s"] is None)
            else self.holds.count,
            "ivr_digits": "".join(event.text("digits") for event in line.all("ivr.input")) or None,
            "wrapup_s": rounded(self._wrapup()),
            "outcome": self.outcome,
            "ended_by": (self.end.text("by") or "unknown") if self.end else None,
            "lost_in_transfer": self._transfer_wait()[1],
            "transfers": self._transfer_rows(),
            "request_id": self.request,
            "recordings": [
                {key: event.payload[key] for key in ("url", "file", "leg") if event.text(key)}
                for event in line.all("recording.ready")
            ],
            "incomplete": list(self.incomplete),
            "recovered": self.recovered,
            "from_records": self.from_records,
            "end_estimated": bool(self.end and self.end.payload.get("estimated")),
            "revision": sum(event.sender not in (OWN_SENDER, CDR) for event in line.events),
            "clock": line.clock,
        }
        return Folded(
            record=record,
            state=self.state,
            seats=self.seats,
            rings=self.rings,
            started_at=(self.started or min(line.events, key=lambda event: event.moment)).moment,
            answered_at=self.answer.moment if self.answer else None,
            ended_at=self.end.moment if self.end else None,
            waiting_since=next((event.moment for event in line.all("queue.entered")), None),
        )

    def _agents(self) -> list[str]:
        """Ours who took part without an event of joining: who dialled, who answered as far as traces tell."""
        found = [self.own_agent] if self.own_agent and (self.request is None or self.own_pick_up) else []
        if self.answer is None and self.answered_by and self.direction != "outbound":
            found.append(self.answered_by)
        return found


def _since(stay: Stay, event: Event) -> bool:
    return stay.begun is not None and stay.begun.moment >= event.moment
