"""``madoguchi report``: to read, for programs, for Excel."""

import json

import pytest
from django.utils import timezone

from madoguchi.cli import main
from tests.cast import Cast
from tests.insight.test_reports import opened


@pytest.mark.usefixtures("cast")
def test_a_report_is_printed_in_every_form(cast: Cast, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    opened(cast)
    today = timezone.localdate().isoformat()
    asked = ["report", "moves", "--from", today, "--to", today, "--by", "team"]
    assert main(asked) == 0
    assert "コールセンター" in capsysbinary.readouterr().out.decode()
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["total"]["figures"]["tickets"] == 1
    assert main([*asked, "--csv"]) == 0
    lines = capsysbinary.readouterr().out.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("コールセンター,1,1,0,0,0,")
    assert main([*asked, "--xlsx"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"PK")


def test_an_unknown_report_is_refused_with_the_names_there_are(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "weather", "--from", "2026-04-01", "--to", "2026-04-30"]) == 2
    assert capsys.readouterr().err.startswith("There is no report “weather”. There are: ")
    assert main(["report", "moves", "--from", "april", "--to", "2026-04-30"]) == 2
    assert main(["report", "moves", "--from", "2026-04-01", "--to", "2026-04-30", "--by", "weather"]) == 2
    assert main(["report", "moves", "--from", "2026-04-30", "--to", "2026-04-01"]) == 2
    assert capsys.readouterr().err.endswith("\nThe period ends before it begins.\n")
