"""Twilio's posts, as its documentation shows them, into call records."""

import json
from datetime import timedelta
from email.utils import format_datetime
from itertools import permutations
from typing import Any

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.models import Call, CallEvent
from madoguchi.telephony.providers.twilio import translation as twilio
from madoguchi.telephony.providers.twilio.signature import is_signed, signature_of
from madoguchi.telephony.replay import replay
from tests.cast import Cast
from tests.telephony.lines import NINE, post, told

CALL, LEG, OTHER_LEG = "CA" + "0" * 31 + "1", "CA" + "0" * 31 + "2", "CA" + "0" * 31 + "3"
QUEUE = "QU" + "0" * 32
ACCOUNT = {"AccountSid": "AC" + "0" * 32, "ApiVersion": "2010-04-01"}
PARTIES = {"From": "+81312345678", "Caller": "+81312345678", "To": "+815012345678", "Called": "+815012345678"}


def incoming(status: str, seconds: int | None = None, /, **fields: str) -> dict[str, str]:
    """A post about the call: without seconds the question what to do with it, with seconds a status callback."""
    posted = {**ACCOUNT, **PARTIES, "CallSid": CALL, "CallStatus": status, "Direction": "inbound"}
    return posted | ({} if seconds is None else stamped(seconds, 0)) | fields


def leg(
    status: str, seconds: int, place: int, *, sid: str = LEG, to: str = "client:1001", **fields: str
) -> dict[str, str]:
    """A status callback of a leg that <Dial> made."""
    posted = {**ACCOUNT, "CallSid": sid, "ParentCallSid": CALL, "CallStatus": status, "Direction": "outbound-dial"}
    return posted | {"From": "+81312345678", "To": to, "Called": to} | stamped(seconds, place) | fields


def stamped(seconds: int, place: int) -> dict[str, str]:
    return {
        "Timestamp": format_datetime(NINE + timedelta(seconds=seconds)),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(place),
    }


ANSWERED = [
    (0, incoming("ringing")),
    (2, leg("initiated", 2, 0)),
    (3, leg("ringing", 3, 1)),
    (9, leg("in-progress", 9, 2)),
    (69, leg("completed", 69, 3, CallDuration="60")),
    (69, incoming("completed", 69, CallDuration="69")),
]


def post_at(*posts: tuple[float, dict[str, str]]) -> Call:
    for seconds, fields in posts:
        with freeze_time(NINE + timedelta(seconds=seconds)):
            call = post(twilio.events_of(fields, sender="twilio"), sender="twilio")
    return call


def replayed(*posts: tuple[float, dict[str, str]]) -> dict[str, Any]:
    lines = []
    for seconds, fields in posts:
        received = (NINE + timedelta(seconds=seconds)).isoformat()
        lines.append(json.dumps({"received_at": received, "event": fields}))
    (record,) = replay(lines, format="twilio")
    return record


def facts(record: dict[str, Any]) -> tuple[Any, ...]:
    names = ("direction", "outcome", "answered_by", "wait_s", "talk_s", "offers", "caller", "called", "incomplete")
    return tuple(record[name] for name in names)


# The signature


DOCUMENTED = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+12349013030"],
    "Digits": ["1234"],
    "From": ["+12349013030"],
    "To": ["+18005551212"],
}
ADDRESS = "https://mycompany.com/myapp.php?foo=1&bar=2"


def test_the_signature_is_that_of_the_documentation() -> None:
    signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
    assert signature_of(ADDRESS, DOCUMENTED, "12345") == signature
    assert is_signed(signature, ADDRESS, DOCUMENTED, ["old", "12345"])
    assert not is_signed(signature, ADDRESS + "3", DOCUMENTED, ["12345"])
    assert not is_signed(signature, ADDRESS, {**DOCUMENTED, "Digits": ["1235"]}, ["12345"])
    assert not is_signed(signature, ADDRESS, DOCUMENTED, ["123456"])
    assert not is_signed("", ADDRESS, DOCUMENTED, ["12345"])
    assert not is_signed("ａ\udcff", ADDRESS, DOCUMENTED, ["12345"])
    assert not is_signed(signature, ADDRESS, DOCUMENTED, [])


def test_an_address_may_be_signed_with_its_default_port() -> None:
    with_port = "https://desk.example.jp:443/x"
    signature = signature_of(with_port, {}, "t")
    assert is_signed(signature, "https://desk.example.jp/x", {}, ["t"])
    assert is_signed(signature_of("https://desk.example.jp/x", {}, "t"), with_port, {}, ["t"])
    assert not is_signed(signature, "https://desk.example.jp:8443/x", {}, ["t"])


# One call


def test_an_incoming_call_is_followed_by_its_legs(cast: Cast) -> None:
    del cast
    record = replayed(*ANSWERED)
    assert facts(record) == (
        "inbound",
        "answered",
        "1001",
        7.0,
        60.0,
        [{"agent": "1001", "result": "answered", "ring_s": 7.0}],
        {"number": "+81312345678", "name": None, "presentation": "unknown"},
        "+815012345678",
        ["hold_s"],  # Twilio has no word for holding
    )
    assert CallEvent.objects.count() == 0


@pytest.mark.django_db
def test_it_rings_and_is_answered_on_the_screen_as_it_happens(cast: Cast) -> None:
    call = post_at(*ANSWERED[:3])
    assert (call.state, call.seats, call.caller_number) == ("ringing", {"1001": "offered"}, "+81312345678")
    call = post_at(ANSWERED[3])
    assert (call.state, call.answered_by) == ("talking", cast.sato)
    assert post_at(*ANSWERED[4:]).state == "ended"
    assert told("call.offered", "call.answered", "call.ended") == ["call.offered", "call.answered", "call.ended"]
    assert CallEvent.objects.filter(event_id=f"{LEG}:2").get().payload["twilio"] == ANSWERED[3][1]


@pytest.mark.django_db
def test_posted_again_nothing_happens_and_late_posts_never_ring_again(cast: Cast) -> None:
    once = post_at(*ANSWERED).record
    entries = told()
    assert post_at(*[(100 + seconds, fields) for seconds, fields in ANSWERED]).record == once
    assert told() == entries
    assert Call.objects.count() == 1


@pytest.mark.django_db
def test_a_late_ring_does_not_move_the_call_back(cast: Cast) -> None:
    call = post_at(ANSWERED[0], ANSWERED[3], (10, leg("initiated", 2, 0)), (10, leg("ringing", 3, 1)))
    assert (call.state, call.seats) == ("talking", {"1001": "talking"})


def test_in_any_order_the_record_is_the_same() -> None:
    callbacks = [fields for _seconds, fields in ANSWERED[1:]]
    records = [
        facts(replayed(*[(80 + place, fields) for place, fields in enumerate(order)]))
        for order in permutations(callbacks)
    ]
    assert all(record == records[0] for record in records)
    assert records[0][1:5] == ("answered", "1001", 7.0, 60.0)
    in_reverse = replayed(*[(80 + place, fields) for place, fields in enumerate(callbacks[::-1])], (99, ANSWERED[0][1]))
    assert facts(in_reverse) == facts(replayed(*ANSWERED))


def test_without_the_answer_the_call_was_answered_and_nobody_knows_when() -> None:
    record = replayed(*[ANSWERED[place] for place in (0, 1, 2, 4, 5)])
    assert (record["outcome"], record["answered_by"], record["talk_s"]) == ("answered", "1001", None)
    assert {"answered", "talk_s", "wait_s"} <= set(record["incomplete"])


def test_without_the_leg_at_all_the_call_is_told_as_far_as_it_is_known() -> None:
    record = replayed(ANSWERED[5])
    assert (record["direction"], record["called"], record["outcome"]) == (
        "inbound",
        "+815012345678",
        "abandoned_in_ivr",
    )
    assert record["ivr_s"] == 69.0


def test_of_several_that_ring_one_answers() -> None:
    record = replayed(
        ANSWERED[0],
        (2, leg("ringing", 2, 0)),
        (2, leg("ringing", 2, 0, sid=OTHER_LEG, to="sip:1002@desk.sip.twilio.com;transport=tls")),
        (9, leg("in-progress", 9, 1, sid=OTHER_LEG, to="sip:1002@desk.sip.twilio.com")),
        (9, leg("canceled", 9, 1)),
        (20, leg("completed", 20, 2, sid=OTHER_LEG, to="sip:1002@desk.sip.twilio.com")),
        (20, incoming("completed", 20, CallDuration="20")),
    )
    assert (record["answered_by"], record["talk_s"], record["agents"]) == ("1002", 11.0, ["1002"])
    # Whether the caller went or somebody else answered Twilio does not say of a leg that it cancels.
    assert [(offer["agent"], offer["result"]) for offer in record["offers"]] == [("1001", None), ("1002", "answered")]


@pytest.mark.parametrize(
    ("status", "result"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("canceled", None)]
)
def test_a_leg_that_nobody_answered(status: str, result: str | None) -> None:
    record = replayed(
        ANSWERED[0], ANSWERED[1], (30, leg(status, 30, 2)), (31, incoming("completed", 31, CallDuration="31"))
    )
    assert (record["outcome"], record["offers"]) == ("missed", [{"agent": "1001", "result": result, "ring_s": 28.0}])


# Queues


WAITING = incoming("in-progress", QueueSid=QUEUE, QueuePosition="1", QueueTime="0", CurrentQueueSize="1", queue="desk")


def left(result: str, waited: int = 12, **fields: str) -> dict[str, str]:
    return incoming("in-progress", QueueSid=QUEUE, QueueResult=result, QueueTime=str(waited), queue="desk", **fields)


def test_a_call_in_a_queue_is_taken_out_of_it_by_an_operator() -> None:
    dequeued = incoming(
        "in-progress", QueueSid=QUEUE, QueueTime="12", DequeingCallSid=OTHER_LEG, queue="desk", agent="1001"
    )
    record = replayed(
        ANSWERED[0],
        (1, WAITING),
        (9, WAITING),  # asked again when the music is at its end
        (13, dequeued),
        (73, left("bridged", agent="1001")),
        (73, incoming("completed", 73, CallDuration="73")),
    )
    assert record["queue_visits"] == [{"queue": "desk", "wait_s": 12.0, "reason": "connected"}]
    assert (record["outcome"], record["answered_by"]) == ("answered", "1001")
    assert (record["wait_s"], record["talk_s"]) == (12.0, 60.0)


def test_who_hangs_up_in_the_queue_gave_up() -> None:
    record = replayed(
        ANSWERED[0], (1, WAITING), (13, left("hangup")), (13, incoming("completed", 13, CallDuration="13"))
    )
    assert (record["outcome"], record["wait_s"], record["queue"]) == ("abandoned", 12.0, "desk")


@pytest.mark.parametrize("result", ["leave", "redirected", "queue-full"])
def test_who_is_sent_out_of_the_queue_is_overflow(result: str) -> None:
    record = replayed(ANSWERED[0], (1, WAITING), (13, left(result)), (13, incoming("completed", 13, CallDuration="13")))
    assert record["outcome"] == "overflow"


def test_a_queue_without_a_name_is_known_by_its_sid() -> None:
    posted = {name: value for name, value in WAITING.items() if name != "queue"}
    assert replayed(ANSWERED[0], (1, posted))["queue"] == QUEUE


# Outgoing calls


def test_a_call_from_our_own_telephone() -> None:
    ours = incoming("ringing", From="client:1001", Caller="client:1001", To="", Called="")
    outside = {"to": "+81398765432", "From": "+815012345678", "direction": "outbound", "agent": "1001"}
    record = replayed(
        (0, ours),
        (1, leg("initiated", 1, 0, **outside)),
        (8, leg("in-progress", 8, 2, **outside)),
        (38, leg("completed", 38, 3, **outside)),
        (38, ours | stamped(38, 0) | {"CallStatus": "completed", "CallDuration": "38"}),
    )
    assert (record["direction"], record["called"], record["outcome"]) == ("outbound", "+81398765432", "answered")
    assert (record["agents"], record["talk_s"], record["answered_by"]) == (["1001"], 30.0, "+81398765432")


@pytest.mark.parametrize(("status", "outcome"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed")])
def test_an_outgoing_call_that_nobody_took_says_why_though_all_ends_in_one_second(status: str, outcome: str) -> None:
    outside = {"to": "+81398765432", "direction": "outbound", "agent": "1001"}
    ours = incoming("completed", 9, From="client:1001", Caller="client:1001", To="")
    posts = [(1, leg("initiated", 1, 0, **outside)), (9, leg(status, 9, 2, **outside)), (9, ours)]
    assert replayed(*posts)["outcome"] == replayed(*posts[::-1])["outcome"] == outcome


def test_a_call_that_a_program_makes() -> None:
    made = {"Direction": "outbound-api", "From": "+815012345678", "To": "+81398765432", "agent": "1001"}
    record = replayed(
        (0, incoming("initiated", 0, **made)),
        (5, incoming("in-progress", 5, **made) | {"SequenceNumber": "2"}),
        (35, incoming("completed", 35, **made) | {"SequenceNumber": "3"}),
    )
    assert (record["direction"], record["outcome"], record["talk_s"]) == ("outbound", "answered", 30.0)


# What is dropped, and what is kept


@pytest.mark.parametrize(
    ("number", "presentation"),
    [
        ("anonymous", "restricted"),
        ("Restricted", "restricted"),
        ("+266696687", "restricted"),
        ("+7378742833", "restricted"),
        ("+2562533", "restricted"),
        ("sip:anonymous@anonymous.invalid", "restricted"),
        ("+86282452253", "unavailable"),
        ("+8656696", "unavailable"),
    ],
)
def test_a_withheld_number_is_dropped_wherever_it_stands(number: str, presentation: str) -> None:
    secret = {
        "SipHeader_P-Asserted-Identity": "<sip:+81312345678@carrier>",
        "StirPassportToken": "x",
        "FromCity": "港区",
    }
    posted = incoming("ringing", From=number, Caller=number, CallToken="key", **secret)
    (event,) = twilio.events_of(posted, sender="twilio")
    assert (event.party("from")["number"], event.party("from")["presentation"]) == (None, presentation)
    assert "81312345678" not in str(event.payload)
    assert not {"CallToken", "FromCity", "StirPassportToken"} & set(event.payload["twilio"])


def test_a_carrier_that_calls_by_sip_is_not_one_of_ours() -> None:
    (event,) = twilio.events_of(incoming("ringing", From="sip:+81312345678@carrier.example"), sender="twilio")
    assert (event.payload["direction"], event.party("from")["number"]) == ("inbound", "+81312345678")


def test_a_number_that_only_looks_like_a_word_is_one() -> None:
    (event,) = twilio.events_of(incoming("ringing", From="+17378742833"), sender="twilio")
    assert event.party("from")["number"] == "+17378742833"


RECORDING = {
    **ACCOUNT,
    "CallSid": CALL,
    "RecordingSid": "RE" + "0" * 32,
    "RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/RE0",
    "RecordingStatus": "completed",
    "RecordingDuration": "60",
    "RecordingChannels": "2",
    "RecordingSource": "DialVerb",
}


def test_a_recording_is_the_calls() -> None:
    record = replayed(*ANSWERED, (75, RECORDING), (76, RECORDING))
    assert record["recordings"] == [{"url": RECORDING["RecordingUrl"], "leg": CALL}]
    assert record["talk_s"] == 60.0


@pytest.mark.parametrize("fields", [{"RecordingStatus": "absent"}, {"RecordingUrl": "javascript:alert(1)"}])
def test_what_is_no_recording_is_stored_only(fields: dict[str, str]) -> None:
    (event,) = twilio.events_of(RECORDING | fields, sender="twilio")
    assert event.type == "twilio.call"
    assert event.payload["twilio"] == RECORDING | fields


@pytest.mark.parametrize("posted", [[], "x", None, {}, {"CallSid": " "}])
def test_what_is_no_post_of_twilio_is_refused(posted: Any) -> None:
    with pytest.raises(Refused):
        twilio.events_of(posted, sender="twilio")


_NAMES = st.sampled_from(
    [
        "CallStatus",
        "ParentCallSid",
        "From",
        "To",
        "Timestamp",
        "SequenceNumber",
        "CallDuration",
        "QueueSid",
        "QueueTime",
        "QueueResult",
        "DequeingCallSid",
        "RecordingUrl",
        "RecordingStatus",
        "Direction",
        "queue",
        "agent",
        "direction",
    ]
)
_VALUES = st.one_of(
    st.sampled_from(
        ["completed", "in-progress", "ringing", "busy", "canceled", "bridged", "hangup", "client:", "sip:@"]
    ),
    st.sampled_from(
        ["99999999999", "-1", "Fri, 31 Feb 2026 99:99:99 +9999", "Tue, 29 Sep 2026 10:00:00 -0000", "x" * 300]
    ),
    st.sampled_from(["https://e/x", "outbound", "inbound", "+266696687", "٣", "1 Jan 0001 00:00:00 +0000"]),
    st.text("aA0 <\0\ud800", max_size=8),
)


@given(st.dictionaries(_NAMES, _VALUES))
def test_hostile_values_are_read_or_refused(fields: dict[str, str]) -> None:
    try:
        events = twilio.events_of({"CallSid": CALL, **fields}, sender="twilio")
    except Refused:
        return
    assert events
    assert len({event.id for event in events}) == len(events)
