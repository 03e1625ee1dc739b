"""Conditions about time: working hours, the time of day, how often something happened, how long something lasts."""

from datetime import datetime, time, timedelta
from typing import Literal

from django.db.models import Q
from django.db.models.lookups import GreaterThanOrEqual
from pydantic import ConfigDict, Field

from madoguchi.rules.conditions.condition import ALL, NOTHING, Condition, OneOf
from madoguchi.rules.expressions import contacts_between
from madoguchi.rules.facts import Count, Facts, Since
from madoguchi.rules.world import World, begun_by


class Hours(Condition):
    """The moment lies within the working hours of the team that holds the ticket or of a calendar (by key), or outside.

    A calendar that is gone is never open.
    """

    kind: Literal["hours"] = "hours"
    open: bool = True
    calendar: str = Field(default="", max_length=50)

    def _in_calendar(self, world: World, now: datetime) -> bool:
        hours = world.calendar(self.calendar)
        return (hours is not None and hours.is_open(now)) == self.open

    def holds(self, facts: Facts, world: World) -> bool:
        if self.calendar:
            return self._in_calendar(world, facts.at)
        return world.hours_of(facts.holder).is_open(facts.at) == self.open

    def query(self, world: World, now: datetime) -> Q:
        if self.calendar:
            return ALL if self._in_calendar(world, now) else NOTHING
        return Q(holder_team__in=[team for team in world.lines if world.hours_of(team).is_open(now) == self.open])


class TimeOfDay(Condition):
    """The moment lies between two times of the day (``from`` included, ``until`` not), over midnight too."""

    kind: Literal["time_of_day"] = "time_of_day"
    from_: time = Field(alias="from")
    until: time

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    def _within(self, now: datetime, world: World) -> bool:
        clock = now.astimezone(world.zone).time()
        if self.from_ <= self.until:
            return self.from_ <= clock < self.until
        return clock >= self.from_ or clock < self.until

    def holds(self, facts: Facts, world: World) -> bool:
        return self._within(facts.at, world)

    def query(self, world: World, now: datetime) -> Q:
        return ALL if self._within(now, world) else NOTHING


class Clock(OneOf):
    """The deadline that was last told of is of one of these kinds, and used at least so much of its time (per cent)."""

    kind: Literal["clock"] = "clock"
    percent: int = Field(default=0, ge=0, le=100)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"told_clock"})

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.told_clock in self.one_of and facts.told_percent >= self.percent

    def query(self, world: World, now: datetime) -> Q:
        return Q(_told_clock__in=self.one_of, _told_percent__gte=self.percent)


class AtLeast(Condition):
    """Moves, returns, reopenings, messages of the requester, or the requester's contacts within ``days`` days."""

    kind: Literal["at_least"] = "at_least"
    of: Count
    number: int = Field(ge=1, le=1000)
    days: int = Field(default=30, ge=1, le=366)

    @property
    def needs(self) -> frozenset[str]:
        by = {Count.RETURNS: "returns", Count.REOPENINGS: "reopenings", Count.WROTE: "said", Count.CONTACTS: "contacts"}
        return frozenset({by[self.of]}) if self.of in by else frozenset()

    def counted(self, facts: Facts) -> int:
        if self.of == Count.CONTACTS:
            since = facts.at - timedelta(days=self.days)
            return sum(since <= moment <= facts.at for moment in facts.contacts)
        return int(getattr(facts, self.of.value))

    def holds(self, facts: Facts, world: World) -> bool:
        return self.counted(facts) >= self.number

    def query(self, world: World, now: datetime) -> Q:
        if self.of == Count.CONTACTS:
            return Q(GreaterThanOrEqual(contacts_between(now - timedelta(days=self.days), now), self.number))
        if self.of == Count.MOVES:
            return Q(moves__gte=self.number)
        return Q(**{f"_{self.of.value}__gte": self.number})


class Lasting(Condition):
    """A state holds for at least so many seconds: working time of the team that owes it (``Facts.owed_by``), or any."""

    kind: Literal["lasting"] = "lasting"
    state: Since
    seconds: int = Field(ge=60, le=366 * 86_400)
    working: bool = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({f"since.{self.state.value}"})

    def holds(self, facts: Facts, world: World) -> bool:
        since = facts.since.get(self.state)
        if since is None:
            return False
        if not self.working:
            return since <= facts.at - timedelta(seconds=self.seconds)
        return world.hours_of(facts.owed_by(self.state)).between(since, facts.at) >= self.seconds

    def query(self, world: World, now: datetime) -> Q:
        name = f"_since_{self.state.value}"
        if not self.working:
            return _since(name, now - timedelta(seconds=self.seconds))
        teams: dict[datetime, list[int]] = {}
        for team in world.lines:
            teams.setdefault(begun_by(world.hours_of(team), now, self.seconds), []).append(team)
        found = NOTHING
        for begun, ids in teams.items():
            found |= _since(name, begun) & self._owed_by(ids)
        return found

    def _owed_by(self, teams: list[int]) -> Q:
        if self.state != Since.UNACCEPTED:
            return Q(holder_team__in=teams)
        return Q(offered_to__in=teams) | Q(offered_to__isnull=True, holder_team__in=teams)


def _since(name: str, begun: datetime) -> Q:
    return Q(**{f"{name}__isnull": False, f"{name}__lte": begun})
