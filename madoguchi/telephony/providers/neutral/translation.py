"""The public contract's own format: nothing to translate."""

from dataclasses import replace

from madoguchi.telephony.events import Event, read_events
from madoguchi.telephony.timeline import CDR


def events_of(posted: object, *, sender: str) -> list[Event]:
    """Checked events of a posted JSON value (one object or a list of up to 500); refuses wrong ones."""
    return [_heard(event) for event in read_events(posted)]


def _heard(event: Event) -> Event:
    """What is posted was heard: only the desk itself speaks for call data records."""
    if event.payload.get("source") != CDR:
        return event
    return replace(event, payload={name: value for name, value in event.payload.items() if name != "source"})
