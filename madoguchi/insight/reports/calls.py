"""How calls of any days were answered: the figures of the board, by the same definitions."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madoguchi.foundation.dates import short_date
from madoguchi.insight.reports.frame import Column, Figure, Period, Report, Row, Unit, month_words, week_words
from madoguchi.people.access import Access
from madoguchi.telephony.answering import (
    Answering,
    Counted,
    answered_calls,
    counted,
    counted_calls,
    day_of,
    in_time_calls,
    short_calls,
    slot_start,
    together,
)
from madoguchi.telephony.models import Call, CallQuerySet, Outcome

_LOST = ~answered_calls() & ~short_calls()

COLUMNS = [
    Column(
        "offered",
        gettext_lazy("Calls offered"),
        gettext_lazy(
            "Inbound calls that reached a queue and were answered or lost there; on a day on which no queue is named,"
            " every inbound call that rang. Calls that ended in the menu are left out."
        ),
    ),
    Column(
        "answered",
        gettext_lazy("Answered calls"),
        gettext_lazy("Spoken to by one of ours."),
        where=answered_calls(),
    ),
    Column(
        "lost",
        gettext_lazy("Lost"),
        gettext_lazy("Offered and not answered, short abandons left out: abandoned, overflowed, missed."),
        where=_LOST,
    ),
    Column(
        "abandoned",
        gettext_lazy("Abandoned"),
        gettext_lazy("The caller hung up in the queue, short abandons included."),
        where=Q(outcome=Outcome.ABANDONED),
    ),
    Column(
        "short",
        gettext_lazy("Short abandons"),
        gettext_lazy("Abandoned after a wait below the limit (five seconds unless set otherwise); in neither rate."),
        where=short_calls(),
    ),
    Column(
        "answer_rate",
        gettext_lazy("Answer rate"),
        gettext_lazy("Answered ÷ offered, short abandons left out."),
        Unit.SHARE,
        where=answered_calls(),
    ),
    Column(
        "service_level",
        gettext_lazy("Service level"),
        gettext_lazy("Answered within 20 seconds ÷ offered, short abandons left out."),
        Unit.SHARE,
        where=in_time_calls(),
    ),
    Column(
        "wait_mean_s",
        gettext_lazy("Mean wait"),
        gettext_lazy("Of answered calls, from the queue to the answer; of those whose wait is known."),
        Unit.CLOCK,
        where=answered_calls() & Q(wait_s__isnull=False),
    ),
    Column(
        "talk_mean_s",
        gettext_lazy("Mean talk"),
        gettext_lazy("Of answered calls that have ended, hold included; of those whose talk is known."),
        Unit.CLOCK,
        where=answered_calls() & Q(ended_at__isnull=False, talk_s__isnull=False),
    ),
]


def _rows(period: Period, by: str, access: Access | None) -> tuple[list[Row], Mapping[str, Figure]]:
    found = counted(access, period.start, period.end)
    rows = [
        Row(key, _name(by, key), _figures(together(group)))
        for key, group in groupby(sorted(found, key=lambda one: _key(by, one)), key=lambda one: _key(by, one))
    ]
    return rows, _figures(together(found))


def _key(by: str, row: Counted) -> str:
    """The group that a quarter of an hour, or its queue, belongs to; keys sort as the rows stand."""
    if by == "queue":
        return row.queue
    if by == "half_hour":
        return f"{slot_start(row.begun):%H:%M}"
    day = day_of(row.begun)
    if by == "month":
        return f"{day:%Y-%m}"
    return (day - timedelta(days=day.weekday()) if by == "week" else day).isoformat()


def _name(by: str, key: str) -> str:
    if by == "queue":
        return key or _("No queue")
    if by == "half_hour":
        return key
    if by == "month":
        return month_words(date.fromisoformat(f"{key}-01"))
    day = date.fromisoformat(key)
    return week_words(day) if by == "week" else short_date(day)


def _figures(calls: Answering) -> dict[str, Figure]:
    return {
        "offered": calls.offered,
        "answered": calls.answered,
        "lost": calls.lost,
        "abandoned": calls.abandoned,
        "short": calls.short,
        "answer_rate": calls.answer_rate,
        "service_level": calls.service_level,
        "wait_mean_s": None if calls.mean_wait_s is None else round(calls.mean_wait_s, 3),
        "talk_mean_s": None if calls.mean_talk_s is None else round(calls.mean_talk_s, 3),
    }


def _behind(period: Period, access: Access | None, by: str, key: str | None, column: Column) -> CallQuerySet:
    calls = Call.objects.visible_to(access) if access else Call.objects.all()
    calls = calls.filter(started_at__gte=period.start, started_at__lt=period.end)
    rows = counted(access, period.start, period.end)
    if key is not None:
        rows = [row for row in rows if _key(by, row) == key]
    calls = counted_calls(calls, rows)
    if by == "queue" and key is not None:
        calls = calls.filter(queue=key)
    return calls.filter(column.where) if column.where is not None else calls


CALLS = Report(
    "calls",
    gettext_lazy("How calls were answered"),
    gettext_lazy(
        "Calls that arrived in the period, by the definitions of the board. Calls that still wait are left out."
    ),
    {
        "day": gettext_lazy("Day"),
        "half_hour": gettext_lazy("Half hour"),
        "week": gettext_lazy("Week"),
        "month": gettext_lazy("Month"),
        "queue": gettext_lazy("Queue"),
    },
    COLUMNS,
    drawn="offered",
    rows=_rows,
    calls_behind=_behind,
)
