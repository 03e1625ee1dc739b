"""The calls of the history: events as a telephone system sends them, folded by the telephony room itself."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from madoguchi.demo.lives import Desk
from madoguchi.demo.world import Customer, Member, Who
from madoguchi.interactions.models import Interaction
from madoguchi.telephony.events import Event
from madoguchi.telephony.fold import fold
from madoguchi.telephony.models import Call, CallAgent, CallEvent
from madoguchi.telephony.projection import talks_of

SENDER = "pbx"
SYSTEM: Who = ("telephone", None, "pbx")
QUEUE = "代表"


class Line:
    """One call in the making: ``say`` its events, then ``hang_up`` writes the call, them and what was told of it."""

    def __init__(
        self, desk: Desk, random: Random, *, at: datetime, number: str, outbound_by: Member | None = None
    ) -> None:
        self.desk, self.random = desk, random
        self.id = desk.tables[Call].new_id()
        self.name = f"{int(at.timestamp())}.{self.id}"
        self.direction = "outbound" if outbound_by else "inbound"
        self.events: list[Event] = []
        self.people: dict[str, Member] = {}
        national = "0" + number[3:] if number.startswith("+81") else number
        ours: dict[str, Any] = {"number": desk.world.main_number}
        theirs: dict[str, Any] = {
            "number": national,
            "name": None,
            "presentation": "allowed" if national else "restricted",
        }
        self.number = number
        if outbound_by:
            theirs.pop("presentation")
            self.say(at, "call.started", direction=self.direction, agent=outbound_by, source=ours, to=theirs)
        else:
            self.say(at, "call.started", source=theirs, direction=self.direction, to=ours)

    def say(
        self,
        at: datetime,
        kind: str,
        *,
        agent: Member | None = None,
        source: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """One event, with an id of its own; ``source`` is its ``from``."""
        payload = {
            "id": f"{self.name}-{len(self.events)}",
            "type": kind,
            "at": at.isoformat(),
            "call": self.name,
            **fields,
        }
        if source:
            payload["from"] = source
        if agent:
            self.people[agent.extension] = agent
            payload["agent"] = agent.extension
        self.events.append(Event(payload["id"], kind, self.name, at, payload, at, SENDER))

    def tell(self, at: datetime, kind: str, data: dict[str, Any], *about: Member) -> None:
        subjects = [("call", self.id), *(("staff", member.id) for member in about)]
        self.desk.ledger.record(at, kind, by=SYSTEM, about=subjects, data=data)

    def hang_up(self) -> dict[str, Any]:
        """Fold and write; the values of the call's row."""
        folded = fold(self.name, self.events)
        record, tables = folded.record, self.desk.tables
        answering = record["agents"][0] if self.direction == "outbound" and record["agents"] else record["answered_by"]
        row = {
            "id": self.id,
            "sender": SENDER,
            "call_id": self.name,
            "direction": record["direction"],
            "state": folded.state,
            "is_live": False,
            "caller_number": self.number if self.direction == "inbound" else "+81301000100",
            "presentation": record["caller"]["presentation"],
            "called": record["called"] or "",
            "queue": record["queue"] or "",
            "answered_by_id": self.people[answering].id if answering in self.people else None,
            "started_at": folded.started_at,
            "answered_at": folded.answered_at,
            "ended_at": folded.ended_at,
            "heard_at": folded.ended_at,
            "outcome": record["outcome"] or "",
            "wait_s": record["wait_s"],
            "talk_s": record["talk_s"],
            "record": record,
            "revision": record["revision"],
            "seats": folded.seats,
            "told": self._told(record),
        }
        tables[Call].add(**row)
        for event in self.events:
            tables[CallEvent].add(
                sender=SENDER,
                event_id=event.id,
                call_id=self.id,
                type=event.type,
                at=event.at,
                received_at=event.at,
                payload=event.payload,
            )
        talks = talks_of(record)
        for agent, state in folded.seats.items():
            member = self.people.get(agent)
            tables[CallAgent].add(
                call_id=self.id,
                agent=agent,
                staff_id=member.id if member else None,
                state=state,
                talk_s=talks.get(agent),
            )
        data = {key: record[key] for key in ("outcome", "ended_by", "wait_s", "talk_s")}
        assert folded.ended_at is not None
        self.tell(folded.ended_at, "call.ended", data, *self.people.values())
        if record["outcome"] == "abandoned":
            self.tell(folded.ended_at, "call.abandoned", {"queue": record["queue"], "wait_s": record["wait_s"]})
        return row

    def _told(self, record: dict[str, Any]) -> list[str]:
        told = ["started", *(f"queued:{place}" for place in range(len(record["queue_visits"])))]
        for offer in {offer["agent"] for offer in record["offers"]}:
            told += [f"offered:{offer}:0", f"offer_ended:{offer}:0"]
        if record["answered_by"]:
            told.append("answered")
        return [*told, "ended", *(["abandoned"] if record["outcome"] == "abandoned" else [])]


def answered(
    desk: Desk,
    random: Random,
    *,
    at: datetime,
    number: str,
    person: Customer | None,
    by: Member,
    wait: float,
    talk: float,
) -> dict[str, Any]:
    """A call that ``by`` takes after ``wait`` seconds and that lasts ``talk``; the values of its interaction's row."""
    ring = min(wait * 0.8, random.uniform(2.5, 9.0))
    offered, picked = at + timedelta(seconds=wait - ring), at + timedelta(seconds=wait)
    ended = picked + timedelta(seconds=talk)
    ender = "caller" if random.random() < 0.7 else "agent"
    line = Line(desk, random, at=at, number=number)
    line.say(at + timedelta(milliseconds=40), "queue.entered", queue=QUEUE)
    line.say(offered, "agent.offered", queue=QUEUE, agent=by)
    line.say(picked, "agent.offer_ended", agent=by, result="answered")
    line.say(picked, "agent.joined", agent=by)
    line.say(picked, "queue.left", queue=QUEUE, reason="connected")
    line.say(ended, "agent.left", agent=by)
    line.say(ended, "call.ended", by=ender, cause=16)
    _begin(line, at)
    line.tell(offered, "call.offered", {"agent": by.extension, "ordinal": 0}, by)
    line.tell(picked, "call.offer_ended", {"agent": by.extension, "ordinal": 0, "result": "answered"}, by)
    line.tell(picked, "call.answered", {"agent": by.extension, "wait_s": round(wait, 3)}, by)
    line.hang_up()
    _busy(desk, by, offered, picked, ended)
    by.free_at = ended
    contact = _contact(desk, line, at, ended, person=person, staff=by)
    contact["team_id"] = by.team
    return contact


def abandoned(
    desk: Desk, random: Random, *, at: datetime, number: str, person: Customer | None, wait: float
) -> dict[str, Any]:
    """A caller who gives up after ``wait`` seconds in the queue."""
    line = Line(desk, random, at=at, number=number)
    ended = at + timedelta(seconds=wait)
    line.say(at + timedelta(milliseconds=40), "queue.entered", queue=QUEUE)
    line.say(ended, "queue.left", queue=QUEUE, reason="abandoned")
    line.say(ended, "call.ended", by="caller", cause=16)
    _begin(line, at)
    line.hang_up()
    return _contact(desk, line, at, ended, person=person, staff=None) | {"is_abandoned": True}


def outbound(
    desk: Desk, random: Random, *, at: datetime, number: str, person: Customer | None, by: Member, talk: float
) -> dict[str, Any]:
    """A call that ``by`` makes and that is answered."""
    picked = at + timedelta(seconds=random.uniform(4, 15))
    ended = picked + timedelta(seconds=talk)
    line = Line(desk, random, at=at, number=number, outbound_by=by)
    line.say(at + timedelta(milliseconds=30), "agent.joined", agent=by)
    line.say(picked, "party.answered", number=number)
    line.say(ended, "agent.left", agent=by)
    line.say(ended, "call.ended", by="caller", cause=16)
    line.tell(at, "call.started", {"direction": "outbound", "queue": None})
    line.tell(picked, "call.answered", {"agent": by.extension, "wait_s": None}, by)
    line.hang_up()
    _busy(desk, by, at, at, ended)
    contact = _contact(desk, line, at, ended, person=person, staff=by)
    return contact | {"direction": "outbound", "team_id": by.team}


def _begin(line: Line, at: datetime) -> None:
    line.tell(at, "call.started", {"direction": "inbound", "queue": None})
    line.tell(at + timedelta(milliseconds=40), "call.queued", {"queue": QUEUE})


def _contact(
    desk: Desk, line: Line, at: datetime, ended: datetime, *, person: Customer | None, staff: Member | None
) -> dict[str, Any]:
    """The interaction that ``follow_call`` opens with the first event."""
    contact = desk.tables[Interaction].new_id()
    desk.ledger.record(
        at,
        "interaction.opened",
        by=SYSTEM,
        about=[("interaction", contact), ("call", line.id), ("person", person.id if person else None)],
        data={"channel": "phone", "direction": line.direction},
    )
    return {
        "id": contact,
        "channel": "phone",
        "call_id": line.id,
        "address": line.number,
        "person_id": person.id if person else None,
        "organization_id": person.organization if person else None,
        "staff_id": staff.id if staff else None,
        "started_at": at,
        "ended_at": ended,
    }


def _busy(desk: Desk, by: Member, offered: datetime, picked: datetime, ended: datetime) -> None:
    """What a call made of the operator's state: ringing, talking, free again."""
    for state, at in (("ringing", offered), ("talking", picked), ("available", ended)):
        if state != "ringing" or offered < picked:
            desk.ledger.operator_is(at, by, state)
