"""A desk's day as the telephone system posts it, on the clock of a test."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from madoguchi.journal.record import NamedActor
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import read_events
from madoguchi.telephony.models import Call

PBX = NamedActor("system", "pbx")
YAMADA = "09011112222"


def arrives(
    at: datetime, *, number: str | None = YAMADA, queue: str | None = "desk", direction: str = "inbound"
) -> list[dict[str, Any]]:
    """A call that waits in the queue from ``at`` on; without a number the caller withholds it."""
    call = uuid.uuid4().hex
    caller = {"number": number, "presentation": "allowed"} if number else {"presentation": "restricted"}
    told = [event("call.started", at, call, direction=direction, **{"from": caller, "to": {"number": "0350000001"}})]
    return [*told, event("queue.entered", at, call, queue=queue)] if queue else told


def answered(at: datetime, wait: float, *, agent: str = "1001", talk: float | None = 60.0, **told: Any) -> Call:
    """Answered after ``wait`` seconds; still in talk when ``talk`` is None."""
    events = arrives(at, **told)
    call, queue = events[0]["call"], told.get("queue", "desk")
    then = at + timedelta(seconds=wait)
    events.append(event("agent.joined", then, call, agent=agent, leg="l"))
    if queue:
        events.append(event("queue.left", then, call, queue=queue, reason="connected"))
    if talk is not None:
        end = then + timedelta(seconds=talk)
        events += [event("agent.left", end, call, agent=agent, leg="l"), event("call.ended", end, call, by="caller")]
    return post(events)


def gave_up(at: datetime, wait: float, *, reason: str = "abandoned", **told: Any) -> Call:
    """Left the queue unanswered after ``wait`` seconds."""
    events = arrives(at, **told)
    end = at + timedelta(seconds=wait)
    call = events[0]["call"]
    left = [event("queue.left", end, call, queue="desk", reason=reason)] if told.get("queue", "desk") else []
    return post([*events, *left, event("call.ended", end, call, by="caller")])


def event(kind: str, at: datetime, call: str, **fields: Any) -> dict[str, Any]:
    return {"id": uuid.uuid4().hex, "type": kind, "at": at.isoformat(), "call": call, **fields}


def post(told: list[dict[str, Any]]) -> Call:
    """What the PBX posts, taken in; the call it is about."""
    (call,) = receive_events([one for body in told for one in read_events(body)], sender="pbx", by=PBX)
    return call
