"""A recorded Asterisk, played over TCP to the running connector, gives the records that a person would write."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from django.conf import LazySettings
from django.db import connections

from madoguchi.gateways.ami import BackOff, Server
from madoguchi.gateways.asterisk import Connector
from madoguchi.gateways.lines import PbxLine
from madoguchi.telephony.actions import orders
from madoguchi.telephony.models import Call, CallState, Order, Pbx
from madoguchi.telephony.providers.asterisk.pbx import Pbx as Naming
from tests.cast import Cast
from tests.gateways.fake_ami import FakeAmi
from tests.gateways.recorded import SCENARIOS, Step, recording
from tests.telephony.test_asterisk import UNSAID, differences

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not SCENARIOS, reason="The recordings of a real Asterisk are not beside this checkout."),
]


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


class Play:
    """A fake Asterisk and a connector to it, on one clock: the recording's."""

    def __init__(self, fake: FakeAmi, cast: Cast) -> None:
        self.fake, self.cast = fake, cast
        self.stop = asyncio.Event()
        self.connector, self.task = self._connector()

    def _connector(self) -> "tuple[Connector, asyncio.Task[None]]":
        connector = Connector(line_to(self.fake.port), back_off=BackOff(0.01, 0.05), clock=lambda: self.fake.now)
        self.before = self.fake.sent
        return connector, asyncio.create_task(connector.run(self.stop))

    async def read_all(self, _step: Step | None = None) -> None:
        """Everything that was sent has been read."""
        async with asyncio.timeout(60):
            while self.connector.read + self.before < self.fake.sent:
                assert not self.task.done(), self.task
                await asyncio.sleep(0)

    async def kept_all(self) -> None:
        """Everything that was sent is in the database."""
        await self.read_all()
        async with asyncio.timeout(60):
            while self.connector.behind:
                await asyncio.sleep(0.001)

    async def order(self, step: Step) -> None:
        """What the recorder ordered is ordered by one of ours."""
        if step.kind != "order" or step.message["Action"] in ("QueueRemove", "QueueAdd"):
            return
        await self.kept_all()
        await in_database(lambda: self._order(step.message))
        action = await self.fake.ordered(step)
        same = set(action) & set(step.message) - {"ActionID", "CallerID", "Timeout"}
        assert {key: action[key] for key in same} == {key: step.message[key] for key in same}

    def _order(self, message: dict[str, str]) -> Order:
        by = self.cast.sato
        if message["Action"] == "QueuePause":
            staff = self.cast.sato if message["Interface"].endswith("1001") else self.cast.suzuki
            paused = message["Paused"] == "true"
            return orders.pause(staff, message["Reason"], by=by) if paused else orders.unpause(staff, by=by)
        if message["Action"] == "Originate":
            return orders.call_number(by, message["Exten"], by=by)
        call = Call.objects.get(is_live=True)
        if message["Action"] == "Hangup":
            return orders.hang_up(call, staff=by, by=by)
        return orders.transfer(call, message["Exten"], "blind", staff=by, by=by)

    async def end(self) -> None:
        await self.read_all()
        self.stop.set()
        async with asyncio.timeout(60):
            await self.task


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    """Orders of ours bear the names that the recorder gave to its own."""
    settings.ASTERISK = (line_to(1),)


def wrong(scenario: str, tolerance: float) -> list[str]:
    """What differs between the calls in the database and those that a person would write."""
    expected = {call["call_id"]: call for call in recording(scenario).expected}
    rows = Call.objects.exclude(state=CallState.MERGED)
    got = {call.call_id: call.record for call in rows}
    if sorted(got) != sorted(expected):
        return [f"calls: {sorted(got)} are not {sorted(expected)}"]
    left_out = UNSAID.get(scenario, set())
    return [
        found
        for name, call in expected.items()
        for found in differences(
            {key: value for key, value in call.items() if key not in left_out}, got[name], name, tolerance
        )
    ]


@pytest.mark.parametrize("stamped", [True, False], ids=["stamped", "unstamped"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_recording_over_the_wire_gives_its_record(
    scenario: str, stamped: bool, cast: Cast, requests: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = orders.secrets.token_hex

    async def play() -> None:
        async with FakeAmi(recording(scenario), stamped=stamped) as fake:
            played = Play(fake, cast)
            numbers = iter(step.message["ChannelId"] for step in fake.recording.steps if "ChannelId" in step.message)
            monkeypatch.setattr(
                orders.secrets, "token_hex", lambda n: next(numbers, "").removeprefix("cti-req-") or made(n)
            )
            await fake.play(before=played.order, after=played.read_all)
            await played.end()

    asyncio.run(play())
    assert wrong(scenario, 0.5 if stamped else 1.0) == []
    pbx = Pbx.objects.get()
    assert (pbx.state, pbx.held_by) == ("connected", "")
