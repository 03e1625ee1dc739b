"""The comparison with the records runs every night by itself, and when somebody asks for it."""

import argparse
import json
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from madoguchi.cli import calls_reconcile
from madoguchi.foundation.busy import Busy
from madoguchi.foundation.refusal import Refused
from madoguchi.problems.models import Problem
from madoguchi.telephony.models import Call, Reconciliation
from madoguchi.telephony.reconcile.groups import row_events
from madoguchi.telephony.reconcile.nightly import reconcile_due
from tests.cast import Cast
from tests.telephony.cdr import at, kinds, saved, source, written

pytestmark = pytest.mark.django_db


def test_every_night_once_and_a_killed_one_is_taken_up(cast: Cast, tmp_path: Path) -> None:
    path = saved(tmp_path / "Master.csv", written())
    log = source(path, time_zone="Asia/Tokyo", at=time(3, 30))
    assert [reconcile_due([log], at(20)), reconcile_due([log], at(21))] == [1, 0]
    first = Reconciliation.objects.get()
    assert (first.recovered, first.since, first.until) == (1, at(20, 20), at(20))
    assert reconcile_due([log], at(19, 22)) == 1
    assert Reconciliation.objects.first().since == at(20, 20)  # type: ignore[union-attr]
    Reconciliation.objects.filter(pk=first.pk).delete()
    last = Reconciliation.objects.get()
    Reconciliation.objects.update(ended_at=None)
    assert [reconcile_due([log], at(19, 22) + timedelta(minutes=minutes)) for minutes in (29, 30, 31)] == [0, 1, 0]
    assert Reconciliation.objects.get(pk=last.pk).ended_at
    assert reconcile_due([replace(log, at=None)], at(20, 25)) == 0


def test_a_source_that_cannot_be_read_is_a_problem_until_it_can(cast: Cast, tmp_path: Path) -> None:
    log = source(tmp_path / "Master.csv", time_zone="Asia/Tokyo", at=time(3, 30))
    assert reconcile_due([log], at(20)) == 1
    assert "Master.csv" in Problem.objects.get(resolved_at=None).message
    saved(tmp_path / "Master.csv", written())
    assert reconcile_due([log], at(20, 22)) == 1
    assert not Problem.objects.filter(resolved_at=None).exists()


def test_an_unforeseen_error_spoils_one_call_and_one_source(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(call: Any, *rest: Any, **options: Any) -> Any:
        if call.first.uniqueid == "1.1":
            raise ValueError("no such thing")
        return row_events(call, *rest, **options)

    monkeypatch.setattr("madoguchi.telephony.reconcile.run.row_events", failing)
    good = source(saved(tmp_path / "good.csv", written(), written(uniqueid="2.1", channel="PJSIP/trunk-00000008",
        dstchannel="PJSIP/1002-00000009")), time_zone="Asia/Tokyo", at=time(3, 30))  # fmt: skip
    assert reconcile_due([good], at(20)) == 1
    done = Reconciliation.objects.get()
    assert (done.rows, done.recovered, done.refused, kinds(done)) == (2, 1, 1, ["refused", "recovered"])
    assert Problem.objects.get(resolved_at=None).facts["source"] == "good.csv"
    monkeypatch.setattr("madoguchi.telephony.reconcile.run.row_events", row_events)
    broken = replace(good, name="broken.csv", time_zone="nowhere")
    assert reconcile_due([broken, good], at(20, 22)) == 2
    assert "nowhere" in Reconciliation.objects.get(source="broken.csv").error
    assert [one.facts["source"] for one in Problem.objects.filter(resolved_at=None)] == ["broken.csv"]
    assert Call.objects.count() == 2


def test_a_night_in_which_the_desk_is_busy_has_another_turn(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_given: Any, **_options: Any) -> Any:
        raise Busy("database is locked")

    log = source(saved(tmp_path / "Master.csv", written()), time_zone="Asia/Tokyo", at=time(3, 30))
    monkeypatch.setattr("madoguchi.telephony.reconcile.run.receive_events", busy)
    with pytest.raises(Busy):
        reconcile_due([log], at(20))
    monkeypatch.undo()
    assert (Reconciliation.objects.get().ended_at, Problem.objects.exists()) == (None, False)
    assert reconcile_due([log], at(20) + Reconciliation.CLAIM) == 1
    assert (Reconciliation.objects.get().recovered, Call.objects.count()) == (1, 1)


def test_the_command_prints_each_difference(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.ASTERISK = ()
    path = saved(tmp_path / "Master.csv", written(), written(uniqueid="2.1", start="yesterday"))
    parser = argparse.ArgumentParser()
    calls_reconcile.add_arguments(parser)
    assert calls_reconcile.run(parser.parse_args([f"{path}?time_zone=Asia/Tokyo", "--from", "2026-08-21"])) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("50 % of 2 rows")
    assert "row 2" in shown
    assert "recovered  row 1  1.1  2026-08-21T03:00:00+00:00  There was no record of it" in shown
    assert calls_reconcile.run(parser.parse_args([str(path), "--json", "--to", "2026-08-22T00:00"])) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["percentage"], told["matched"], told["recovered"], told["refused"]) == (50, 1, 0, 1)
    assert calls_reconcile.run(parser.parse_args([str(tmp_path / "nowhere.csv")])) == 2
    with pytest.raises(Refused, match="no time zone"):
        calls_reconcile.run(parser.parse_args([f"{path}?time_zone=Mars"]))


def test_the_command_names_rows_that_are_wrong_in_the_same_way_once(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.ASTERISK = ()
    path = tmp_path / "notes.txt"
    path.write_text("a note\n" * 12, encoding="utf-8")
    parser = argparse.ArgumentParser()
    calls_reconcile.add_arguments(parser)
    assert calls_reconcile.run(parser.parse_args([str(path)])) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if "The columns cannot be told" in line]
    assert told == ["refused  row 1 and 11 more  The columns cannot be told: no time stands where one belongs."]
