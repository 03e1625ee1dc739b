"""Twilio at the door: only what it signed, answered with TwiML."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.conf import LazySettings
from django.test import Client

from madoguchi.people.tokens import issue
from madoguchi.telephony.models import Call, CallEvent
from madoguchi.telephony.providers.twilio.signature import signature_of
from tests.cast import Cast

PUBLIC = "https://desk.example.co.jp"
AUTH_TOKEN = "12345"
INCOMING = {
    "AccountSid": "AC1",
    "CallSid": "CA1",
    "CallStatus": "ringing",
    "Direction": "inbound",
    "From": "+81312345678",
    "To": "+815012345678",
    "CallerName": "港区 & 商店",
}


@pytest.fixture
def token(cast: Cast, settings: LazySettings) -> str:
    settings.PUBLIC_ADDRESS = PUBLIC
    settings.TWILIO_AUTH_TOKENS = ("old", AUTH_TOKEN)
    return issue(staff=cast.admin, scopes=["calls:write"], name="Twilio")


def post(
    path: str, fields: dict[str, str], *, key: str = AUTH_TOKEN, signed: str | None = None, said: str | None = None
) -> Any:
    """As Twilio posts, through a proxy: it signs the public address, the desk is asked at another."""
    signature = said or signature_of(PUBLIC + (signed or path), {name: [value] for name, value in fields.items()}, key)
    headers = {"X-Twilio-Signature": signature}
    body = urlencode(fields)
    client = Client(raise_request_exception=False)
    return client.post(path, body, content_type="application/x-www-form-urlencoded", headers=headers)


def test_what_twilio_signed_is_taken_and_answered_with_twiml(token: str) -> None:
    path = f"/api/v1/twilio/{token}?next={quote('https://app.example/flow?a=1&b=<2>', safe='')}"
    response = post(path, INCOMING)
    assert (response.status_code, response["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert "<Response><Redirect>https://app.example/flow?a=1&amp;b=&lt;2&gt;</Redirect></Response>" in response.text
    call = Call.objects.get()
    assert (call.call_id, call.direction, call.caller_number) == ("CA1", "inbound", "+81312345678")
    assert post(path, INCOMING).status_code == 200
    assert CallEvent.objects.count() == 1


def test_what_the_address_says_counts_and_who_waits_hears_silence(token: str) -> None:
    waiting = {**INCOMING, "CallStatus": "in-progress", "QueueSid": "QU1", "QueueTime": "0"}
    response = post(f"/api/v1/twilio/{token}?queue=desk", waiting)
    assert '<Response><Pause length="60"/></Response>' in response.text
    assert Call.objects.get().record["queue"] == "desk"
    assert "<Response></Response>" in post(f"/api/v1/twilio/{token}?next=javascript:x", INCOMING).text


def test_what_is_not_signed_by_twilio_is_refused(token: str) -> None:
    path = f"/api/v1/twilio/{token}"
    wrong: list[Any] = [
        post(path, INCOMING, key="54321"),
        post(path, INCOMING, said="nonsense"),
        post(path + "?agent=1001", INCOMING, signed=path),
        Client().post(path, urlencode(INCOMING), content_type="application/x-www-form-urlencoded"),
        Client().post(path, b"{}", content_type="application/json"),
    ]
    for response in wrong:
        assert (response.status_code, json.loads(response.content)["code"]) == (403, "invalid_signature")
    assert CallEvent.objects.count() == 0


def test_the_old_and_the_new_auth_token_both_fit(token: str) -> None:
    assert post(f"/api/v1/twilio/{token}", INCOMING, key="old").status_code == 200


def test_without_its_auth_token_the_door_is_closed(token: str, settings: LazySettings) -> None:
    settings.TWILIO_AUTH_TOKENS = ()
    for key in (AUTH_TOKEN, ""):
        response = post(f"/api/v1/twilio/{token}", INCOMING, key=key)
        assert (response.status_code, json.loads(response.content)["code"]) == (403, "not_set_up")
    assert CallEvent.objects.count() == 0


def test_the_token_must_be_one_for_calls(token: str, cast: Cast) -> None:
    del token
    without = issue(staff=cast.admin, scopes=["tickets:write"])
    for text in ("nonsense", without):
        assert post(f"/api/v1/twilio/{text}", INCOMING).status_code == 401


def test_what_is_too_large_or_no_post_is_refused(token: str) -> None:
    path = f"/api/v1/twilio/{token}"
    assert post(path, {**INCOMING, "x": "y" * 1_100_000}).status_code == 413
    assert post(path, {"AccountSid": "AC1"}).status_code == 422
    response = Client().get(path)
    assert (response.status_code, response["Allow"]) == (405, "POST")
