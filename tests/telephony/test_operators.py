"""States of operators, wrap-up, and calls that fall silent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.telephony.actions.close_silent_calls import close_silent_calls
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.actions.wrapup import end_wrapup
from madoguchi.telephony.events import read_events
from madoguchi.telephony.models import Call, OperatorState, Pbx
from madoguchi.telephony.queries import operator_states
from tests.cast import Cast
from tests.telephony.lines import NINE, PBX, event, post, queue_call

pytestmark = pytest.mark.django_db


def state_of(cast: Cast) -> str:
    return OperatorState.objects.get(staff=cast.sato).state


def test_a_change_is_told_once_with_how_long_the_state_before_lasted(cast: Cast) -> None:
    with freeze_time(NINE):
        set_operator_state(cast.sato, "available", by=cast.sato)
    with freeze_time(NINE + timedelta(minutes=5)):
        set_operator_state(cast.sato, "paused", "昼休み", by=cast.sato)
        set_operator_state(cast.sato, "paused", "昼休み", by=cast.sato)
    last = Entry.objects.filter(kind="operator.state_changed").order_by("-id")[0]
    assert last.data == {"from": "available", "to": "paused", "reason": "昼休み", "seconds": 300}
    assert Entry.objects.filter(kind="operator.state_changed").count() == 2
    assert [row.staff for row in operator_states()] == [cast.sato]


def test_a_break_asked_for_during_a_call_begins_when_it_ends(cast: Cast) -> None:
    post(queue_call()[:6])
    set_operator_state(cast.sato, "paused", "休憩", by=cast.sato)
    assert state_of(cast) == "talking"
    call = post(queue_call()[6:])
    assert state_of(cast) == "wrapup"
    end_wrapup(call, cast.sato, by=cast.sato)
    assert state_of(cast) == "paused"


def test_the_end_of_a_consultation_leaves_the_agent_in_the_first_call(cast: Cast) -> None:
    post(queue_call()[:6])
    internal: dict[str, Any] = {"direction": "internal", "from_": {"number": "1001"}, "to": {"number": "1002"}}
    post([event("call.started", 8, call="c-2", **internal), event("agent.joined", 9, call="c-2", agent="1002")])
    post([event("call.ended", 12, call="c-2", by="agent")])
    assert state_of(cast) == "talking"
    assert OperatorState.objects.get(staff=cast.suzuki).state == "available"  # nobody outside was spoken to


def test_who_goes_from_one_conversation_straight_into_another_has_changed(cast: Cast) -> None:
    later = timezone.now()
    with freeze_time(later - timedelta(minutes=1)):
        post(queue_call()[:6])
    with freeze_time(later):
        second = post(queue_call("c-2")[:6])
        post([event("agent.left", 30, agent="1001", leg="l-1")])
        row = OperatorState.objects.get(staff=cast.sato)
        assert (row.state, row.call, row.since) == ("talking", second, later)
    last = Entry.objects.filter(kind="operator.state_changed").order_by("-id")[0]
    assert (last.data["from"], last.data["to"], last.data["seconds"]) == ("talking", "talking", 60)


def test_only_states_that_a_person_can_choose(cast: Cast) -> None:
    with pytest.raises(Refused):
        set_operator_state(cast.sato, "talking", by=cast.sato)


def test_the_telephone_system_says_who_is_on_a_break(cast: Cast) -> None:
    post([event("agent.state", 1, call=None, agent="1001", state="paused", reason="Break"), *queue_call("other")[:1]])
    assert state_of(cast) == "paused"


HEARD = st.sampled_from(["available", "paused", "logged_off", "unreachable", "ringing", "talking", "wrapup"])


@given(
    heard=st.lists(st.tuples(HEARD, st.sampled_from(["device", "queue", ""])), max_size=6),
    chosen=st.sampled_from(["paused", "away", "training", "logged_off"]),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_telephone_ends_what_somebody_chose(cast: Cast, heard: list[tuple[str, str]], chosen: str) -> None:
    with transaction.atomic():
        set_operator_state(cast.sato, chosen, "理由", by=cast.sato)
        for number, (state, of) in enumerate([*heard, ("available", "device")]):
            hears(f"{heard}{chosen}{number}", state, of)
        row = OperatorState.objects.get(staff=cast.sato)
        assert (row.state, row.reason) == (chosen, "理由")
        set_operator_state(cast.sato, "available", by=cast.sato)
        transaction.set_rollback(True)


def test_a_telephone_takes_back_what_it_said_itself(cast: Cast) -> None:
    seen = []
    for number, state in enumerate(["available", "paused", "available", "unreachable", "available", "logged_off"]):
        hears(str(number), state)
        seen.append(state_of(cast))
    assert seen == ["available", "paused", "available", "unreachable", "available", "logged_off"]


@pytest.mark.parametrize("meanwhile", ["talking", "ringing", "unreachable"])
def test_a_telephone_that_is_free_again_does_not_end_the_pause_that_was_keyed_in(cast: Cast, meanwhile: str) -> None:
    hears("1", "available", of="queue")
    hears("2", "paused", of="queue")
    hears("3", meanwhile, of="device")
    hears("4", "available", of="device")
    assert state_of(cast) == "paused"
    hears("5", "available", of="device")
    assert state_of(cast) == "paused"
    hears("6", "available", of="queue")
    assert state_of(cast) == "available"


def test_a_telephone_that_is_free_does_not_sign_anybody_on(cast: Cast) -> None:
    hears("1", "logged_off", of="queue")
    hears("2", "available", of="device")
    assert state_of(cast) == "logged_off"


def hears(name: str, state: str, of: str = "") -> None:
    said = {"id": f"{name}-{state}", "type": "agent.state", "agent": "1001", "state": state, "of": of}
    receive_events(read_events(said), sender="pbx", by=PBX)


def test_a_call_is_ended_after_four_hours_of_silence_counted_from_receipt(cast: Cast) -> None:
    with freeze_time(NINE + timedelta(hours=9)):
        post(queue_call()[:6])
    assert close_silent_calls(NINE + timedelta(hours=12, minutes=59)) == 0
    assert close_silent_calls(NINE + timedelta(hours=13, minutes=1)) == 1
    call = Call.objects.get()
    assert (call.state, call.record["ended_by"], call.record["end_estimated"]) == ("ended", "unknown", True)
    assert call.record["talk_s"] is None
    assert {"ended", "talk_s"} <= set(call.record["incomplete"])
    assert state_of(cast) == "available"
    assert close_silent_calls(NINE + timedelta(hours=14)) == 0


def test_a_call_that_was_only_silent_lives_on_with_its_next_event(cast: Cast) -> None:
    with freeze_time(NINE):
        post(queue_call()[:6])
    close_silent_calls(NINE + timedelta(hours=5))
    call = post(queue_call()[6:8])
    assert (call.state, call.is_live) == ("talking", True)
    call = post(queue_call()[8:])
    assert (call.record["talk_s"], call.record["ended_by"]) == (26.0, "caller")


def test_a_sender_that_gave_snapshots_and_vanished_keeps_no_call_for_ever(cast: Cast) -> None:
    for hours, events in ((0, queue_call()[:6]), (3, [event("source.snapshot", 3 * 3600, call=None, calls=["c-1"])])):
        with freeze_time(NINE + timedelta(hours=hours)):
            receive_events(events, sender="pbx", by=PBX)
    # The snapshot spoke of the call.
    assert close_silent_calls(NINE + timedelta(hours=6, minutes=59)) == 0
    assert close_silent_calls(NINE + timedelta(hours=7, minutes=1)) == 1
    record = Call.objects.get().record
    assert (record["ended_by"], record["end_estimated"]) == ("unknown", True)
    assert "ended" in record["incomplete"]
    assert close_silent_calls(NINE + timedelta(hours=9)) == 0


@pytest.mark.parametrize("line", [{"down_since": NINE}, {"down_since": None, "held_until": NINE}])
def test_a_line_that_is_gone_as_long_gives_no_snapshot_any_more(cast: Cast, line: dict[str, Any]) -> None:
    pbx = Pbx.objects.create(key="pbx", name="Tokyo", down_since=None, held_until=NINE + timedelta(hours=5))
    with freeze_time(NINE):
        post([*queue_call()[:6], event("source.snapshot", 5, call=None, calls=["c-1"])])
    assert close_silent_calls(NINE + timedelta(hours=5)) == 0
    Pbx.objects.filter(pk=pbx.pk).update(**line)
    assert close_silent_calls(NINE + timedelta(hours=5)) == 1
