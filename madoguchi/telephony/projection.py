"""A call's events folded into its row, and every real transition told to the journal once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from madoguchi.foundation import phone
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Staff
from madoguchi.telephony.events import Event
from madoguchi.telephony.fold import Folded, fold
from madoguchi.telephony.models import Call, CallAgent, CallEvent, CallState
from madoguchi.telephony.operators import staff_named
from madoguchi.telephony.presence import Ring

FRESH_S = 15.0
# What may change in a closed record without being a correction of it.
_ADDENDA = ("revision", "wrapup_s", "recordings", "queue_visits", "recovered")
_COLUMNS = (
    "direction",
    "state",
    "is_live",
    "caller_number",
    "caller_name",
    "presentation",
    "called",
    "queue",
    "answered_by",
    "started_at",
    "answered_at",
    "ended_at",
    "heard_at",
    "outcome",
    "wait_s",
    "talk_s",
    "record",
    "revision",
    "seats",
)


@dataclass(frozen=True)
class Receipt:
    """The post that is being worked on: when, from whom, and how far the sender's clock is known to be off.

    ``since`` is when its first event was read; None: all of them are read ``now``.
    """

    now: datetime
    by: Actor
    source: str
    skew_s: float = 0.0
    since: datetime | None = None


def project(call: Call, events: Sequence[CallEvent], receipt: Receipt) -> list[Staff]:
    """Fold ``events``, all of the locked ``call``, into its row and tell the journal what is new.

    Returns whose part in the call changed, for ``operators.follow_calls`` once everything of the post is folded.
    """
    folded = fold(call.call_id, [event_of(row) for row in events])
    if call.record == folded.record and call.told:
        return []
    names = _names(folded)
    people = staff_named(names) if folded.seats != call.seats or not call.told else _known(call)
    before, seats, stood = call.record, call.seats, call.state
    _write(call, folded, people, events)
    _sync_seats(call, seats, before, people)
    call.save(update_fields=_COLUMNS)
    told = [*call.told, *_Telling(call, folded, people, before, receipt).tell()]
    _tell_hold(call, stood, receipt)
    if call.is_live and "ended" in told:
        told.remove("ended")
    if told != call.told:
        call.told = told
        call.save(update_fields=["told"])
    return [people[name] for name in names if name in people and folded.seats.get(name) != seats.get(name)]


def event_of(row: CallEvent) -> Event:
    """The stored event as the fold takes it."""
    return Event(
        id=row.event_id,
        type=row.type,
        call=row.payload.get("call"),
        at=row.at if row.clock == "sender" else None,
        payload=row.payload,
        received_at=row.received_at,
        sender=row.sender,
    )


def _write(call: Call, folded: Folded, people: dict[str, Staff], events: Sequence[CallEvent]) -> None:
    made = folded.record
    caller = made["caller"]
    answering = made["agents"][0] if made["direction"] == "outbound" and made["agents"] else made["answered_by"]
    call.direction = made["direction"] or ""
    call.state = folded.state
    call.is_live = folded.ended_at is None
    call.caller_number = phone.normalise(caller["number"])[:40] if caller["number"] else ""
    call.caller_name = (caller["name"] or "")[:200]
    call.presentation = caller["presentation"]
    call.called = (made["called"] or "")[:80]
    call.queue = (made["queue"] or "")[:80]
    call.answered_by = people.get(answering or "")
    call.started_at = folded.started_at
    call.answered_at = folded.answered_at
    call.ended_at = folded.ended_at
    call.heard_at = max(event.received_at for event in events)
    call.outcome = made["outcome"] or ""
    call.wait_s, call.talk_s = made["wait_s"], made["talk_s"]
    call.record, call.revision, call.seats = made, made["revision"], folded.seats


def _sync_seats(call: Call, stood: dict[str, str], before: dict[str, Any], people: dict[str, Staff]) -> None:
    talked, talks = talks_of(before), talks_of(call.record)
    changed = [
        CallAgent(call=call, agent=agent[:200], staff=people.get(agent), state=state, talk_s=talks.get(agent))
        for agent, state in call.seats.items()
        if stood.get(agent) != state or talked.get(agent) != talks.get(agent)
    ]
    if changed:
        CallAgent.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["call", "agent"], update_fields=["state", "staff", "talk_s"]
        )


def talks_of(made: dict[str, Any]) -> dict[str, float | None]:
    """How long each of ours spoke, by the record of a call; None: not known, or not yet."""
    return {segment["agent"]: segment["talk_s"] for segment in made.get("segments", ())}


def _known(call: Call) -> dict[str, Staff]:
    rows = CallAgent.objects.filter(call=call, staff__isnull=False).select_related("staff")
    return {row.agent: row.staff for row in rows if row.staff is not None}


def _names(folded: Folded) -> list[str]:
    return list(dict.fromkeys([*folded.seats, *folded.record["agents"]]))


def _tell_hold(call: Call, stood: str, receipt: Receipt) -> None:
    """The caller was put on hold, or is spoken to again; a hold that is only read of later is no news."""
    if (stood == CallState.HELD) == (call.state == CallState.HELD) or not call.is_live:
        return
    if call.state == CallState.HELD:
        record("call.held", by=receipt.by, about=[call, call.answered_by])
    else:
        record("call.retrieved", by=receipt.by, about=[call, call.answered_by])


class _Telling:
    """Compares what the journal was told of a call with what is true now."""

    def __init__(
        self, call: Call, folded: Folded, people: dict[str, Staff], before: dict[str, Any], receipt: Receipt
    ) -> None:
        self.call, self.folded, self.people = call, folded, people
        self.before, self.told, self.receipt = before, set(call.told), receipt
        self.new: list[str] = []

    def tell(self) -> list[str]:
        """Write the entries; the milestones that are new."""
        made = self.folded.record
        was_ended = "ended" in self.told
        self._once("started", "call.started", {"direction": made["direction"], "queue": made["queue"]})
        for place, visit in enumerate(made["queue_visits"]):
            self._once(f"queued:{place}", "call.queued", {"queue": visit["queue"]})
        self._tell_offers()
        if not was_ended:
            self._tell_agents()
        if self.folded.ended_at is not None and not was_ended:
            data = {
                "outcome": made["outcome"],
                "ended_by": made["ended_by"],
                "wait_s": made["wait_s"],
                "talk_s": made["talk_s"],
            }
            self._once("ended", "call.ended", data, *self._everybody())
            if made["outcome"] == "abandoned":
                self._once("abandoned", "call.abandoned", {"queue": made["queue"], "wait_s": made["wait_s"]})
        elif was_ended and (changed := _differences(self.before, made)):
            data = {"changed": changed, "outcome": made["outcome"], "revision": made["revision"]}
            record("call.corrected", by=self.receipt.by, about=[self.call, *self._everybody()], data=data)
        return self.new

    def _tell_offers(self) -> None:
        ordinals: dict[str, int] = {}
        for ring in self.folded.rings:
            ordinal = ordinals[ring.agent] = ordinals.get(ring.agent, -1) + 1
            name, staff = f"{ring.agent}:{ordinal}", self.people.get(ring.agent)
            if self._is_news(ring):
                self._once(f"offered:{name}", "call.offered", {"agent": ring.agent, "ordinal": ordinal}, staff)
            elif ring.ended is not None and (ring.said or f"offered:{name}" in self.told):
                data = {"agent": ring.agent, "ordinal": ordinal, "result": ring.result}
                self._once(f"offer_ended:{name}", "call.offer_ended", data, staff)

    def _is_news(self, ring: Ring) -> bool:
        """Whether the offer still rings and came at once: late and replayed events never pop a screen."""
        event = ring.begun
        if event is None or ring.ended is not None or not self.call.is_live or event.received_at is None:
            return False
        if event.received_at < (self.receipt.since or self.receipt.now):
            return False
        lag = (self.receipt.now - event.moment).total_seconds() - (self.receipt.skew_s if event.at else 0.0)
        return lag < FRESH_S

    def _tell_agents(self) -> None:
        """The answer, then everybody of ours who came into the conversation later."""
        made = self.folded.record
        if made["answered_by"] and made["direction"] == "outbound":
            data = {"agent": next(iter(made["agents"]), None), "wait_s": made["wait_s"]}
            self._once("answered", "call.answered", data, self.call.answered_by)
        elif made["answered_by"]:
            data = {"agent": made["answered_by"], "wait_s": made["wait_s"]}
            self._once("answered", "call.answered", data, *self._everybody())
            for segment in made["segments"]:
                if segment["agent"] not in (made["answered_by"], made["caller"]["number"]):
                    staff = self.people.get(segment["agent"])
                    self._once(f"joined:{segment['agent']}", "call.transferred", {"agent": segment["agent"]}, staff)

    def _everybody(self) -> list[models.Model]:
        """Every member of staff who rang or spoke, whoever answered first."""
        found = dict.fromkeys(staff for name in self.folded.seats if (staff := self.people.get(name)) is not None)
        first = self.call.answered_by
        return [*([first] if first else []), *(staff for staff in found if staff != first)]

    def _once(self, milestone: str, kind: str, data: dict[str, Any], *about: models.Model | None) -> None:
        if milestone in self.told:
            return
        self.told.add(milestone)
        self.new.append(milestone)
        record(kind, by=self.receipt.by, about=[self.call, *about], data=data)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [key for key, value in after.items() if key not in _ADDENDA and before.get(key) != value]


def as_merged(call: Call) -> None:
    """The columns of a call that became part of another: it has no life of its own any more."""
    call.state, call.is_live, call.seats = CallState.MERGED, False, {}
