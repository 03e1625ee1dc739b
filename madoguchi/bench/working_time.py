"""A million deadlines over a year with lunch and holidays, beside the same search on bare numbers."""

import random
import time
from bisect import bisect_right
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from madoguchi.bench.report import MILLI, Result
from madoguchi.calendars.national import calculated
from madoguchi.calendars.working_time import Period, Version, WorkingTime

_YEAR = 2026
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: ``sums``, how many; ``engine`` and ``tickets`` as the result names them."""
    return asdict(calendar(order["sums"], order["engine"], order["tickets"]))


def calendar(sums: int, engine: str, tickets: int) -> Result:
    """``sums`` additions of up to 80 hours from any second of the year, in processor time of one thread.

    The floor finds the same places in the same lists and makes the same moments, and nothing else: no class, no case
    for closed time, no look whether the years laid out suffice.
    """
    office = (Period(9 * 3600, 12 * 3600), Period(13 * 3600, 17 * 3600 + 1800))
    version = Version(datetime(_YEAR, 1, 1, tzinfo=UTC).date(), (office,) * 5 + ((), ()))
    held = WorkingTime(ZoneInfo("Asia/Tokyo"), (version,), {}, calculated)
    dice = random.Random(1)
    first = datetime(_YEAR, 1, 1, tzinfo=UTC)
    asked = [(first + timedelta(seconds=dice.randrange(365 * 86400)), dice.randrange(80 * 3600)) for _ in range(sums)]
    held.add(first, 1000 * 3600)  # lays the year out
    add = held.add
    begun = time.thread_time()
    for start, seconds in asked:
        add(start, seconds)
    used = time.thread_time() - begun

    starts, before = _openings(held, first)
    begun = time.thread_time()
    for start, seconds in asked:
        since = start - _EPOCH
        place = bisect_right(starts, since.days * 86400 + since.seconds)
        found = bisect_right(before, before[max(0, place - 1)] + seconds)
        _EPOCH + timedelta(0, starts[found - 1])
    bare = time.thread_time() - begun
    return Result(
        "calendar",
        engine,
        tickets,
        rate=round(sums / used, 1),
        cpu=used * MILLI / sums,
        floor_rate=round(sums / bare, 1),
        ratio=round(used / bare, 2),
        note=f"{sums:,} deadlines in {used:.2f} s",
    )


def _openings(held: WorkingTime, first: datetime) -> tuple[list[int], list[int]]:
    """Where open spans begin in two years, as seconds since 1970, and the open seconds before each."""
    starts, before, reached = [], [0], first
    for closure in held.closures(first, first + timedelta(days=730), limit=10_000):
        if closure.start > reached:
            starts.append(int(reached.timestamp()))
            before.append(before[-1] + int((closure.start - reached).total_seconds()))
        reached = closure.end
    return starts, before
