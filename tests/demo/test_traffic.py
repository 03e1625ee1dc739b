"""The demo's traffic: what it sends is valid, sent again when it was not taken, and asks for what a hand-off needs."""

import shlex
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from madoguchi.cli import main
from madoguchi.demo import company, run, source
from madoguchi.demo.actors import Stage
from madoguchi.demo.client import Door
from madoguchi.demo.operators import Operator, required_items
from madoguchi.demo.switchboard import Switchboard
from madoguchi.foundation.refusal import Refused
from madoguchi.people.tokens import ApiToken
from madoguchi.telephony.events import read_events


class Recorder(Door):
    """A desk that may be out of reach."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", 9)
        self.taken: list[dict[str, Any]] = []
        self.away = False

    def post(self, path: str, body: Any) -> Any:
        if self.away:
            return None
        self.taken += body if isinstance(body, list) else [body]
        return {}

    def cti(self, body: Any) -> Any:
        return {}


@pytest.fixture
def desk() -> Recorder:
    return Recorder()


@pytest.fixture
def switchboard(desk: Recorder) -> Switchboard:
    stage = Stage({"sato": desk}, threading.Event(), 6.0, ("127.0.0.1", 9), "desk@hoshinoha.example")
    return Switchboard(stage, 3, {"1001": Operator(stage, 1, "sato")}, desk, desk)


def test_every_event_is_one_that_the_telephone_door_takes(switchboard: Switchboard, desk: Recorder) -> None:
    switchboard.turn()
    assert {"call.started", "queue.entered", "agent.offered"} <= {event["type"] for event in desk.taken}
    assert len(read_events(desk.taken)) == len(desk.taken)


def test_events_that_were_not_taken_are_sent_again_in_order(switchboard: Switchboard, desk: Recorder) -> None:
    desk.away = True
    switchboard.turn()
    kept = [event["id"] for events in switchboard.unsent for event in events]
    assert kept
    desk.away = False
    before = len(desk.taken)
    switchboard.turn()
    assert [event["id"] for event in desk.taken[before:]][: len(kept)] == kept


def test_the_items_of_the_contract_are_asked_for_before_a_hand_off() -> None:
    contract = {"error_code", "since_when", "impact", "steps_tried", "callback_number"}
    assert set(required_items("mail-trouble")) == contract


def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"{port} cannot be used"):
            run.run("127.0.0.1", port)


@pytest.mark.django_db
def test_the_command_for_a_token_that_the_demo_prints_makes_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    company.build(password="demo-password-1", tickets=0)
    folder = tmp_path / "a folder"
    environment = run._environment(folder, "::1", 8123, ("127.0.0.1", 25))
    run._welcome("demo-password-1", environment)
    line = next(line for line in capsys.readouterr().out.splitlines() if "token create" in line)
    assert line.startswith(f"  MADOGUCHI_DATA_DIR='{folder}' MADOGUCHI_PUBLIC_URL=")  # settings, as a shell sees it
    words = shlex.split(line)
    settings, (command, *arguments) = words[:2], words[2:]
    assert settings == [f"MADOGUCHI_DATA_DIR={folder}", "MADOGUCHI_PUBLIC_URL=http://[::1]:8123"]
    assert Path(command).is_file()
    assert main(arguments) == 0
    token = ApiToken.objects.get(name="PBX")
    assert (token.staff.email, set(token.scopes)) == ("nakamura@hoshinoha.example", {"calls:read", "calls:write"})


def test_the_times_of_a_day_are_there() -> None:
    rows = source.numbers("arrivals")
    assert len(rows) > 300
    assert all((row["service_s"] > 0) != (row["patience_s"] > 0) for row in rows)
