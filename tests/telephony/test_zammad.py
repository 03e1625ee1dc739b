"""Zammad's format gives no ids and no times: what cannot be known is null and named."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation
from freezegun import freeze_time

from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.models import Call, CallEvent
from madoguchi.telephony.providers.zammad import translation as zammad
from tests.cast import Cast
from tests.telephony.lines import NINE, PBX, post_zammad, receive_events, told

pytestmark = pytest.mark.django_db

NEW = {
    "event": "newCall",
    "from": "03-1234-5678",
    "to": "0350000001",
    "direction": "in",
    "callId": "z-1",
    "user": "1001",
}
ANSWER = {**NEW, "event": "answer", "answeringNumber": "1001"}
HANGUP = {**NEW, "event": "hangup", "cause": "normalClearing"}


def post_at(*posts: tuple[float, dict[str, Any]]) -> Call:
    for seconds, fields in posts:
        with freeze_time(NINE + timedelta(seconds=seconds)):
            call = post_zammad(fields)
    return call


def test_in_order_the_times_of_receipt_are_used_and_said_so(cast: Cast) -> None:
    record = post_at((0, NEW), (3, ANSWER), (63, HANGUP)).record
    assert (record["clock"], record["wait_s"], record["talk_s"]) == ("received", 3.0, 60.0)
    assert (record["outcome"], record["answered_by"]) == ("answered", "1001")
    # The format has no word for holding, so nobody knows.
    assert (record["hold_s"], record["hold_count"], record["incomplete"]) == (None, None, ["hold_s"])
    assert record["offers"] == [{"agent": "1001", "result": "answered", "ring_s": 3.0}]


def test_each_posted_twice_is_once(cast: Cast) -> None:
    once = post_at((0, NEW), (3, ANSWER), (63, HANGUP)).record
    entries = told()
    again = post_at((70, NEW), (71, ANSWER), (72, HANGUP), (73, HANGUP)).record
    assert again == once
    assert told() == entries
    assert Call.objects.count() == 1


def test_in_reverse_the_facts_are_right_and_the_times_unknown(cast: Cast) -> None:
    record = post_at((0, HANGUP), (3, ANSWER), (63, NEW)).record
    assert (record["outcome"], record["answered_by"], record["direction"]) == ("answered", "1001", "inbound")
    assert (record["wait_s"], record["talk_s"]) == (None, None)
    assert {"wait_s", "talk_s"} <= set(record["incomplete"])
    assert "started" not in record["incomplete"]


def test_without_the_answer_the_call_was_answered_by_nobody_knows_whom(cast: Cast) -> None:
    record = post_at((0, NEW), (63, HANGUP)).record
    assert (record["outcome"], record["answered_by"], record["talk_s"]) == ("answered", None, None)
    assert {"answered", "wait_s", "talk_s"} <= set(record["incomplete"])
    assert record["wait_s"] is None
    assert record["offers"] == [{"agent": "1001", "result": None, "ring_s": None}]


def test_a_caller_who_gave_up_was_missed(cast: Cast) -> None:
    call = post_at((0, NEW), (20, {**HANGUP, "cause": "cancel"}))
    assert (call.outcome, call.record["ended_by"], call.talk_s, call.wait_s) == ("missed", "caller", 0.0, 20.0)


def test_all_in_one_instant_says_nothing_of_seconds(cast: Cast) -> None:
    events = [one for fields in (NEW, ANSWER, HANGUP) for one in zammad.events_of(fields, sender="bridge")]
    (call,) = receive_events(events, sender="bridge", by=PBX)
    assert (call.record["wait_s"], call.record["talk_s"]) == (None, None)


def test_who_rang_by_name_answers_by_that_name_whatever_number_the_answer_bears(cast: Cast) -> None:
    ringing = {**NEW, "user": ["佐藤 美咲", "鈴木 大輔"]}
    call = post_at((0, ringing), (3, {**ANSWER, "user": "佐藤 美咲", "answeringNumber": "0312340000"}), (63, HANGUP))
    assert (call.record["answered_by"], call.answered_by) == ("佐藤 美咲", cast.sato)
    assert {offer["agent"]: offer["result"] for offer in call.record["offers"]} == {
        "佐藤 美咲": "answered",
        "鈴木 大輔": "picked_up_by_other",
    }


def test_an_answer_without_a_name_is_known_by_its_number(cast: Cast) -> None:
    answer = {key: value for key, value in ANSWER.items() if key != "user"}
    assert post_at((0, NEW), (3, answer)).answered_by == cast.sato


def test_two_calls_of_the_same_person_do_not_collide(cast: Cast) -> None:
    post_at((0, NEW), (5, {**NEW, "callId": "z-2"}))
    assert Call.objects.count() == 2
    assert CallEvent.objects.count() == 4


@pytest.mark.parametrize(
    "spelling",
    [{"user": ["1001", "1002"]}, {"user[]": ["1001", "1002"]}, {"caller": "1001,1002"}, {"user": "1001, 1002"}],
)
def test_everybody_named_in_either_spelling_is_rung(cast: Cast, spelling: dict[str, Any]) -> None:
    posted = {key: value for key, value in NEW.items() if key not in ("user", "from")}
    call = post_zammad({**posted, **spelling, "caller_id": "0312345678"})
    assert call.seats == {"1001": "offered", "1002": "offered"}
    assert call.caller_number == "+81312345678"


def test_a_form_gives_lists_and_is_read_the_same(cast: Cast) -> None:
    call = post_zammad({key: [value] for key, value in NEW.items()})
    assert (call.call_id, call.seats) == ("z-1", {"1001": "offered"})


def test_the_next_answer_takes_over_from_the_one_before(cast: Cast) -> None:
    second = {**ANSWER, "answeringNumber": "1002", "user": "1002"}
    record = post_at((0, NEW), (3, ANSWER), (13, second), (33, HANGUP)).record
    assert record["segments"] == [{"agent": "1001", "talk_s": 10.0}, {"agent": "1002", "talk_s": 20.0}]


def test_the_user_of_an_outgoing_call_is_the_caller(cast: Cast) -> None:
    outgoing = {"from": "0350000001", "to": "0398765432", "direction": "out", "callId": "o-1", "user": "1001"}
    call = post_at(
        (0, {**outgoing, "event": "newCall"}),
        (5, {**outgoing, "event": "answer"}),
        (35, {**outgoing, "event": "hangup", "cause": "normalClearing"}),
    )
    record = call.record
    assert (record["direction"], record["caller"]["number"], record["called"]) == ("outbound", "1001", "0398765432")
    assert (record["answered_by"], record["agents"], record["talk_s"]) == ("0398765432", ["1001"], 30.0)
    assert call.answered_by == cast.sato


@pytest.mark.parametrize(("cause", "outcome"), [("busy", "busy"), ("noAnswer", "no_answer"), ("congestion", "failed")])
def test_an_outgoing_call_that_nobody_took_says_why(cast: Cast, cause: str, outcome: str) -> None:
    outgoing = {"from": "1001", "to": "0398765432", "direction": "out", "callId": "o-2", "user": "1001"}
    call = post_at((0, {**outgoing, "event": "newCall"}), (9, {**outgoing, "event": "hangup", "cause": cause}))
    assert call.outcome == outcome


@pytest.mark.parametrize("hidden", ["anonymous", "Anonymous", "非通知", "ｐｒｉｖａｔｅ"])
def test_a_word_is_no_number(cast: Cast, hidden: str) -> None:
    call = post_zammad({**NEW, "from": hidden})
    assert (call.caller_number, call.presentation) == ("", "restricted")


@pytest.mark.parametrize("names", ["sato@example.jp", "佐藤 花子", "no-such-person"])
def test_somebody_unknown_is_kept_by_name(cast: Cast, names: str) -> None:
    assert post_zammad({**NEW, "user": names}).seats == {names: "offered"}


def test_staff_are_found_by_address_extension_or_name(cast: Cast) -> None:
    for place, name in enumerate((cast.sato.email.upper(), cast.sato.extension, cast.sato.name)):
        call = post_zammad({**NEW, "user": name, "callId": f"n-{place}"})
        assert [seat.staff for seat in call.agents.all()] == [cast.sato], name


@pytest.mark.parametrize(
    ("posted", "field"),
    [([], ""), ("x", ""), ({}, "callId"), ({"callId": "1"}, "event"), ({"event": "newCall"}, "callId")],
)
def test_what_is_no_event_is_refused(posted: Any, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        zammad.events_of(posted, sender="bridge")
    assert refusal.value.details["errors"][0]["field"] == field


@pytest.mark.parametrize("unknown", [{"event": "foo"}, {"event": "newcall"}, {"event": "foo", "direction": "sideways"}])
def test_an_unknown_event_is_kept_as_it_came_and_changes_nothing(cast: Cast, unknown: dict[str, Any]) -> None:
    posted = {**NEW, **unknown}
    assert receive_events(zammad.events_of(posted, sender="bridge"), sender="bridge", by=PBX) == []
    stored = CallEvent.objects.get()
    assert (stored.type, stored.payload["zammad"]) == (f"zammad.{unknown['event']}", posted)
    assert (Call.objects.count(), told()) == (0, [])


def test_an_unknown_event_between_changes_nothing_of_its_call(cast: Cast) -> None:
    before = post_at((0, NEW), (3, ANSWER))
    other = zammad.events_of({**NEW, "event": "foo"}, sender="bridge")
    assert receive_events(other, sender="bridge", by=PBX) == []
    after = Call.objects.get()
    assert (after.record, after.heard_at) == (before.record, before.heard_at)


@pytest.mark.parametrize("posted", [NEW, ANSWER, HANGUP])
def test_a_direction_that_is_none_is_refused_with_those_there_are(posted: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal, translation.override("en"):
        zammad.events_of({**posted, "direction": "sideways"}, sender="bridge")
    assert refusal.value.status == 422
    [error] = refusal.value.details["errors"]
    assert (error["field"], error["message"]) == ("direction", "This must be one of: in, out.")


@pytest.mark.parametrize(
    ("said", "direction"),
    [("in", "inbound"), ("Inbound", "inbound"), ("", "inbound"), ("OUT", "outbound"), ("outbound", "outbound")],
)
def test_the_directions_that_there_are(cast: Cast, said: str, direction: str) -> None:
    assert post_zammad({**NEW, "direction": said}).direction == direction
