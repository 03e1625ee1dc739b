"""All policies in memory: which one fits, and the copy of this process, exact through one small question."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid4

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import ALWAYS, WorkingTime
from madoguchi.catalog.models import Category
from madoguchi.clocks import models
from madoguchi.clocks.life import Circumstances
from madoguchi.clocks.models import PolicyVersion
from madoguchi.clocks.reading import Kind, Policy, Reopen
from madoguchi.foundation.prepared import Prepared
from madoguchi.people.models import Team

type Precedence = tuple[int, bool, int, bool, bool, int]


def precedence(version: PolicyVersion, depth: int) -> Precedence:
    """Which policy wins where several fit, the greatest: more conditions first; of as many, class of the contract
    before category (the deeper the more), team and priority; else the older policy. ``depth``: of its category, from 1.
    """
    given = (bool(version.service_class), depth, bool(version.team_id), bool(version.priorities))
    return sum(map(bool, given)), *given, -version.policy_id


_EVERY_HOUR = 0  # no calendar's id

# Team (None: the desk) → its former calendars, each with until when, in order.
type Former = Mapping[int | None, Sequence[tuple[datetime, int | None]]]


def calendar_then(former: Former, team: int | None, at: datetime, now: int | None) -> int | None:
    """The calendar of what began at ``at``, when the team's is ``now`` today; None: the default one of today."""
    own = next((calendar for until, calendar in former.get(team, ()) if at < until), now)
    return own if own is not None or team is None else calendar_then(former, None, at, None)


@dataclass(frozen=True)
class Line:
    """One version of a policy, ready to be asked."""

    row: PolicyVersion
    precedence: Precedence
    priorities: frozenset[str]

    def fits(self, now: Circumstances, path: Sequence[int]) -> bool:
        row = self.row
        return (
            row.is_active
            and (row.category_id is None or row.category_id in path)
            and (not self.priorities or now.priority in self.priorities)
            and (not row.service_class or row.service_class == now.service_class)
            and (row.team_id is None or row.team_id == now.team)
        )


class PolicyBook:
    """The policies with their versions in time, the tree of categories and the teams' calendars, as they stand."""

    def __init__(
        self,
        versions: Sequence[PolicyVersion],
        *,
        paths: Mapping[int, Sequence[int]],
        calendars: Mapping[int, int | None],
        former: Former = MappingProxyType({}),
    ) -> None:
        self._paths = paths
        self._calendars = calendars  # of teams
        self.former = former
        self._policies: dict[Kind, list[list[Line]]] = defaultdict(list)
        self._made: dict[tuple[int, int | None], Policy] = {}
        self.lines: dict[int, Line] = {}
        of_policy: dict[int, list[Line]] = defaultdict(list)
        for row in sorted(versions, key=lambda row: (row.policy_id, row.number)):
            depth = len(paths.get(row.category_id, ())) if row.category_id is not None else 0
            line = Line(row, precedence(row, depth), frozenset(row.priorities))
            self.lines[row.pk] = line
            of_policy[row.policy_id].append(line)
        for lines in of_policy.values():
            self._policies[Kind(lines[-1].row.kind)].append(lines)

    def __bool__(self) -> bool:
        return bool(self.lines)

    def with_versions(self, versions: Sequence[PolicyVersion]) -> "PolicyBook":
        """The same house with other policies, for trying one."""
        return PolicyBook(versions, paths=self._paths, calendars=self._calendars, former=self.former)

    def choose(
        self, kind: Kind, now: Circumstances, *, started_at: datetime, ended_at: datetime | None
    ) -> Policy | None:
        """The policy that fits best; of each the version that held at the start, or a later one made for what runs."""
        line = self.line(kind, now, started_at=started_at, ended_at=ended_at)
        return self._policy(line.row, now.team, started_at) if line else None

    def line(self, kind: Kind, now: Circumstances, *, started_at: datetime, ended_at: datetime | None) -> Line | None:
        """The same, as the version itself."""
        path = self._paths.get(now.category, ()) if now.category is not None else ()
        best: Line | None = None
        for versions in self._policies.get(kind, ()):
            line = _held(versions, started_at, ended_at)
            if line is not None and line.fits(now, path) and (best is None or line.precedence > best.precedence):
                best = line
        return best

    def hours_of(self, team: int, at: datetime) -> WorkingTime:
        """When a team works, by the calendar that it had at that moment."""
        return working_time(self.calendar_of(team, at))

    def calendar_of(self, team: int | None, at: datetime) -> int | None:
        """The calendar of what began at that moment, for a team or (None) the desk; None: the default."""
        return calendar_then(self.former, team, at, self._calendars.get(team or 0))

    def _policy(self, row: PolicyVersion, team: int | None, started_at: datetime) -> Policy:
        calendar = self._calendar(row, team, started_at)
        key = (row.pk, calendar)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Policy(
                version=row.pk,
                kind=Kind(row.kind),
                target_s=row.target_s,
                calendar=ALWAYS if calendar == _EVERY_HOUR else working_time(calendar),
                warn_at=tuple(sorted(row.warn_at)),
                pauses_for=frozenset(row.pauses_for),
                reopen=Reopen(row.reopen),
                tell_from=row.tell_from,
            )
        return found

    def _calendar(self, row: PolicyVersion, team: int | None, started_at: datetime) -> int | None:
        source = PolicyVersion.CalendarOf
        if row.calendar_of == source.ALWAYS:
            return _EVERY_HOUR
        if row.calendar_of == source.OWN:
            return row.calendar_id
        return self.calendar_of(team if row.calendar_of == source.TEAM else None, started_at)


def _held(versions: Sequence[Line], started_at: datetime, ended_at: datetime | None) -> Line | None:
    """The version by which a clock is judged."""
    for line in reversed(versions):
        row = line.row
        if row.valid_from <= started_at or (row.for_running and (ended_at is None or row.valid_from < ended_at)):
            return line
    return None


_revisions = Prepared(lambda: models.Book.objects.order_by("id")[:1])
_EMPTY = PolicyBook((), paths={}, calendars={})
_kept: tuple[UUID | None, PolicyBook] = (None, _EMPTY)


def current_book() -> PolicyBook:
    """The book as this transaction sees it. One small question; read anew only when something has changed."""
    global _kept  # noqa: PLW0603 (the copy of this process; an assignment is atomic)
    row = _revisions.first()
    if row is None:
        return _EMPTY
    revision, book = _kept
    if revision != row.revision:
        book = read_book()
        _kept = (row.revision, book)
    return book


def read_book() -> PolicyBook:
    """The book from the tables."""
    parents = dict(Category.objects.values_list("pk", "parent"))
    paths: dict[int, Sequence[int]] = {}
    for category in parents:
        path: list[int] = []
        node: int | None = category
        while node is not None and node not in path:
            path.append(node)
            node = parents.get(node)
        paths[category] = path
    calendars = dict(Team.objects.values_list("pk", "calendar"))
    versions = PolicyVersion.objects.select_related("category", "team", "calendar")
    former: dict[int | None, list[tuple[datetime, int | None]]] = defaultdict(list)
    for team, until, calendar in models.FormerCalendar.objects.values_list("team", "until", "calendar"):
        former[team].append((until, calendar))
    return PolicyBook(list(versions), paths=paths, calendars=calendars, former=dict(former))


def changed() -> None:
    """Say, inside the transaction of the change, that every copy of the book is out of date."""
    if not models.Book.objects.update(revision=uuid4()):
        models.Book.objects.create()
