"""What the processes that measure screens say to a desk, over bare connections: a live line, posts about calls."""

import asyncio
import json
from typing import Any
from urllib.parse import quote


async def open_line(port: int, topics: list[str], cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """An open live line; it ends when nobody holds its writer any more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /live?topics={quote(','.join(topics))} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
    writer.write(head.encode())
    status = await reader.readline()
    if b" 200 " not in status:
        raise RuntimeError(f"The live line answered {status!r}.")
    return reader, writer


async def post_events(
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter], token: str, events: list[dict[str, Any]]
) -> None:
    """Told and taken in, over a connection that stays open."""
    if not events:
        return
    reader, writer = line
    body = json.dumps(events).encode()
    head = "POST /api/v1/calls/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if " 202" not in answer.split("\r\n")[0]:
        raise RuntimeError(f"The door answered {answer.splitlines()[0]}")
    length = next((int(one[15:]) for one in answer.split("\r\n") if one.startswith("content-length:")), 0)
    await reader.readexactly(length)
