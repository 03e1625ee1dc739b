"""The typed conditions of rules; their JSON form is their fields."""

from typing import Annotated

from pydantic import Discriminator

from madoguchi.rules.conditions.condition import ALL, NOTHING, Condition
from madoguchi.rules.conditions.ticket import (
    Assigned,
    Category,
    Channel,
    Complaint,
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
from madoguchi.rules.conditions.time import AtLeast, Clock, Hours, Lasting, TimeOfDay
from madoguchi.rules.conditions.words import Item, UnknownCode, Words

type Leaf = Annotated[
    Priority | Status | WaitingFor | Channel | Category | Team | Line | Assigned | Requester | Organization
    | ServiceClass | NotEntitled | Words | Item | UnknownCode | HandoffReason | Hours | TimeOfDay | AtLeast
    | Lasting | Clock | Complaint,
    Discriminator("kind"),
]  # fmt: skip

__all__ = [
    "ALL",
    "NOTHING",
    "Assigned",
    "AtLeast",
    "Category",
    "Channel",
    "Clock",
    "Complaint",
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
