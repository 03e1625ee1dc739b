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
from tests.telephony.recordings import ABSENT, RECORDINGS, SCENARIOS, Row, channels_after, list_of_channels, rows_of

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


def talking(rows: list[Row]) -> int:
    """A row while the two talk."""
    return 1 + max(place for place, row in enumerate(rows) if "BridgeEnter" in dict(row.get("msg", [])).values())


def test_a_connector_that_forgot_everything_follows_on_and_closes_what_is_gone(cast: Cast) -> None:
    rows = in_order(rows_of("a-answered-caller-hangs-up"))
    middle = talking(rows)
    for part, channels in ((rows[:middle], []), (rows[middle:], channels_after(rows[:middle]))):
        translation = Translation(Pbx())
        events = translation.begun(at=part[0]["t"])
        for row in list_of_channels(channels, part[0]["t"]) + part:
            if "msg" in row:
                events += (translation.asked if row["dir"] == "send" else translation.take)(pairs_of(row), at=row["t"])
        receive_events(events, sender="asterisk", by=PBX)
    record = Call.objects.get().record
    assert (record["caller"]["number"], record["wait_s"], record["talk_s"]) == ("0312345678", 2.5, 6.0)
    assert (record["outcome"], record["ended_by"]) == ("answered", "caller")
    assert "started" not in record["incomplete"]
    assert "hold_s" in record["incomplete"]


def test_the_first_look_of_a_fresh_connector_ends_the_calls_that_are_gone(cast: Cast) -> None:
    rows = in_order(rows_of("a-answered-caller-hangs-up"))
    middle = talking(rows)
    translation = Translation(Pbx())
    events = translation.begun(at=rows[0]["t"])
    for row in rows[:middle]:
        if "msg" in row:
            events += (translation.asked if row["dir"] == "send" else translation.take)(pairs_of(row), at=row["t"])
    receive_events(events, sender="asterisk", by=PBX)
    assert Call.objects.get().is_live
    fresh = Translation(Pbx())
    events = fresh.begun(at=rows[-1]["t"])
    for row in list_of_channels([], rows[-1]["t"]):
        events += (fresh.asked if row["dir"] == "send" else fresh.take)(pairs_of(row), at=row["t"])
    receive_events(events, sender="asterisk", by=PBX)
    call = Call.objects.get()
    assert (call.is_live, call.outcome, call.record["end_estimated"]) == (False, "answered", True)
    assert "ended" in call.record["incomplete"]
