"""What telephone systems post in these tests."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import Event, read_events
from madoguchi.telephony.models import Call
from madoguchi.telephony.providers.zammad import translation as zammad

NINE = datetime(2026, 8, 21, 0, 0, tzinfo=UTC)
PBX = NamedActor("system", "pbx")


def event(
    kind: str, seconds: float | None, /, *, call: str | None = "c-1", at: datetime = NINE, **fields: Any
) -> Event:
    """A neutral event ``seconds`` after nine; without seconds it has no time of its own."""
    name = hashlib.sha256(repr((call, kind, seconds, at, sorted(fields.items()))).encode()).hexdigest()
    posted = {"id": name, "type": kind, **fields}
    if call is not None:
        posted["call"] = call
    if seconds is not None:
        posted["at"] = (at + timedelta(seconds=seconds)).isoformat()
    if "from_" in posted:
        posted["from"] = posted.pop("from_")
    (read,) = read_events(posted)
    return read


def queue_call(call: str = "c-1", *, at: datetime = NINE, agent: str = "1001") -> list[Event]:
    """In the queue after 0.5 s, answered after 4.0 s, on hold from 10 to 14.5 s, ended by the caller after 30 s."""
    caller = {"number": "09011112222", "presentation": "allowed"}
    rows: list[tuple[str, float, dict[str, Any]]] = [
        ("call.started", 0.0, {"direction": "inbound", "from_": caller, "to": {"number": "0350000001"}}),
        ("queue.entered", 0.5, {"queue": "desk"}),
        ("agent.offered", 1.0, {"agent": agent, "queue": "desk", "leg": "l-1"}),
        ("agent.offer_ended", 4.0, {"agent": agent, "result": "answered", "leg": "l-1"}),
        ("queue.left", 4.0, {"queue": "desk", "reason": "connected"}),
        ("agent.joined", 4.0, {"agent": agent, "leg": "l-1"}),
        ("hold.started", 10.0, {"agent": agent, "leg": "l-1"}),
        ("hold.ended", 14.5, {"agent": agent, "leg": "l-1"}),
        ("agent.left", 30.0, {"agent": agent, "leg": "l-1"}),
        ("call.ended", 30.0, {"by": "caller", "cause": 16}),
    ]
    return [event(kind, seconds, call=call, at=at, **fields) for kind, seconds, fields in rows]


def post(events: Sequence[Event], *, sender: str = "pbx") -> Call:
    """Post them at once; the first call they belong to, fresh."""
    calls = receive_events(events, sender=sender, by=PBX)
    return Call.objects.get(pk=calls[0].pk)


def post_zammad(fields: dict[str, Any], *, sender: str = "bridge") -> Call:
    """One post of Zammad's format."""
    return post(zammad.events_of(fields, sender=sender), sender=sender)


def told(*kinds: str) -> list[str]:
    """The kinds of all journal entries about calls, in order; with arguments, only of these kinds."""
    rows = Entry.objects.filter(kind__startswith="call.").order_by("id").values_list("kind", flat=True)
    return [kind for kind in rows if not kinds or kind in kinds]
