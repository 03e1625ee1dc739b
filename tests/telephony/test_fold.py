"""The record of a call does not depend on how its events travelled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.telephony.events import Event
from madoguchi.telephony.fold import fold
from tests.telephony.lines import NINE, event, queue_call

DURATIONS = ("wait_s", "ivr_s", "talk_s", "hold_s", "transfer_wait_s")
KINDS = (
    "call.started",
    "queue.entered",
    "queue.left",
    "agent.offered",
    "agent.offer_ended",
    "agent.joined",
    "agent.left",
    "hold.started",
    "hold.ended",
    "transfer.started",
    "party.answered",
    "ivr.input",
    "call.ended",
    "recording.ready",
    "vendor.unknown",
)


def record(events: list[Event]) -> dict[str, Any]:
    return fold("c-1", events).record


@st.composite
def some_event(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(KINDS))
    agent = draw(st.sampled_from(["1001", "1002"]))
    fields: dict[str, Any] = {"agent": agent, "queue": "desk"}
    if kind == "call.started":
        fields["direction"] = draw(st.sampled_from(["inbound", "outbound", "internal"]))
        fields["from_"] = {"number": draw(st.sampled_from(["0312345678", "1001"]))}
    if kind == "agent.offer_ended":
        fields["result"] = draw(st.sampled_from(["answered", "no_answer", "caller_gone"]))
    if kind == "queue.left":
        fields["reason"] = draw(st.sampled_from(["connected", "abandoned", "timeout"]))
    if kind == "transfer.started":
        fields |= {"kind": "blind", "to": "1002"}
    seconds = draw(st.one_of(st.none(), st.integers(0, 60)) if draw(st.booleans()) else st.integers(0, 60))
    received = NINE + timedelta(seconds=draw(st.integers(0, 90)))
    return replace(event(kind, seconds, **fields), received_at=received, sender="pbx")


@given(st.lists(some_event(), min_size=1, max_size=12), st.randoms())
def test_order_and_doubles_of_arrival_change_nothing(events: list[Event], random: Any) -> None:
    unique = list({one.id: one for one in events}.values())
    shuffled = unique + unique[: len(unique) // 2]
    random.shuffle(shuffled)
    assert record(shuffled) == record(unique)


@given(st.lists(some_event(), min_size=1, max_size=14))
def test_no_duration_is_negative_and_hold_lies_within_talk(events: list[Event]) -> None:
    made = record(events)
    rings = [offer["ring_s"] for offer in made["offers"]]
    for seconds in [*(made[name] for name in DURATIONS), *rings]:
        assert seconds is None or seconds >= 0
    if made["hold_s"] is not None and made["talk_s"] is not None:
        assert made["hold_s"] <= made["talk_s"] + 0.1


@given(st.lists(some_event(), min_size=1, max_size=14))
def test_an_ended_call_names_every_duration_it_does_not_know(events: list[Event]) -> None:
    made = record(events)
    if made["outcome"] in ("answered", "abandoned", "missed", "overflow"):
        assert [name for name in DURATIONS if made[name] is None and name not in made["incomplete"]] == []


@pytest.mark.parametrize("lost", range(10))
def test_a_lost_event_makes_nothing_up(lost: int) -> None:
    events = [replace(one, received_at=one.at, sender="pbx") for one in queue_call()]
    whole, made = record(events), record(events[:lost] + events[lost + 1 :])
    for name in DURATIONS:
        # Nobody can tell a retrieval that was lost from a caller who hung up while on hold.
        if not (name == "hold_s" and events[lost].type == "hold.ended"):
            assert made[name] in (whole[name], None), name
        if made[name] is None and made["outcome"] is not None:
            assert name in made["incomplete"]


def test_without_the_answer_the_talk_is_unknown_and_named() -> None:
    made = record([one for one in queue_call() if one.type != "agent.joined"])
    assert (made["outcome"], made["answered_by"], made["wait_s"], made["talk_s"]) == ("answered", "1001", 3.5, None)
    assert made["incomplete"] == ["answered", "talk_s"]


def test_an_answer_that_only_what_followed_tells_of_has_no_time() -> None:
    made = record(
        [
            event("call.started", 0, direction="inbound"),
            event("queue.entered", 1, queue="desk"),
            event("agent.offered", 2, agent="1001"),
            event("agent.offered", 2, agent="1002"),
            event("hold.started", 10, agent="1001", leg="l-1"),
            event("hold.ended", 14, agent="1001", leg="l-1"),
            event("call.ended", 30, by="caller"),
        ]
    )
    assert (made["outcome"], made["answered_by"], made["hold_s"]) == ("answered", "1001", 4.0)
    assert (made["wait_s"], made["talk_s"], made["queue_visits"][0]["wait_s"]) == (None, None, None)
    assert made["incomplete"] == ["answered", "wait_s", "talk_s"]
    assert made["offers"] == [
        {"agent": "1001", "result": "answered", "ring_s": None},
        {"agent": "1002", "result": "picked_up_by_other", "ring_s": None},
    ]


def test_without_the_begin_of_a_hold_the_hold_is_unknown_not_negative() -> None:
    made = record([one for one in queue_call() if one.type != "hold.started"])
    assert (made["hold_s"], made["hold_count"], made["incomplete"]) == (None, 1, ["hold", "hold_s"])


def test_two_holds_of_which_one_end_was_lost_are_not_one_long_hold() -> None:
    second = [event("hold.started", 20, agent="1001", leg="l-1"), event("hold.ended", 22, agent="1001", leg="l-1")]
    made = record([one for one in queue_call() if one.type != "hold.ended"] + second)
    assert (made["hold_s"], made["hold_count"]) == (None, 2)


def test_ringing_after_a_blind_transfer_is_neither_talk_nor_an_offer() -> None:
    made = record(
        [
            *queue_call()[:6],
            event("transfer.started", 9, kind="blind", agent="1001", to="1002"),
            event("agent.left", 9, agent="1001"),
            event("agent.offered", 9.1, agent="1002"),
            event("agent.joined", 11, agent="1002"),
            event("call.ended", 21, by="caller"),
        ]
    )
    assert made["segments"] == [{"agent": "1001", "talk_s": 5.0}, {"agent": "1002", "talk_s": 10.0}]
    assert (made["talk_s"], made["transfer_wait_s"], made["lost_in_transfer"]) == (15.0, 2.0, False)
    assert made["transfers"] == [{"type": "blind", "from": "1001", "to": "1002", "result": "answered"}]
    assert [offer["agent"] for offer in made["offers"]] == ["1001"]


def test_a_caller_who_gives_up_during_a_transfer_was_answered_and_lost() -> None:
    made = record(
        [
            *queue_call()[:6],
            event("transfer.started", 9, kind="blind", agent="1001", to="1002"),
            event("agent.left", 9, agent="1001"),
            event("call.ended", 14, by="caller"),
        ]
    )
    assert (made["outcome"], made["lost_in_transfer"], made["transfer_wait_s"]) == ("answered", True, 5.0)
    assert made["transfers"][0]["result"] == "abandoned"


def test_leaving_in_the_menu_is_in_no_queues_figures() -> None:
    made = record([event("call.started", 0, direction="inbound"), event("call.ended", 8, by="caller")])
    assert (made["outcome"], made["queue"], made["wait_s"], made["ivr_s"]) == ("abandoned_in_ivr", None, 0.0, 8.0)


def test_an_estimated_end_that_a_later_event_contradicts_is_no_end() -> None:
    estimate = Event(
        "end", "call.ended", "c-1", NINE + timedelta(seconds=4), {"estimated": "last_event", "by": "unknown"}
    )
    silent = fold("c-1", [*queue_call()[:6], estimate])
    assert (silent.state, silent.record["talk_s"], silent.record["end_estimated"]) == ("ended", None, True)
    assert fold("c-1", [*queue_call()[:8], estimate]).state == "talking"


def test_nothing_moves_a_call_back_to_ringing() -> None:
    late_ring = event("agent.offered", 5, agent="1002")
    assert fold("c-1", [*queue_call()[:6], late_ring]).state == "talking"


def test_a_call_that_rang_and_ended_with_nothing_in_between_may_have_been_answered() -> None:
    events = [
        event("call.started", 0, direction="inbound"),
        event("agent.offered", 1, agent="1001"),
        event("call.ended", 60, by="caller", cause=16),
    ]
    made = record(events)
    assert (made["outcome"], made["talk_s"], made["wait_s"]) == ("missed", None, None)
    assert made["incomplete"] == ["answered", "wait_s", "talk_s"]
    assert made["offers"] == [{"agent": "1001", "result": None, "ring_s": None}]
    told = record([*events, event("agent.offer_ended", 60, agent="1001", result="caller_gone")])
    assert (told["talk_s"], told["wait_s"], told["incomplete"]) == (0.0, 59.0, [])


@pytest.mark.parametrize(
    ("by", "cause", "outcome", "talk"),
    [("remote", 16, "answered", None), ("remote", 17, "busy", 0.0), ("agent", 16, "no_answer", 0.0)],
)
def test_an_outgoing_call_hung_up_by_the_other_side_was_answered(
    by: str, cause: int, outcome: str, talk: float | None
) -> None:
    made = record(
        [
            event("call.started", 0, direction="outbound", from_={"number": "1001"}, to={"number": "0398765432"}),
            event("call.ended", 60, by=by, cause=cause),
        ]
    )
    assert (made["outcome"], made["talk_s"]) == (outcome, talk)
