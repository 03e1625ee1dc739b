"""Absences with whoever stands in, and the duty rota."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.calendars.working_time import Period
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.people.access import Capability, access_of
from madoguchi.people.cover import Absence, Duty
from madoguchi.people.staff import Staff, Team

_MOST_DUTIES = 100


@transaction.atomic
def note_absence(
    staff: Staff,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    substitute: Staff | None = None,
    substitute_team: Team | None = None,
    note: str = "",
    by: Staff,
) -> Absence:
    """``staff`` is away; new work goes to the substitute, a person or a team. One's own, or as supervisor anybody's."""
    _may_decide_for(staff, by)
    if ends_at is not None and ends_at <= max(starts_at, timezone.now()):
        raise Refused(_("The absence would be over before it begins."), code="over", field="ends_at")
    if substitute is not None and substitute_team is not None:
        raise Refused(_("Choose a person or a team, not both."), code="two_substitutes", field="substitute")
    if substitute is not None and (substitute.pk == staff.pk or not substitute.is_active):
        raise Refused(_("Choose somebody else who works here."), code="substitute", field="substitute")
    Staff.objects.select_for_update().get(pk=staff.pk)  # two at once would not see each other
    same = Absence.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=starts_at), staff=staff)
    if ends_at is not None:
        same = same.filter(starts_at__lt=ends_at)
    if same.exists():
        raise Refused(_("There is an absence in this time already. End that one first."), code="twice", status=409)
    absence = Absence.objects.create(
        staff=staff,
        starts_at=starts_at,
        ends_at=ends_at,
        substitute=substitute,
        substitute_team=substitute_team,
        note=note.strip()[:200],
    )
    record(
        "absence.noted",
        by=by,
        about=[absence, staff, substitute, substitute_team],
        data={
            "name": staff.name,
            "from": starts_at.isoformat(),
            "until": ends_at.isoformat() if ends_at else None,
            "substitute": substitute.name if substitute else substitute_team.name if substitute_team else "",
        },
    )
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, by: Staff) -> None:
    """Back earlier, or never away: what has begun ends now, what lies ahead is dropped."""
    _may_decide_for(absence.staff, by)
    now = timezone.now()
    if absence.ends_at is not None and absence.ends_at <= now:
        raise Refused(_("This absence is over."), code="over", status=409)
    about = [absence, absence.staff]
    record("absence.ended", by=by, about=about, data={"name": absence.staff.name, "begun": absence.starts_at < now})
    if absence.starts_at < now:
        Absence.objects.filter(pk=absence.pk).update(ends_at=now)
    else:
        absence.delete()


@transaction.atomic
def set_duty(team: Team, staff: Staff, *, first: date, last: date, periods: Sequence[Period], by: Staff) -> list[Duty]:
    """``staff`` is on duty for the team on each day from ``first`` to ``last`` in these hours (desk's time zone).

    The same again changes nothing.
    """
    _may_plan(team, by)
    days = (last - first).days + 1
    if not 1 <= days * len(periods) <= _MOST_DUTIES:
        raise Refused(
            _("Choose hours, and days in order: at most %(count)d duties at once.") % {"count": _MOST_DUTIES},
            code="days",
            field="last",
        )
    if not staff.is_active or not access_of(staff).acts_for(team):
        raise Refused(
            _("%(name)s does not work for %(team)s.") % {"name": staff.name, "team": team.label},
            code="staff",
            field="staff",
        )
    known = dict(Duty.objects.filter(team=team, staff=staff).values_list("starts_at", "ends_at"))
    duties, news = [], []
    for place in range(days):
        midnight = datetime.combine(first + timedelta(days=place), datetime.min.time())
        for start, end in periods:
            starts, ends = (timezone.make_aware(midnight + timedelta(seconds=second)) for second in (start, end))
            duty, _created = Duty.objects.update_or_create(
                team=team, staff=staff, starts_at=starts, defaults={"ends_at": ends}
            )
            duties.append(duty)
            if known.get(starts) != ends:
                news.append(duty)
    if news:
        record(
            "duty.set",
            by=by,
            about=[*news, team, staff],
            data={
                "team": team.name,
                "name": staff.name,
                "from": min(duty.starts_at for duty in news).isoformat(),
                "until": max(duty.ends_at for duty in news).isoformat(),
                "count": len(news),
            },
        )
    return duties


@transaction.atomic
def remove_duty(duty: Duty, *, by: Staff) -> None:
    """Not on duty then."""
    _may_plan(duty.team, by)
    record(
        "duty.removed",
        by=by,
        about=[duty, duty.team, duty.staff],
        data={
            "team": duty.team.name,
            "name": duty.staff.name,
            "from": duty.starts_at.isoformat(),
            "until": duty.ends_at.isoformat(),
        },
    )
    duty.delete()


def _may_decide_for(staff: Staff, by: Staff) -> None:
    if staff.pk != by.pk and not access_of(by).can(Capability.DECIDE_ROUTING):
        raise Refused(_("Only supervisors enter the absence of somebody else."), code="not_allowed", status=403)


def _may_plan(team: Team, by: Staff) -> None:
    access = access_of(by)
    if not (access.can(Capability.DECIDE_ROUTING) and access.acts_for(team)):
        raise Refused(_("Only supervisors of the team plan its duty."), code="not_allowed", status=403)
