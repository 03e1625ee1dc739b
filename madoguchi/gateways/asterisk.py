"""The connector of a telephone system: reads its events, keeps them, carries out orders; comes back after every cut."""

import asyncio
import itertools
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError

import madoguchi.reactions  # noqa: F401 (else the first entry imports it in its transaction, seconds on a slow machine)
from madoguchi.gateways.ami import (
    PATIENCE,
    BackOff,
    Connection,
    ConnectionLostError,
    NotAdmittedError,
    Pairs,
    Patience,
    signed_in,
)
from madoguchi.gateways.asterisk_keeping import LOOKS, Heard, Keeper, Kind
from madoguchi.gateways.asterisk_orders import action_id
from madoguchi.gateways.lines import PbxLine
from madoguchi.problems.set_aside import set_aside
from madoguchi.telephony.actions.pbx_lines import NotHeldError

# What nothing here needs: a third of the stream.
UNWANTED = ("RTCP", "ExtensionStatus", "DeviceStateChange")
# In this order: what has ended since is known before anything new is told.
ASKED_FIRST = ("CoreStatus", "CoreShowChannels", "QueueStatus", "BridgeList")
MOST_WAITING = 50_000
LARGEST_BATCH = 500
RENEW_EVERY = 4.0
CLAIM_EVERY = 1.0
LOOK_FOR_ORDERS_EVERY = 0.1
LONGEST_KEEP_PAUSE = 1.0  # offers that wait longer than FRESH_S for the database never pop
REFUSED_PAUSE = 30.0
FINISH_WITHIN = 10.0
log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class Connector:
    """Keeps one line.

    ``clock`` gives epoch seconds; ``refused_pause`` is waited after a wrong password; ``looks`` is the keeper's.
    ``read`` counts the messages read so far; ``behind`` is how much of what was heard is not stored yet.
    """

    def __init__(
        self,
        line: PbxLine,
        *,
        patience: Patience = PATIENCE,
        back_off: BackOff | None = None,
        refused_pause: float = REFUSED_PAUSE,
        clock: Callable[[], float] = time.time,
        looks: int = LOOKS,
    ) -> None:
        self.line, self.patience, self.clock = line, patience, clock
        self.back_off, self.refused_pause = back_off or BackOff(), refused_pause
        holder = f"{_place()} {os.getpid()} {_started(os.getpid())} {next(_numbers)}"
        self.keeper = Keeper(line, holder, looks=looks)
        self.read = self.behind = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"asterisk-{line.name}")

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the line, unless another connector has it, until ``stop`` is set; what was read is kept first."""
        try:
            while not stop.is_set():
                if await self._claimed():
                    await self._until(stop)
                await _wait(stop, CLAIM_EVERY)
        finally:
            await asyncio.to_thread(self._pool.shutdown, wait=True)

    async def _claimed(self) -> bool:
        try:
            return await self._in_thread(self.keeper.claim, is_gone)
        except (DatabaseError, InterfaceError) as error:
            log.warning("%s: the database is out of reach: %s", self.line.name, error)
            return False

    async def _until(self, stop: asyncio.Event) -> None:
        """Hold the line until ``stop`` is set or another connector has it."""
        queue: asyncio.Queue[Heard | None] = asyncio.Queue(MOST_WAITING)
        self.behind = 0
        keeping = asyncio.create_task(self._keep(queue))
        others = [asyncio.create_task(work) for work in (self._renew(), self._connect(queue), _told(stop))]
        try:
            await asyncio.wait([keeping, *others], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in others:
                task.cancel()
            await self._finish(queue, keeping, others)
            await self._release()
        for task in (keeping, *others):
            try:
                if task.done() and not task.cancelled():
                    task.result()
            except NotHeldError:
                log.error("%s: another connector has this line; %s messages were not kept", self.line.name, self.behind)

    async def _finish(
        self,
        queue: "asyncio.Queue[Heard | None]",
        keeping: "asyncio.Task[None]",
        others: "Sequence[asyncio.Task[None]]",
    ) -> None:
        """What was read is kept first."""
        try:
            async with asyncio.timeout(FINISH_WITHIN):
                await asyncio.gather(*others, return_exceptions=True)
                if not keeping.done():
                    await queue.put(None)
                    await asyncio.wait([keeping])
        except TimeoutError:
            keeping.cancel()
            log.error("%s: %s messages could not be kept", self.line.name, self.behind)

    async def _release(self) -> None:
        try:
            await self._in_thread(self.keeper.release)
        except (DatabaseError, InterfaceError):
            log.warning("%s: the line could not be given up; another may have it in a while", self.line.name)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                await self._in_thread(self.keeper.renew)
            except (DatabaseError, InterfaceError) as error:
                log.warning("%s: the database is out of reach: %s", self.line.name, error)

    async def _connect(self, queue: "asyncio.Queue[Heard | None]") -> None:
        """One connection after the other; what the database has not taken in yet outlives them."""
        while True:
            refused = False
            try:
                await self._follow(queue)
                continue
            except NotAdmittedError as error:
                reason, refused = str(error), True
                pause = self.refused_pause + self.back_off.next()
            except ConnectionLostError as error:
                reason, pause = str(error), self.back_off.next()
            log.warning("%s: no line (%s); again in %.1f s", self.line.name, reason, pause)
            await self._hear(queue, "refused" if refused else "down", [("Message", reason)])
            await asyncio.sleep(pause)

    async def _follow(self, queue: "asyncio.Queue[Heard | None]") -> None:
        """One connection, from its beginning to its loss."""
        async with signed_in(self.line.server, self.patience) as connection:
            log.info("%s: connected", self.line.name)
            await self._hear(queue, "begun", [])
            for event in UNWANTED:
                connection.send("Filter", [("Operation", "Add"), ("Filter", f"!Event: {event}")])
            await self._ask(connection, queue)
            tasks = [
                asyncio.create_task(self._read(connection, queue)),
                asyncio.create_task(self._order(connection, queue)),
            ]
            try:
                done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self._hear(queue, "lost", [])
            for task in done:
                task.result()

    async def _ask(self, connection: Connection, queue: "asyncio.Queue[Heard | None]") -> None:
        for action in ASKED_FIRST:
            await self._hear(queue, "sent", connection.send(action))

    async def _hear(self, queue: "asyncio.Queue[Heard | None]", kind: Kind, pairs: Pairs) -> None:
        self.behind += 1
        await queue.put(Heard(kind, self.clock(), pairs))

    async def _read(self, connection: Connection, queue: "asyncio.Queue[Heard | None]") -> None:
        begun, answered = self.clock(), False
        async for pairs in connection.messages():
            if self.back_off.failures and self.clock() - begun > self.back_off.settled:
                self.back_off.reset()
            if not _is_pong(pairs):
                await self._hear(queue, "received", pairs)
                self.read += 1
            if answered and ("Event", "FullyBooted") in pairs:
                # It was starting when we asked; its queues are there only now.
                await self._ask(connection, queue)
            answered = answered or pairs[0][0] == "Response"

    async def _keep(self, queue: "asyncio.Queue[Heard | None]") -> None:
        """Store what was read, as much at once as came meanwhile; wait for a database that is away."""
        while True:
            batch = [await queue.get()]
            while not queue.empty() and len(batch) < LARGEST_BATCH:
                batch.append(queue.get_nowait())
            heard = [one for one in batch if one is not None]
            back_off = BackOff(most=LONGEST_KEEP_PAUSE)
            while heard:
                try:
                    kept = await self._in_thread(self.keeper.keep, heard)
                    heard = heard[kept:]
                    self.behind -= kept
                except (DatabaseError, InterfaceError) as error:
                    log.warning("%s: %s messages wait for the database: %s", self.line.name, self.behind, error)
                    await asyncio.sleep(back_off.next())
            if None in batch:
                return

    async def _order(self, connection: Connection, queue: "asyncio.Queue[Heard | None]") -> None:
        """Send what was ordered. It is marked as sent before it goes: nothing is ever sent twice."""
        while True:
            try:
                for order_id, actions in await self._in_thread(self.keeper.claim_orders):
                    for place, (action, fields) in enumerate(actions):
                        sent = connection.send(action, fields, name=action_id(order_id, place))
                        await self._hear(queue, "sent", sent)
            except (DatabaseError, InterfaceError) as error:
                log.warning("%s: orders wait for the database: %s", self.line.name, error)
            await asyncio.sleep(LOOK_FOR_ORDERS_EVERY)

    async def _in_thread[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The keeper works in one thread: one thing after the other, on one connection to the database."""
        assert not kwargs
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *args)


def run() -> None:
    """Keep the lines of MADOGUCHI_ASTERISK_URL until SIGTERM or SIGINT; returns at once when there is none."""
    if not settings.ASTERISK:
        log.warning("Set MADOGUCHI_ASTERISK_URL to connect a telephone system.")
        return
    asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.gather(*(_keep_going(line, stop) for line in settings.ASTERISK))


async def _keep_going(line: PbxLine, stop: asyncio.Event) -> None:
    """One line's connector, begun again when an error that nobody foresaw ended it: the other lines must not fall."""
    back_off = BackOff()
    while not stop.is_set():
        try:
            await Connector(line).run(stop)
        except Exception as error:  # noqa: BLE001
            await asyncio.to_thread(set_aside, "telephony.asterisk", error, pbx=line.key)
            await _wait(stop, back_off.next())


async def _told(stop: asyncio.Event) -> None:
    await stop.wait()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    """Until ``stop``, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


def _is_pong(pairs: list[tuple[str, str]]) -> bool:
    """The answer to a Ping: it has a Timestamp even where events have none."""
    return any(key == "Ping" for key, _value in pairs)


def is_gone(holder: str) -> bool:
    """Whether the process that a holder's name tells of has certainly ended: it ran here, and does no more."""
    place, _, rest = holder.partition(" ")
    pid, _, rest = rest.partition(" ")
    started = rest.partition(" ")[0]
    return place == _place() and pid.isdecimal() and _started(int(pid)) != started


def _place() -> str:
    """This machine since its start, and which processes are seen here: process ids mean something only within."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"


def _started(pid: int) -> str:
    """When a process began, in ticks since the machine's start; empty when there is none."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return status.rpartition(")")[2].split()[19]
