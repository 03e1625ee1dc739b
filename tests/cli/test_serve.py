"""``madoguchi serve`` as a process tree: what dies comes back, what is told to stop stops."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from madoguchi.cli import serve
from madoguchi.config.environment import IN_FORCE
from tests.desk import Desk

PARTS = 2  # web and worker
PATIENCE = 120  # seconds: a busy machine is no failure


def children(pid: int) -> list[int]:
    """The processes whose parent is ``pid``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except FileNotFoundError:
        return []


def until(holds: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit, f"it did not come true within {PATIENCE} s"
        time.sleep(0.1)


def part(desk: Desk, name: str) -> int:
    assert desk.process
    return next((pid for pid in children(desk.process.pid) if name in words(pid)), 0)


def answers(desk: Desk) -> bool:
    try:
        return httpx.get(f"{desk.url}/readyz", timeout=5, verify=False).status_code == 200
    except httpx.TransportError:
        return False


def test_a_killed_web_server_comes_back(served: Desk) -> None:
    before = part(served, "web")
    os.kill(before, signal.SIGKILL)
    until(lambda: part(served, "web") not in {0, before})
    until(lambda: answers(served))


def test_a_killed_web_process_is_replaced(served: Desk) -> None:
    until(lambda: children(part(served, "web")))
    before = set(children(part(served, "web")))
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: set(children(part(served, "web"))) - before)
    until(lambda: answers(served))


def test_a_killed_worker_comes_back(served: Desk) -> None:
    before = part(served, "worker")
    os.kill(before, signal.SIGKILL)
    until(lambda: part(served, "worker") not in {0, before})


def test_no_part_survives_the_death_of_the_supervisor(served: Desk) -> None:
    assert served.process
    until(lambda: len(children(served.process.pid)) == PARTS if served.process else False)
    family = children(served.process.pid) + children(part(served, "web"))
    served.process.kill()
    served.process.wait()
    try:
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family))
    finally:
        served.stop()
        served.start()


def test_it_stops_cleanly_while_a_live_line_is_open(served: Desk) -> None:
    assert served.process
    cookies = served.session(served.cast.sato)
    with httpx.stream("GET", f"{served.url}/live?topics=*:call", cookies=cookies, timeout=PATIENCE) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        served.process.terminate()
        for _ in pieces:
            pass  # the desk ends the line instead of waiting for the reader
    assert served.process.wait(PATIENCE) == 0
    served.stop()
    served.start()


def test_a_database_behind_the_code_is_told_in_a_sentence(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MADOGUCHI_")}
    run = subprocess.run(
        [sys.executable, "-m", "madoguchi", "serve", "--port", "0"],
        env=environment | {"MADOGUCHI_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr == "The database is not up to date: run madoguchi init first.\n"


def test_a_port_that_is_taken_is_told_in_a_sentence(served: Desk) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "madoguchi", "serve", "--port", str(served.port)],
        env=dict(served.environment),
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr == f"127.0.0.1:{served.port} cannot be listened on: Address already in use.\n"


def test_a_port_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "madoguchi", "serve", "--port", "99999"],
        env=os.environ | {"MADOGUCHI_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr == "127.0.0.1:99999 cannot be listened on: a port is a number up to 65535.\n"


def test_links_lead_to_the_port_that_is_served_when_no_public_address_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(IN_FORCE, "MADOGUCHI_PUBLIC_URL", ("http://localhost:8000", "default"))
    monkeypatch.setenv("MADOGUCHI_PUBLIC_URL", "")
    monkeypatch.setattr(serve, "prepare", lambda: 0)
    monkeypatch.setattr(serve, "supervise", lambda parts: 0)
    assert serve.run(argparse.Namespace(host="127.0.0.1", port=0)) == 0
    assert os.environ["MADOGUCHI_PUBLIC_URL"] == "http://localhost:0"


def test_strangers_get_no_metrics_through_a_proxy(served: Desk) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert httpx.get(f"{served.url}/metrics").status_code == 200
    assert httpx.get(f"{served.url}/metrics", headers=forwarded).status_code == 403
    reader = served.token(served.cast.admin, "tickets:read")
    bearer = forwarded | {"Authorization": f"Bearer {reader}"}
    assert httpx.get(f"{served.url}/metrics", headers=bearer).status_code == 403
    bearer["Authorization"] = f"Bearer {served.token(served.cast.admin, 'admin')}"
    assert httpx.get(f"{served.url}/metrics", headers=bearer).status_code == 200
