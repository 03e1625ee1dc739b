"""The typed conditions: their JSON form, what they mean on the facts of a ticket, and as a query over the whole store.

Each condition says both in two methods that stand together: ``holds(facts, world)`` and ``query(world, now)``, a ``Q``
over tickets annotated by ``store.annotated``. A property test holds them to the same result on both engines.
"""

from datetime import datetime, time, timedelta
from typing import ClassVar, Literal

from django.db.models import Exists, OuterRef, Q
from django.db.models.lookups import Exact, GreaterThanOrEqual, Regex
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from madoguchi.rules import writings
from madoguchi.rules.expressions import Answer, contacts_between
from madoguchi.rules.facts import Count, Facts, Since, text_of
from madoguchi.rules.world import World, begun_by
from madoguchi.tickets.models import Message

ALL = Q()
NOTHING = Q(pk__in=[])
MOST_WORDS = 50


class Condition(BaseModel):
    """One condition; ``needs`` names what ``store`` has to read of a ticket beyond its row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Whether the ticket's row alone decides, so that it changes only by acts on the ticket.
    of_the_row: ClassVar[bool] = False

    @property
    def needs(self) -> frozenset[str]:
        return frozenset()

    def holds(self, facts: Facts, world: World) -> bool:
        raise NotImplementedError

    def query(self, world: World, now: datetime) -> Q:
        raise NotImplementedError


class _OneOf(Condition):
    one_of: list[str] = Field(min_length=1, max_length=200)


class Priority(_OneOf):
    of_the_row = True
    kind: Literal["priority"] = "priority"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.priority in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(priority__in=self.one_of)


class Status(_OneOf):
    of_the_row = True
    kind: Literal["status"] = "status"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.status in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(status__in=self.one_of)


class WaitingFor(_OneOf):
    """Put aside, until somebody named here answers."""

    of_the_row = True
    kind: Literal["waiting_for"] = "waiting_for"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.status == "waiting" and facts.waiting_for in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(status="waiting", waiting_for__in=self.one_of)


class Channel(_OneOf):
    of_the_row = True
    kind: Literal["channel"] = "channel"

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.channel in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(channel__in=self.one_of)


class Category(_OneOf):
    """The ticket's category is one of these or stands below one (by key)."""

    kind: Literal["category"] = "category"

    def _ids(self, world: World) -> set[int]:
        return set[int]().union(*(world.categories.get(key, frozenset()) for key in self.one_of))

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.category in self._ids(world)

    def query(self, world: World, now: datetime) -> Q:
        return Q(Q(category__isnull=False), category__in=self._ids(world))


class Team(_OneOf):
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


class ServiceClass(_OneOf):
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


class _Words(Condition):
    """Words in any writing: width, case, kana and old characters do not matter."""

    any_of: list[str] = Field(min_length=1, max_length=MOST_WORDS)

    @field_validator("any_of")
    @classmethod
    def _sensible(cls, words: list[str]) -> list[str]:
        cleaned = [" ".join(word.split()) for word in words]
        if any(not word or len(word) > writings.LONGEST or not word.isprintable() for word in cleaned):
            raise ValueError(f"each of the words must have 1 to {writings.LONGEST} characters")
        return cleaned


class Words(_Words):
    """One of the words stands in the subject or in what was written: by the requester, or by anybody."""

    kind: Literal["words"] = "words"
    by: Literal["requester", "anybody"] = "requester"

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"said"})

    def holds(self, facts: Facts, world: World) -> bool:
        texts = [facts.subject, *(text.body for text in facts.said if text.by_requester or self.by == "anybody")]
        return any(writings.found(self.any_of, text) for text in texts)

    def query(self, world: World, now: datetime) -> Q:
        wanted = writings.patterns(self.any_of)
        said = Message.objects.filter(ticket=OuterRef("pk"), body__regex=wanted)
        return Q(subject__regex=wanted) | Q(
            Exists(said.filter(from_requester=True, visibility="public") if self.by == "requester" else said)
        )


class Item(Condition):
    """The answer to a hearing item: there is one, there is none, or it contains one of the words."""

    of_the_row = True
    kind: Literal["item"] = "item"
    key: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")
    answer: Literal["given", "missing", "contains"] = "given"
    any_of: list[str] = Field(default=[], max_length=MOST_WORDS)

    @model_validator(mode="after")
    def _with_words(self) -> "Item":
        if self.answer == "contains":
            _Words(any_of=self.any_of)
        return self

    def holds(self, facts: Facts, world: World) -> bool:
        text = text_of(facts.details.get(self.key))
        if self.answer == "contains":
            return text != "" and writings.found(self.any_of, text)
        return (text != "") == (self.answer == "given")

    def query(self, world: World, now: datetime) -> Q:
        if self.answer == "contains":
            return Q(Regex(Answer(self.key), writings.patterns(self.any_of)))
        missing = Q(Exact(Answer(self.key), ""))
        return missing if self.answer == "missing" else ~missing


class UnknownCode(Condition):
    """An error code was heard that stands in no article."""

    kind: Literal["unknown_code"] = "unknown_code"

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"code_known"})

    def holds(self, facts: Facts, world: World) -> bool:
        return text_of(facts.details.get("error_code")) != "" and not facts.code_known

    def query(self, world: World, now: datetime) -> Q:
        return Item(key="error_code").query(world, now) & Q(_code_known=False)


class HandoffReason(_OneOf):
    """Why the ticket was handed over the last time."""

    kind: Literal["handoff_reason"] = "handoff_reason"

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"handoff_reason"})

    def holds(self, facts: Facts, world: World) -> bool:
        return facts.handoff_reason in self.one_of

    def query(self, world: World, now: datetime) -> Q:
        return Q(_handoff_reason__in=self.one_of)


class Hours(Condition):
    """The moment lies within the working hours of the team that holds the ticket, or outside."""

    kind: Literal["hours"] = "hours"
    open: bool = True

    def holds(self, facts: Facts, world: World) -> bool:
        return world.hours_of(facts.holder).is_open(facts.at) == self.open

    def query(self, world: World, now: datetime) -> Q:
        return Q(holder_team__in=[team for team in world.lines if world.hours_of(team).is_open(now) == self.open])


class TimeOfDay(Condition):
    """The moment lies between two times of the day (``from`` included, ``until`` not), over midnight too."""

    kind: Literal["time_of_day"] = "time_of_day"
    from_: time = Field(alias="from")
    until: time

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    def _within(self, now: datetime, world: World) -> bool:
        clock = now.astimezone(world.zone).time()
        if self.from_ <= self.until:
            return self.from_ <= clock < self.until
        return clock >= self.from_ or clock < self.until

    def holds(self, facts: Facts, world: World) -> bool:
        return self._within(facts.at, world)

    def query(self, world: World, now: datetime) -> Q:
        return ALL if self._within(now, world) else NOTHING


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
    """A state holds for at least so many seconds, of working time of the holder or of the clock on the wall."""

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
        return world.hours_of(facts.holder).between(since, facts.at) >= self.seconds

    def query(self, world: World, now: datetime) -> Q:
        name = f"_since_{self.state.value}"
        if not self.working:
            return _since(name, now - timedelta(seconds=self.seconds))
        teams: dict[datetime, list[int]] = {}
        for team in world.lines:
            teams.setdefault(begun_by(world.hours_of(team), now, self.seconds), []).append(team)
        found = NOTHING
        for begun, ids in teams.items():
            found |= _since(name, begun) & Q(holder_team__in=ids)
        return found


def _since(name: str, begun: datetime) -> Q:
    return Q(**{f"{name}__isnull": False, f"{name}__lte": begun})


type Leaf = (
    Priority | Status | WaitingFor | Channel | Category | Team | Line | Assigned | Requester | Organization
    | ServiceClass | NotEntitled | Words | Item | UnknownCode | HandoffReason | Hours | TimeOfDay | AtLeast | Lasting
)  # fmt: skip
LEAVES: dict[str, type[Condition]] = {
    "priority": Priority,
    "status": Status,
    "waiting_for": WaitingFor,
    "channel": Channel,
    "category": Category,
    "team": Team,
    "line": Line,
    "assigned": Assigned,
    "requester": Requester,
    "organization": Organization,
    "service_class": ServiceClass,
    "not_entitled": NotEntitled,
    "words": Words,
    "item": Item,
    "unknown_code": UnknownCode,
    "handoff_reason": HandoffReason,
    "hours": Hours,
    "time_of_day": TimeOfDay,
    "at_least": AtLeast,
    "lasting": Lasting,
}
