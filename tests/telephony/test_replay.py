"""A recording that cannot be folded says where, and how it might be written."""

import argparse
import json
from pathlib import Path

import pytest

from madoguchi.cli.calls_replay import run
from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.replay import replay

CALL = {"event": "newCall", "callId": "s-1", "direction": "in", "from": "0312345678", "to": "0350000001"}


def refusal(lines: list[str], format: str = "neutral") -> str:
    with pytest.raises(Refused) as refused:
        replay(lines, format=format)
    return str(refused.value)


def test_what_is_wrong_is_told_with_its_line() -> None:
    good, bad = json.dumps(CALL), json.dumps({key: value for key, value in CALL.items() if key != "callId"})
    assert "3" in refusal(["", good, bad], "zammad")
    assert "callId" in refusal(["", good, bad], "zammad")
    assert "2" in refusal([good, "{", good], "zammad")


def test_one_list_over_the_whole_file_is_read_and_its_wrong_value_told_by_number() -> None:
    written = json.dumps([CALL, CALL | {"callId": ""}], indent=1).splitlines()
    assert " 2 " in refusal(written, "zammad") or "2番目" in refusal(written, "zammad")
    assert len(replay(json.dumps([CALL, CALL | {"callId": "s-2"}], indent=1).splitlines(), format="zammad")) == 2


def test_another_format_is_hinted_at() -> None:
    manager = json.dumps({"t": 1, "conn": 1, "dir": "recv", "msg": [["Event", "Newchannel"]]})
    assert "asterisk-ami" in refusal([manager])
    assert "asterisk-ami" in refusal([json.dumps(CALL)], "asterisk-ami")
    assert "2026-11-21" in refusal([json.dumps({"received_at": "gestern", "event": CALL})], "zammad")


def test_an_empty_recording_is_refused() -> None:
    assert "neutral" in refusal([])
    assert "twilio" in refusal(["", " "], "twilio")


def test_a_call_that_goes_on_is_printed_as_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_text(json.dumps(CALL), encoding="utf-8")
    assert run(argparse.Namespace(file=str(file), format="zammad", json=False)) == 0
    assert capsys.readouterr().out == "s-1\tinbound\t0312345678\topen\t-\n"
