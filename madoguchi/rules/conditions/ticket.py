"""Conditions about what the ticket is: its row, its customer, where it lies and came from."""

from datetime import datetime
from typing import Literal

from django.db.models import Q
from pydantic import Field

from madoguchi.rules.conditions.condition import Condition, OneOf
from madoguchi.rules.facts import Facts
from madoguchi.rules.world import World


class Priority(OneOf):
    of_the_row = True
    kind: Literal["priority"] = "priority"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.priority in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(priority__in=self.one_of)


class Status(OneOf):
    of_the_row = True
    kind: Literal["status"] = "status"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.status in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(status__in=self.one_of)


class WaitingFor(OneOf):
    """Put aside, until somebody named here answers."""

    of_the_row = True
    kind: Literal["waiting_for"] = "waiting_for"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.status == "waiting" and facts.waiting_for in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(status="waiting", waiting_for__in=self.one_of)


class Channel(OneOf):
    of_the_row = True
    kind: Literal["channel"] = "channel"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.channel in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(channel__in=self.one_of)


class Category(OneOf):
    """The ticket's category is one of these or stands below one (by key)."""

    kind: Literal["category"] = "category"

    def _ids(self, world: World) -> set[int]:
        return set[int]().union(*(world.categories.get(key, frozenset()) for key in self.one_of))

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.category in self._ids(world)

    def query(self, world: World, now: datetime) -> Q:
        return Q(Q(category__isnull=False), category__in=self._ids(world))


class Team(OneOf):
    """The team that holds the ticket, answers the requester, or is offered it (by key)."""

    of_the_row = True
    kind: Literal["team"] = "team"
    role: Literal["holder", "front", "offered_to"] = "holder"

    def _ids(self, world: World) -> set[int]:
        return {world.teams[key] for key in self.one_of if key in world.teams}

    def holds(self, facts: Facts, world: World) -> bool:
        return getattr(facts, self.role) in self._ids(world)

    def query(self, world: World, now: datetime) -> Q:
        ids = self._ids(world)
        if self.role == "holder":
            return Q(holder_team__in=ids)
        return Q(front_team__in=ids) if self.role == "front" else Q(Q(offered_to__isnull=False), offered_to__in=ids)


class Line(Condition):
    """The ticket lies with the first line, or behind it."""

    kind: Literal["line"] = "line"
    first: bool = True

    def _ids(self, world: World) -> set[int]:
        return {team for team, line in world.lines.items() if (line == 1) == self.first}

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.holder in self._ids(world)

    def query(self, world: World, now: datetime) -> Q:
        return Q(holder_team__in=self._ids(world))


class Assigned(Condition):
    """Somebody works on it, or nobody."""

    of_the_row = True
    kind: Literal["assigned"] = "assigned"
    yes: bool = True

    def holds(self, facts: Facts, world: World) -> bool:
        return (facts.assignee is not None) == self.yes

    def query(self, world: World, now: datetime) -> Q:
        return Q(assignee__isnull=not self.yes)


class Requester(Condition):
    of_the_row = True
    kind: Literal["requester"] = "requester"
    one_of: list[int] = Field(min_length=1, max_length=200)

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.requester in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(Q(requester__isnull=False), requester__in=self.one_of)


class Organization(Condition):
    """The customer is one of these or a division of one (by id)."""

    kind: Literal["organization"] = "organization"
    one_of: list[int] = Field(min_length=1, max_length=200)

    def _ids(self, world: World) -> set[int]:
        return set[int]().union(*(world.organizations.get(pk, frozenset()) for pk in self.one_of))

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.organization in self._ids(world)

    def query(self, world: World, now: datetime) -> Q:
        return Q(Q(organization__isnull=False), organization__in=self._ids(world))


class ServiceClass(OneOf):
    """The class of the customer's contract."""

    kind: Literal["service_class"] = "service_class"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.service_class in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(Q(contract__isnull=False), contract__service_class__in=self.one_of)


class NotEntitled(Condition):
    """The contract does not cover the request, or it does."""

    of_the_row = True
    kind: Literal["not_entitled"] = "not_entitled"
    yes: bool = True

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.not_entitled == self.yes

    def query(self, world: World, now: datetime) -> Q:
        return Q(not_entitled=self.yes)


class Complaint(Condition):
    """The wrap-up of a call of it says that it was a complaint, or none does."""

    kind: Literal["complaint"] = "complaint"
    yes: bool = True

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"complaint"})

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.complaint == self.yes

    def query(self, world: World, now: datetime) -> Q:
        return Q(_complaint=self.yes)


class HandoffReason(OneOf):
    """Why the ticket was handed over the last time."""

    kind: Literal["handoff_reason"] = "handoff_reason"

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"handoff_reason"})

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.handoff_reason in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(_handoff_reason__in=self.one_of)
