"""Operators' time: who was in which state for how long, and from it occupancy (占有率) and utilisation (稼働率)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madoguchi.foundation.dates import short_date
from madoguchi.insight.reports.frame import Column, Figure, Period, Report, Row, Unit
from madoguchi.people.access import Access
from madoguchi.people.models import Membership, Staff, Team
from madoguchi.telephony.models import OperatorState, StateTime
from madoguchi.telephony.state_times import slices

State = OperatorState.State
type Seconds = defaultdict[str, float]
_READY = (State.AVAILABLE, State.RINGING)
_BREAK = (State.PAUSED, State.AWAY)


def rows_of(period: Period, by: str, _access: Access | None) -> tuple[list[Row], Mapping[str, Figure]]:
    """The seconds of each group by state, what runs now included."""
    found: dict[object, Seconds] = {}
    total: Seconds = defaultdict(float)
    key_of = _KEYS[by]()
    for staff_id, slot, state, seconds in _times(period, by):
        found.setdefault(key_of(staff_id, slot), defaultdict(float))[state] += seconds
        total[state] += seconds
    return _NAMED[by](found), figures_of(total)


def figures_of(seconds: Mapping[str, float]) -> dict[str, Figure]:
    """What the columns show of seconds by state; shares are None where there was no time to share."""
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
    shares: dict[str, Figure] = {
        "occupancy": (talk + wrapup) / working if working else None,
        "utilisation": working / logged_in if logged_in else None,
    }
    return {name: round(seconds or 0.0, 1) for name, seconds in found.items()} | shares


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


def _team_keys() -> Callable[[int, datetime], object]:
    """By the team whose calls somebody takes: the first of their teams, as for their contacts."""
    first: dict[int, int | None] = {}
    members = Membership.objects.filter(team__isnull=False).order_by("team__line", "team_id")
    for staff_id, team_id in members.values_list("staff", "team"):
        first.setdefault(staff_id, team_id)
    return lambda staff_id, _slot: first.get(staff_id)


_KEYS: Mapping[str, Callable[[], Callable[[int, datetime], object]]] = {
    "staff": lambda: lambda staff_id, _slot: staff_id,
    "team": _team_keys,
    "day": lambda: lambda _staff_id, slot: timezone.localtime(slot).date(),
    "half_hour": lambda: lambda _staff_id, slot: f"{timezone.localtime(slot):%H:%M}",
}


def _staff_rows(found: Mapping[object, Seconds]) -> list[Row]:
    people = Staff.objects.filter(pk__in=list(found))
    return [Row(str(member.pk), member.name, figures_of(found[member.pk])) for member in people]


def _team_rows(found: Mapping[object, Seconds]) -> list[Row]:
    teams = Team.objects.filter(pk__in=[key for key in found if key is not None])
    rows = [Row(team.key, team.label, figures_of(found[team.pk])) for team in teams]
    return [*rows, Row("", gettext("No team"), figures_of(found[None]))] if None in found else rows


def _day_rows(found: Mapping[object, Seconds]) -> list[Row]:
    days = sorted(key for key in found if isinstance(key, date))
    return [Row(day.isoformat(), short_date(day), figures_of(found[day])) for day in days]


def _half_hour_rows(found: Mapping[object, Seconds]) -> list[Row]:
    return [Row(key, key, figures_of(found[key])) for key in sorted(str(key) for key in found)]


_NAMED: Mapping[str, Callable[[Mapping[object, Seconds]], list[Row]]] = {
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
)
