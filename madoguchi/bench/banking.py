"""A telephone system that tells of a real day in its own order, faster than it was, while somebody watches the board.

In a process of its own: one order as JSON in, what came of it as JSON out.
"""

import http.client
import json
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from madoguchi.bench import bank_day, bank_figures

_LOOK = 3.0  # seconds between two looks at the board
_PARTS = "alarms,calls,operators,todo,service,teams"
_AS_OF = re.compile(r'data-as-of="[^"]*"')
_TICK = 0.25
_MOST = 500


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: port, token, cookie, calls, speed, on (a day without other calls), zone.

    ``posts`` and ``looks`` are seconds, ``behind`` how late the latest event was taken, ``moved`` how many of the looks
    saw another board, ``differences`` what the report says otherwise than the file.
    """
    rows = sorted(bank_day.read(bank_figures.FILE), key=lambda row: row.entry)[: order["calls"]]
    day = bank_day.day(rows, on=date.fromisoformat(order["on"]), zone=ZoneInfo(order["zone"]))
    ended = threading.Event()
    begun = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(_watch, order, ended)
        try:
            posts, behind = _tell(order, day.events)
        finally:
            ended.set()
        looks = watching.result()
    seconds = time.perf_counter() - begun
    report = _ask(order, f"/api/v1/reports/calls?from={order['on']}&to={order['on']}&by=half_hour")
    wanted = {row.call for row in rows}
    return {
        "posts": posts,
        "seconds": seconds,
        "behind": behind,
        "events": len(day.events),
        "calls": len(rows),
        "odd": len(day.odd),
        "looks": [taken for taken, _board in looks],
        "moved": len({board for _taken, board in looks}),
        "listed": _listed(order, wanted),
        "differences": bank_figures.differences(
            report, [line for line in bank_figures.lines() if bank_figures.key(line) in wanted]
        ),
    }


def _tell(order: dict[str, Any], events: list[dict[str, Any]]) -> tuple[list[float], float]:
    line = http.client.HTTPConnection("127.0.0.1", order["port"], timeout=120)
    first = datetime.fromisoformat(events[0]["at"])
    due = [(datetime.fromisoformat(event["at"]) - first).total_seconds() / order["speed"] for event in events]
    posts, behind, place = [], 0.0, 0
    begun = time.perf_counter()
    while place < len(events):
        now = time.perf_counter() - begun
        if due[place] > now:
            time.sleep(min(_TICK, due[place] - now))
            continue
        end = place
        while end < len(events) and end - place < _MOST and due[end] <= now:
            end += 1
        since = time.perf_counter()
        headers = {"Authorization": f"Bearer {order['token']}", "Content-Type": "application/json"}
        line.request("POST", "/api/v1/calls/events", json.dumps(events[place:end]).encode(), headers)
        answer = line.getresponse()
        said = answer.read()
        if answer.status != 202:
            raise RuntimeError(f"The door answered {answer.status}: {said[:300]!r}")
        posts.append(time.perf_counter() - since)
        behind = max(behind, time.perf_counter() - begun - due[place])
        place = end
    line.close()
    return posts, behind


def _watch(order: dict[str, Any], ended: threading.Event) -> list[tuple[float, str]]:
    """How long each look at the whole board took, and what it showed."""
    looks = []
    while True:
        since = time.perf_counter()
        line = http.client.HTTPConnection("127.0.0.1", order["port"], timeout=120)
        line.request("GET", f"/board/live/?parts={_PARTS}", headers={"Cookie": order["cookie"]})
        answer = line.getresponse()
        board = answer.read().decode()
        line.close()
        if answer.status != 200:
            raise RuntimeError(f"The board answered {answer.status}.")
        looks.append((time.perf_counter() - since, _AS_OF.sub("", board)))
        if ended.wait(_LOOK * 600 / order["speed"]):
            return looks


def _listed(order: dict[str, Any], wanted: set[str]) -> int:
    """How many of the calls the list of the day holds, each counted as often as it stands there."""
    found, cursor = 0, ""
    while True:
        page = _ask(
            order, f"/api/v1/calls?from={order['on']}T00:00:00%2B09:00&limit=200&cursor={cursor}&{_until(order)}"
        )
        found += sum(call["call_id"] in wanted for call in page["items"])
        if not (cursor := page["next"] or ""):
            return found


def _until(order: dict[str, Any]) -> str:
    following = date.fromordinal(date.fromisoformat(order["on"]).toordinal() + 1)
    return f"to={following}T00:00:00%2B09:00"


def _ask(order: dict[str, Any], path: str) -> Any:
    line = http.client.HTTPConnection("127.0.0.1", order["port"], timeout=120)
    line.request("GET", path, headers={"Authorization": f"Bearer {order['token']}"})
    answer = line.getresponse()
    said = answer.read()
    line.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {said[:300]!r}")
    return json.loads(said)


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
