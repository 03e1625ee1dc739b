"""``madoguchi asterisk`` as a process, killed amid a recording and started again: nothing is lost, nothing doubled."""

import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest

from madoguchi.journal.models import Entry
from madoguchi.telephony.models import CallEvent, Pbx
from tests.desk import Desk
from tests.gateways.fake_ami import PATIENCE, FakeAmi
from tests.gateways.playing import wrong
from tests.gateways.recorded import recording
from tests.telephony.recordings import ABSENT, SCENARIOS

pytestmark = [pytest.mark.database, pytest.mark.skipif(not SCENARIOS, reason=ABSENT)]
KILLS = 3
_ASKED_FIRST = 4
_PROCESS_WITHIN = 240.0  # seconds, of which a process may take most until it runs


class Server:
    """A fake Asterisk on an event loop and thread of its own."""

    def __init__(self, scenario: str) -> None:
        self.fake = FakeAmi(recording(scenario))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.do(self.fake.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self.fake.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def do(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def is_kept(self) -> bool:
        """Whether all that was sent on this connection is in the database, by what the memory counts.

        Which connection the memory is of tells the journal: the clocks of two processes would not do.
        """
        if Entry.objects.filter(kind="pbx.connected").count() < self.fake.logins:
            return False
        memory = json.loads(Pbx.objects.get(key="asterisk:killed").memory)
        sent: int = self.fake.sent - self.fake.sent_before_login
        return bool(memory["translation"]["place"] >= sent + _ASKED_FIRST)

    def see_it_gone(self) -> None:
        """Wait until the killed client's connection has ended here too: what is sent on it would be lost."""
        self.do(self.fake.until(lambda: self.fake.lost))


@contextmanager
def connector(desk: Desk, port: int) -> Iterator[None]:
    """The command, until it is killed."""
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "madoguchi", "asterisk"]
    environment = dict(desk.environment) | {"MADOGUCHI_ASTERISK_URL": f"ami://cti:secret@127.0.0.1:{port}?name=killed"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("scenario", ["c-no-answer-then-next", "f-attended-transfer", "d-hold-unhold"])
def test_a_connector_killed_amid_a_recording_goes_on_where_it_was(scenario: str, workers_desk: Desk) -> None:
    steps = len(recording(scenario).steps)
    places = [*sorted(random.Random(scenario).sample(range(2, steps), KILLS)), steps]
    with Server(scenario) as server:
        for number, place in enumerate(places, 1):
            with connector(workers_desk, server.fake.port):
                _wait(lambda number=number: server.fake.logins == number)  # type: ignore[misc]
                server.do(server.fake.play(place))
                _wait(lambda: workers_desk.run(server.is_kept))
            server.see_it_gone()
    assert workers_desk.run(wrong, scenario, "asterisk:killed", 0.5) == []
    assert workers_desk.run(CallEvent.objects.filter(type="source.gap").count) >= KILLS


def _wait(holds: Callable[[], bool]) -> None:
    """Ask ten times a second; the machine may be busy, so the limit is generous."""
    limit = time.monotonic() + _PROCESS_WITHIN
    while not holds():
        assert time.monotonic() < limit, "the connector does not go on"
        time.sleep(0.1)
