"""Two real workers on a desk of their own, killed and started again at random while they work off what waits."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.desk import Builder, Desk

_KILLS = 6


@pytest.fixture
def workers_desk(desk_builder: Builder, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    """A desk of its own, of which only workers run."""
    name = desk_builder.fresh()
    folder = desk_builder.root / name
    folder.mkdir()
    desk = Desk("", 0, folder, desk_builder.name(name), desk_builder.environment(name, folder), django_db_blocker)
    try:
        yield desk
    finally:
        desk_builder.drop(name)


def kill_two_workers_at_random(desk: Desk, *, done: Callable[[], int], of: int, over: Callable[[], bool]) -> None:
    """Run two workers until ``over``, killing one whenever another part ``of`` the whole is ``done``."""
    workers = [_worker(desk), _worker(desk)]
    try:
        for kill in range(1, _KILLS + 1):
            _wait(lambda kill=kill: desk.run(done) >= kill * of // (_KILLS + 2))  # type: ignore[misc]
            place = random.randrange(2)
            os.kill(workers[place].pid, signal.SIGKILL)
            workers[place].wait()
            workers[place] = _worker(desk)
        _wait(lambda: desk.run(over))
    finally:
        for process in workers:
            process.kill()
            process.wait()


def _worker(desk: Desk) -> "subprocess.Popen[bytes]":
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "madoguchi", "worker"]
    return subprocess.Popen(command, env=dict(desk.environment), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait(holds: Callable[[], bool]) -> None:
    """Ask twice a second; the machine may be busy, so the limit is generous."""
    limit = time.monotonic() + 240
    while not holds():
        assert time.monotonic() < limit, "the workers do not go on"
        time.sleep(0.5)
