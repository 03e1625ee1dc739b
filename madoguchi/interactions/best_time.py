"""When to call somebody: the hours at which they were reached before."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from madoguchi.interactions.models import CallBack, Channel, Interaction
from madoguchi.telephony.models import Call, Direction

SPAN = 2  # hours
LEAST = 3  # calls, or it is chance
_LOOKED_BACK = timedelta(days=180)
_MOST = 50  # calls of each number and of each person


class BestTime(NamedTuple):
    """``fits`` of ``calls`` were answered from ``first`` to ``last`` o'clock, in the desk's zone."""

    first: int
    last: int
    fits: int
    calls: int


def best_time(moments: Iterable[datetime]) -> BestTime | None:
    """The two hours with most of them, the earliest such; None when they are too few, or less than a third of all."""
    hours = Counter(timezone.localtime(moment).hour for moment in moments)
    calls = hours.total()
    if calls < LEAST:
        return None
    fits, first = max((sum(hours[hour + more] for more in range(SPAN)), -hour) for hour in hours)
    return BestTime(-first, -first + SPAN, fits, calls) if fits * 3 >= calls and fits > 1 else None


def best_times(rows: Iterable[CallBack]) -> Mapping[int, BestTime]:
    """By call-back, where anything can be said: from calls that were answered, by the number or with the person.

    The last ones of each; two questions, however many rows.
    """
    rows = list(rows)
    since = timezone.now() - _LOOKED_BACK
    numbers = {row.number for row in rows}
    people = {row.person_id for row in rows if row.person_id}
    by_number: dict[str, dict[int, datetime]] = defaultdict(dict)
    by_person: dict[int, dict[int, datetime]] = defaultdict(dict)
    calls = Call.objects.filter(caller_number__in=numbers, direction=Direction.INBOUND, started_at__gte=since)
    answered = calls.filter(answered_at__isnull=False).annotate(place=_place("caller_number"))
    for call in answered.filter(place__lte=_MOST).only("caller_number", "answered_at", "started_at"):
        by_number[call.caller_number][call.pk] = call.answered_at or call.started_at
    if people:
        talked = Interaction.objects.filter(
            person__in=people, started_at__gte=since, channel=Channel.PHONE, call__answered_at__isnull=False
        )
        talked = talked.annotate(place=_place("person"))
        for contact in talked.filter(place__lte=_MOST).select_related("call"):
            if contact.call is not None and contact.person_id is not None:
                by_person[contact.person_id][contact.call.pk] = contact.call.answered_at or contact.started_at
    found = {row.pk: best_time((by_number[row.number] | by_person[row.person_id or 0]).values()) for row in rows}
    return {pk: best for pk, best in found.items() if best is not None}


def _place(column: str) -> Window:
    """1 for the last row of each value of the column, 2 for the one before."""
    return Window(RowNumber(), partition_by=F(column), order_by=F("started_at").desc())
