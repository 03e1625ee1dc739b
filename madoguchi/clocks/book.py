"""All policies in memory: which one fits, and the copy of this process, exact through one small question."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import ALWAYS, WorkingTime
from madoguchi.catalog.models import Category
from madoguchi.clocks import models
from madoguchi.clocks.function import Kind, Policy, Reopen
from madoguchi.clocks.life import Circumstances
from madoguchi.clocks.models import PolicyVersion
from madoguchi.foundation.prepared import Prepared
from madoguchi.people.models import Team

type Precedence = tuple[int, bool, int, bool, bool, int]


def precedence(version: PolicyVersion, depth: int) -> Precedence:
    """Which policy wins where several fit, the greatest: more conditions first; of as many, class of the contract
    before category (the deeper the more), team and priority; else the older policy. ``depth``: of its category, from 1.
    """
    given = (bool(version.service_class), depth, bool(version.team_id), bool(version.priorities))
    return sum(map(bool, given)), *given, -version.policy_id


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
    ) -> None:
        self._paths = paths
        self._calendars = calendars  # of teams
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
        return PolicyBook(versions, paths=self._paths, calendars=self._calendars)

    def choose(
        self, kind: Kind, now: Circumstances, *, started_at: datetime, ended_at: datetime | None
    ) -> Policy | None:
        """The policy that fits best; of each the version that held at the start, or a later one made for what runs."""
        line = self.line(kind, now, started_at=started_at, ended_at=ended_at)
        return self._policy(line.row, now.team) if line else None

    def line(self, kind: Kind, now: Circumstances, *, started_at: datetime, ended_at: datetime | None) -> Line | None:
        """The same, as the version itself."""
        path = self._paths.get(now.category, ()) if now.category is not None else ()
        best: Line | None = None
        for versions in self._policies.get(kind, ()):
            line = _held(versions, started_at, ended_at)
            if line is not None and line.fits(now, path) and (best is None or line.precedence > best.precedence):
                best = line
        return best

    def hours_of(self, team: int) -> WorkingTime:
        """When a team works."""
        return working_time(self._calendars.get(team))

    def _policy(self, row: PolicyVersion, team: int | None) -> Policy:
        key = (row.pk, team if row.calendar_of == PolicyVersion.CalendarOf.TEAM else None)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Policy(
                version=row.pk,
                kind=Kind(row.kind),
                target_s=row.target_s,
                calendar=self._calendar(row, team),
                warn_at=tuple(sorted(row.warn_at)),
                pauses_for=frozenset(row.pauses_for),
                reopen=Reopen(row.reopen),
                tell_from=row.tell_from,
            )
        return found

    def _calendar(self, row: PolicyVersion, team: int | None) -> WorkingTime:
        source = PolicyVersion.CalendarOf
        if row.calendar_of == source.ALWAYS:
            return ALWAYS
        if row.calendar_of == source.OWN:
            return working_time(row.calendar_id)
        return self.hours_of(team or 0) if row.calendar_of == source.TEAM else working_time(None)


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
    return PolicyBook(list(versions), paths=paths, calendars=calendars)


def changed() -> None:
    """Say, inside the transaction of the change, that every copy of the book is out of date."""
    if not models.Book.objects.update(revision=uuid4()):
        models.Book.objects.create()
