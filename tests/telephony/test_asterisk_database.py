"""The recordings through the database: what the running system makes of them is what a replay prints."""

import csv
from typing import Any

import pytest

from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import Event
from madoguchi.telephony.models import Call, CallLeg
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.providers.asterisk.translation import Translation, events_of_recording, in_order, pairs_of
from madoguchi.telephony.replay import records_of
from tests.cast import Cast
from tests.telephony.lines import PBX
from tests.telephony.recordings import ABSENT, RECORDINGS, SCENARIOS, rows_of

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not SCENARIOS, reason=ABSENT)]


def take_in(scenario: str) -> None:
    """As a connector does, a few events at a time."""
    translation, connection, events = Translation(Pbx()), 0, list[Event]()
    for row in in_order(rows_of(scenario)):
        events += translation.lost(at=row["t"]) if "closed" in row.get("note", "") else []
        if "msg" in row:
            if connection != (connection := row["conn"]):
                events += translation.begun(at=row["t"])
            events += (translation.asked if row["dir"] == "send" else translation.take)(pairs_of(row), at=row["t"])
        if len(events) > 4:
            receive_events(events, sender="asterisk", by=PBX)
            events = []
    receive_events(events, sender="asterisk", by=PBX)


def told_by_telephone(record: dict[str, Any]) -> dict[str, Any]:
    """Without what our own screens add to it: the work after the call."""
    return {key: value for key, value in record.items() if key not in ("wrapup_s", "revision")}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_recording_leaves_the_calls_that_a_replay_prints(scenario: str, cast: Cast) -> None:
    take_in(scenario)
    records = records_of(events_of_recording(rows_of(scenario)))
    replayed = {record["call_id"]: told_by_telephone(record) for record in records}
    stored = {call.call_id: told_by_telephone(call.record) for call in Call.objects.filter(merged_into=None)}
    assert stored == replayed
    log = RECORDINGS / scenario / "cdr.csv"
    if log.exists():
        legs = dict(CallLeg.objects.values_list("uniqueid", "call__call_id"))
        assert {legs.get(row[16]) for row in csv.reader(log.open(encoding="utf-8"))} <= replayed.keys()
