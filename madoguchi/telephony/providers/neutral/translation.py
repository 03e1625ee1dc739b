"""The public contract's own format: nothing to translate."""

from madoguchi.telephony.events import Event, read_events


def events_of(posted: object, *, sender: str) -> list[Event]:
    """Checked events of a posted JSON value (one object or a list of up to 500); refuses wrong ones."""
    return read_events(posted)
