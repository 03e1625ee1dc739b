"""Open live connections and a telephone system, in a process of its own: how long from the door to each browser?

Reads one order as JSON from standard input, prints the seconds of every wake-up as JSON, and those of its floor: one
round trip over the loopback between two tasks.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from madoguchi.bench.speaking import open_line, post_events

_PAUSE = 0.1
_PATIENCE = 20.0


async def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: port, cookie, token, connections, events."""
    rung: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    opened: asyncio.Queue[int] = asyncio.Queue()
    browsers = [
        asyncio.create_task(_browser(number, order["port"], order["cookie"], opened, rung))
        for number in range(order["connections"])
    ]
    async with asyncio.timeout(_PATIENCE):
        for _ in browsers:
            await opened.get()
    while not rung.empty():
        rung.get_nowait()
    waits, missed = [], 0
    line = await asyncio.open_connection("127.0.0.1", order["port"])
    for number in range(order["events"]):
        begin = time.perf_counter()
        await post_events(line, order["token"], [_begins(number)])
        woken: set[int] = set()
        try:
            async with asyncio.timeout(5):
                while len(woken) < len(browsers):
                    who, at = await rung.get()
                    if who not in woken and at >= begin:
                        woken.add(who)
                        waits.append(at - begin)
        except TimeoutError:
            missed += len(browsers) - len(woken)
        await asyncio.sleep(_PAUSE)
    line[1].close()
    for browser in browsers:
        browser.cancel()
    return {"waits": waits, "missed": missed, "floor": await _round_trips(order["events"])}


async def _browser(
    number: int, port: int, cookie: str, opened: "asyncio.Queue[int]", rung: "asyncio.Queue[tuple[int, float]]"
) -> None:
    reader, _writer = await open_line(port, ["*:call"], cookie)
    while line := await reader.readline():
        if line.startswith(b"event: ready"):
            opened.put_nowait(number)
        elif b"*:call" in line:
            rung.put_nowait((number, time.perf_counter()))
    raise RuntimeError("the live line ended")


def _begins(number: int) -> dict[str, Any]:
    name = f"bench-{time.time_ns()}-{number}"
    at = datetime.now(UTC).isoformat()
    caller = {"number": f"03{number:08}", "presentation": "allowed"}
    return {"id": name, "type": "call.started", "at": at, "call": name, "direction": "inbound", "from": caller}


async def _round_trips(times: int) -> list[float]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    taken = []
    for _ in range(max(times, 20)):
        begin = time.perf_counter()
        writer.write(b"ring\n")
        await reader.readline()
        taken.append(time.perf_counter() - begin)
    writer.close()
    server.close()
    return taken


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
