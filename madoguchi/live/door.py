"""``GET /live?topics=a,b&after=POSITION``: server-sent events that wake browsers. Native to granian's RSGI."""

import asyncio
import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

from django.db import DatabaseError, InterfaceError, close_old_connections

from madoguchi.journal import tail
from madoguchi.journal.tail import Position, Tailed
from madoguchi.live import topics as topic_list
from madoguchi.live.hub import Connection, Hub, event, rings_for, written
from madoguchi.live.rights import Rights, authorise, session_key
from madoguchi.live.tailer import Tailer

BEAT_SECONDS = 15.0
_BEATS_PER_CHECK = 2
_REPLAYED = 1000
_MOST_CONNECTIONS = 5000
_HEADERS = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
]
RETRY = b"retry: 2000\n"
log = logging.getLogger(__name__)


class LiveDoor:
    """All live connections of one process. ``open`` and ``close`` are called by the server around its life."""

    def __init__(self) -> None:
        self.hub = Hub()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="live")
        self._tailer: Tailer | None = None
        self._ending = False

    @property
    def is_ready(self) -> bool:
        """Whether this process can take who comes to the live line; one that has none has nothing to wait for."""
        return not self._ending and (self._tailer is None or self.hub.position is not None)

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        def deliver(position: Position, entries: list[Tailed]) -> None:
            loop.call_soon_threadsafe(self.hub.deliver, position, entries)

        self._tailer = Tailer(deliver)
        self._tailer.start()

    def end(self) -> None:
        """End all streams and take no more: the browsers come back to whoever answers then."""
        self._ending = True
        self.hub.end_all()

    def close(self) -> None:
        if self._tailer:
            self._tailer.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def answer(self, scope: Any, proto: Any) -> None:
        """Check who asks for what, then keep the stream until either side ends it."""
        if scope.method != "GET":
            proto.response_str(405, [("allow", "GET")], "")
            return
        position = self.hub.position
        if position is None or self._ending or len(self.hub) >= _MOST_CONNECTIONS:
            proto.response_str(503, [("retry-after", "5")], "The live line is not ready.\n")
            return
        query = parse_qs(scope.query_string)
        asked, refused = topic_list.parse(",".join(query.get("topics", [])))
        key = session_key(scope.headers.get("cookie", ""))
        try:
            rights = await self._in_thread(authorise, key, asked)
        except (DatabaseError, InterfaceError):
            log.exception("a live connection could not be checked")
            proto.response_str(503, [("retry-after", "5")], "The database is out of reach.\n")
            return
        if rights is None:
            proto.response_str(401, [("cache-control", "no-store")], "Sign in first.\n")
            return
        refused += [topic.written for topic in asked if topic.written not in rights.granted]
        written_after = scope.headers.get("last-event-id") or query.get("after", [""])[-1]
        after = await self._place(Position.parse(written_after))
        here = self.hub.position or position
        connection = self.hub.join(rights.granted, max(here, after or here))
        gone = asyncio.ensure_future(proto.client_disconnect())
        try:
            transport = proto.response_stream(200, _HEADERS)
            await transport.send_bytes(
                await self._greeting(connection, here, after, refused, resuming=bool(written_after))
            )
            await self._stream(connection, transport, lambda: authorise(key, asked), rights, gone)
        except (RuntimeError, OSError) as error:  # granian's errors for a reader that left
            log.debug("a live connection ended: %s", error)
        finally:
            gone.cancel()
            self.hub.leave(connection)

    async def _place(self, after: Position | None) -> Position | None:
        """Where a returning browser stood; None when this journal has no such place (yet)."""
        if after is None or self.hub.position is None or after <= self.hub.position:
            return after
        # It may have read further with another process than this one has, but never further than the journal goes.
        return after if after <= await self._in_thread(tail.now) else None

    async def _greeting(
        self, connection: Connection, here: Position, after: Position | None, refused: list[str], *, resuming: bool
    ) -> bytes:
        """``ready``, and for a returning browser what it missed up to ``here`` or, when that is too much, ``stale``."""
        missed: list[Tailed] | None = []
        if resuming:
            missed = None if after is None else await self._in_thread(_missed, after, here)
        start = after if after is not None and missed is not None else connection.since
        ready = event("ready", {"position": str(start), "refused": refused[:50]}, start)
        if missed is None:
            return RETRY + ready + event("stale", {}, start)
        return RETRY + ready + written(rings_for(connection.topics, missed))

    async def _stream(
        self,
        connection: Connection,
        transport: Any,
        check: Callable[[], Rights | None],
        rights: Rights,
        gone: "asyncio.Future[None]",
    ) -> None:
        """Send what comes until the reader leaves, is too slow, or may no longer hear what it hears."""
        beats = random.randrange(_BEATS_PER_CHECK)  # so that connections opened together are not checked together
        pause = BEAT_SECONDS * random.uniform(0.8, 1.0)
        while not connection.overflowed and not gone.done():
            getter = asyncio.ensure_future(connection.queue.get())
            waiting: set[asyncio.Future[Any]] = {getter, gone}
            await asyncio.wait(waiting, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            if getter.done():
                data = getter.result()
                if data is None:
                    return
                await transport.send_bytes(data)
                continue
            getter.cancel()
            if gone.done():
                return
            if (beats := beats + 1) >= _BEATS_PER_CHECK:
                beats = 0
                if await self._in_thread(check) != rights:
                    return
            if connection.queue.empty() and self.hub.position:
                await transport.send_bytes(event("beat", {}, max(self.hub.position, connection.since)))

    async def _in_thread[**P, R](self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run database work beside the event loop."""

        def work() -> R:
            close_old_connections()
            try:
                return function(*args, **kwargs)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _missed(after: Position, until: Position) -> list[Tailed] | None:
    """The entries behind ``after`` up to ``until``; None when there are more than are replayed."""
    if after >= until:
        return []
    found = tail.read_after(after, limit=_REPLAYED + 1)
    entries = [entry for entry in found if entry.position <= until]
    return None if len(entries) > _REPLAYED else entries


LIVE = LiveDoor()
