"""A real Asterisk's streams, as recorded, fold into the records that a person would write."""

import json

import pytest

from madoguchi.telephony.providers.asterisk import translation as asterisk
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.replay import records_of, replay
from tests.telephony.recordings import (
    ABSENT,
    RECORDINGS,
    SCENARIOS,
    differences,
    expected_of,
    rows_of,
    times_between,
    without_stamps,
)

pytestmark = pytest.mark.skipif(not SCENARIOS, reason=ABSENT)

# What a stream cannot say, as its own description grants: the number was printed, the event fell into a gap.
UNSAID = {
    "i2-anonymous-number-passed": {"caller"},
    "l-ami-cut-during-talk": {"hold_s"},
    "l2-ami-cut-call-ends-in-gap": {"talk_s"},
}


@pytest.mark.parametrize("stamped", [True, False], ids=["stamped", "unstamped"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_recorded_scenario_gives_its_record(scenario: str, stamped: bool) -> None:
    expected, rows = expected_of(scenario), rows_of(scenario)
    lines = [json.dumps(row if stamped else without_stamps(row)) for row in rows]
    records = replay(lines, format="asterisk-ami")
    assert sorted(record["call_id"] for record in records) == sorted(call["call_id"] for call in expected)
    by_id = {record["call_id"]: record for record in records}
    for call in expected:
        wanted = {key: value for key, value in call.items() if key not in UNSAID.get(scenario, ())}
        assert differences(wanted, by_id[call["call_id"]], call["call_id"], 0.5 if stamped else 1.0) == []


def test_all_recordings_agree_as_a_table_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """One row a scenario: its calls, the fields compared, those that differ, and the greatest difference in time."""
    rows, wrong = [], []
    for scenario in SCENARIOS:
        expected = expected_of(scenario)
        by_id = {r["call_id"]: r for r in records_of(asterisk.events_of_recording(rows_of(scenario)))}
        differing = {
            key
            for call in expected
            for key in call
            if differences(call[key], by_id.get(call["call_id"], {}).get(key), key, 0.5)
        }
        compared = sum(len(call) for call in expected)
        apart = max(max(times_between(call, by_id.get(call["call_id"], {})), default=0.0) for call in expected)
        told = ", ".join(sorted(differing)) or "–"
        rows.append(f"{scenario:40}{len(expected):>3} calls{compared:>5} fields   {apart:4.2f} s   {told}")
        wrong += sorted(differing - UNSAID.get(scenario, set()))
    with capsys.disabled():
        print("", *rows, sep="\n")
    assert wrong == []


def test_what_the_gaps_hid_is_named_not_guessed() -> None:
    (held,) = replay((RECORDINGS / "l-ami-cut-during-talk/ami.jsonl").open(encoding="utf-8"), format="asterisk-ami")
    assert held["hold_s"] is None
    assert "hold_s" in held["incomplete"]
    (cut,) = replay(
        (RECORDINGS / "l2-ami-cut-call-ends-in-gap/ami.jsonl").open(encoding="utf-8"), format="asterisk-ami"
    )
    assert cut["end_estimated"]
    assert 1.9 <= cut["talk_s"] <= 9.6


def test_how_long_people_paused_and_were_logged_on_is_told() -> None:
    scenario = "k-pause-unpause"
    wanted = json.loads((RECORDINGS / scenario / "expected.json").read_text("utf-8"))["agent_states"]
    told = [e for e in asterisk.events_of_recording(rows_of(scenario)) if e.payload.get("of") == "queue"]
    got = [
        {
            "agent": one.text("agent"),
            "state": {"available": "logged_on"}.get(one.text("state"), one.text("state")),
            "reason": one.text("reason"),
            "seconds": round((following.moment - one.moment).total_seconds(), 1),
        }
        for place, one in enumerate(told)
        if (following := next((e for e in told[place + 1 :] if e.text("agent") == one.text("agent")), None))
    ]
    assert [{key: state[key] for key in want} for want, state in zip(wanted, got, strict=True)] == wanted


def test_a_message_that_lacks_everything_is_set_aside() -> None:
    translation = asterisk.Translation(Pbx())
    names = ("Newchannel", "Hangup", "BridgeEnter", "DialEnd", "Pickup", "AttendedTransfer", "QueueCallerJoin")
    assert [translation.take([("Event", name)], at=1.0) for name in (*names, "__class__")] == [[]] * 8
    assert translation.set_aside > 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_its_memory_can_be_saved_and_loaded_after_every_message(scenario: str) -> None:
    rows = asterisk.in_order(rows_of(scenario))
    pbx, found = Pbx(), []
    translation = asterisk.Translation(pbx)
    for connection in (1, 2):
        mine = [row for row in rows if row["conn"] == connection]
        for row in mine:
            if row is mine[0]:
                found += translation.begun(at=next(row["t"] for row in mine if "msg" in row))
            if "closed" in row.get("note", ""):
                found += translation.lost(at=row["t"])
            if "msg" in row:
                pairs = [(key, value) for key, value in row["msg"]]
                found += (translation.asked if row["dir"] == "send" else translation.take)(pairs, at=row["t"])
            translation = asterisk.Translation.from_json(json.loads(json.dumps(translation.to_json())), pbx)
    assert found == asterisk.events_of_recording(rows)
