"""A fake Asterisk and the running connector on one clock, the recording's: cut, killed, restarted as a test wishes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from django.db import connections, transaction

from madoguchi.gateways.ami import PATIENCE as PATIENT
from madoguchi.gateways.ami import BackOff, Patience, Server
from madoguchi.gateways.asterisk import Connector
from madoguchi.gateways.lines import PbxLine
from madoguchi.telephony.actions import orders
from madoguchi.telephony.models import Call, CallState, Order, Pbx
from madoguchi.telephony.providers.asterisk.pbx import Pbx as Naming
from tests.cast import Cast
from tests.gateways.fake_ami import PATIENCE, FakeAmi
from tests.gateways.recorded import Step
from tests.telephony.recordings import differences, expected_of
from tests.telephony.test_asterisk import UNSAID

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def line_to(port: int, name: str = "tokyo", secret: str = "secret") -> PbxLine:
    return PbxLine(Server("127.0.0.1", port, "cti", secret), Naming(key=f"asterisk:{name}"), name)


def in_database[R](function: Callable[[], R]) -> Awaitable[R]:
    """The function's result, from a thread that leaves no connection behind."""

    def work() -> R:
        try:
            return function()
        finally:
            connections.close_all()

    return asyncio.to_thread(work)


async def wait_for(holds: Callable[[], object]) -> None:
    """Until something about a connector holds; it tells nobody, so it is looked at."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


class Played:
    """A connector that listens to a fake Asterisk; orders that the recorder gave are given by ours."""

    def __init__(self, fake: FakeAmi, cast: Cast, name: str = "tokyo", patience: Patience = PATIENT) -> None:
        self.fake, self.cast, self.line, self.patience = fake, cast, line_to(fake.port, name), patience
        self.start()

    def start(self) -> None:
        self.stop = asyncio.Event()
        self.connector = Connector(
            self.line,
            patience=self.patience,
            back_off=BackOff(0.01, 0.05),
            refused_pause=0.05,
            clock=lambda: self.fake.now,
            looks=1,
        )
        self.begins_here()
        self.task = asyncio.create_task(self.connector.run(self.stop))

    def begins_here(self) -> None:
        """What was sent so far was another's to read."""
        self._sent_before = self.fake.sent - self.connector.read

    async def read_all(self, _step: Step | None = None) -> None:
        """Everything that was sent has been read."""

        def read() -> bool:
            assert not self.task.done(), self.task
            return self.connector.read + self._sent_before >= self.fake.sent

        await wait_for(read)

    async def kept_all(self) -> None:
        """Everything that was sent is in the database."""
        await self.read_all()
        await wait_for(lambda: not self.connector.behind)

    async def end(self) -> None:
        """Told to end, it keeps what it read, and gives up the line."""
        await self.read_all()
        self.stop.set()
        async with asyncio.timeout(PATIENCE):
            await self.task

    async def kill(self) -> None:
        """Gone without a word: nothing more is stored, the line is not given up; then its time is over."""

        async def drop(_queue: object, keeping: "asyncio.Task[None]", others: "list[asyncio.Task[None]]") -> None:
            keeping.cancel()
            await asyncio.gather(keeping, *others, return_exceptions=True)

        async def nothing() -> None:
            return None

        self.connector._finish = drop  # type: ignore[method-assign,assignment]
        self.connector._release = nothing  # type: ignore[method-assign]
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await in_database(lambda: Pbx.objects.filter(key=self.line.key).update(held_until=LONG_AGO))

    async def order(self, step: Step) -> None:
        """What the recorder ordered is ordered by one of ours; the connector asks the same of the PBX."""
        if step.kind != "order" or step.message["Action"] in ("QueueRemove", "QueueAdd"):
            return
        await self.kept_all()
        await in_database(lambda: self._order(step.message))
        action = await self.fake.ordered(step)
        same = set(action) & set(step.message) - {"ActionID", "CallerID", "Timeout"}
        assert {key: action[key] for key in same} == {key: step.message[key] for key in same}

    def _order(self, message: dict[str, str]) -> None:
        by = self.cast.sato
        if message["Action"] == "QueuePause":
            staff = self.cast.sato if message["Interface"].endswith("1001") else self.cast.suzuki
            paused = message["Paused"] == "true"
            if paused:
                orders.pause(staff, message["Reason"], by=by)
            else:
                orders.unpause(staff, by=by)
        elif message["Action"] == "Originate":
            with transaction.atomic():  # before the connector sees it
                order = orders.call_number(by, message["Exten"], by=by)
                Order.objects.filter(pk=order.pk).update(request=message["ChannelId"].removeprefix("cti-req-"))
        else:
            call = Call.objects.get(is_live=True, sender=self.line.key)
            if message["Action"] == "Hangup":
                orders.hang_up(call, staff=by, by=by)
            else:
                orders.transfer(call, message["Exten"], "blind", staff=by, by=by)


def records(key: str) -> dict[str, dict[str, Any]]:
    """The records of a telephone system's calls, by their ids."""
    rows = Call.objects.filter(sender=key).exclude(state=CallState.MERGED)
    return {call.call_id: call.record for call in rows}


def wrong(scenario: str, key: str, tolerance: float) -> list[str]:
    """What differs between the calls in the database and those that a person would write."""
    expected, got = {call["call_id"]: call for call in expected_of(scenario)}, records(key)
    if sorted(got) != sorted(expected):
        return [f"calls: {sorted(got)} are not {sorted(expected)}"]
    left_out = UNSAID.get(scenario, set())
    found = []
    for name, call in expected.items():
        wanted = {field: value for field, value in call.items() if field not in left_out}
        found += differences(wanted, got[name], name, tolerance)
    return found
