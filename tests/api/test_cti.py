"""Telephone systems at the door: neutral events and Zammad's generic CTI, accepted unchanged."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from madoguchi.interactions.models import Interaction
from madoguchi.people.tokens import issue
from madoguchi.telephony.events import read_events
from madoguchi.telephony.models import Call, CallEvent
from madoguchi.telephony.written import Written, rows_among
from tests.api.client import program_of
from tests.cast import Cast

STARTED = {
    "id": "01J-1",
    "type": "call.started",
    "at": "2026-11-21T23:58:58.506Z",
    "call": "1795305537.0",
    "direction": "inbound",
    "from": {"number": "0312345678", "presentation": "allowed"},
    "to": {"number": "0350000001"},
    "carrier": "unknown fields are kept",
}
ENDED = {"id": "01J-2", "type": "call.ended", "at": "2026-11-21T23:59:20Z", "call": "1795305537.0", "by": "caller"}
ZAMMAD = {
    "event": "newCall",
    "from": "03-1234-5678",
    "to": "0350000001",
    "direction": "in",
    "callId": "z-1",
    "user": "1001",
}


def test_events_are_taken_one_by_one_and_in_lists_and_twice_is_once(cast: Cast) -> None:
    program = program_of(cast.admin, "calls:write", "calls:read")
    assert (program.post("/calls/events", STARTED).status, program.post("/calls/events", STARTED).status) == (202, 202)
    assert program.post("/calls/events", [STARTED, ENDED]).body == {"accepted": 2}
    assert program.post("/calls/events", []).status == 202
    assert (CallEvent.objects.count(), Call.objects.count()) == (2, 1)
    [call] = program.get("/calls").body["items"]
    assert (call["call_id"], call["state"], call["caller"]["number"]) == ("1795305537.0", "ended", "0312345678")
    assert call["call_id"] == "1795305537.0"
    assert program.get(f"/calls/{call['id']}").body == call
    assert program.get("/calls?outcome=answered").body["items"] == []
    assert program.get("/calls?outcome=nonsense").fields == {"outcome"}
    assert program.get("/calls?from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z").body["items"] == [call]
    assert CallEvent.objects.get(event_id="01J-1").payload["carrier"] == "unknown fields are kept"


def test_one_wrong_event_refuses_all_and_is_named(cast: Cast) -> None:
    program = program_of(cast.admin, "calls:write")
    answered = program.post("/calls/events", [STARTED, {"id": "x", "type": "call.started"}])
    assert (answered.status, answered.fields, CallEvent.objects.count()) == (422, {"1.call"}, 0)
    assert program.post("/calls/events", [STARTED] * 501).status == 422
    bodies: list[Any] = [3, "text", None, [3], [[]], {"id": 3}]
    for body in bodies:
        assert program.post("/calls/events", json.dumps(body).encode()).status in (400, 422)


@pytest.mark.parametrize("row", [{}, {"dstchannel": True}, {"end_at": ""}, {"start_at": [1]}, {"uniqueid": None}])
def test_a_program_cannot_speak_as_call_data_records(cast: Cast, row: dict[str, Any]) -> None:
    """``call.written`` is an unknown type at the door; inside, a record that lacks its times is none."""
    program = program_of(cast.admin, "calls:write")
    times = {"start_at": STARTED["at"], "answered_at": STARTED["at"], "end_at": ENDED["at"]}
    words = [name for name, kind in Written.__annotations__.items() if kind is str]
    said = {**dict.fromkeys(words, ""), **times, "dialled_ours": False, "disposition": "ANSWERED", "app": "dial"}
    said |= {"dstchannel": "PJSIP/1001-0000000a", "partner": "1001", "direction": "inbound"}
    written = {**STARTED, "id": "w-1", "type": "call.written", "source": "cdr", "row": said | row}
    answered = program.post("/calls/events", [STARTED, written, {**ENDED, "source": "cdr"}])
    assert answered.status == 202
    record = Call.objects.get().record
    assert (record["agents"], record["outcome"], record["from_records"]) == ([], "abandoned_in_ivr", [])
    assert "source" not in CallEvent.objects.get(event_id="01J-2").payload
    [inner] = read_events({**written, "row": said})
    assert len(rows_among([inner])) == 1
    assert rows_among(read_events(written)) == ([] if row else rows_among([inner]))


def cti(token: str, body: Any, kind: str = "application/json") -> tuple[int, Any]:
    client = Client(raise_request_exception=False)
    content = json.dumps(body) if kind == "application/json" and not isinstance(body, bytes) else body
    response = client.generic("POST", f"/api/v1/cti/{token}", content, content_type=kind)
    return response.status_code, json.loads(response.content)


def test_zammads_format_is_accepted_as_json_and_as_a_form(cast: Cast) -> None:
    token = issue(staff=cast.admin, scopes=["calls:write"], name="pbx")
    assert cti(token, ZAMMAD) == (200, {})
    assert cti(token, ZAMMAD) == (200, {})
    form = "event=answer&callId=z-1&user=1001&direction=in&from=0312345678&to=0350000001&answeringNumber=1001"
    assert cti(token, form.encode(), "application/x-www-form-urlencoded") == (200, {})
    assert cti(token, ZAMMAD | {"event": "hangup", "cause": "normalClearing"}) == (200, {})
    call = Call.objects.get()
    assert (call.state, call.answered_by, call.outcome) == ("ended", cast.sato, "answered")
    assert Interaction.objects.get().call == call


def test_an_unknown_token_learns_nothing(cast: Cast) -> None:
    without = issue(staff=cast.admin, scopes=["tickets:write"])
    for token in ("nonsense", without, "a/b", "%00"):
        status, body = cti(token, ZAMMAD)
        assert (status, body["code"]) == (401, "invalid_token")
    assert CallEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"", 400), (b"[]", 422), (b"{}", 422), (b'{"event": "newCall"}', 422), (b'{"callId": "1"}', 422)],
)
def test_a_bad_post_is_refused(cast: Cast, body: bytes, status: int) -> None:
    token = issue(staff=cast.admin, scopes=["calls:write"])
    assert cti(token, body)[0] == status
    assert cti(token, b"x" * 3_000_000)[0] == 413


def test_the_address_takes_posts_only(db: None) -> None:
    response = Client().get("/api/v1/cti/anything")
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_a_token_with_a_secret_takes_signed_posts_only(cast: Cast, settings: LazySettings) -> None:
    settings.CALL_SECRETS = {"pbx": "key"}
    token = issue(staff=cast.admin, scopes=["calls:write"], name="pbx")
    doors = [
        (f"/api/v1/cti/{token}", b"event=newCall&callId=z-9&direction=in", "application/x-www-form-urlencoded"),
        ("/api/v1/calls/events", json.dumps(STARTED).encode(), "application/json"),
    ]

    def sent(path: str, body: bytes, kind: str, *, key: bytes = b"key", age: int = 0, over: bytes | None = None) -> int:
        now = str(int(time.time()) - age)
        signature = hmac.new(key, now.encode() + b"." + (over or body), hashlib.sha256).hexdigest()
        headers = {"X-Madoguchi-Timestamp": now, "X-Madoguchi-Signature": signature, "Authorization": f"Bearer {token}"}
        return Client().post(path, body, content_type=kind, headers=headers).status_code

    for door in doors:
        assert [sent(*door, key=b"other"), sent(*door, age=310), sent(*door, age=-310), sent(*door, over=b"x")] == [
            403
        ] * 4
        unsigned = Client().post(door[0], door[1], content_type=door[2], headers={"Authorization": f"Bearer {token}"})
        assert unsigned.status_code == 403
    assert CallEvent.objects.count() == 0
    assert [sent(*door) for door in doors] == [200, 202]
    assert CallEvent.objects.count() == 2
