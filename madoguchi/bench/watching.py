"""Screens that listen, and a telephone system that rings, in a process of its own: one order in, seconds out.

``boards`` are open boards that ask as <wall-board> does, for the parts that rang and not more often than each part
says. ``pops`` are seats: from the post of an offer until the rung seat has its telephone's fragment.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from madoguchi.bench.speaking import open_line, post_events

_PATIENCE = 60.0
_PAUSE = 2.0  # between two requests of a board
_PART = re.compile(r'<section[^>]* id="(\w+)" data-every="(\d+)"[^>]* data-live="([^"]+)"')


async def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: ``what`` (``boards`` or ``pops``), port, token, and what the function of that name takes."""
    return await (boards if order["what"] == "boards" else pops)(order)


async def boards(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: cookie, boards, operators (extensions), calls (a second), seconds."""
    page = (await _get(order["port"], "/board/", order["cookie"])).decode()
    parts = {name: (int(every), topics.split()) for name, every, topics in _PART.findall(page)}
    watchers = [_Board(order["port"], order["cookie"], parts) for _number in range(order["boards"])]
    listening = [asyncio.create_task(watcher.listen()) for watcher in watchers]
    async with asyncio.timeout(_PATIENCE):
        for watcher in watchers:
            await watcher.opened.wait()
    asking = [asyncio.create_task(watcher.ask()) for watcher in watchers]
    begun = time.perf_counter()
    behind = await _telephone(order)
    seconds = time.perf_counter() - begun
    for task in (*asking, *listening):
        task.cancel()
    for task in asking:
        if not task.cancelled() and task.done() and (error := task.exception()):
            raise error
    return {
        "taken": [taken for watcher in watchers for taken in watcher.taken],
        "bytes": sum(watcher.bytes for watcher in watchers),
        "seconds": seconds,
        "behind": behind,
    }


class _Board:
    def __init__(self, port: int, cookie: str, parts: Mapping[str, tuple[int, list[str]]]) -> None:
        self.port, self.cookie, self.parts = port, cookie, parts
        self.due: set[str] = set()
        self.opened = asyncio.Event()
        self.taken: list[float] = []
        self.bytes = 0

    async def listen(self) -> None:
        topics = sorted({topic for _every, topics in self.parts.values() for topic in topics})
        reader, self.line = await open_line(self.port, topics, self.cookie)
        while line := await reader.readline():
            if line.startswith(b"event: ready"):
                self.opened.set()
            elif line.startswith(b"data:") and b'"topic"' in line:
                topic = json.loads(line[5:])["topic"]
                self.due |= {name for name, (_every, topics) in self.parts.items() if topic in topics}

    async def ask(self) -> None:
        asked: dict[str, float] = {}
        since, whole, last = "", time.perf_counter(), 0.0
        while True:
            now = time.perf_counter()
            everything = now - whole > 60
            wanted = [
                name
                for name, (every, _topics) in self.parts.items()
                if everything or (name in self.due and now - asked.get(name, -1e9) >= every)
            ]
            if wanted and now - last >= _PAUSE:
                last = now
                whole = now if everything else whole
                self.due -= set(wanted)
                asked |= dict.fromkeys(wanted, now)
                query = urlencode({"parts": ",".join(wanted), "since": "" if everything else since})
                said = await _get(self.port, f"/board/live/?{query}", self.cookie)
                self.taken.append(time.perf_counter() - now)
                self.bytes += len(said)
                if found := re.search(rb'data-as-of="([^"]+)"', said):
                    since = found[1].decode()
            await asyncio.sleep(0.2)


async def _telephone(order: dict[str, Any]) -> float:
    """Calls begin, ring, are answered and end on schedule; how late the latest post was."""
    operators, ended = order["operators"], []
    line = await asyncio.open_connection("127.0.0.1", order["port"])
    begun, behind, number = time.perf_counter(), 0.0, 0
    talk = max(1.0, len(operators) / order["calls"] * 0.8)
    while (passed := time.perf_counter() - begun) < order["seconds"]:
        events = []
        while number / order["calls"] <= passed:
            name, agent = f"bench-{time.time_ns()}-{number}", operators[number % len(operators)]
            events += _rings(name, agent, number)
            events += [
                _event(name, "agent.joined", 5, agent=agent, leg="l"),
                _event(name, "queue.left", 6, queue="desk", reason="connected"),
            ]
            ended.append((passed + talk, name, agent))
            number += 1
        while ended and ended[0][0] <= passed:
            _at, name, agent = ended.pop(0)
            events += [_event(name, "agent.left", 7, agent=agent, leg="l"), _event(name, "call.ended", 8, by="caller")]
        if events:
            since = time.perf_counter()
            await post_events(line, order["token"], events)
            behind = max(behind, time.perf_counter() - since)
        await asyncio.sleep(0.25)
    await post_events(
        line, order["token"], [_event(name, "call.ended", 8, by="caller") for _at, name, _agent in ended][:500]
    )
    line[1].close()
    return behind


async def pops(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: operators (staff, extension, cookie), offers."""
    seats = order["operators"]
    rung = [asyncio.Event() for _seat in seats]
    opened = [asyncio.Event() for _seat in seats]
    lines: dict[int, asyncio.StreamWriter] = {}

    async def listen(place: int) -> None:
        reader, lines[place] = await open_line(
            order["port"], [f"staff:{seats[place]['staff']}"], seats[place]["cookie"]
        )
        while line := await reader.readline():
            if line.startswith(b"event: ready"):
                opened[place].set()
            elif b'"call.offered"' in line:
                rung[place].set()

    listening = [asyncio.create_task(listen(place)) for place in range(len(seats))]
    async with asyncio.timeout(_PATIENCE):
        for one in opened:
            await one.wait()
    line = await asyncio.open_connection("127.0.0.1", order["port"])
    waits, floor = [], []
    for number in range(order["offers"]):
        place = number * 7 % len(seats)
        rung[place].clear()
        name = f"pop-{time.time_ns()}"
        begun = time.perf_counter()
        await post_events(line, order["token"], _rings(name, seats[place]["extension"], number))
        async with asyncio.timeout(_PATIENCE):
            await rung[place].wait()
        shown = await _get(order["port"], "/workbench/phone/", seats[place]["cookie"], target="div#phone")
        waits.append(time.perf_counter() - begun)
        if b"ringing" not in shown:
            raise RuntimeError("The fragment shows no ringing call.")
        await post_events(line, order["token"], [_event(name, "call.ended", 8, by="caller")])
        begun = time.perf_counter()
        await _get(order["port"], "/healthz", "")
        await _get(order["port"], "/healthz", "")
        floor.append(time.perf_counter() - begun)
        await asyncio.sleep(0.1)
    for task in listening:
        task.cancel()
    return {"waits": waits, "floor": floor}


def _rings(name: str, agent: str, number: int) -> list[dict[str, Any]]:
    caller = {"number": f"03{number % 10**8:08}", "presentation": "allowed"}
    return [
        {**_event(name, "call.started", 1, direction="inbound"), "from": caller},
        _event(name, "queue.entered", 2, queue="desk"),
        _event(name, "agent.offered", 3, agent=agent, leg="l"),
    ]


def _event(name: str, kind: str, seq: int, **fields: str) -> dict[str, Any]:
    at = datetime.now(UTC) + timedelta(microseconds=seq)
    return {"id": f"{name}:{seq}", "type": kind, "at": at.isoformat(), "call": name, "seq": seq, **fields}


async def _get(port: int, path: str, cookie: str, *, target: str = "div#board-live") -> bytes:
    line = await asyncio.open_connection("127.0.0.1", port, limit=2**23)
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAccept: text/html\r\n"
    if path not in ("/board/", "/healthz"):
        head += f"HX-Request: true\r\nHX-Request-Type: partial\r\nHX-Target: {target}\r\n"
    line[1].write(f"{head}Cookie: {cookie}\r\n\r\n".encode())
    answer = await line[0].read()
    line[1].close()
    head_, _blank, body = answer.partition(b"\r\n\r\n")
    if b" 200" not in head_.partition(b"\r\n")[0]:
        raise RuntimeError(f"{path} answered {head_[:60]!r}.")
    return body


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
