"""Policies as people read them: in the order of precedence, their conditions in words, what one would apply to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from madoguchi.calendars.words import working_span
from madoguchi.clocks.book import PolicyBook
from madoguchi.clocks.life import Circumstances
from madoguchi.clocks.models import PolicyVersion
from madoguchi.clocks.reading import Kind
from madoguchi.people.access import Access
from madoguchi.tickets.models import Priority, Ticket, WaitingFor

LOOKED_AT = 2000
_NEWEST = 2**62  # of policies with as many conditions the older one wins
OLA = (Kind.ACCEPTANCE, Kind.HOLDING)


@dataclass(frozen=True)
class Fitting:
    """Open tickets that a policy would be the best for: how many of those looked at, and the newest of them."""

    count: int
    looked_at: int
    rows: Sequence[dict[str, Any]]


def latest_versions(book: PolicyBook) -> list[PolicyVersion]:
    """The version in force of each policy, by kind and within it by precedence, those that ended last."""
    latest: dict[int, PolicyVersion] = {}
    for line in book.lines.values():
        latest[line.row.policy_id] = line.row
    kinds = list(Kind)
    precedences = {line.row.pk: line.precedence for line in book.lines.values()}
    return sorted(
        latest.values(),
        key=lambda row: (
            not row.is_active,
            kinds.index(Kind(row.kind)),
            tuple(-int(part) for part in precedences[row.pk]),
        ),
    )


def conditions(row: PolicyVersion) -> str:
    """``優先度 高・緊急、分類 ネットワーク``; without conditions: everything."""
    parts = []
    if row.service_class:
        parts.append(_("class of the contract %(name)s") % {"name": row.service_class})
    if row.category is not None:
        parts.append(_("category %(name)s and below") % {"name": row.category.label})
    if row.team is not None:
        parts.append(_("team %(name)s") % {"name": row.team.label})
    if row.priorities:
        names = [str(Priority(level).label) for level in row.priorities]
        parts.append(_("priority %(names)s") % {"names": (_(" or ")).join(names)})
    return ("、" if get_language() == "ja" else ", ").join(parts) if parts else _("everything")


def target(row: PolicyVersion) -> str:
    """``4時間（営業時間）`` with the calendar in which it counts."""
    if row.calendar_of == PolicyVersion.CalendarOf.OWN and row.calendar is not None:
        where = row.calendar.label
    else:
        where = str(PolicyVersion.CalendarOf(row.calendar_of).label)
    return _("%(span)s (%(calendar)s)") % {"span": working_span(row.target_s), "calendar": where}


def pauses(row: PolicyVersion) -> str:
    """For whom the clock stands still."""
    names = [str(WaitingFor(whom).label) for whom in row.pauses_for]
    return (_(" or ")).join(names)


def fitting(what: PolicyVersion, book: PolicyBook, *, access: Access, shown: int = 8) -> Fitting:
    """Which open tickets a policy that is being written would be the best for, were it saved now.

    Looks at the newest ``LOOKED_AT`` open tickets as they are. For a team's deadline, the team that holds them counts.
    """
    kind = Kind(what.kind)
    now = timezone.now()
    row = PolicyVersion(**{field.attname: getattr(what, field.attname) for field in what._meta.concrete_fields})
    row.policy_id = what.policy_id or _NEWEST
    row.is_active, row.valid_from, row.pk = True, now, 0
    others = [line.row for line in book.lines.values() if line.row.policy_id != row.policy_id]
    trial = book.with_versions([*others, row])
    columns = ("id", "subject", "category_id", "priority", "contract__service_class", "front_team_id", "holder_team_id")
    tickets = Ticket.objects.visible_to(access).active().order_by("-id").values(*columns)[:LOOKED_AT]
    count, looked_at = 0, 0
    rows: list[dict[str, Any]] = []
    for ticket in tickets:
        looked_at += 1
        team = ticket["holder_team_id"] if kind in OLA else ticket["front_team_id"]
        circumstances = Circumstances(
            ticket["category_id"], ticket["priority"], ticket["contract__service_class"] or "", team
        )
        line = trial.line(kind, circumstances, started_at=now, ended_at=None)
        if line is not None and line.row is row:
            count += 1
            if len(rows) < shown:
                rows.append(ticket)
    return Fitting(count, looked_at, rows)
