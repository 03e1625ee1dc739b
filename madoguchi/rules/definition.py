"""What a rule says: when, if, then. The JSON that a version keeps, checked whenever it is written or read."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, TypeAdapter, ValidationError, field_validator

from madoguchi.foundation.written import Part
from madoguchi.rules import tree
from madoguchi.rules.facts import Since

MOST_ACTIONS = 10


class Happened(StrEnum):
    """What can happen to a ticket, as a rule names it."""

    OPENED = "opened"
    REQUESTER_WROTE = "requester_wrote"
    CHANGED = "changed"
    OFFERED = "offered"
    HANDED_OVER = "handed_over"
    RETURNED = "returned"
    RECALLED = "recalled"
    FROZEN = "frozen"
    WAITING = "waiting"
    ANSWERED = "answered"
    NOTED = "noted"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOCK_WARNED = "clock_warned"
    CLOCK_BREACHED = "clock_breached"
    CALL_ABANDONED = "call_abandoned"
    COMPLAINT = "complaint"


class OnEvent(Part):
    """When one of these happens."""

    kind: Literal["event"] = "event"
    on: list[Happened] = Field(min_length=1)


class OnTime(Part):
    """When a state has lasted so long: in working time of the team that owes it, or by the clock on the wall."""

    kind: Literal["time"] = "time"
    state: Since
    seconds: int = Field(ge=60, le=366 * 86_400)
    working: bool = True


class Offer(Part):
    """Offer the ticket to a team (by key; empty: the category's destination)."""

    kind: Literal["offer"] = "offer"
    to: str = Field(default="", max_length=40)


class Move(Part):
    """Give the ticket to a team, which has it at once."""

    kind: Literal["move"] = "move"
    to: str = Field(default="", max_length=40)


class Propose(Part):
    """Tell the operator what to do, and why; perhaps to which team (``*``: the category's destination)."""

    kind: Literal["propose"] = "propose"
    text: str = Field(default="", max_length=300)
    to: str = Field(default="", max_length=40)


class SetPriority(Part):
    kind: Literal["set_priority"] = "set_priority"
    to: Literal["low", "normal", "high", "urgent"]


class Notify(Part):
    """Tell people: by what they are to the ticket, who leads these teams (by key), or by id.

    ``supervisors`` are those of the holder; of a rule that waits for an offer to be taken, of whom it was made to.
    """

    kind: Literal["notify"] = "notify"
    whom: list[Literal["supervisors", "offered_to", "assignee", "team", "front"]] = []
    teams: list[str] = Field(default=[], max_length=20)
    staff: list[int] = Field(default=[], max_length=20)
    at_once: bool = False


class StartClock(Part):
    """Set a deadline for this ticket: within so many seconds the requester hears from us, or it is resolved."""

    kind: Literal["start_clock"] = "start_clock"
    of: Literal["next_update", "resolution"] = "next_update"
    seconds: int = Field(ge=60, le=366 * 86_400)
    working: bool = True
    text: str = Field(default="", max_length=100)


class AskDepartment(Part):
    """Put a question to a department: ``text``, and what the department may be told of the ticket.

    ``to`` is the key of the department, or ``department/topic``.
    """

    kind: Literal["ask_department"] = "ask_department"
    to: str = Field(min_length=1, max_length=101)
    text: str = Field(default="", max_length=500)
    urgent: bool = False


class RequireApproval(Part):
    """The ticket cannot be resolved until a supervisor has approved."""

    kind: Literal["require_approval"] = "require_approval"


type Trigger = Annotated[OnEvent | OnTime, Discriminator("kind")]
type Action = Annotated[
    Offer | Move | Propose | SetPriority | Notify | StartClock | AskDepartment | RequireApproval,
    Discriminator("kind"),
]
TRIGGER: TypeAdapter[Any] = TypeAdapter(Trigger)
ACTION: TypeAdapter[Any] = TypeAdapter(Action)
DESTINATION = "*"
# Of each sort only the first rule that acts on one cause has its way.
EXCLUSIVE = {"offer": "holder", "move": "holder", "set_priority": "priority"}


class Definition(Part):
    """A whole rule: ``when`` (trigger), ``where`` (the condition tree, "if"), ``then`` (actions, in order)."""

    when: Trigger
    where: tree.Tree = tree.ALWAYS_TRUE
    then: list[Action] = Field(min_length=1, max_length=MOST_ACTIONS)

    @field_validator("then")
    @classmethod
    def _somebody_is_told(cls, actions: list[Any]) -> list[Any]:
        if any(isinstance(action, Notify) and not (action.whom or action.teams or action.staff) for action in actions):
            raise ValueError("a notification needs somebody to tell")
        return actions

    @field_validator("where")
    @classmethod
    def _not_too_deep(cls, where: Any) -> Any:
        if tree.depth(where) > tree.DEEPEST:
            raise ValueError(f"conditions may be nested {tree.DEEPEST} deep")
        return where

    @property
    def needs(self) -> frozenset[str]:
        """What has to be read of a ticket to judge it."""
        own = {f"since.{self.when.state.value}"} if isinstance(self.when, OnTime) else set[str]()
        return tree.needs(self.where) | own

    @property
    def written(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


def parse(written: Any) -> Definition:
    """The definition of a JSON value; raises pydantic's ValidationError (a ValueError)."""
    return Definition.model_validate(written)


__all__ = ["Definition", "Happened", "Since", "ValidationError", "parse"]
