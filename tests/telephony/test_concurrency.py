"""Many posts at once: nothing lost, nothing told twice."""

import random
import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from madoguchi.journal.models import Entry
from madoguchi.telephony.actions.pbx_lines import hold
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.events import Event
from madoguchi.telephony.models import Call, CallEvent, OperatorState, Order, Pbx
from madoguchi.telephony.operators import hold_calls_of, locked_states
from tests.cast import Cast, enter
from tests.telephony.lines import PBX, queue_call, receive_events


def at_once(*jobs: Callable[[], object]) -> list[Exception]:
    """Run all jobs in threads of their own, started together; what they raised."""
    failures: list[Exception] = []
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        try:
            gate.wait()
            job()
        except Exception as failure:  # noqa: BLE001 -- told to the test, whatever it is
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def poster(events: list[Event], seed: int) -> Callable[[], object]:
    """Posts the events one by one, in a shuffled order."""
    order = random.Random(seed).sample(events, len(events))
    return lambda: [receive_events([one], sender="pbx", by=PBX) for one in order]


@pytest.mark.django_db(transaction=True)
def test_the_same_calls_posted_by_four_at_once_give_one_record_each() -> None:
    enter()
    moment = timezone.now()
    calls = [event for name in ("c-1", "c-2") for event in queue_call(name, at=moment)]
    assert at_once(*(poster(calls, seed) for seed in range(4))) == []
    assert CallEvent.objects.exclude(sender="madoguchi").count() == len(calls)
    assert sorted(Call.objects.values_list("call_id", flat=True)) == ["c-1", "c-2"]
    for call in Call.objects.all():
        assert (call.record["talk_s"], call.record["wait_s"], call.record["incomplete"]) == (26.0, 3.5, [])
    kinds = list(Entry.objects.filter(kind__in=["call.started", "call.ended"]).values_list("kind", flat=True))
    assert sorted(kinds) == ["call.ended", "call.ended", "call.started", "call.started"]
    assert OperatorState.objects.get().state in ("available", "wrapup")  # was the end told before the answer?


@pytest.mark.django_db(transaction=True)
def test_posts_that_name_the_same_calls_in_other_orders_do_not_block_each_other_for_ever() -> None:
    enter()
    one, other = queue_call("c-1"), queue_call("c-2")
    jobs = [
        lambda: receive_events(one + other, sender="pbx", by=PBX),
        lambda: receive_events(list(reversed(one + other)), sender="pbx", by=PBX),
        lambda: receive_events(other + one, sender="pbx", by=PBX),
    ]
    assert at_once(*jobs) == []
    assert CallEvent.objects.exclude(sender="madoguchi").count() == len(one) + len(other)


@pytest.mark.django_db(transaction=True)
def test_posts_that_share_agents_crosswise_all_succeed() -> None:
    enter()

    def shift(first: str, second: str) -> list[Event]:
        return [*queue_call(f"{first}-a", agent=first)[:6], *queue_call(f"{first}-b", agent=second)[:6]]

    jobs = [
        lambda: receive_events(shift("1001", "1002"), sender="one", by=PBX),
        lambda: receive_events(shift("1002", "1001"), sender="two", by=PBX),
    ]
    assert at_once(*jobs) == []
    assert set(OperatorState.objects.values_list("state", flat=True)) == {"talking"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writes one after the other")
def test_an_order_never_waits_for_the_connector_that_waits_for_the_operator(cast: Cast) -> None:
    set_operator_state(cast.sato, "available", by=cast.sato)
    call = receive_events(queue_call()[:6], sender="pbx", by=PBX)[0]
    pbx = Pbx.objects.create(key="pbx", name="pbx", held_by="connector")
    both_hold = threading.Barrier(2, timeout=10)

    def operator() -> None:
        with transaction.atomic():
            locked_states([cast.sato.pk], now=timezone.now())
            both_hold.wait()
            now = timezone.now()
            Order.objects.create(pbx=pbx, kind="pause", request="1", staff=cast.sato, call=call, expires_at=now)

    def connector() -> None:
        with transaction.atomic():
            hold("pbx", holder="connector", now=timezone.now())
            hold_calls_of([cast.sato.pk])
            both_hold.wait()
            locked_states([cast.sato.pk], now=timezone.now())

    assert at_once(operator, connector) == []
