"""The number of a caller who withholds it is kept nowhere: not in names of recordings, memory or problems."""

import json

import pytest

from madoguchi.gateways.asterisk_keeping import _without_people
from madoguchi.journal.models import Entry
from madoguchi.telephony.models import CallEvent, Recording
from madoguchi.telephony.withheld import recording_without_numbers, without_numbers
from tests.cast import Cast
from tests.telephony.lines import event, post
from tests.telephony.wire import Channel, Wire

NUMBER = "0312345678"
NAME = f"/var/spool/asterisk/monitor/2026/08/21/q-600-{NUMBER}-20260821-090001-1795305537.12.wav"
PROHIBITED = {"ChanVariable": "CALLERID(num-pres)=prohib_not_screened"}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("q-600-0312345678-20261121-140501-1795305537.12.wav", "q-600-…-20261121-140501-1795305537.12.wav"),
        ("in+81312345678_20261121140501.wav", "in…_20261121140501.wav"),
        ("813-12345.wav", "813-12345.wav"),
        ("03-1234-5678 2026-11-21.wav", "… 2026-11-21.wav"),
        ("819011112222.wav", "….wav"),
        ("cti-req-77.wav", "cti-req-77.wav"),
    ],
)
def test_a_number_in_a_name_is_known_from_a_date_and_an_id(name: str, plain: str) -> None:
    assert without_numbers(name) == plain


def test_a_link_with_the_number_goes_and_another_stays() -> None:
    told = {"leg": "l", "url": "https://pbx.example/a/%2B81312345678-1.wav?t=1"}
    assert recording_without_numbers(told) == {"leg": "l", "file": "…-1.wav"}
    other = {"url": "https://pbx.example/a/5f0c.wav"}
    assert recording_without_numbers(other) == other


@pytest.mark.django_db
@pytest.mark.parametrize("late", [False, True])
def test_no_recording_of_a_withheld_caller_bears_the_number(late: bool, cast: Cast) -> None:
    caller = {"number": NUMBER, "presentation": "restricted"}
    events = [
        event("call.started", 0, direction="inbound", from_=caller, to={"number": "0350000001"}),
        event("recording.ready", 9, leg="l-1", file=NAME),
        event("recording.ready", 9, leg="l-1", url=f"https://pbx.example/{NUMBER}.wav"),
        event("recording.ready", 9, leg="l-1", url="https://pbx.example/1.wav"),
    ]
    call = None
    for one in events[::-1] if late else events:
        call = post([one])
    assert call is not None
    stored = [*CallEvent.objects.values_list("payload", flat=True), *Entry.objects.values_list("data", flat=True)]
    kept = [*Recording.objects.values("name", "url"), call.record]
    assert NUMBER not in json.dumps([*stored, *kept])
    assert sorted(Recording.objects.values_list("name", flat=True)) == sorted(
        [NAME.replace(NUMBER, "…"), "….wav", "1.wav"]
    )
    post([event("call.ended", 20, by="caller")])
    assert Recording.objects.count() == 3


@pytest.mark.django_db
def test_whoever_shows_the_number_keeps_the_names(cast: Cast) -> None:
    caller = {"number": NUMBER, "presentation": "allowed"}
    post([event("call.started", 0, direction="inbound", from_=caller), event("recording.ready", 9, file=NAME)])
    assert Recording.objects.get().name == NAME


def test_asterisk_names_the_file_without_a_withheld_number_whatever_it_looks_like() -> None:
    wire = Wire()
    customer = Channel("PJSIP/trunk-00000001", "1.0", number="14155550123", exten="0350000001")
    wire.say(0, "Newchannel", customer.shown(), **PROHIBITED)
    wire.say(0, "Newstate", customer.shown(), **PROHIBITED)
    name = "in-14155550123-20260821.wav"
    wire.say(1, "VarSet", customer.shown(), **PROHIBITED, Variable="MIXMONITOR_FILENAME", Value=name)
    wire.asks_to_hang_up(9, customer)
    wire.gone(9, customer)
    assert wire.record()["recordings"] == [{"file": "in-…-20260821.wav", "leg": "1.0"}]
    assert "14155550123" not in json.dumps([dict(event.payload) for event in wire.events])


@pytest.mark.parametrize("how", ["ChanVariable", "CID-CallingPres"])
def test_asterisk_s_memory_does_not_hold_a_withheld_number(how: str) -> None:
    wire = Wire()
    said = PROHIBITED if how == "ChanVariable" else {how: "32 (Presentation Prohibited, Not Screened)"}
    customer = Channel("PJSIP/trunk-00000001", "1.0", number=NUMBER, exten="0350000001")
    if how == "ChanVariable":
        wire.say(0, "Newchannel", customer.shown(), **said)
        assert NUMBER not in json.dumps(wire.translation.to_json())
    else:
        wire.new(0, customer)
    wire.say(0, "NewCallerid", customer.shown(), **said)
    near = Channel("Local/600@group-00000001;1", "1.1", customer, number=NUMBER)
    wire.new(1, near)
    assert NUMBER not in json.dumps(wire.translation.to_json())
    wire.gone(9, near, customer)
    assert wire.record()["caller"] == {"number": None, "name": None, "presentation": "restricted"}
    assert NUMBER not in json.dumps([dict(event.payload) for event in wire.events])


def test_our_own_telephone_is_known_though_it_withholds_its_number() -> None:
    wire = Wire()
    own = Channel("PJSIP/1001-00000001", "1.0", number="1001", exten="0398765432")
    wire.say(0, "Newchannel", own.shown(), **PROHIBITED)
    wire.say(0, "Newstate", own.shown(), **PROHIBITED)
    wire.gone(9, own)
    assert (wire.record()["direction"], wire.record()["caller"]["number"]) == ("outbound", "1001")


def test_a_message_that_nobody_foresaw_is_set_aside_without_its_people() -> None:
    shown = Channel("PJSIP/trunk-1", "1.0", number=NUMBER).shown("Dest")
    kept = _without_people([("Event", "Odd"), *shown, ("ConnectedLineNum", NUMBER), ("Value", NUMBER)])
    assert NUMBER not in json.dumps(kept)
    assert ("DestUniqueid", "1.0") in kept
