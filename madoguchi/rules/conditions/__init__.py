"""The typed conditions of rules; their JSON form is their fields."""

from typing import Annotated

from pydantic import Discriminator

from madoguchi.rules.conditions.condition import ALL, NOTHING, Condition
from madoguchi.rules.conditions.ticket import (
    Assigned,
    Category,
    Channel,
    HandoffReason,
    Line,
    NotEntitled,
    Organization,
    Priority,
    Requester,
    ServiceClass,
    Status,
    Team,
    WaitingFor,
)
from madoguchi.rules.conditions.time import AtLeast, Hours, Lasting, TimeOfDay
from madoguchi.rules.conditions.words import Item, UnknownCode, Words

type Leaf = Annotated[
    Priority | Status | WaitingFor | Channel | Category | Team | Line | Assigned | Requester | Organization
    | ServiceClass | NotEntitled | Words | Item | UnknownCode | HandoffReason | Hours | TimeOfDay | AtLeast | Lasting,
    Discriminator("kind"),
]  # fmt: skip

__all__ = [
    "ALL",
    "NOTHING",
    "Assigned",
    "AtLeast",
    "Category",
    "Channel",
    "Condition",
    "HandoffReason",
    "Hours",
    "Item",
    "Lasting",
    "Leaf",
    "Line",
    "NotEntitled",
    "Organization",
    "Priority",
    "Requester",
    "ServiceClass",
    "Status",
    "Team",
    "TimeOfDay",
    "UnknownCode",
    "WaitingFor",
    "Words",
]
