"""The log of another desk is read as the history of one; a rule can be tried on it."""

import gzip
import json
from pathlib import Path

import pytest

from madoguchi.cli import main
from madoguchi.foundation.refusal import Refused
from madoguchi.rules.history import xes

INCIDENTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "bpi2013" / "BPIC13_incidents.xes.gz"
NOT_HERE = "The incidents of the BPI Challenge 2013 (doi:10.4121/500573e6-accc-4b0c-9576-aa5468b10cee) are not here."


def event(minute: int, team: str, state: str = "Accepted", transition: str = "In Progress") -> str:
    values = {"org:group": team, "concept:name": state, "lifecycle:transition": transition, "impact": "Major"}
    strings = "".join(f'<string key="{key}" value="{value}"/>' for key, value in values.items())
    return f'<event>{strings}<date key="time:timestamp" value="2012-05-01T10:{minute:02}:00+02:00"/></event>'


def log(tmp_path: Path, *cases: list[str]) -> Path:
    traces = "".join(
        f'<trace><string key="concept:name" value="1-{number}"/>{"".join(events)}</trace>'
        for number, events in enumerate(cases, start=1)
    )
    path = tmp_path / "log.xes.gz"
    head = '﻿<?xml version="1.0" encoding="UTF-8"?><log xmlns="http://www.xes-standard.org/">'
    path.write_bytes(gzip.compress(f'{head}<int key="meta_general:traces_total" value="2"/>{traces}</log>'.encode()))
    return path


BOUNCED = [
    event(0, "A"),
    event(5, "B 2nd", "Queued", "Awaiting Assignment"),
    event(9, "B 2nd"),
    event(20, "A"),
    event(30, "C 3rd"),
    event(40, "C 3rd", "Completed", "Resolved"),
]
CALM = [event(0, "A"), event(10, "A", "Completed", "Closed")]


def test_moves_returns_and_time_per_team_come_from_the_events(tmp_path: Path) -> None:
    read = xes.read(log(tmp_path, BOUNCED, CALM))
    world = xes.OtherDesk(read)
    bounced, calm = xes.histories(read, world)
    assert [(move.to, move.back) for move in bounced.moves] == [
        (world.teams["B 2nd"], False),
        (world.teams["A"], True),
        (world.teams["C 3rd"], False),
    ]
    assert calm.moves == ()
    assert [(stay.team, stay.seconds, stay.stays, stay.cases) for stay in xes.time_per_team(read)] == [
        ("A", 1500, 3, 2),
        ("B 2nd", 900, 1, 1),
        ("C 3rd", 600, 1, 1),
    ]
    assert [moment.facts.status for moment in bounced.moments] == ["open", "new", "open", "open", "open", "resolved"]
    assert bounced.moments[2].facts.since["held"] == bounced.moments[1].at
    assert xes.differences(read) == {}


def test_a_trial_prints_which_cases_it_would_have_caught_and_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "trial", "--moved", "3", "--log", str(log(tmp_path, BOUNCED, CALM))]) == 0
    said = capsys.readouterr().out
    assert "It would have caught 1 of 2 tickets, firing 1 times." in said
    assert "1-1              1 × from 2012-05-01 10:30  nothing" in said
    rule = tmp_path / "rule.json"
    when = {"kind": "time", "state": "held", "seconds": 540, "working": False}
    where = {"all": [{"kind": "priority", "one_of": ["urgent"]}, {"kind": "line", "first": True}]}
    rule.write_text(json.dumps({"when": when, "where": where, "then": [{"kind": "offer", "to": "C 3rd"}]}))
    assert main(["rules", "trial", "--json", "--file", str(rule), "--log", str(log(tmp_path, BOUNCED))]) == 0
    told = json.loads(capsys.readouterr().out)["trial"]
    assert (told["tickets"], told["earlier"], told["moves_saved"]) == (1, 1, 0)
    assert told["hits"][0]["at"] == "2012-05-01T10:29:00+02:00"


@pytest.mark.parametrize(
    "wrong",
    [b"", b"no log", gzip.compress(b"<log><trace>"), gzip.compress(b"<log>" * 3)[:-9]],
    ids=["empty", "no log", "no end of the log", "no end of the file"],
)
def test_what_is_no_log_is_refused_with_a_sentence(tmp_path: Path, wrong: bytes) -> None:
    path = tmp_path / "log.xes"
    path.write_bytes(wrong)
    with pytest.raises(Refused):
        xes.read(path)


def test_the_incidents_of_2013_reproduce_their_publishers_own_figures(capsys: pytest.CaptureFixture[str]) -> None:
    if not INCIDENTS.exists():
        pytest.skip(NOT_HERE)
    assert main(["rules", "trial", "--moved", "3", "--json", "--log", str(INCIDENTS)]) == 0
    told = json.loads(capsys.readouterr().out)
    desk, trial = told["desk"], told["trial"]
    assert desk["differences"] == {}
    assert len(desk["header"]) == 36
    assert desk["header"]["meta_time:duration_average"]["counted"] == pytest.approx(1043655.35, abs=0.01)
    assert (desk["cases"], desk["events"], desk["moves"], desk["returns"]) == (7554, 65533, 9454, 3286)
    assert desk["cases_with_a_return"] == 1258
    most = max(desk["teams"], key=lambda stay: stay["seconds"])
    assert most == {"team": "V32 2nd", "seconds": 929521469, "stays": 93, "cases": 67}
    assert (trial["looked_at"], trial["tickets"], trial["fired"]) == (7554, 1083, 3578)
    assert trial["earlier"] + trial["nothing"] + trial["open"] == 1083
