"""A real day of calls as a telephone system would have told it: 1 August 1999 of the Technion's "Anonymous Bank" log.

Each row of the file becomes neutral events. Rows that contradict themselves are sent as far as they make sense, and
told in ``Day.odd``; none is left out.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

DAY = date(1999, 8, 1)
_WRITTEN = "2010-08-01"  # the spreadsheet shows another year
_NEVER = "0:00:00"
_NOBODY = "NO_SERVER"

type Event = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One line of the file; times are seconds since midnight, None where it "did not happen"."""

    call: str
    queue: str
    outcome: str
    server: str
    entry: int
    exit: int
    q_start: int | None
    q_exit: int | None
    ser_start: int | None
    ser_exit: int | None


@dataclass
class Day:
    """The events in the order in which they happened, and the rows that contradict themselves with why."""

    rows: list[Row] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    odd: list[tuple[str, str]] = field(default_factory=list)


def read(file: Path) -> list[Row]:
    """The rows of the day."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        return [_row(line) for line in csv.DictReader(lines) if line["date"] == _WRITTEN]


def day(rows: list[Row], *, on: date, zone: tzinfo) -> Day:
    """The day shifted to ``on``, by the clocks of ``zone``."""
    found = Day(rows=rows)
    midnight = datetime.combine(on, time(), zone)
    for row in rows:
        found.odd += [(row.call, why) for why in _oddities(row)]
        told = list(_told(row))
        for place, (seconds, kind, fields) in enumerate(told):
            at = midnight + timedelta(seconds=seconds)
            event = {
                "id": f"{on}:{row.call}:{place}",
                "type": kind,
                "at": at.isoformat(),
                "call": row.call,
                "seq": place,
            }
            found.events.append(event | fields)
    found.events.sort(key=lambda event: (datetime.fromisoformat(event["at"]), event["call"], event["seq"]))
    return found


def _told(row: Row) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(second of the day, type, fields) of each event of one call."""
    started = {"direction": "inbound", "from": {"number": None, "presentation": "unavailable"}}
    yield row.entry, "call.started", started
    if row.outcome == "PHANTOM":  # the log's own word for what is to be ignored: in no queue's figures
        yield max(row.entry, row.exit), "call.ended", {"by": "system"}
        return
    queue = {"queue": row.queue}
    if row.outcome != "AGENT":
        if row.q_start is None:
            yield max(row.entry, row.exit), "call.ended", {"by": "caller"}
            return
        left = row.q_exit or row.q_start
        yield row.q_start, "queue.entered", queue
        yield left, "queue.left", queue | {"reason": "abandoned"}
        yield left, "call.ended", {"by": "caller"}
        return
    agent = {"agent": row.server, "leg": f"{row.call}:{row.server}"}
    if row.ser_start is None:  # answered, nobody knows when
        left = row.q_exit or row.exit
        yield row.q_start or left, "queue.entered", queue
        yield left, "queue.left", queue | {"reason": "connected", "agent": row.server}
        yield left, "call.ended", {"by": "unknown"}
        return
    ended = max(row.ser_start, row.ser_exit or row.ser_start)
    # Who was served at once never queued by the log: the queue let them through.
    yield row.ser_start if row.q_start is None else min(row.q_start, row.ser_start), "queue.entered", queue
    yield row.ser_start, "agent.joined", agent
    yield row.ser_start, "queue.left", queue | {"reason": "connected"}
    yield ended, "agent.left", agent
    yield ended, "call.ended", {"by": "unknown"}


def _oddities(row: Row) -> Iterator[str]:
    if row.exit < row.entry:
        yield "left the menu before entering it"
    if row.outcome == "PHANTOM":
        yield "phantom: recorded, in no figure"
    if row.outcome == "HANG" and row.ser_start is not None:
        yield "gave up, yet was served: the outcome is believed"
    if row.outcome == "AGENT":
        if row.server == _NOBODY:
            yield "answered by nobody that is named"
        if row.ser_start is None:
            yield "answered at no time: talk and answer are unknown"
        elif (row.ser_exit or 0) <= row.ser_start:
            yield "ended the moment it was answered"
        if row.ser_start is not None and row.q_start is not None and row.ser_start < row.q_start:
            yield "answered before it waited: the wait is 0"


def _row(line: dict[str, str]) -> Row:
    served = line["ser_start"] != _NEVER
    queued = line["q_start"] != _NEVER
    return Row(
        call=f"{line['vru+line']}-{line['call_id']}",
        queue=line["type"],
        outcome=line["outcome"],
        server=line["server"],
        entry=_seconds(line["vru_entry"]),
        exit=_seconds(line["vru_exit"]),
        q_start=_seconds(line["q_start"]) if queued else None,
        q_exit=_seconds(line["q_exit"]) if queued else None,
        ser_start=_seconds(line["ser_start"]) if served else None,
        ser_exit=_seconds(line["ser_exit"]) if served else None,
    )


def _seconds(written: str) -> int:
    hours, minutes, seconds = written.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)
