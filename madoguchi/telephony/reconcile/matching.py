"""Which call of the desk the rows of a call belong to."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import batched

from django.db.models import Exists, OuterRef, Q

from madoguchi.foundation import phone
from madoguchi.telephony.models import Call, CallLeg, Direction
from madoguchi.telephony.reconcile.groups import CdrCall

_AT_ONCE = 400
# A sender that names no ids of the telephone system tells of a call when it hears of it.
_BESIDE = timedelta(seconds=10)
_AT_ONCE_TOLD = timedelta(seconds=2)
_QUARTER = 900
_STEADY = 5
_FURTHEST = 27 * 3600  # from UTC-12 to UTC+14
_BORN = re.compile(r"(?:^|-)(\d{9,10})\.\d+$")  # behind the name of the system, where it has one


def matched(calls: Sequence[CdrCall], sender: str) -> tuple[dict[int, Call], int]:
    """The call of each place in ``calls``, where there is one, and the seconds by which the records' times are off.

    By the ids of the rows, else by number and time among the calls that no id has claimed, the nearest first.
    """
    found: dict[int, Call] = {}
    for part in batched(enumerate(calls), _AT_ONCE, strict=False):
        found |= _by_ids(part, sender)
    shift = _shift(calls, found)
    claimed = {call.pk for call in found.values()}
    pairs: list[tuple[tuple[bool, timedelta], int, Call]] = []
    for place, call in enumerate(calls):
        if place not in found:
            pairs += [(how, place, row) for how, row in _by_number(call, sender, claimed, timedelta(seconds=shift))]
    for _how, place, row in sorted(pairs, key=lambda pair: (pair[0], pair[1], pair[2].pk)):
        if place not in found and row.pk not in claimed:
            found[place] = row
            claimed.add(row.pk)
    return found, shift


def _by_ids(calls: Sequence[tuple[int, CdrCall]], sender: str) -> Iterator[tuple[int, Call]]:
    ids = sorted({name for _place, call in calls for name in call.ids})
    known: dict[str, list[Call]] = {}
    whose = {"sender": sender} if sender else {}
    for part in batched(ids, _AT_ONCE, strict=False):
        legs = CallLeg.objects.filter(uniqueid__in=part, **whose).select_related("call__merged_into")
        for leg in legs:
            known.setdefault(leg.uniqueid, []).append(leg.call.merged_into or leg.call)
        for row in Call.objects.filter(call_id__in=part, **whose).select_related("merged_into"):
            known.setdefault(row.call_id, []).append(row.merged_into or row)
    for place, call in calls:
        named = [one for name in call.ids for one in known.get(name, ())]
        if named:
            yield place, min(named, key=lambda one: abs(one.started_at - call.start_at))


def _shift(calls: Sequence[CdrCall], found: dict[int, Call]) -> int:
    """Whole quarters of an hour between the records' times and what was heard: the zone was not the one named.

    Where nothing was heard, the moment in the uniqueid tells (``1795305537.0``: epoch seconds of the channel's birth).
    """
    seen: Counter[int] = Counter()
    for place, call in found.items():
        if (
            call.record.get("recovered")
            or call.record.get("clock") != "sender"
            or "started" in call.record["incomplete"]
        ):
            continue
        seen[_quarters((call.started_at - calls[place].first.start_at).total_seconds())] += 1
    if not seen:
        born = ((call.first, _BORN.search(call.first.uniqueid)) for call in calls)
        seen.update(_quarters(int(match[1]) - row.start_at.timestamp()) for row, match in born if match)
    if not seen:
        return 0
    quarters, count = seen.most_common(1)[0]
    return quarters * _QUARTER if 2 * count > seen.total() else 0


def _quarters(seconds: float) -> int:
    """0 for what no time zone explains."""
    quarters = round(seconds / _QUARTER)
    return quarters if abs(seconds) < _FURTHEST and abs(seconds - quarters * _QUARTER) <= _STEADY else 0


def _by_number(
    call: CdrCall, sender: str, claimed: Iterable[int], shift: timedelta
) -> Iterator[tuple[tuple[bool, timedelta], Call]]:
    """The calls that it may be, each with (whether its number is withheld, how far apart they begin).

    A sender may tell of a call when a telephone rings, after the menu: so a call may begin within the rows, unless it
    is known by ids, which would have been found.
    """
    at, end = call.start_at + shift, call.end_at + shift
    rows = Call.objects.filter(started_at__gte=at - _BESIDE, started_at__lte=max(end, at + _BESIDE), merged_into=None)
    if sender:
        rows = rows.filter(sender=sender)
    named = CallLeg.objects.filter(call=OuterRef("pk"))
    rows = rows.exclude(Q(started_at__gt=at + _BESIDE) & (Exists(named) | Q(record__recovered=True)))
    for row in rows.exclude(pk__in=claimed):
        apart = abs(row.started_at - at)
        if _same_parties(row, call, apart):
            yield (row.presentation == "restricted", apart), row


def _same_parties(row: Call, call: CdrCall, apart: timedelta) -> bool:
    """By the number outside; a call without one by where it went, if it began in the very same second or two.

    The records may know a number that the desk must not: a withheld one is compared by where the call went, too.
    """
    number = phone.normalise(call.first.number)
    dialled = {phone.normalise(dst) for one in call.rows for dst in (one.dst, one.did)} - {""}
    called = phone.normalise(row.called)
    if row.direction == Direction.OUTBOUND:
        return called in dialled
    if row.caller_number:
        return row.caller_number == number
    if row.presentation == "restricted":
        return called in dialled
    return not number and called in dialled and apart <= _AT_ONCE_TOLD
