"""What names in a rule stand for: categories with all below them, teams, organizations with their divisions, hours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from madoguchi.calendars.models import Calendar
from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import ALWAYS
from madoguchi.catalog.models import Category, HearingItem
from madoguchi.consultations.proposal import label_of
from madoguchi.people.models import Department, Organization, Person, Staff, Team, Topic
from madoguchi.rules.codes import known
from madoguchi.rules.expressions import Answer
from madoguchi.tickets.models import Ticket


class Hours(Protocol):
    """What rules ask of working time; ``calendars.working_time.WorkingTime`` answers it."""

    def add(self, start: datetime, seconds: int) -> datetime: ...
    def between(self, start: datetime, end: datetime) -> int: ...
    def is_open(self, at: datetime) -> bool: ...


@dataclass(frozen=True)
class World:
    """Everything is read once, on first use. A history from outside brings a world of its own."""

    hours_of: Callable[[int], Hours] = field(default=lambda _team: ALWAYS)  # a team's working time
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(timezone.get_default_timezone_name()))

    @cached_property
    def teams(self) -> Mapping[str, int]:
        return {team.key: team.pk for team in self._teams}

    @cached_property
    def lines(self) -> Mapping[int, int]:
        """Which line each team is."""
        return {team.pk: team.line for team in self._teams}

    @cached_property
    def categories(self) -> Mapping[str, frozenset[int]]:
        """Each category by its key, with everything below it."""
        rows = list(Category.objects.all())
        below = _below((row.pk, row.parent_id) for row in rows)
        return {row.key: below[row.pk] for row in rows}

    @cached_property
    def organizations(self) -> Mapping[int, frozenset[int]]:
        """Each organization with its divisions."""
        return _below(Organization.objects.values_list("pk", "parent_id"))

    @cached_property
    def _calendars(self) -> Mapping[str, int]:
        return dict(Calendar.objects.values_list("key", "pk"))

    def calendar(self, key: str) -> Hours | None:
        """The working time of a calendar; None when there is none of this key."""
        pk = self._calendars.get(key)
        return None if pk is None else working_time(pk)

    @cached_property
    def known_codes(self) -> frozenset[str]:
        """Of the error codes that were heard on any ticket, those that stand in an article."""
        heard = Ticket.objects.annotate(code=Answer("error_code")).exclude(code="").order_by()
        return known(set(heard.values_list("code", flat=True).distinct()))

    @cached_property
    def labels(self) -> "Labels":
        return Labels()

    @cached_property
    def _teams(self) -> list[Team]:
        return list(Team.objects.all())


class Labels:
    """Names for readers, in the language of the page; what is gone is called by its key."""

    @cached_property
    def _teams(self) -> dict[str, Team]:
        return {team.key: team for team in Team.objects.all()}

    def calendar(self, key: str) -> str:
        row = Calendar.objects.filter(key=key).first()
        return row.label if row else key

    @cached_property
    def _categories(self) -> dict[str, Category]:
        return {row.key: row for row in Category.objects.all()}

    @cached_property
    def _items(self) -> dict[str, HearingItem]:
        return {item.key: item for item in HearingItem.objects.order_by("-pk")}

    def team(self, key: str) -> str:
        return self._teams[key].label if key in self._teams else key

    def category(self, key: str) -> str:
        return self._categories[key].label if key in self._categories else key

    def item(self, key: str) -> str:
        return self._items[key].label if key in self._items else key

    @cached_property
    def _staff(self) -> dict[int, str]:
        return {staff.pk: staff.name for staff in Staff.objects.all()}

    def staff(self, pk: int) -> str:
        return self._staff.get(pk, f"#{pk}")

    def department(self, to: str) -> str:
        """``経理部 › 請求書`` of ``department/topic``."""
        department, topic = asked(to)
        return label_of(department, topic) if department and (topic or "/" not in to) else to

    def organization(self, pk: int) -> str:
        return _name(Organization.objects.filter(pk=pk), pk)

    def person(self, pk: int) -> str:
        return _name(Person.objects.filter(pk=pk), pk)


def asked(to: str) -> tuple[Department | None, Topic | None]:
    """The department, and the topic when one is named, of ``department`` or ``department/topic``."""
    key, _slash, about = to.partition("/")
    department = Department.objects.filter(key=key).first()
    return department, Topic.objects.filter(department=department, key=about).first() if about else None


def _name(rows: "QuerySet[Organization] | QuerySet[Person]", pk: int) -> str:
    row = rows.first()
    return str(row) if row else f"#{pk}"


def _below(pairs: Iterable[tuple[int, int | None]]) -> dict[int, frozenset[int]]:
    """Id → itself and everything below it."""
    parents = dict(pairs)
    found: dict[int, set[int]] = {pk: {pk} for pk in parents}
    for pk, parent in parents.items():
        above, seen = parent, {pk}
        while above is not None and above not in seen:
            if above in found:
                found[above].add(pk)
            seen.add(above)
            above = parents.get(above)
    return {pk: frozenset(members) for pk, members in found.items()}


def begun_by(hours: Hours, now: datetime, seconds: int) -> datetime:
    """The latest moment from which ``seconds`` of these hours have passed until ``now``, exact to the microsecond.

    So ``hours.between(since, now) >= seconds`` says the same as ``since <= begun_by(hours, now, seconds)``.
    """
    if seconds <= 0:
        return now
    step = timedelta(seconds=seconds)
    early = now - step
    while hours.between(early, now) < seconds:
        step *= 2
        if step > timedelta(days=36_500):
            return now - step
        early = now - step
    late = now
    while late - early > timedelta(microseconds=1):
        middle = early + (late - early) / 2
        if hours.between(middle, now) >= seconds:
            early = middle
        else:
            late = middle
    return early
