"""The recordings of a real Asterisk, and what a record may look like when part of the stream is lost."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from madoguchi.telephony.providers.asterisk import translation as asterisk
from madoguchi.telephony.replay import records_of

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "asterisk-recordings"
SCENARIOS = sorted(folder.name for folder in RECORDINGS.glob("*") if folder.is_dir())
ABSENT = "The recordings of a real Asterisk are not beside this checkout."

type Row = dict[str, Any]

_SHOWN = ("Linkedid", "Channel", "ChannelState", "CallerIDNum", "CallerIDName", "Exten", "Context", "ChanVariable")

# What a name in ``incomplete`` says of the fields of the record.
COVERED = {
    "started": {"direction", "caller", "called", "ivr_s", "wait_s", "request_id", "queue_visits"},
    "answered": {"answered_by", "wait_s", "talk_s", "segments", "outcome", "offers", "queue", "queue_visits", "agents"},
    "hold": {"hold_s", "hold_count"},
    # Everything after the last event is unknown.
    "ended": {
        "agents",
        "end_estimated",
        "ended_by",
        "hold_count",
        "hold_s",
        "lost_in_transfer",
        "offers",
        "queue_visits",
        "segments",
        "talk_s",
        "transfer_wait_s",
        "transfers",
    },
    "offered": {"offers"},
    "transfers": {"transfer_wait_s", "lost_in_transfer"},
    "talk_s": {"segments"},
    "wait_s": {"queue_visits"},
    "answered_by": {"agents"},
}
# Not facts of the call; and that a recording was made only one message says.
_BESIDE = {"incomplete", "revision", "clock", "recordings"}
# Messages that say nothing of a call.
_NOISE = {
    "",
    "BridgeListComplete",
    "ContactStatus",
    "DeviceStateChange",
    "ExtensionStatus",
    "PeerStatus",
    "QueueMember",
    "QueueMemberStatus",
    "QueueParams",
    "QueueStatusComplete",
    "RTCPReceived",
    "RTCPSent",
}


@cache
def rows_of(scenario: str) -> list[Row]:
    return [json.loads(line) for line in (RECORDINGS / scenario / "ami.jsonl").open(encoding="utf-8")]


def expected_of(scenario: str) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = json.loads((RECORDINGS / scenario / "expected.json").read_text("utf-8"))["calls"]
    return calls


def without_stamps(row: Row) -> Row:
    if "msg" not in row:
        return row
    return {**row, "msg": [pair for pair in row["msg"] if pair[0] != "Timestamp"]}


def told_places(rows: list[Row]) -> list[int]:
    """Where the PBX says something of a call."""
    return [
        place
        for place, row in enumerate(rows)
        if row["dir"] == "recv" and "msg" in row and dict(row["msg"]).get("Event", "") not in _NOISE
    ]


def records_after_all(rows: list[Row]) -> list[dict[str, Any]]:
    """The records once the connector has looked again, a minute later, at what still runs: nothing."""
    last = {"t": max(row["t"] for row in rows) + 60, "conn": max(row["conn"] for row in rows)}
    ask: Row = {**last, "dir": "send", "msg": [["Action", "CoreShowChannels"]]}
    answer: Row = {**last, "dir": "recv", "msg": [["Event", "CoreShowChannelsComplete"], ["ListItems", "0"]]}
    return records_of(asterisk.events_of_recording([*rows, ask, answer]))


def channels_after(rows: list[Row]) -> list[dict[str, str]]:
    """What CoreShowChannels would list after these rows of a stream (of one connection)."""
    living: dict[str, dict[str, str]] = {}
    gone: set[str] = set()
    for row in rows:
        message = dict(row["msg"]) if row["dir"] == "recv" and "msg" in row else {}
        for prefix in ("", "Dest", "LocalOne", "LocalTwo"):
            unique = message.get(f"{prefix}Uniqueid", "")
            if not unique or unique in gone or not message.get(f"{prefix}Linkedid"):
                continue
            born = message.get("Timestamp", str(row["t"]))
            channel = living.setdefault(unique, {"Uniqueid": unique, "BridgeId": "", "born": born})
            channel |= {key: message[prefix + key] for key in _SHOWN if prefix + key in message}
            if message["Event"] in ("BridgeEnter", "BridgeLeave"):
                channel["BridgeId"] = message["BridgeUniqueid"] if message["Event"] == "BridgeEnter" else ""
            if message["Event"] == "Hangup":
                gone.add(unique)
                del living[unique]
    return list(living.values())


def list_of_channels(channels: list[dict[str, str]], at: float) -> list[Row]:
    """The question for the channels and the PBX's answer, as rows received at ``at``."""
    rows: list[Row] = [{"t": at, "conn": 2, "dir": "send", "msg": [["Action", "CoreShowChannels"], ["ActionID", "l"]]}]
    for channel in channels:
        shown = [["Event", "CoreShowChannel"], ["ActionID", "l"]]
        shown += [[key, value] for key, value in channel.items() if key != "born"]
        age = int(at - float(channel["born"]))
        shown.append(["Duration", f"{age // 3600:02}:{age // 60 % 60:02}:{age % 60:02}"])
        rows.append({"t": at, "conn": 2, "dir": "recv", "msg": shown})
    end = [["Event", "CoreShowChannelsComplete"], ["ActionID", "l"], ["ListItems", str(len(channels))]]
    return [*rows, {"t": at, "conn": 2, "dir": "recv", "msg": end}]


def differences(expected: Any, got: Any, path: str, tolerance: float) -> list[str]:
    """Where ``got`` is not as ``expected``, in numbers up to ``tolerance``."""
    if isinstance(expected, dict):
        got = got if isinstance(got, dict) else {}
        parts = [differences(expected[key], got.get(key), f"{path}.{key}", tolerance) for key in expected]
        return [part for found in parts for part in found]
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            return [f"{path}: {got} is not {expected}"]
        pairs = zip(expected, got, strict=True)
        parts = [differences(one, other, f"{path}[{place}]", tolerance) for place, (one, other) in enumerate(pairs)]
        return [part for found in parts for part in found]
    if isinstance(expected, float | int) and isinstance(got, float | int) and not isinstance(expected, bool):
        return [] if abs(expected - got) <= tolerance else [f"{path}: {got} is not {expected}"]
    return [] if expected == got else [f"{path}: {got!r} is not {expected!r}"]


def times_between(expected: Any, got: Any) -> list[float]:
    """How far the numbers are apart, wherever both have one."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return [apart for key in expected for apart in times_between(expected[key], got.get(key))]
    if isinstance(expected, list) and isinstance(got, list):
        return [apart for one, other in zip(expected, got, strict=False) for apart in times_between(one, other)]
    both = isinstance(expected, int | float) and isinstance(got, int | float) and not isinstance(expected, bool)
    return [abs(expected - got)] if both else []


def silent_differences(whole: list[dict[str, Any]], got: list[dict[str, Any]], *, tolerance: float = 0.5) -> list[str]:
    """Fields that are wrong without being named: of calls in ``whole``, and calls that never were."""
    by_id = {record["call_id"]: record for record in got}
    found: list[str] = []
    for want in whole:
        record = by_id.pop(want["call_id"], None)
        if record is None:
            found.append(f"{want['call_id']} is missing")
            continue
        named = {*record["incomplete"], *want["incomplete"]}
        named |= {covered for name in named for covered in COVERED.get(name, ())}
        if "order" not in named:
            plain = [key for key in want if key not in _BESIDE | named]
            found += [part for key in plain for part in differences(want[key], record[key], key, tolerance)]
    return found + [f"{call} never was" for call, record in by_id.items() if not record["incomplete"]]
