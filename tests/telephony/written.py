"""What a recording's call data records make of what was heard of it, without a database."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from madoguchi.telephony.events import Event
from madoguchi.telephony.fold import fold
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.reconcile.groups import CdrCall, calls_of, row_events
from madoguchi.telephony.reconcile.rows import Row, rows_of_csv
from madoguchi.telephony.snapshots import closings
from madoguchi.telephony.timeline import WRITTEN, joined_into, root_of
from tests.telephony.recordings import COVERED, RECORDINGS, SCENARIOS, differences

WRITTEN_DOWN = [scenario for scenario in SCENARIOS if (RECORDINGS / scenario / "cdr.csv").exists()]
# Not facts of the call, or said of how its record came about.
_BESIDE = {"incomplete", "revision", "clock", "recordings", "recovered", "from_records", "end_estimated"}


def rows_written(scenario: str) -> list[Row]:
    with (RECORDINGS / scenario / "cdr.csv").open("rb") as lines:
        return [row for row in rows_of_csv(lines, ZoneInfo("UTC")) if isinstance(row, Row)]


def as_events(call: CdrCall, name: str) -> list[Event]:
    return row_events(call, name, "asterisk", Pbx(), shift=timedelta(), numbers=True)


def completed(heard: list[Event], rows: list[Row]) -> dict[str, dict[str, Any]]:
    """The records of calls by id, of what was heard and what was written: rows find their call by the ids of legs."""
    unique = list({(event.sender, event.id): event for event in heard}.values())
    unique += closings(unique)
    joins, calls, known = joined_into(unique), defaultdict[str, list[Event]](list), dict[str, str]()
    for event in unique:
        if event.call is None:
            continue
        root = root_of(event.call, joins)
        calls[root].append(event)
        legs = [event.call, root, event.text("leg"), *event.payload.get("legs", ())]
        known |= dict.fromkeys(legs, root)
    for call in calls_of(rows, Pbx()):
        name = next((known[one] for one in call.ids if one in known), call.call_id("asterisk"))
        calls[name] += as_events(call, name)
    return {name: fold(name, events).record for name, events in calls.items()}


def without_records(heard: list[Event]) -> dict[str, dict[str, Any]]:
    return completed([event for event in heard if event.type != WRITTEN], [])


def named_in(record: dict[str, Any]) -> set[str]:
    """The fields that the record itself calls unknown."""
    return {*record["incomplete"]} | {field for name in record["incomplete"] for field in COVERED.get(name, ())}


def wrong_in_silence(expected: dict[str, Any], record: dict[str, Any], *, tolerance: float = 1.0) -> list[str]:
    """Fields of ``expected`` that differ though the record calls them known; records are to the second."""
    known = [key for key in expected if key not in _BESIDE | named_in(record) and key in record]
    return [part for key in known for part in differences(expected[key], record[key], key, tolerance)]
