"""The working day around the calls of one of the staff: log-on, wrap-ups, a break at noon, log-off."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from madoguchi.demo.world import ZONE

type Change = tuple[datetime, str, bool]  # when, into which state, whether it was chosen on their own screen

_BEGIN, _END, _DAYS_END = timedelta(hours=8, minutes=30), timedelta(hours=17, minutes=30), timedelta(hours=24)
_NOON = (timedelta(hours=11, minutes=30), timedelta(hours=14))
_SHORTEST_BREAK, _LONGEST_BREAK = timedelta(minutes=20), timedelta(hours=1)
_AROUND = timedelta(minutes=2)  # between a break and a call
_READY = "available"


def day_of_work(
    calls: Sequence[tuple[datetime, str]], *, after: datetime | None, now: datetime, chance: Random
) -> list[Change]:
    """All changes of state of a day, in order, of what the calls of that day (not empty, in order) made of it.

    ``after``: when they logged off last; nothing of their own is earlier. Nothing of their own is later than ``now``.
    """
    midnight = calls[0][0].astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    told = _with_wrapups(calls, chance)
    told = _with_break(told, midnight, chance)
    first, last = told[0][0], told[-1][0]
    log_on = min(midnight + _BEGIN + _minutes(chance, 25), first - _minutes(chance, 9))
    log_off = max(midnight + _END + _minutes(chance, 30), last + _minutes(chance, 9))
    # As all moments of the history, in UTC.
    log_on = max(midnight, log_on).astimezone(first.tzinfo)
    log_off = min(midnight + _DAYS_END, log_off).astimezone(first.tzinfo)
    if after is not None:
        log_on = min(first, max(log_on, after))
    told = [change for change in told if change[0] <= now or not change[2]]
    return [(log_on, _READY, True), *told, (max(told[-1][0], min(log_off, now)), "logged_off", True)]


def _with_wrapups(calls: Sequence[tuple[datetime, str]], chance: Random) -> list[Change]:
    """The work after a call begins with its end, and lasts until it is done or the next call rings."""
    found: list[Change] = []
    for place, (at, state) in enumerate(calls):
        if state != _READY:
            found.append((at, state, False))
            continue
        done = at + timedelta(seconds=min(chance.expovariate(1 / 45) + 8, 300))
        found.append((at, "wrapup", False))
        if place + 1 == len(calls) or done < calls[place + 1][0]:
            found.append((done, _READY, True))
    return found


def _with_break(told: list[Change], midnight: datetime, chance: Random) -> list[Change]:
    """A break in the longest time without a call around noon, when there is one."""
    begin, end = (midnight + hour for hour in _NOON)
    free = [
        (max(at, begin), min(until, end), place + 1)
        for place, ((at, state, _), (until, _, _)) in enumerate(zip(told, [*told[1:], (end, "", True)], strict=True))
        if state == _READY
    ]
    since, until, place = max(free, key=lambda gap: gap[1] - gap[0], default=(end, end, 0))
    length = min(until - since - 2 * _AROUND, _LONGEST_BREAK - _minutes(chance, 15))
    if length < _SHORTEST_BREAK:
        return told
    start = (since + _AROUND).astimezone(told[0][0].tzinfo)
    return [*told[:place], (start, "paused", True), (start + length, _READY, True), *told[place:]]


def _minutes(chance: Random, most: float) -> timedelta:
    return timedelta(minutes=chance.uniform(1, most))
