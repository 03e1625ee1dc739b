"""Events in, one right record out, whatever order, doubles or gaps; the journal told once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry, Mention
from madoguchi.people.access import access_of
from madoguchi.telephony import queries
from madoguchi.telephony.events import read_events
from madoguchi.telephony.models import Call, CallAgent, CallEvent, OperatorState, Sender
from tests.cast import Cast
from tests.telephony.lines import NINE, PBX, event, post, queue_call, receive_events, told

pytestmark = pytest.mark.django_db


def test_a_full_call_leaves_the_record_of_the_contract(cast: Cast) -> None:
    call = post(queue_call())
    record = call.record
    assert record["caller"] == {"number": "09011112222", "name": None, "presentation": "allowed"}
    assert (record["direction"], record["called"], record["queue"]) == ("inbound", "0350000001", "desk")
    assert (record["wait_s"], record["talk_s"], record["hold_s"], record["hold_count"]) == (3.5, 26.0, 4.5, 1)
    assert record["offers"] == [{"agent": "1001", "result": "answered", "ring_s": 3.0}]
    assert record["segments"] == [{"agent": "1001", "talk_s": 26.0}]
    assert (record["answered_by"], record["agents"], record["outcome"], record["ended_by"]) == (
        "1001",
        ["1001"],
        "answered",
        "caller",
    )
    assert record["incomplete"] == []
    assert (call.caller_number, call.answered_by, call.state, call.is_live) == (
        "+819011112222",
        cast.sato,
        "ended",
        False,
    )


def test_posting_each_event_twice_changes_nothing_and_tells_nothing_again(cast: Cast) -> None:
    for one in queue_call():
        post([one])
    first, entries = Call.objects.get().record, Entry.objects.count()
    for one in queue_call():
        post([one])
    post(queue_call() + queue_call())
    assert Call.objects.get().record == first
    assert Entry.objects.count() == entries
    assert CallEvent.objects.exclude(sender="madoguchi").count() == len(queue_call())


def test_posting_in_reverse_leaves_the_same_record(cast: Cast) -> None:
    expected = post(queue_call("straight")).record
    for one in reversed(queue_call("back")):
        call = post([one])
    assert {**call.record, "call_id": ""} == {**expected, "call_id": ""}
    assert call.answered_by == cast.sato


def test_in_order_every_transition_is_told_once(cast: Cast) -> None:
    for one in queue_call(at=timezone.now()):
        post([one])
        post([one])
    assert told() == [
        "call.started",
        "call.queued",
        "call.offered",
        "call.offer_ended",
        "call.answered",
        "call.held",
        "call.retrieved",
        "call.wrapup_started",
        "call.ended",
    ]


def test_the_offer_names_the_call_and_the_one_who_is_rung(cast: Cast) -> None:
    post(queue_call(at=timezone.now())[:3])
    offered = Entry.objects.get(kind="call.offered")
    names = set(Mention.objects.filter(entry=offered).values_list("kind", "ref"))
    assert names == {("call", Call.objects.get().pk), ("staff", cast.sato.pk)}
    assert list(queries.ringing_at(cast.sato)) == [Call.objects.get()]


def test_a_late_offer_pops_no_screen(cast: Cast) -> None:
    post(queue_call(at=timezone.now() - timedelta(seconds=60))[:3])
    assert told("call.offered") == []
    assert Call.objects.get().state == "ringing"


def test_a_sender_whose_clock_is_known_to_be_behind_still_pops(cast: Cast) -> None:
    for place in range(30):
        post([event("call.started", 0, call=f"warm-{place}", at=timezone.now() - timedelta(seconds=60))])
    assert Sender.objects.get().skew_s == pytest.approx(60, abs=1)
    assert list(queries.skewed_senders()) == [Sender.objects.get()]
    post(queue_call(at=timezone.now() - timedelta(seconds=60))[:3])
    assert told("call.offered") == ["call.offered"]


def test_an_offer_that_is_over_when_it_arrives_pops_no_screen(cast: Cast) -> None:
    post(queue_call(at=timezone.now() - timedelta(seconds=5))[:6])
    assert told("call.offered") == []


def test_everybody_who_was_rung_is_told_when_one_answers(cast: Cast) -> None:
    now = timezone.now()
    post([event("call.started", 0, at=now, direction="inbound")])
    post([event("agent.offered", 0.1, at=now, agent="1001"), event("agent.offered", 0.1, at=now, agent="1002")])
    post([event("agent.joined", 3, at=now, agent="1002")])
    ended = Entry.objects.filter(kind="call.offer_ended")
    assert {entry.data["agent"]: entry.data["result"] for entry in ended} == {
        "1001": "picked_up_by_other",
        "1002": "answered",
    }
    answered = Entry.objects.get(kind="call.answered")
    staff = Mention.objects.filter(entry=answered, kind="staff").values_list("ref", flat=True)
    assert set(staff) == {cast.sato.pk, cast.suzuki.pk}


def test_an_agent_is_busy_in_the_call_and_writes_it_up_the_moment_it_ends(cast: Cast) -> None:
    states: list[str] = []
    for one in queue_call():
        post([one])
        row = OperatorState.objects.filter(staff=cast.sato).first()
        if row is not None and row.state not in states[-1:]:
            states.append(row.state)
    assert states == ["ringing", "talking", "wrapup"]


def test_an_answer_that_arrives_after_the_end_fills_the_times_and_does_not_reopen(cast: Cast) -> None:
    late = [one for one in queue_call() if one.type in ("agent.joined", "queue.left", "agent.offer_ended")]
    call = post([one for one in queue_call() if one not in late])
    assert call.record["talk_s"] is None
    call = post(late)
    assert (call.record["talk_s"], call.state, call.record["incomplete"]) == (26.0, "ended", [])
    assert told("call.ended", "call.corrected") == ["call.ended", "call.corrected"]


def test_an_unknown_call_becomes_a_stub(cast: Cast) -> None:
    call = post([event("agent.offered", 1, agent="1001")])
    assert call.record["incomplete"] == ["started"]
    assert call.state == "ringing"


def test_the_caller_who_hangs_up_in_the_queue_has_abandoned(cast: Cast) -> None:
    call = post(
        [
            event("call.started", 0, direction="inbound"),
            event("queue.entered", 0.5, queue="desk"),
            event("queue.left", 7.5, queue="desk", reason="abandoned"),
            event("call.ended", 7.5, by="caller"),
        ]
    )
    assert (call.outcome, call.wait_s, call.talk_s) == ("abandoned", 7.0, 0.0)
    assert told("call.ended", "call.abandoned") == ["call.ended", "call.abandoned"]


def test_leaving_the_queue_by_time_out_is_overflow_not_abandonment(cast: Cast) -> None:
    call = post(
        [
            event("call.started", 0, direction="inbound"),
            event("queue.entered", 0.5, queue="desk"),
            event("queue.left", 60.5, queue="desk", reason="timeout"),
            event("call.ended", 61, by="system"),
        ]
    )
    assert (call.outcome, call.wait_s) == ("overflow", 60.0)


def test_a_withheld_number_is_never_stored(cast: Cast) -> None:
    call = post(
        [
            event(
                "call.started",
                0,
                direction="inbound",
                from_={"number": "09033334444", "name": "山田", "presentation": "restricted"},
                raw={"CallerIDNum": "+81 90-3333-4444", "other": [819033334444, "kept"]},
            )
        ]
    )
    stored = str(CallEvent.objects.get().payload)
    assert not any(part in stored for part in ("3333", "山田", "9033334444"))
    assert "kept" in stored
    assert call.record["caller"] == {"number": None, "name": None, "presentation": "restricted"}
    assert (call.caller_number, call.caller_name) == ("", "")


def test_a_consultation_that_became_part_of_the_call_is_no_call_of_its_own(cast: Cast) -> None:
    post(queue_call()[:7])
    post(
        [
            event(
                "call.started", 11, call="c-2", direction="internal", from_={"number": "1001"}, to={"number": "1002"}
            ),
            event("agent.offered", 11, call="c-2", agent="1002"),
            event("agent.joined", 13, call="c-2", agent="1002"),
        ]
    )
    assert Call.objects.filter(is_live=True).count() == 2
    post(
        [
            event("call.joined", 16, call="c-2", into="c-1"),
            event("transfer.started", 16, agent="1001", kind="attended", to="1002"),
            event("transfer.ended", 16, kind="attended", to="1002", result="completed"),
            event("agent.left", 16, agent="1001"),
            event("agent.joined", 16, call="c-2", agent="1002"),
        ]
    )
    call = post([event("call.ended", 26, by="caller")])
    assert call.call_id == "c-1"
    assert call.record["segments"] == [{"agent": "1001", "talk_s": 12.0}, {"agent": "1002", "talk_s": 10.0}]
    assert (call.record["hold_s"], call.record["talk_s"]) == (6.0, 22.0)
    assert call.record["transfers"] == [{"type": "attended", "from": "1001", "to": "1002", "result": "completed"}]
    part = Call.objects.get(call_id="c-2")
    assert (part.merged_into, part.is_live) == (call, False)
    assert [one.call_id for one in queries.calls_between(access_of(cast.hayashi)).items] == ["c-1"]


def test_a_snapshot_without_the_call_ends_it_at_the_cut(cast: Cast) -> None:
    post(queue_call()[:6])
    cut = (NINE + timedelta(seconds=12)).isoformat()
    post([event("source.gap", 20, call=None, from_=cut), event("call.started", 1, call="still-there")])
    post(
        [event("source.snapshot", 20.5, call=None, calls=["still-there"]), event("call.started", 1, call="still-there")]
    )
    call = Call.objects.get(call_id="c-1")
    assert (call.outcome, call.record["ended_by"], call.record["talk_s"]) == ("answered", "unknown", 8.0)
    assert call.record["end_estimated"]
    assert "ended" in call.record["incomplete"]
    assert Call.objects.get(call_id="still-there").is_live
    assert not CallAgent.objects.filter(state__in=CallAgent.LIVE).exists()
    call = post(queue_call()[6:])
    assert (call.record["talk_s"], call.record["end_estimated"], call.record["ended_by"]) == (26.0, False, "caller")


def test_a_snapshot_writes_once_however_many_calls_it_still_has(cast: Cast) -> None:
    names = [f"c-{number}" for number in range(5)]
    for name in names:
        post(queue_call(name)[:2])
    Call.objects.update(heard_at=NINE)
    with CaptureQueriesContext(connection) as asked:
        receive_events([event("source.snapshot", 60, call=None, calls=names)], sender="pbx", by=PBX)
    written = [query["sql"] for query in asked if query["sql"].startswith('UPDATE "telephony_call" ')]
    assert len(written) == 1
    assert not Call.objects.filter(heard_at=NINE).exists()


def test_partners_see_only_the_calls_of_their_own_people(cast: Cast) -> None:
    post(queue_call())
    partner = access_of(cast.ogawa)
    assert not queries.calls_between(partner).items
    assert len(queries.calls_between(access_of(cast.sato)).items) == 1
    post(queue_call("theirs", agent=cast.ogawa.email))
    assert [call.call_id for call in queries.calls_between(partner).items] == ["theirs"]


def test_one_more_event_of_a_known_call_takes_few_queries(cast: Cast) -> None:
    post(queue_call()[:6])
    for place in range(30):
        post([event("recording.ready", 5 + place / 10, url="https://pbx.example/1")])
    with CaptureQueriesContext(connection) as captured:
        receive_events([event("desk.note", 9)], sender="pbx", by=PBX)
    assert len([one for one in captured if "SAVEPOINT" not in one["sql"]]) <= 6


def test_an_unknown_type_is_stored_and_ignored(cast: Cast) -> None:
    before = post(queue_call()[:6]).record
    call = post([event("vendor.mystery", 6, anything={"deep": [1, 2]})])
    assert CallEvent.objects.filter(type="vendor.mystery").exists()
    assert {**call.record, "revision": 0} == {**before, "revision": 0}


def test_an_id_used_for_another_call_makes_no_ghost(cast: Cast) -> None:
    one = queue_call()[0]
    post([one])
    assert receive_events([replace(one, call="ghost")], sender="pbx", by=PBX) == []
    assert not Call.objects.filter(call_id="ghost").exists()


def test_too_many_events_are_refused() -> None:
    with pytest.raises(Refused):
        read_events([{}] * 501)


@pytest.mark.parametrize(
    "hostile",
    [
        {"direction": "sideways" * 20},
        {"queue": "キュー" * 26, "agent": "<script>alert(1)</script>"},
        {"agent": "' OR 1=1 --", "leg": "\u202eabc\ufeff"},
        {"from_": {"number": "+" + "9" * 79, "name": "𝕏" * 200}},
        {"more": {"": None, "深": [10**40, -1e308, "\ud83d"], "\x00key": "\x00"}},
        {"hold_count": "x", "estimated": "now", "clock": [], "seq": -5, "url": {"a": 1}},
    ],
)
def test_hostile_fields_are_stored_and_do_no_harm(cast: Cast, hostile: dict[str, Any]) -> None:
    for kind in ("call.started", "agent.offered", "recording.ready", "hold.started", "vendor.mystery"):
        fields = {"agent": "1001", **hostile}
        if kind == "call.started" and "direction" in fields:
            del fields["direction"]
        call = post([event(kind, 1, **fields)])
    assert call.is_live
    assert CallEvent.objects.count() == 5
