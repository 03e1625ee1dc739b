"""Who gave up is owed a call in one row, until they were called, or called again and were answered."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.call_backs import (
    finish_call_back,
    give_back_call_back,
    promise_call_back,
    take_call_back,
    try_call_back_again,
)
from madoguchi.interactions.actions.contacts import dismiss, identify
from madoguchi.interactions.models import CallBack, CallBackPolicy, Interaction
from madoguchi.interactions.owing import not_owed
from madoguchi.journal.models import Entry
from madoguchi.people.queries import working_time_of
from tests.cast import Cast
from tests.clocks.desk_time import at
from tests.interactions.in_vain import MOBILE, NOW, WAITED, calls_in, gives_up, is_answered, tell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ten_o_clock")]


def test_who_gives_up_is_owed_a_call_by_the_team_of_the_queue(cast: Cast) -> None:
    contact = gives_up("a-1", queue="service-desk")
    row = CallBack.objects.get()
    assert (row.reason, row.number, row.person, row.team, row.staff) == (
        "abandoned", MOBILE, cast.yamada, cast.service_desk, None,
    )  # fmt: skip
    assert row.due_at == NOW + timedelta(minutes=30, seconds=WAITED + 0.1)
    assert row.called_at == contact.ended_at
    assert not not_owed(Interaction.objects.unsettled()).exists()
    assert Entry.objects.get(kind="call_back.owed").data["call_back"] == row.pk


def test_minutes_count_in_the_working_hours_of_the_team_and_queues_are_named(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.network, queues=["600", "601"], within_min=60)
    CallBackPolicy.objects.create(within_min=10)
    with freeze_time(at(1, 17, 0)):
        gives_up("a-1", 7 * 60, queue="601")
    row = CallBack.objects.get()
    assert row.team == cast.network
    assert row.due_at == working_time_of(cast.network).add(row.called_at, 3600)  # type: ignore[arg-type]
    assert row.due_at > at(2, 9, 0)
    gives_up("a-2", number="0312345678", queue="unknown")
    assert CallBack.objects.get(number="+81312345678").due_at == NOW + timedelta(minutes=10, seconds=WAITED + 0.1)


def test_short_and_withheld_calls_are_not_owed_and_stay_visible(cast: Cast) -> None:
    gives_up("short", waited=3)
    gives_up("withheld", number="")
    overflows("withheld-over", number="")
    rings_in_vain("short-ring", seconds=3)
    assert not CallBack.objects.exists()
    assert not_owed(Interaction.objects.unsettled()).count() == 4


def overflows(call: str, minutes: float = 0, *, waited: float = 40, **fields: Any) -> None:
    """Nobody answers within the queue's time; the voicemail takes it."""
    start = calls_in(call, minutes, **fields)
    tell(
        call,
        ("agent.offered", 2, {"agent": "1001"}),
        ("agent.offer_ended", waited, {"agent": "1001", "result": "no_answer"}),
        ("queue.left", waited, {"queue": "call-centre", "reason": "timeout"}),
        ("call.ended", waited + 20, {"by": "system"}),
        start=start,
    )


def rings_in_vain(call: str, *, seconds: float = 25) -> None:
    """A direct call, in no queue: the telephone of one of ours rings, and nobody takes it up."""
    tell(
        call,
        ("call.started", 0, {"direction": "inbound", "from": {"number": "0312345678"}}),
        ("agent.offered", 0, {"agent": "1001"}),
        ("agent.offer_ended", seconds, {"agent": "1001", "result": "caller_gone"}),
        ("call.ended", seconds, {"by": "caller"}),
        start=NOW,
    )


def test_whom_nobody_answered_is_owed_a_call_too_once_until_they_are_answered(cast: Cast) -> None:
    overflows("o-1")
    overflows("o-1")
    overflows("o-2", 3, waited=2)  # sent away at once
    row = CallBack.objects.get()
    assert (row.number, row.team, row.calls.count()) == (MOBILE, cast.call_centre, 2)
    rings_in_vain("m-1")
    missed = CallBack.objects.get(number="+81312345678")
    assert (missed.team, missed.calls.get().interaction.call.outcome) == (cast.call_centre, "missed")  # type: ignore[union-attr]
    is_answered("o-3", 10)
    row.refresh_from_db()
    assert (row.result, CallBack.objects.waiting().get()) == ("called_again", missed)


def test_another_queue_that_answers_owes_nothing(cast: Cast) -> None:
    start = calls_in("o-1")
    tell(
        "o-1",
        ("queue.left", 40, {"queue": "call-centre", "reason": "timeout"}),
        ("queue.entered", 40, {"queue": "service-desk"}),
        ("agent.joined", 50, {"agent": "2001"}),
        ("call.ended", 90, {"by": "caller"}),
        start=start,
    )
    assert not CallBack.objects.exists()


@pytest.mark.parametrize(("is_on", "owes_missed", "owed"), [(True, False, 1), (False, True, 0)])
def test_the_policy_may_only_list_them(cast: Cast, is_on: bool, owes_missed: bool, owed: int) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, is_on=is_on, owes_missed=owes_missed)
    overflows("o-1", number="0312340000")
    rings_in_vain("m-1")
    gives_up("a-1")
    assert CallBack.objects.count() == owed
    assert not_owed(Interaction.objects.unsettled()).count() == 3 - owed


def test_a_team_may_call_nobody_back(cast: Cast) -> None:
    CallBackPolicy.objects.create(team=cast.call_centre, is_on=False)
    gives_up("a-1")
    assert not CallBack.objects.exists()


def test_another_call_in_vain_joins_the_open_row(cast: Cast) -> None:
    gives_up("a-1")
    gives_up("a-2", 5)
    row = CallBack.objects.get()
    assert (row.calls.count(), row.due_at) == (2, NOW + timedelta(minutes=30, seconds=WAITED + 0.1))
    assert row.called_at == NOW + timedelta(minutes=5, seconds=WAITED + 0.1)


def test_called_again_and_answered_closes_the_row_and_its_calls(cast: Cast) -> None:
    gives_up("a-1")
    gives_up("a-2", 2)
    again = is_answered("a-3", 5)
    row = CallBack.objects.get()
    assert (row.result, row.outbound, row.done_by) == ("called_again", again, cast.sato)
    assert set(Interaction.objects.filter(owed__call_back=row).values_list("dismissed_reason", flat=True)) == {
        "called_again"
    }
    assert Interaction.objects.unsettled().get() == again


def test_an_answered_call_before_it_closes_nothing(cast: Cast) -> None:
    gives_up("a-2", 10)
    is_answered("a-1", 2)
    assert CallBack.objects.waiting().count() == 1


def test_the_same_person_from_another_number_closes_it_once_it_is_said_who_it_is(cast: Cast) -> None:
    gives_up("a-1")
    other = is_answered("a-2", 5, number="0350001234")  # the main number, that several share
    assert CallBack.objects.waiting().count() == 1
    identify(other, person=cast.yamada, by=cast.sato)
    assert CallBack.objects.get().result == "called_again"


def test_a_colleague_on_the_main_number_does_not_take_back_a_promise(cast: Cast) -> None:
    promised = promise_call_back(
        number="03-5000-1234", due_at=NOW + timedelta(hours=2), person=cast.yamada, team=cast.call_centre, by=cast.sato
    )
    other = is_answered("a-1", 5, number="0350001234")
    assert not CallBack.objects.get().result
    identify(other, person=cast.nakagawa, by=cast.sato)
    assert not CallBack.objects.get().result
    identify(other, person=cast.yamada, by=cast.sato)
    promised.refresh_from_db()
    assert promised.result == "called_again"


def test_the_call_in_which_it_was_promised_does_not_close_it_and_a_ready_answer_stays(cast: Cast) -> None:
    start = calls_in("a-1")
    tell("a-1", ("agent.joined", 5, {"agent": "1001"}), start=start)
    for reason in ("promised", "answer_ready"):
        promise_call_back(
            number=MOBILE, due_at=NOW + timedelta(hours=2), team=cast.call_centre, reason=reason, by=cast.sato
        )
        CallBack.objects.update(created_at=start + timedelta(seconds=20))
    tell("a-1", ("call.ended", 60, {"by": "caller"}), start=start)
    assert CallBack.objects.waiting().count() == 2
    is_answered("a-2", 10)
    assert CallBack.objects.waiting().get().reason == "answer_ready"


def test_a_late_event_that_tells_of_an_answer_withdraws_the_row(cast: Cast) -> None:
    contact = gives_up("a-1")
    tell("a-1", ("agent.joined", 20, {"agent": "1001"}), start=NOW)
    row = CallBack.objects.get()
    assert row.done_at is not None
    assert row.result == "answered"
    contact.refresh_from_db()
    assert (contact.is_abandoned, contact.state) == (False, "open")


def test_settling_the_calls_by_hand_settles_what_is_owed(cast: Cast) -> None:
    first, second = gives_up("a-1"), gives_up("a-2", 1)
    dismiss(first, reason="sales_call", by=cast.sato)
    assert CallBack.objects.waiting().exists()
    dismiss(second, reason="sales_call", by=cast.sato)
    assert CallBack.objects.get().result == "withdrawn"


def test_the_telephone_tells_of_attempts_and_nobody_counts_one_twice(cast: Cast) -> None:
    gives_up("a-1")
    row, start = CallBack.objects.get(), NOW + timedelta(minutes=10)
    party = {"from": {"number": "1001"}, "to": {"number": "090-1111-2222"}}
    tell("o-1", ("call.started", 0, {"direction": "outbound", "agent": "1001", **party}), start=start)
    tell("o-1", ("call.ended", 20, {"by": "agent", "cause": 19}), start=start)
    tried = row.tries.get()
    assert (tried.staff, tried.result) == (cast.sato, "no_answer")
    later = NOW + timedelta(hours=1)
    try_call_back_again(row, due_at=later, outbound=tried.outbound, result="busy", by=cast.sato)
    row.refresh_from_db()
    assert (row.attempts, row.due_at, row.tries.get().result) == (1, later, "busy")
    with freeze_time(later):
        finish_call_back(row, result="reached", by=cast.suzuki)
    assert [(one.staff, one.result) for one in row.tries.all()] == [(cast.sato, "busy"), (cast.suzuki, "reached")]


def test_of_two_who_take_a_call_one_has_it_and_may_give_it_back(cast: Cast) -> None:
    gives_up("a-1")
    mine, theirs = CallBack.objects.get(), CallBack.objects.get()
    take_call_back(mine, by=cast.sato)
    take_call_back(mine, by=cast.sato)
    with pytest.raises(Refused, match="佐藤 美咲"):
        take_call_back(theirs, by=cast.suzuki)
    with pytest.raises(Refused):
        give_back_call_back(theirs, by=cast.suzuki)
    give_back_call_back(mine, by=cast.sato)
    assert take_call_back(theirs, by=cast.suzuki).staff == cast.suzuki
    with pytest.raises(Refused):
        take_call_back(mine, by=cast.ogawa)


def test_a_caller_has_one_open_row_a_team(cast: Cast) -> None:
    gives_up("a-1")
    row = CallBack.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        CallBack.objects.create(reason="abandoned", number=row.number, team=row.team, due_at=NOW)


calls = st.lists(st.sampled_from("va"), min_size=1, max_size=5)  # in vain, answered: in the order of time


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(what=calls, data=st.data())
def test_in_whatever_order_the_calls_are_told_the_same_is_owed(
    cast: Cast, what: list[str], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(what))))
    vain = [place for place, kind in enumerate(what) if kind == "v"]
    answered = max((place for place, kind in enumerate(what) if kind == "a"), default=-1)
    owed = [place for place in vain if place > answered]
    with transaction.atomic():
        for place in order:
            (gives_up if what[place] == "v" else is_answered)(f"c-{place}", place * 10)
        rows = list(CallBack.objects.waiting())
        assert len(rows) == bool(owed)
        for row in rows:
            assert row.due_at == NOW + timedelta(minutes=owed[0] * 10 + 30, seconds=WAITED + 0.1)
            names = row.calls.values_list("interaction__call__call_id", flat=True)
            assert set(names) == {f"c-{place}" for place in owed}
        settled = Interaction.objects.filter(state="dismissed").values_list("call__call_id", flat=True)
        assert set(settled) == {f"c-{place}" for place in vain if place < answered}
        transaction.set_rollback(True)
