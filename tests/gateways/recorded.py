"""Recordings of a real Asterisk as steps that a fake one can play: the very bytes, in order, with their times."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.telephony.recordings import RECORDINGS, expected_of, rows_of

# What the recorder asked by itself on each connection; everything else it sent was an order.
_ASKED_FIRST = ("Login", "CoreSettings", "CoreStatus", "QueueStatus", "CoreShowChannels", "BridgeList")
_BANNER = re.compile(rb"Asterisk Call Manager/[0-9.]+\r\n")


@dataclass(frozen=True)
class Step:
    """One thing that happens: ``kind`` is event, answer (to an order), order, or cut.

    ``message`` has the last of repeated keys; ``name`` is the recorded ActionID of an order and its answers; of a cut
    ``at`` is when it was over.
    """

    kind: str
    at: float
    raw: bytes = b""
    message: dict[str, str] = field(default_factory=dict)
    name: str = ""


@dataclass
class Recording:
    """``steps`` over all connections; ``answers`` are those to what a client asks first, by connection and action."""

    name: str
    began: float
    expected: list[dict[str, Any]]
    steps: list[Step]
    answers: dict[tuple[int, str], list[bytes]]


def recording(name: str) -> Recording:
    rows = rows_of(name)
    parts = _BANNER.sub(b"", (RECORDINGS / name / "ami.raw.txt").read_bytes()).split(b"\r\n\r\n")
    raw = iter([part + b"\r\n\r\n" for part in parts if part])
    found = Recording(name, rows[0]["t"], expected_of(name), [], {})
    asked: dict[tuple[int, str], str] = {}
    for row in rows:
        at, connection = row["t"], row.get("conn", 1)
        if row["dir"] == "note" and row["note"] == "tcp connected" and connection > 1:
            found.steps.append(Step("cut", at))
        if "msg" not in row:
            continue
        message = dict(row["msg"])
        action, name_ = message.get("Action", ""), message.get("ActionID", "")
        if row["dir"] == "send":
            if action in _ASKED_FIRST and (connection, action) not in found.answers:
                found.answers[connection, action] = []
                asked[connection, name_] = action
            elif action not in (*_ASKED_FIRST, "Logoff"):
                found.steps.append(Step("order", at, message=message, name=name_))
            continue
        data = next(raw)
        if (connection, name_) in asked:
            found.answers[connection, asked[connection, name_]].append(data)
        elif name_:
            found.steps.append(Step("answer", at, data, message, name_))
        elif message.get("Event") != "FullyBooted":
            found.steps.append(Step("event", at, data, message))
        else:
            found.answers.setdefault((connection, "FullyBooted"), []).append(data)
    return found


def without_stamp(raw: bytes) -> bytes:
    return re.sub(rb"Timestamp: [^\r]*\r\n", b"", raw)
