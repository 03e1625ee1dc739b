"""Calls as the telephone tells them, for the seat's tests."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from madoguchi.interactions.models import Interaction
from madoguchi.journal.record import NamedActor
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import read_events

PBX = NamedActor("system", "pbx")
MOBILE = "09011112222"  # 山田's own
MAIN = "0350001234"  # みなと商事's main number


def told(kind: str, call: str, ago: float = 0.0, **fields: Any) -> dict[str, Any]:
    """One neutral event, ``ago`` seconds back."""
    at = timezone.now() - timedelta(seconds=ago)
    return {"id": uuid.uuid4().hex, "type": kind, "call": call, "at": at.isoformat(), **fields}


def rings(staff: Staff, *, call: str = "c-1", number: str = MAIN) -> list[dict[str, Any]]:
    caller = {"number": number, "presentation": "allowed"} if number else {"presentation": "restricted"}
    return [
        told("call.started", call, 3, direction="inbound", **{"from": caller, "to": {"number": "0350000001"}}),
        told("queue.entered", call, 2, queue="desk"),
        told("agent.offered", call, 1, agent=staff.extension, queue="desk", leg=f"{call}-l"),
    ]


def answers(staff: Staff, *, call: str = "c-1") -> list[dict[str, Any]]:
    return [
        told("agent.offer_ended", call, 0.3, agent=staff.extension, result="answered", leg=f"{call}-l"),
        told("queue.left", call, 0.2, queue="desk", reason="connected"),
        told("agent.joined", call, 0.1, agent=staff.extension, leg=f"{call}-l"),
    ]


def ends(*, call: str = "c-1") -> list[dict[str, Any]]:
    return [told("call.ended", call, by="caller", cause=16)]


def happen(*events: dict[str, Any], call: str = "c-1") -> Interaction:
    """Take the events in; the contact of ``call``."""
    receive_events(read_events(list(events)), sender="pbx", by=PBX)
    return Interaction.objects.get(call__call_id=call)
