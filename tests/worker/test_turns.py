"""How a job takes its turns."""

import threading
from datetime import timedelta

import pytest
from freezegun import freeze_time

from madoguchi.problems.models import Problem
from madoguchi.telephony.models import Call
from madoguchi.worker.loop import Turns
from madoguchi.worker.schedule import SCHEDULE, Job
from tests.cast import Cast
from tests.telephony.lines import NINE, post, queue_call


def test_a_job_with_more_to_do_goes_on_at_once() -> None:
    assert Turns(Job("busy", lambda: True, every=5.0)).take() == 0.0


def test_a_job_with_nothing_to_do_waits_its_pause() -> None:
    assert Turns(Job("idle", lambda: False, every=5.0)).take() == 5.0


@pytest.mark.django_db(transaction=True)
def test_a_failing_job_waits_longer_each_time_and_is_told_once() -> None:
    turns = Turns(Job("broken", _fail, every=1.0))
    assert [turns.take() for _ in range(4)] == [2.0, 4.0, 8.0, 16.0]
    problem = Problem.objects.get()
    assert (problem.where, problem.kind, problem.message) == ("worker.broken", "ValueError", "no")
    assert "in _fail" in problem.traceback


@pytest.mark.django_db(transaction=True)
def test_a_job_that_failed_for_days_still_has_its_turn() -> None:
    turns = Turns(Job("broken", _fail, every=1.0))
    turns.failures = 10_000
    assert turns.take() == 300.0


@pytest.mark.django_db(transaction=True)
def test_a_job_that_works_again_has_its_usual_pause() -> None:
    outcomes = iter([ValueError("no"), None])

    def sometimes() -> bool:
        if error := next(outcomes):
            raise error
        return False

    turns = Turns(Job("shaky", sometimes, every=1.0))
    assert [turns.take(), turns.take()] == [2.0, 1.0]
    assert turns.failures == 0


def test_it_finishes_the_batch_at_hand_when_told_to_stop() -> None:
    stopping, finished = threading.Event(), []

    def batch() -> bool:
        stopping.set()
        finished.append(True)
        return True

    Turns(Job("one", batch, every=0.0)).until(stopping)
    assert finished == [True]


def test_a_call_that_fell_silent_is_ended_by_the_schedule(cast: Cast) -> None:
    with freeze_time(NINE):
        post(queue_call()[:6])
    with freeze_time(NINE + timedelta(hours=5)):
        next(job for job in SCHEDULE if job.name == "silent_calls").function()
    assert not Call.objects.filter(is_live=True).exists()


def _fail() -> bool:
    raise ValueError("no")
