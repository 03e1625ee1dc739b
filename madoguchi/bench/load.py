"""The load, in a process of its own: reads one order as JSON from standard input, prints what it measured as JSON.

An ordinary client: each of the connections at work sends a request, reads the whole answer, and sends the next.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any


@dataclass
class Order:
    """``paths`` are asked in turn; ``{n}`` in paths and body becomes a number that never comes twice."""

    port: int
    paths: list[str]
    requests: int
    at_once: int = 8
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    first: int = 0
    expect: int = 200


async def run(order: Order) -> dict[str, Any]:
    """Send the requests; seconds each took and in all, bytes of the last answer, answers that were not expected."""
    numbers = count(order.first)
    left = iter(range(order.requests))
    taken: list[float] = []
    wrong: list[str] = []
    size = 0

    async def connection() -> None:
        nonlocal size
        reader, writer = await asyncio.open_connection("127.0.0.1", order.port, limit=2**22)
        for _turn in left:
            n = next(numbers)
            body = order.body.replace("{n}", str(n)).encode()
            path = order.paths[n % len(order.paths)].replace("{n}", str(n))
            lines = [f"{order.method} {path} HTTP/1.1", "Host: 127.0.0.1"]
            lines += [f"{name}: {value}" for name, value in order.headers.items()]
            if body:
                lines.append(f"Content-Length: {len(body)}")
            begin = time.perf_counter()
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            status, answer = await _answer(reader)
            taken.append(time.perf_counter() - begin)
            size = len(answer)
            if status != order.expect:
                wrong.append(f"{status} {answer[:300].decode(errors='replace')}")
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(order.at_once)))
    return {"seconds": time.perf_counter() - begin, "taken": taken, "bytes": size, "wrong": wrong[:3]}


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head[9:12])
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name == "content-length":
            return status, await reader.readexactly(int(value))
    if "transfer-encoding: chunked" not in head:
        return status, b""
    pieces = []
    while length := int((await reader.readuntil(b"\r\n")).strip(), 16):
        pieces.append(await reader.readexactly(length))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return status, b"".join(pieces)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Order(**json.load(sys.stdin))))))
