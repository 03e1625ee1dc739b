"""A trial is a row that a worker claims: it tells its progress, survives a killed worker and an error of its own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.problems.models import Problem
from madoguchi.rules.actions import try_rule
from madoguchi.rules.actions.try_rule import ask_for_trial, run_next_trial
from madoguchi.rules.models import Firing, Trial
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.cast import Cast
from tests.rules.rules import TELL, on, rule

pytestmark = pytest.mark.django_db
OPENED = {"when": on("opened"), "then": [TELL]}


def test_a_trial_that_was_asked_for_is_run_by_the_worker(cast: Cast) -> None:
    open_ticket(subject="一", body="一", channel="phone", by=cast.sato)
    trial = ask_for_trial(definition=OPENED, name="起票", by=cast.hayashi)
    assert run_next_trial() is True
    trial.refresh_from_db()
    assert (trial.state, trial.done, trial.total) == ("done", 1, 1)
    assert trial.result is not None
    assert trial.result["tickets"] == 1
    assert run_next_trial() is False


def test_a_trial_of_a_rule_that_was_on_does_not_count_what_it_did_itself(cast: Cast) -> None:
    urgent = {"kind": "set_priority", "to": "urgent"}
    own = rule(cast.hayashi, on("opened", "changed"), urgent)
    open_ticket(subject="一", body="一", channel="phone", by=cast.sato)
    trial = ask_for_trial(definition=own.definition, name="緊急", rule=own, by=cast.hayashi)
    assert run_next_trial()
    trial.refresh_from_db()
    assert trial.result is not None
    assert trial.result["fired"] == Firing.objects.count() == 1


def test_a_trial_whose_worker_was_killed_is_run_again_when_its_claim_has_run_out(cast: Cast) -> None:
    trial = ask_for_trial(definition=OPENED, name="起票", by=cast.hayashi)
    Trial.objects.update(state="running", claimed_until=timezone.now() + Trial.CLAIM)
    assert run_next_trial() is False
    assert run_next_trial(now=timezone.now() + Trial.CLAIM + timedelta(seconds=1)) is True
    trial.refresh_from_db()
    assert trial.state == "done"


def test_a_trial_that_fails_says_so_and_the_next_has_its_turn(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = ask_for_trial(definition=OPENED, name="一", by=cast.hayashi)
    good = ask_for_trial(definition=OPENED, name="二", by=cast.hayashi)
    Trial.objects.filter(pk=bad.pk).update(definition={})
    assert run_next_trial()
    assert run_next_trial()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("failed", "done")
    assert Problem.objects.get(pk=bad.problem).where == "rules.trial"
    monkeypatch.setattr(try_rule, "run_trial", pytest.fail)
    assert run_next_trial() is False


def test_who_writes_no_rules_tries_none(cast: Cast) -> None:
    for person in (cast.sato, cast.mori, cast.watanabe):
        with pytest.raises(Refused):
            ask_for_trial(definition=OPENED, name="", by=person)
    with pytest.raises(Refused):
        ask_for_trial(definition={"when": "never"}, name="", by=cast.hayashi)
    with pytest.raises(Refused):
        ask_for_trial(definition=OPENED, name="", by=cast.hayashi, days=0)
