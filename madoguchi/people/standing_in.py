"""Nothing waits on somebody who is not there: who is available, who stands in, who is on duty."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from madoguchi.journal.record import Actor
from madoguchi.people.access import access_of
from madoguchi.people.cover import Absence, Duty
from madoguchi.people.staff import Staff, Team

_LONGEST_CHAIN = 5


@dataclass(frozen=True)
class StandIn:
    """Who takes over new work of somebody who is away: a person, or a team, or (both None) nobody was named."""

    staff: Staff | None
    team: Team | None
    away: tuple[str, ...]  # the names of those who are away, first the one who was meant
    until: datetime | None  # when the one who was meant is back; None: not known

    def told(self) -> dict[str, str | None]:
        """For the journal: ``away``, ``to`` (empty: the team decides), ``until``."""
        return {
            "away": "、".join(self.away),
            "to": self.staff.name if self.staff else self.team.name if self.team else "",
            "until": self.until.isoformat() if self.until else None,
        }


def away_at(at: datetime) -> QuerySet[Absence]:
    """All absences that hold at ``at``."""
    return Absence.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)


def absence_of(staff: Staff, at: datetime) -> Absence | None:
    """The absence that holds at ``at``: the one that lasts longest."""
    rows = list(away_at(at).filter(staff=staff).select_related("substitute", "substitute_team"))
    endless = [row for row in rows if row.ends_at is None]
    return endless[0] if endless else max(rows, key=lambda row: row.ends_at or at, default=None)


def next_absence(staff: Staff, at: datetime) -> Absence | None:
    """The absence that holds at ``at``, else the next one that is noted."""
    ahead = Absence.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), staff=staff)
    return ahead.select_related("substitute", "substitute_team").order_by("starts_at", "id").first()


def absent(at: datetime) -> QuerySet[Staff]:
    """Who is away at ``at`` or works here no more."""
    return Staff.objects.filter(Q(is_active=False) | Q(pk__in=away_at(at).values("staff")))


def available(staff: Staff, at: datetime) -> bool:
    """Whether somebody works here and is not away at ``at``; hours are another question (``working_time_of``)."""
    return staff.is_active and not away_at(at).filter(staff=staff).exists()


def substitute_of(staff: Staff, at: datetime) -> StandIn | None:
    """Who stands in for ``staff`` at ``at``; None when that is not needed.

    A substitute who is away as well is stood in for in turn; who comes round to somebody already asked, or further than
    five people, finds nobody.
    """
    away: list[str] = []
    until: datetime | None = None
    seen = {staff.pk}
    here = staff
    while len(away) < _LONGEST_CHAIN:
        absence = absence_of(here, at)
        if absence is None:
            if not here.is_active:  # has left without naming anybody
                return StandIn(None, None, (*away, here.name), until)
            return StandIn(here, None, tuple(away), until) if away else None
        if not away:
            until = absence.ends_at
        away.append(here.name)
        if absence.substitute is None or absence.substitute_id in seen:
            return StandIn(None, absence.substitute_team, tuple(away), until)
        here = absence.substitute
        seen.add(here.pk)
    return StandIn(None, None, tuple(away), until)


def covered(
    staff: Staff | None, team: Team, at: datetime, *, by: Actor | None = None
) -> tuple[Staff | None, StandIn | None]:
    """Who of ``team`` gets what was meant for ``staff``, and why it is somebody else.

    The substitute, when they may act for the team; otherwise nobody: then it is the whole team's. Who acts
    themselves (``by``) is there, whatever was noted.
    """
    acts = staff is not None and by is not None and (by.actor_kind, by.actor_id) == ("staff", staff.pk)
    stand_in = substitute_of(staff, at) if staff and not acts else None
    if stand_in is None:
        return staff, None
    fits = stand_in.staff is not None and access_of(stand_in.staff).acts_for(team)
    return (stand_in.staff if fits else None), stand_in if fits else StandIn(None, team, stand_in.away, stand_in.until)


def successor(staff: Staff, team: Team, at: datetime) -> Staff | None:
    """Who of ``team`` takes over what waits on ``staff`` already: the substitute of this absence or the next, if there.

    None: the whole team. Somebody who is there and stays has no successor either.
    """
    absence = next_absence(staff, at)
    person, _stand_in = covered(staff, team, max(at, absence.starts_at) if absence else at)
    return None if person is None or person == staff or not available(person, at) else person


def on_duty(team: Team, at: datetime) -> list[Staff]:
    """Who is on duty for the team at ``at``, in the order in which their duty began; who is away is stood in for."""
    rows = Duty.objects.filter(team=team, starts_at__lte=at, ends_at__gt=at).select_related("staff")
    found: dict[int, Staff] = {}
    for duty in rows:
        person, _stand_in = covered(duty.staff, team, at)
        if person is not None:
            found.setdefault(person.pk, person)
    return list(found.values())
