"""Calls of a morning at ten: given up, answered, told event by event."""

from datetime import datetime, timedelta
from typing import Any

from madoguchi.interactions.models import Interaction
from madoguchi.journal.record import NamedActor
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import read_events
from tests.clocks.desk_time import at

MOBILE = "+819011112222"
NOW = at(1, 10, 0)
WAITED = 30


def tell(call: str, *events: tuple[str, float, dict[str, Any]], start: datetime) -> None:
    told = [
        {
            "id": f"{call}-{kind}-{s}",
            "type": kind,
            "call": call,
            "at": (start + timedelta(seconds=s)).isoformat(),
            **more,
        }
        for kind, s, more in events
    ]
    receive_events(read_events(told), sender="pbx", by=NamedActor("telephone", "pbx"))


def calls_in(call: str, minutes: float = 0, *, number: str = MOBILE, queue: str = "call-centre") -> datetime:
    """A call from outside that entered the queue ``minutes`` after ten."""
    start = NOW + timedelta(minutes=minutes)
    caller = {"number": number} if number else {"presentation": "restricted"}
    tell(
        call,
        ("call.started", 0, {"direction": "inbound", "from": caller}),
        ("queue.entered", 1, {"queue": queue}),
        start=start,
    )
    return start


def gives_up(call: str, minutes: float = 0, *, waited: float = WAITED, **fields: Any) -> Interaction:
    start = calls_in(call, minutes, **fields)
    tell(
        call,
        ("queue.left", waited, {"queue": fields.get("queue", "call-centre"), "reason": "abandoned"}),
        ("call.ended", waited + 0.1, {"by": "caller"}),
        start=start,
    )
    return Interaction.objects.get(call__call_id=call)


def is_answered(call: str, minutes: float = 0, *, agent: str = "1001", **fields: Any) -> Interaction:
    start = calls_in(call, minutes, **fields)
    tell(
        call,
        ("queue.left", 5, {"queue": "call-centre", "reason": "connected"}),
        ("agent.joined", 5, {"agent": agent}),
        ("call.ended", 65, {"by": "caller"}),
        start=start,
    )
    return Interaction.objects.get(call__call_id=call)
