"""Recorded events into call records, without a database."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.events import Event, moment
from madoguchi.telephony.fold import fold
from madoguchi.telephony.providers.asterisk import translation as asterisk
from madoguchi.telephony.providers.neutral import translation as neutral
from madoguchi.telephony.providers.twilio import translation as twilio
from madoguchi.telephony.providers.zammad import translation as zammad
from madoguchi.telephony.snapshots import closings
from madoguchi.telephony.timeline import joined_into, root_of

FORMATS = ("asterisk-ami", "neutral", "twilio", "zammad")
_READERS: dict[str, Callable[..., list[Event]]] = {
    "neutral": neutral.events_of,
    "twilio": twilio.events_of,
    "zammad": zammad.events_of,
}
SENDER = "replay"
_UNKNOWN = datetime.fromtimestamp(0, UTC)


def replay(lines: Iterable[str], *, format: str = "neutral") -> list[dict[str, Any]]:
    """The records of all calls in a recording, in the order in which they began.

    ``lines`` is JSON, one value a line (for ``neutral`` also one list over the whole file). A line may wrap its event
    as ``{"received_at": …, "event": {…}}``; events without any time all count as received at one moment, in the order
    of their lines, so that no duration is made up from the file.
    """
    found: list[Event] = []
    if format == "asterisk-ami":
        found = asterisk.events_of_recording(value for _place, value in _values(lines))
    else:
        for place, value in _values(lines):
            try:
                found += _read(value, _READERS[format])
            except (Refused, ValueError) as error:
                told = {"place": place, "format": format, "why": error, "formats": ", ".join(FORMATS)}
                said = _("Line or value %(place)s is not in the format %(format)s: %(why)s Formats: %(formats)s.")
                raise Refused(said % told, code="invalid_events") from error
    if not found:
        raise Refused(
            _("There is no event of the format %(format)s in the file.") % {"format": format}, code="no_event"
        )
    return records_of(found)


def _read(value: Any, reader: Callable[..., list[Event]]) -> list[Event]:
    received = _UNKNOWN
    if isinstance(value, dict) and isinstance(value.get("event"), dict):
        received = moment(value["received_at"]) if "received_at" in value else received
        value = value["event"]
    return [replace(event, received_at=received, sender=SENDER) for event in reader(value, sender=SENDER)]


def records_of(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The records of events of any number of calls: snapshots close what they lack, joined calls become one."""
    unique = list({(event.sender, event.id): event for event in events}.values())
    unique += closings(unique)
    joins = joined_into(unique)
    calls: dict[str, list[Event]] = {}
    for event in unique:
        if event.call is not None:
            calls.setdefault(root_of(event.call, joins), []).append(event)
    folded = [fold(call, mine) for call, mine in calls.items()]
    return [one.record for one in sorted(folded, key=lambda one: (one.started_at, one.record["call_id"]))]


def _values(lines: Iterable[str]) -> list[tuple[int, Any]]:
    """The values, each with the number of its line; of a file that is one list, with its number therein."""
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    found: list[tuple[int, Any]] = []
    for number, line in rows:
        try:
            found += [(number, value) for value in _flat(json.loads(line))]
        except ValueError:
            wrong = number
            break
    else:
        return found
    try:
        return list(enumerate(_flat(json.loads("".join(line for _number, line in rows))), 1))
    except ValueError as error:
        said = _("Line %(number)s of the file is not JSON; one value a line is expected.")
        raise Refused(said % {"number": wrong}, code="not_json") from error


def _flat(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
