"""What a snapshot says about calls whose end was never heard."""

from collections.abc import Iterable
from datetime import datetime

from madoguchi.telephony.events import Event, moment
from madoguchi.telephony.timeline import CUT, LAST_EVENT


def closings(events: Iterable[Event]) -> list[Event]:
    """An estimated end for every call among ``events`` that a later snapshot of the same sender lacks."""
    calls: dict[str, list[Event]] = {}
    sources: list[Event] = []
    for event in events:
        if event.type in ("source.snapshot", "source.gap"):
            sources.append(event)
        elif event.call is not None:
            calls.setdefault(event.call, []).append(event)
    found: list[Event] = []
    for snapshot in sorted(sources, key=lambda event: (event.moment, event.id)):
        if snapshot.type != "source.snapshot":
            continue
        gap = gap_before(snapshot, sources)
        for call, mine in calls.items():
            before = [event for event in mine if event.moment <= snapshot.moment]
            over = any(event.type in ("call.ended", "call.joined") for event in before)
            closing = closing_of(call, before, snapshot, gap) if before and not over else None
            if closing is not None:
                mine.append(closing)
                found.append(closing)
    return found


def gap_before(snapshot: Event, sources: Iterable[Event]) -> datetime | None:
    """When the line was cut, as the last gap before the snapshot says."""
    gaps = [e for e in sources if e.type == "source.gap" and e.moment <= snapshot.moment and e.payload.get("from")]
    if not gaps:
        return None
    return moment(max(gaps, key=lambda event: (event.moment, event.id)).payload["from"])


def closing_of(call: str, before: list[Event], snapshot: Event, gap: datetime | None) -> Event | None:
    """The estimated end of an open call with these events, or None when the snapshot still has it.

    It ended at the moment of the cut; without a known cut all that is known is the last event. A telephone system
    that has restarted since ended it itself.
    """
    rows = snapshot.payload["calls"]
    if call in {row if isinstance(row, str) else str(row.get("call", row.get("id", ""))) for row in rows}:
        return None
    last = max(before, key=lambda event: event.moment)
    restarted = snapshot.payload.get("started_at")
    by_system = restarted is not None and min(event.moment for event in before) < moment(restarted)
    by = "system" if by_system else "unknown"
    if gap is not None and gap >= last.moment:
        return estimated_end(last, f"{snapshot.id}:{call}", by=by, cut=gap)
    return estimated_end(last, f"{snapshot.id}:{call}", by=by)


def estimated_end(last: Event, name: str, *, by: str = "unknown", cut: datetime | None = None) -> Event:
    """A ``call.ended`` that nobody sent, after ``last``: at the cut of the line, else nobody knows when."""
    estimated = LAST_EVENT if cut is None else CUT
    payload = {"id": f"end:{name}"[:200], "type": "call.ended", "call": last.call, "by": by, "estimated": estimated}
    if last.at is None:
        payload["clock"] = "received"
    return Event(
        f"end:{name}"[:200], "call.ended", last.call, cut or last.moment, payload, last.received_at, last.sender
    )
