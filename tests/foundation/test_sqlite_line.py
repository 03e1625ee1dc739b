"""Writers of several processes: each gets its turn, nobody waits without end, and a place left is nobody's."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from madoguchi.foundation.busy import RETRY_AFTER, Busy
from madoguchi.foundation.sqlite3.line import Line
from madoguchi.people.models import Team
from madoguchi.problems.models import Problem
from madoguchi.worker.loop import Turns
from madoguchi.worker.schedule import Job
from tests.api.client import program_of
from tests.cast import PASSWORD, Cast

SignIn = Callable[..., Client]
_HOLD = """
import fcntl, sys

file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""
_COUNT = """
import sys
from pathlib import Path
from madoguchi.foundation.sqlite3.line import Line

line, counter = Line(sys.argv[1]), Path(sys.argv[1])
for _ in range(200):
    assert line.enter(60)
    counter.write_text(str(int(counter.read_text()) + 1))
    line.leave()
"""


@contextmanager
def held_by_another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process writes, for as long as the block lasts."""
    command = [sys.executable, "-c", _HOLD, f"{path}-queue"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def is_free(path: Path) -> bool:
    """Whether a process that comes now writes at once."""
    file = os.open(f"{path}-queue", os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def becomes_free(path: Path) -> bool:
    for _ in range(500):
        if is_free(path):
            return True
        time.sleep(0.01)
    return False


def test_writers_of_several_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    command = [sys.executable, "-c", _COUNT, str(counter)]
    line, writers = Line(str(counter)), [subprocess.Popen(command) for _ in range(3)]
    done = []

    def count() -> None:
        for _ in range(100):
            assert line.enter(60)
            counter.write_text(str(int(counter.read_text()) + 1))
            line.leave()
        done.append(True)

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert (int(counter.read_text()), len(done)) == (900, 3)
    assert is_free(counter)


def test_nobody_waits_longer_than_they_said_and_whoever_comes_next_has_the_place(tmp_path: Path) -> None:
    path = tmp_path / "desk"
    line, threads = Line(str(path)), threading.active_count()
    with held_by_another_process(path) as other:
        for _ in range(3):
            began = time.monotonic()
            assert not line.enter(0.2)
            assert 0.2 <= time.monotonic() - began < 5
        assert threading.active_count() == threads + 1
        threading.Timer(0.3, other.kill).start()
        assert line.enter(60)
    assert not is_free(path)
    line.leave()
    assert becomes_free(path)
    assert line.enter(0)
    line.leave()


def test_a_place_that_nobody_wants_any_more_holds_up_no_other_process(tmp_path: Path) -> None:
    path = tmp_path / "desk"
    line = Line(str(path))
    with held_by_another_process(path):
        assert not line.enter(0.1)
    assert becomes_free(path)
    assert line.enter(60)
    line.leave()


def test_a_process_that_may_begin_no_thread_just_now_writes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    line = Line(str(tmp_path / "desk"))
    with held_by_another_process(tmp_path / "desk"), monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError):
            line.enter(0.2)
    assert line.enter(1)
    line.leave()


def test_a_child_of_fork_stands_in_line_by_itself(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from madoguchi.foundation.sqlite3.line import line_of\n"
        "assert line_of(sys.argv[1]).enter(1)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(7 if not line_of(sys.argv[1]).enter(0.2) else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path / "desk")], check=False).returncode == 7


@pytest.fixture
def database(engine: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    if engine != "sqlite":
        pytest.skip("PostgreSQL needs no queue")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)
    return Path(connection.settings_dict["NAME"])


@pytest.mark.django_db(transaction=True)
def test_page_program_and_worker_are_told_that_the_desk_is_busy(
    database: Path, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, program = sign_in(cast.sato), program_of(cast.sato, "tickets:write", "tickets:read")
    page.raise_request_exception = False
    written = {"subject": "VPN", "body": "つながらない", "channel": "web"}

    def works() -> bool:
        with transaction.atomic():
            Team.objects.filter(pk=cast.network.pk).update(name="網")
        return False

    turns = Turns(Job("writes", works, every=3.0))
    with held_by_another_process(database):
        with pytest.raises(Busy), transaction.atomic():
            raise AssertionError("never")
        for headers in ({}, {"HX-Request": "true"}):
            answer = page.post(
                "/tickets/new/", {"subject": "VPN", "body": "つながらない", "channel": "phone"}, headers=headers
            )
            assert (answer.status_code, answer["Retry-After"]) == (503, str(RETRY_AFTER))
            assert "少し待ってから" in answer.content.decode()
        for key in ({}, {"Idempotency-Key": "k-1"}):
            said = program.post("/tickets", written, **key)
            assert (said.status, said.headers["Retry-After"], said.body["code"]) == (503, str(RETRY_AFTER), "busy")
        assert page.get("/tickets/").status_code == 200
        # Signing in writes, too, for somebody whom the desk does not know yet.
        stranger = Client(raise_request_exception=False)
        chosen = stranger.post("/accounts/login/", {"login": cast.sato.email, "password": PASSWORD})
        assert (chosen.status_code, chosen.get("Retry-After")) == (503, str(RETRY_AFTER))
        assert turns.take() == 3.0
    assert program.post("/tickets", written, **{"Idempotency-Key": "k-1"}).status == 201
    assert turns.take() == 3.0
    assert (turns.failures, Team.objects.get(pk=cast.network.pk).name) == (0, "網")
    assert not Problem.objects.exists()
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_whoever_writes_without_a_transaction_is_told_so_too(database: Path, cast: Cast) -> None:
    def works() -> bool:
        Team.objects.filter(pk=cast.network.pk).update(name="網")
        return False

    turns = Turns(Job("writes", works, every=3.0))
    connection.close()  # the next one waits as long as the settings say by now
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        works()
    assert (turns.take(), turns.failures) == (3.0, 0)
    other.execute("ROLLBACK")
    assert turns.take() == 3.0
    other.close()
    assert (Team.objects.get(pk=cast.network.pk).name, Problem.objects.exists()) == ("網", False)
    connections.close_all()
