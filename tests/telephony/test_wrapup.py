"""The work after a call: begun by its end, ended by hand, by the clock or by the next call, once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.actions.set_wrapup_policy import set_wrapup_policy
from madoguchi.telephony.actions.wrapup import end_due_wrapups, end_wrapup, start_wrapup
from madoguchi.telephony.models import Call, OperatorState, StateTime
from madoguchi.telephony.wrapups import UNATTENDED
from tests.cast import Cast
from tests.telephony.lines import NINE, event, post, queue_call

pytestmark = pytest.mark.django_db


def row_of(cast: Cast) -> OperatorState:
    return OperatorState.objects.get(staff=cast.sato)


def over(name: str = "c-1") -> Call:
    """A call that was answered and has ended now."""
    post(queue_call(name)[:6])
    return post(queue_call(name)[6:])


def ended_by() -> list[str]:
    entries = Entry.objects.filter(kind="call.wrapup_ended").order_by("id")
    return [entry.data["ended_by"] for entry in entries]


def limit(cast: Cast, mode: str, seconds: int | None = None) -> None:
    set_wrapup_policy(cast.call_centre, mode=mode, seconds=seconds, by=cast.admin)


def test_it_begins_with_the_end_of_the_call_and_is_timed(cast: Cast) -> None:
    now = timezone.now()
    with freeze_time(now):
        call = over()
    row = row_of(cast)
    assert (row.state, row.call, row.until) == ("wrapup", call, now + UNATTENDED)
    with freeze_time(now + timedelta(seconds=45)):
        call = end_wrapup(call, cast.sato, by=cast.sato, code="done")
    assert call.record["wrapup_s"] == 45.0
    assert row_of(cast).state == "available"
    assert ended_by() == ["hand"]
    assert not Entry.objects.filter(kind="call.corrected").exists()
    with pytest.raises(Refused):
        end_wrapup(call, cast.sato, by=cast.sato)


def test_a_call_that_nobody_answered_and_one_between_ourselves_have_none(cast: Cast) -> None:
    post(queue_call()[:3])
    post([event("call.ended", 9, by="caller")])
    assert row_of(cast).state == "available"


def test_whoever_hands_the_call_on_writes_it_up_while_it_goes_on(cast: Cast) -> None:
    post(queue_call()[:6])
    post([event("agent.joined", 20, agent="1002", leg="l-2"), event("agent.left", 20, agent="1001", leg="l-1")])
    assert row_of(cast).state == "wrapup"
    assert OperatorState.objects.get(staff=cast.suzuki).state == "talking"


def test_a_time_boxed_one_ends_by_the_clock_once(cast: Cast) -> None:
    limit(cast, "timed", 30)
    now = timezone.now()
    with freeze_time(now):
        call = over()
    assert row_of(cast).until == now + timedelta(seconds=30)
    assert end_due_wrapups(now + timedelta(seconds=29)) == 0
    assert row_of(cast).state == "wrapup"
    assert end_due_wrapups(now + timedelta(seconds=30)) == 1
    assert end_due_wrapups(now + timedelta(seconds=31)) == 0
    call.refresh_from_db()
    assert (row_of(cast).state, row_of(cast).until, call.record["wrapup_s"]) == ("available", None, 30.0)
    assert ended_by() == ["clock"]


def test_it_ends_with_the_next_conversation_but_not_with_a_ring(cast: Cast) -> None:
    first = over()
    post(queue_call("c-2")[:3])
    assert row_of(cast).state == "wrapup"
    post(queue_call("c-2")[3:6])
    first.refresh_from_db()
    assert (row_of(cast).state, first.record["wrapup_s"] is not None) == ("talking", True)
    assert ended_by() == ["call"]


def seconds_in_wrapup() -> float:
    return sum(StateTime.objects.filter(state="wrapup").values_list("seconds", flat=True))


def test_who_broke_off_a_mandatory_one_comes_back_to_it_and_both_parts_count(cast: Cast) -> None:
    limit(cast, "mandatory")
    with freeze_time(NINE) as clock:

        def happens(call: str, events: slice, at: datetime) -> Call:
            return post(queue_call(call, at=at)[events])

        happens("c-1", slice(6), NINE)
        clock.move_to(NINE + timedelta(seconds=30))
        first = happens("c-1", slice(6, None), NINE)
        clock.tick(timedelta(seconds=20))  # of writing, then the next caller is answered
        second = happens("c-2", slice(6), NINE + timedelta(seconds=46))
        assert (row_of(cast).state, ended_by()) == ("talking", ["call"])
        clock.tick(timedelta(seconds=26))
        happens("c-2", slice(6, None), NINE + timedelta(seconds=46))
        assert (row_of(cast).state, row_of(cast).call) == ("wrapup", second)
        clock.tick(timedelta(seconds=7))
        second = end_wrapup(second, cast.sato, by=cast.sato)
        row = row_of(cast)
        assert (row.state, row.call, row.since, row.unfinished) == ("wrapup", first, timezone.now(), [])
        set_operator_state(cast.sato, "paused", by=cast.sato)
        assert row_of(cast).state == "wrapup", "what one chooses holds from its end"
        clock.tick(timedelta(seconds=10))
        first = end_wrapup(first, cast.sato, by=cast.sato)
    assert row_of(cast).state == "paused"
    assert (first.record["wrapup_s"], second.record["wrapup_s"], seconds_in_wrapup()) == (30.0, 7.0, 37.0)
    assert ended_by() == ["call", "hand", "hand"]


def test_one_broken_off_twice_waits_behind_the_later_ones(cast: Cast) -> None:
    limit(cast, "mandatory")
    calls = []
    for name in ("c-1", "c-2", "c-3"):
        post(queue_call(name)[:6])
        calls.append(post(queue_call(name)[6:]))
    for call in reversed(calls):
        assert row_of(cast).call == call
        end_wrapup(call, cast.sato, by=cast.sato)
    assert row_of(cast).state == "available"


def test_a_talk_without_a_wrap_up_of_its_own_leads_back_too(cast: Cast) -> None:
    limit(cast, "mandatory")
    first = over()
    inside: dict[str, Any] = {
        "direction": "internal",
        "from_": {"number": "1001"},
        "to": {"number": "1002"},
        "agent": "1001",
    }
    post([event("call.started", 40, call="i-1", **inside), event("agent.joined", 41, call="i-1", agent="1001")])
    assert row_of(cast).state == "talking"
    post([event("call.ended", 50, call="i-1", by="agent")])
    assert (row_of(cast).state, row_of(cast).call) == ("wrapup", first)
    assert [entry.kind for entry in Entry.objects.filter(kind__startswith="call.wrapup").order_by("id")] == [
        "call.wrapup_started",
        "call.wrapup_ended",
        "call.wrapup_started",
    ]


def test_another_one_by_hand_comes_first_and_who_logs_off_comes_back_to_none(cast: Cast) -> None:
    limit(cast, "mandatory")
    old = over("c-0")
    end_wrapup(old, cast.sato, by=cast.sato)
    first = over()
    start_wrapup(old, cast.sato, by=cast.sato)
    end_wrapup(old, cast.sato, by=cast.sato)
    assert (row_of(cast).state, row_of(cast).call) == ("wrapup", first)
    start_wrapup(old, cast.sato, by=cast.sato)
    set_operator_state(cast.sato, "logged_off", by=cast.sato)
    assert (row_of(cast).state, row_of(cast).unfinished) == ("logged_off", [])


def test_an_optional_one_that_was_broken_off_is_over(cast: Cast) -> None:
    over()
    post(queue_call("c-2")[:6])
    post(queue_call("c-2")[6:])
    end_wrapup(Call.objects.get(call_id="c-2"), cast.sato, by=cast.sato)
    assert row_of(cast).state == "available"


@pytest.mark.parametrize("state", ["available", "paused", "logged_off", "unreachable", "talking", "ringing"])
def test_no_telephone_ends_it(cast: Cast, state: str) -> None:
    over()
    post([event("agent.state", 40, call=None, agent="1001", state=state), *queue_call("other")[:1]])
    assert row_of(cast).state == "wrapup"


def test_another_state_ends_it_unless_it_is_mandatory(cast: Cast) -> None:
    over()
    set_operator_state(cast.sato, "paused", "休憩", by=cast.sato)
    assert (row_of(cast).state, ended_by()) == ("paused", ["hand"])
    limit(cast, "mandatory")
    call = over("c-2")
    set_operator_state(cast.sato, "training", by=cast.sato)
    assert (row_of(cast).state, row_of(cast).until) == ("wrapup", None)
    end_wrapup(call, cast.sato, by=cast.sato)
    assert row_of(cast).state == "training"


def test_whoever_logs_off_has_ended_even_a_mandatory_one(cast: Cast) -> None:
    limit(cast, "mandatory")
    call = over()
    set_operator_state(cast.sato, "logged_off", by=cast.sato)
    call.refresh_from_db()
    assert (row_of(cast).state, ended_by(), call.record["wrapup_s"] is not None) == ("logged_off", ["signed_off"], True)


def test_it_is_taken_up_again_by_hand_but_not_during_a_call(cast: Cast) -> None:
    call = over()
    end_wrapup(call, cast.sato, by=cast.sato)
    start_wrapup(call, cast.sato, by=cast.sato)
    start_wrapup(call, cast.sato, by=cast.sato)
    assert row_of(cast).state == "wrapup"
    post(queue_call("c-2")[:6])
    with pytest.raises(Refused):
        start_wrapup(call, cast.sato, by=cast.sato)


@pytest.mark.parametrize(("mode", "seconds"), [("timed", None), ("timed", 4), ("timed", 3601), ("never", None)])
def test_a_policy_that_makes_no_sense_is_refused(cast: Cast, mode: str, seconds: int | None) -> None:
    with pytest.raises(Refused):
        set_wrapup_policy(cast.call_centre, mode=mode, seconds=seconds, by=cast.admin)
