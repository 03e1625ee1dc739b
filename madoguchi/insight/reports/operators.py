"""Operators' time: who was in which state for how long; occupancy (占有率), utilisation (稼働率), AHT."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Case, Count, Q, Sum, When
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation.dates import short_date
from madoguchi.insight.reports.frame import Column, Figure, Period, Report, Row, Unit
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Membership, Staff, Team
from madoguchi.telephony.answering import Quarter, day_of, quarter_start, slot_start
from madoguchi.telephony.models import CallAgent, Direction, OperatorState, StateTime
from madoguchi.telephony.state_times import slices

State = OperatorState.State
type Seconds = defaultdict[str, float]
type Figures = Mapping[str, Figure]
_LONGEST_WAIT = timedelta(days=1)  # between the beginning of a call and its answer
_READY = (State.AVAILABLE, State.RINGING)
_BREAK = (State.PAUSED, State.AWAY)


@dataclass
class Handled:
    """Calls in which they spoke with somebody outside; of ``timed`` of them their talk and hold are known."""

    calls: int = 0
    timed: int = 0
    talk_s: float = 0.0

    def add(self, more: "Handled") -> None:
        self.calls += more.calls
        self.timed += more.timed
        self.talk_s += more.talk_s


def rows_of(period: Period, by: str, _access: Access | None) -> tuple[list[Row], Figures]:
    """The seconds of each group by state, what runs now included, and the calls that it handled."""
    times: defaultdict[object, Seconds] = defaultdict(lambda: defaultdict(float))
    handled: defaultdict[object, Handled] = defaultdict(Handled)
    all_handled = Handled()
    key_of = _KEYS[by]()
    for staff_id, slot, state, seconds in _times(period, by):
        times[key_of(staff_id, slot)][state] += seconds
    for staff_id, moment, calls in _handled(period, by):
        handled[key_of(staff_id, moment)].add(calls)
        all_handled.add(calls)
    total: Seconds = defaultdict(float)
    for group in times.values():
        for state, seconds in group.items():
            total[state] += seconds
    found = {key: figures_of(times[key], handled[key]) for key in [*times, *(handled.keys() - times.keys())]}
    return _NAMED[by](found), figures_of(total, all_handled)


def figures_of(seconds: Mapping[str, float], handled: Handled | None = None) -> dict[str, Figure]:
    """What the columns show of seconds by state and calls; what would be divided by nothing is None."""
    handled = handled or Handled()
    talk, wrapup = seconds.get(State.TALKING, 0.0), seconds.get(State.WRAPUP, 0.0)
    ready = sum(seconds.get(state, 0.0) for state in _READY)
    logged_in = sum(seconds.values())
    working = talk + wrapup + ready
    found: dict[str, Figure] = {
        "logged_in_s": logged_in,
        "talk_s": talk,
        "wrapup_s": wrapup,
        "ready_s": ready,
        "break_s": sum(seconds.get(state, 0.0) for state in _BREAK),
        "training_s": seconds.get(State.TRAINING, 0.0),
        "unreachable_s": seconds.get(State.UNREACHABLE, 0.0),
    }
    quotients: dict[str, Figure] = {
        "handled": handled.calls,
        "aht_s": round(handled.talk_s / handled.timed + wrapup / handled.calls, 1) if handled.timed else None,
        "occupancy": (talk + wrapup) / working if working else None,
        "utilisation": working / logged_in if logged_in else None,
    }
    return {name: round(seconds or 0.0, 1) for name, seconds in found.items()} | quotients


def _times(period: Period, by: str) -> Iterable[tuple[int, datetime, str, float]]:
    """(member of staff, half hour, state, seconds) in the period, summed over what ``by`` does not tell apart."""
    kept = StateTime.objects.filter(slot__gte=period.start, slot__lt=period.end).order_by()
    if by in ("staff", "team"):
        for staff_id, state, seconds in kept.values_list("staff", "state").annotate(Sum("seconds")):
            yield staff_id, period.start, state, seconds
    else:
        for slot, state, seconds in kept.values_list("slot", "state").annotate(Sum("seconds")):
            yield 0, slot, state, seconds
    until = min(timezone.now(), period.end)
    for row in OperatorState.objects.exclude(state=State.LOGGED_OFF).filter(since__lt=until):
        for slot, seconds in slices(max(row.since, period.start), until):
            yield row.staff_id, slot, row.state, seconds


def _handled(period: Period, by: str) -> Iterable[tuple[int, datetime, Handled]]:
    """(member of staff, quarter of an hour of the answer, their calls), added up over what ``by`` does not tell apart.

    One telephone and then another in the same call are one; a call that still runs has no seconds yet.
    """
    seats = CallAgent.objects.filter(
        staff__isnull=False,
        state__in=CallAgent.SPOKE,
        call__direction__in=(Direction.INBOUND, Direction.OUTBOUND),
        call__merged_into__isnull=True,
        call__started_at__gte=period.start - _LONGEST_WAIT,
        call__started_at__lt=period.end,
        call__answered_at__gte=period.start,
        call__answered_at__lt=period.end,
    )
    key = "staff_id" if by in ("staff", "team") else "quarter"
    parts = seats.order_by().annotate(quarter=Quarter("call__answered_at")).values("call_id", "staff_id", "quarter")
    parts = parts.annotate(untold=Count("id", filter=Q(talk_s=None)))
    parts = parts.annotate(talk=Case(When(untold=0, then=Sum("talk_s"))))
    sql, values = parts.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, COUNT(*), COUNT(talk), SUM(talk) FROM ({sql}) AS part GROUP BY {key}",  # noqa: S608
            values,
        )
        for group, calls, timed, talk_s in cursor.fetchall():
            handled = Handled(calls, timed, talk_s or 0.0)
            yield (group, period.start, handled) if key == "staff_id" else (0, quarter_start(group), handled)


def _team_keys() -> Callable[[int, datetime], object]:
    """By the team whose calls somebody takes: the first of their teams, as for their contacts."""
    first: dict[int, int | None] = {}
    members = Membership.objects.filter(team__isnull=False).order_by("team__line", "team_id")
    for staff_id, team_id in members.values_list("staff", "team"):
        first.setdefault(staff_id, team_id)
    return lambda staff_id, _moment: first.get(staff_id)


_KEYS: Mapping[str, Callable[[], Callable[[int, datetime], object]]] = {
    "staff": lambda: lambda staff_id, _moment: staff_id,
    "team": _team_keys,
    "day": lambda: lambda _staff_id, moment: day_of(moment),
    "half_hour": lambda: lambda _staff_id, moment: f"{slot_start(moment):%H:%M}",
}


def _staff_rows(found: Mapping[object, Figures]) -> list[Row]:
    people = Staff.objects.filter(pk__in=list(found))
    return [Row(str(member.pk), member.name, found[member.pk]) for member in people]


def _team_rows(found: Mapping[object, Figures]) -> list[Row]:
    teams = Team.objects.filter(pk__in=[key for key in found if key is not None])
    rows = [Row(team.key, team.label, found[team.pk]) for team in teams]
    return [*rows, Row("", gettext("No team"), found[None])] if None in found else rows


def _day_rows(found: Mapping[object, Figures]) -> list[Row]:
    days = sorted(key for key in found if isinstance(key, date))
    return [Row(day.isoformat(), short_date(day), found[day]) for day in days]


def _half_hour_rows(found: Mapping[object, Figures]) -> list[Row]:
    return [Row(key, key, found[key]) for key in sorted(str(key) for key in found)]


_NAMED: Mapping[str, Callable[[Mapping[object, Figures]], list[Row]]] = {
    "staff": _staff_rows,
    "team": _team_rows,
    "day": _day_rows,
    "half_hour": _half_hour_rows,
}

OPERATORS = Report(
    "operators",
    _("Operators' time"),
    _(
        "How long operators were in which state, to the second, split at midnight and by the half hour; what runs now "
        "counts until now. The team is the first of a person's teams, as it is for their contacts."
    ),
    {
        "staff": _("Member of staff"),
        "team": _("Team"),
        "day": _("Day"),
        "half_hour": _("Half hour of the day"),
    },
    [
        Column("logged_in_s", _("Logged in"), _("Time in any state but logged off."), Unit.SECONDS),
        Column("talk_s", _("Talk and hold"), _("Time in a call, hold included."), Unit.SECONDS),
        Column("wrapup_s", _("Wrap-up"), _("Time of the work after a call."), Unit.SECONDS),
        Column(
            "ready_s", _("Waiting for a call"), _("Time available, the ringing of the phone included."), Unit.SECONDS
        ),
        Column(
            "handled",
            _("Calls handled"),
            _(
                "Calls answered in the period in which they spoke with somebody outside, incoming and outgoing; of a "
                "call that is passed on, each part counts as one."
            ),
        ),
        Column(
            "aht_s",
            _("Mean handling time"),
            _(
                "AHT: mean talk and hold of the calls handled, as far as known, and wrap-up divided by them. Calls "
                "among colleagues and dialling in vain are no part of it; a call counts in the time of its answer."
            ),
            Unit.CLOCK,
        ),
        Column("break_s", _("Break and away"), _("Time on a break or away."), Unit.SECONDS),
        Column("training_s", _("Training"), _("Time in training."), Unit.SECONDS),
        Column("unreachable_s", _("Phone unreachable"), _("Time in which the phone could not be rung."), Unit.SECONDS),
        Column(
            "occupancy",
            _("Occupancy"),
            _("Talk, hold and wrap-up, divided by these and waiting for a call."),
            Unit.SHARE,
        ),
        Column(
            "utilisation",
            _("Utilisation"),
            _("Talk, hold, wrap-up and waiting for a call, divided by the time logged in."),
            Unit.SHARE,
        ),
    ],
    drawn="occupancy",
    rows=rows_of,
    needs=Capability.WATCH_BOARD,  # it says of each by name how long they worked
)
