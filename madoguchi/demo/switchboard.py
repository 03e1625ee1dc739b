"""The telephone system of the demo: calls at the times of a real day, rung at operators, posted to the real doors."""

import heapq
import itertools
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from madoguchi.demo import source
from madoguchi.demo.actors import Actor, Caller, Stage
from madoguchi.demo.client import Door
from madoguchi.demo.operators import Operator

QUEUE = "代表"
OURS = "0301000100"
VISITOR = "1004"
_VISITOR_EVERY = 55.0
_MOST_UNSENT = 500
_BRIDGED = 0.15  # share of the calls that a bridge in Zammad's format tells


@dataclass
class Ringing:
    """One call from its first ring to its end. ``told`` counts its events, in their order."""

    caller: Caller
    talk: float
    patience: float
    bridged: bool = False
    id: str = field(default_factory=lambda: f"{time.time():.3f}.{uuid.uuid4().hex[:6]}")
    told: int = 0
    over: bool = False
    since: float = field(default_factory=time.monotonic)


class Switchboard(Actor):
    """Arrivals, a queue, extensions. Everything it decides it posts as an event, as a PBX does."""

    def __init__(self, stage: Stage, seed: int, operators: dict[str, Operator], pbx: Door, bridge: Door) -> None:
        super().__init__(stage, seed)
        self.operators, self.pbx, self.bridge = operators, pbx, bridge
        self.waiting: deque[Ringing] = deque()
        self.free = deque(operators)
        self.visitor_free = True
        self.visitor_due = time.monotonic() + 12
        self.arrivals = itertools.cycle(source.numbers("arrivals"))
        self.due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.unsent: deque[list[dict[str, Any]]] = deque()
        for extension in (*operators, VISITOR):
            self._tell([{"type": "agent.state", "agent": extension, "state": "available"}])
        for _ in range(3):
            self._arrive(next(self.arrivals))
        self._next_arrival()

    def turn(self) -> float:
        """Whatever is due now."""
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            heapq.heappop(self.due)[2]()
        self._distribute()
        if self.unsent:
            self._send()
        return min(1.0, self.due[0][0] - time.monotonic()) if self.due else 1.0

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self.due, (time.monotonic() + seconds, next(self._order), what))

    def _next_arrival(self) -> None:
        row = next(self.arrivals)
        self._later(min(25.0, row["after_s"] / self.stage.speed), lambda: self._arrival(row))

    def _arrival(self, row: dict[str, float]) -> None:
        self._arrive(row)
        self._next_arrival()

    def _arrive(self, row: dict[str, float]) -> None:
        talk = max(10.0, min(50.0, row["service_s"] / self.stage.speed))
        patience = max(4.0, row["patience_s"] / self.stage.speed) if row["patience_s"] else 90.0
        call = Ringing(self.random.choice(self.stage.callers), talk, patience, self.random.random() < _BRIDGED)
        if call.bridged:
            call.patience = 600.0  # the bridge tells of a call when it rings somebody
        else:
            number = {"number": call.caller.number.replace("-", ""), "presentation": "allowed"}
            begun = {"type": "call.started", "direction": "inbound", "from": number, "to": {"number": OURS}}
            self._tell([begun, {"type": "queue.entered", "queue": QUEUE}], call)
            self._later(patience, lambda: self._give_up(call))
        self.waiting.append(call)

    def _give_up(self, call: Ringing) -> None:
        if call in self.waiting:
            self.waiting.remove(call)
            self._tell(
                [
                    {"type": "queue.left", "queue": QUEUE, "reason": "abandoned"},
                    {"type": "call.ended", "by": "caller", "cause": 16},
                ],
                call,
            )

    def _distribute(self) -> None:
        while self.waiting and self.waiting[0].bridged and self.free:
            self._ring_bridged(self.waiting.popleft(), self.free.popleft())
        if self.waiting and self.visitor_free and time.monotonic() >= self.visitor_due and not self.waiting[0].bridged:
            self.visitor_free = False
            self._ring(self.waiting.popleft(), VISITOR, seconds=11.0)
        while self.waiting and self.free and not self.waiting[0].bridged:
            self._ring(self.waiting.popleft(), self.free.popleft(), seconds=self.random.uniform(2.0, 5.0))

    def _ring(self, call: Ringing, extension: str, *, seconds: float) -> None:
        self._tell([{"type": "agent.offered", "queue": QUEUE, "agent": extension}], call)
        self._later(seconds, lambda: self._answer(call, extension))

    def _answer(self, call: Ringing, extension: str) -> None:
        self._tell(
            [
                {"type": "agent.offer_ended", "agent": extension, "result": "answered"},
                {"type": "agent.joined", "agent": extension},
                {"type": "queue.left", "queue": QUEUE, "reason": "connected"},
            ],
            call,
        )
        talk = call.talk if extension != VISITOR else max(45.0, call.talk)
        if extension in self.operators:
            self.operators[extension].pick_up(call.id, call.caller, talk)
        self._later(talk, lambda: self._hang_up(call, extension))

    def _hang_up(self, call: Ringing, extension: str) -> None:
        left = {"type": "agent.left", "agent": extension}
        self._tell([left, {"type": "call.ended", "by": "caller", "cause": 16}], call)
        self._rest(extension)

    def _ring_bridged(self, call: Ringing, extension: str) -> None:
        told = {"direction": "in", "callId": call.id, "from": call.caller.number.replace("-", ""), "to": OURS}
        self.bridge.cti({**told, "event": "newCall", "user": [extension], "queue": QUEUE})

        def answer() -> None:
            self.bridge.cti({**told, "event": "answer", "user": extension, "answeringNumber": extension})
            self.operators[extension].pick_up(call.id, call.caller, call.talk)
            self._later(call.talk, hang_up)

        def hang_up() -> None:
            self.bridge.cti({**told, "event": "hangup", "user": extension, "cause": "normalClearing"})
            self._rest(extension)

        self._later(self.random.uniform(2.0, 5.0), answer)

    def _rest(self, extension: str) -> None:
        """After the call the operator writes up, then takes the next one."""
        if extension == VISITOR:
            self.visitor_free, self.visitor_due = True, time.monotonic() + _VISITOR_EVERY
        else:
            self._later(self.random.uniform(3.0, 8.0), lambda: self.free.append(extension))

    def _tell(self, events: list[dict[str, Any]], call: Ringing | None = None) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        for event in events:
            event |= {"id": uuid.uuid4().hex, "at": at}
            if call is not None:
                call.told += 1
                event |= {"call": call.id, "seq": call.told, "direction": "inbound"}
        self.unsent.append(events)
        self._send()

    def _send(self) -> None:
        """In order, and again until the desk has it: the same ids, so nothing is told twice."""
        while self.unsent and self.pbx.post("/calls/events", self.unsent[0]) is not None:
            self.unsent.popleft()
        if len(self.unsent) > _MOST_UNSENT:
            self.unsent.popleft()
