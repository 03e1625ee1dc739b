"""How calls were answered, by the definitions that the board, the lists behind it and the reports share.

Sources: the published definitions of answer rate (応答率), abandonment, service level (時間内応答率) and average speed
of answer. Calls are counted where they lie, by the quarter of an hour of their arrival, through the index over time.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Func, IntegerField, Q, QuerySet, Sum
from django.db.models.lookups import IsNull
from django.utils import timezone

from madoguchi.foundation.literal import Unindexed
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.telephony.models import Call, CallQuerySet, Direction, Outcome

ANSWER_WITHIN_S = 20.0
SLOT = timedelta(minutes=30)
QUARTER = timedelta(minutes=15)  # every zone's half hours and days begin with one
# They never got as far as the desk, or nobody can say how they ended.
_NOT_OFFERED = (Outcome.ABANDONED_IN_IVR, Outcome.UNKNOWN)


@dataclass(frozen=True)
class Answering:
    """How the calls of a span were answered. Calls that still wait are in no figure: nothing is decided yet.

    ``offered``: inbound calls that reached a queue and were answered or lost there. A desk whose telephone system
    names no queues has every inbound call that rang. Left out: calls that ended in the menu before any queue,
    and calls that became part of another. ``answered``: spoken to by one of ours.
    ``short``: abandoned after a wait below SHORT_ABANDON_SECONDS; counted apart, in neither rate.
    ``in_time`` of ``timed``: answered within 20 seconds of waiting. A call answered after a wait that nobody knows
    is in neither, since guessing would colour the figure.
    ``wait_s`` is what ``waits`` of the answered calls waited, ``talk_s`` what ``talks`` of them spoke: those of which
    it is known.
    """

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    short: int = 0
    in_time: int = 0
    timed: int = 0
    wait_s: float = 0.0
    waits: int = 0
    talk_s: float = 0.0
    talks: int = 0

    @property
    def lost(self) -> int:
        """Offered and not answered, short ones left out: abandoned, overflowed, missed."""
        return self.offered - self.answered - self.short

    @property
    def answer_rate(self) -> float | None:
        """応答率: answered ÷ offered, short abandons left out; None without calls."""
        return self.answered / (self.offered - self.short) if self.offered > self.short else None

    @property
    def service_level(self) -> float | None:
        """時間内応答率: answered within 20 s ÷ offered, short abandons left out; None without calls."""
        return self.in_time / self.timed if self.timed else None

    @property
    def mean_wait_s(self) -> float | None:
        """ASA: the mean wait of answered calls."""
        return self.wait_s / self.waits if self.waits else None

    @property
    def mean_talk_s(self) -> float | None:
        return self.talk_s / self.talks if self.talks else None

    def __add__(self, other: "Answering") -> "Answering":
        return Answering(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


class Counted(NamedTuple):
    """The calls of one queue (empty: of none) that arrived in the quarter of an hour from ``begun`` on."""

    begun: datetime
    queue: str
    calls: Answering


def answered_calls(call: str = "") -> Q:
    """Spoken to by one of ours, or being so; ``call`` is the way to the call (``call__``)."""
    talking = Q(**{f"{call}answered_at__isnull": False, f"{call}ended_at__isnull": True})
    return Q(**{f"{call}outcome": Outcome.ANSWERED}) | talking


def short_calls(call: str = "") -> Q:
    """Abandoned after a wait below SHORT_ABANDON_SECONDS; ``call`` is the way to the call."""
    return Q(**{f"{call}outcome": Outcome.ABANDONED, f"{call}wait_s__lt": settings.SHORT_ABANDON_SECONDS})


def in_time_calls(call: str = "") -> Q:
    """Answered within the time; ``call`` is the way to the call."""
    return answered_calls(call) & Q(**{f"{call}wait_s__lte": ANSWER_WITHIN_S})


def offered_calls(calls: CallQuerySet) -> CallQuerySet:
    """The calls that ``Answering.offered`` counts, those that named no queue included."""
    decided = Q(ended_at__isnull=False) | Q(answered_at__isnull=False)
    calls = calls.filter(decided, IsNull(Unindexed("merged_into"), True)).exclude(outcome__in=_NOT_OFFERED)
    return calls.exclude(direction__in=(Direction.OUTBOUND, Direction.INTERNAL))


def counted(access: Access | None, start: datetime, end: datetime) -> list[Counted]:
    """The offered calls that arrived in [start, end) and ``access`` may see (None: all), by quarter and queue.

    On a day on which any call named a queue, only calls that named one are offered.
    """
    if access is None:
        rows = list(_by_quarter(Call.objects.all(), start, end))
    else:
        rows = _visible(settings.SHORT_ABANDON_SECONDS).all(access, start, end)
    found = [Counted(quarter_start(row[0]), row[1], Answering(*(number or 0 for number in row[2:]))) for row in rows]
    queued = {day_of(one.begun) for one in found if one.queue}
    return [one for one in found if one.queue or day_of(one.begun) not in queued]


def counted_calls(calls: CallQuerySet, rows: Iterable[Counted]) -> CallQuerySet:
    """Exactly those of ``calls`` that ``rows`` (of ``counted``, whole quarters of an hour) count."""
    queued, bare = set[int](), set[int]()
    for row in rows:
        (queued if row.queue else bare).add(_number(row.begun))
    calls = offered_calls(calls).alias(quarter=Quarter("started_at"))
    return calls.filter(Q(quarter__in=queued) & ~Q(queue="") | Q(quarter__in=bare, queue=""))


def together(rows: Iterable[Counted]) -> Answering:
    return sum((row.calls for row in rows), Answering())


def day_of(moment: datetime) -> date:
    """The desk's own day."""
    return timezone.localtime(moment).date()


def slot_start(now: datetime) -> datetime:
    """The beginning of the half hour that ``now`` lies in, by the desk's clock."""
    local = timezone.localtime(now)
    return local.replace(minute=local.minute // 30 * 30, second=0, microsecond=0)


class Quarter(Func):
    """How many quarters of an hour had passed since 1970."""

    arity = 1
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="unixepoch(%(expressions)s) / 900", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 900)::integer"
        return self.as_sql(compiler, connection, template=template, **context)


def _by_quarter(calls: CallQuerySet, start: Any, end: Any) -> "QuerySet[Call, tuple[Any, ...]]":
    known = answered_calls() & Q(ended_at__isnull=False)
    return (
        offered_calls(calls.filter(started_at__gte=start, started_at__lt=end))
        .order_by()
        .annotate(quarter=Quarter("started_at"))
        .values_list("quarter", "queue")
        .annotate(
            offered=Count("id"),
            answered=Count("id", filter=answered_calls()),
            abandoned=Count("id", filter=Q(outcome=Outcome.ABANDONED)),
            short=Count("id", filter=short_calls()),
            in_time=Count("id", filter=in_time_calls()),
            timed=Count("id", filter=~short_calls() & ~Q(answered_calls(), wait_s__isnull=True)),
            waited=Sum("wait_s", filter=answered_calls()),
            waits=Count("wait_s", filter=answered_calls()),
            talked=Sum("talk_s", filter=known),
            talks=Count("talk_s", filter=known),
        )
    )


@cache
def _visible(_short_below: int) -> "PreparedVisible[tuple[Any, ...]]":
    """The question with this limit of short abandons in it."""
    return PreparedVisible(
        lambda access, start, end: _by_quarter(Call.objects.visible_to(access), start, end), values=2
    )


def _number(moment: datetime) -> int:
    return int(moment.timestamp() // QUARTER.total_seconds())


def quarter_start(number: int) -> datetime:
    """When the quarter of an hour with this number (of ``Quarter``) begins."""
    return datetime.fromtimestamp(number * QUARTER.total_seconds(), UTC)
