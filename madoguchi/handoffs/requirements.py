"""What must be known before a ticket may be handed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items
from madoguchi.people.models import Team


@dataclass(frozen=True)
class Requirements:
    """The required items of category and destination, and which of them have no answer."""

    required: list[HearingItem]
    missing: list[HearingItem]


def check(*, category: Category | None, to_team: Team, details: Mapping[str, Any]) -> Requirements:
    """Hold ``details`` (answers by item key) against what the category and the receiving team require."""
    required = [item for item in hearing_items(category, to_team) if item.is_required]
    return Requirements(required, [item for item in required if not is_answered(details.get(item.key))])


def is_answered(answer: Any) -> bool:
    """Whether something was said: "no" and 0 are answers, blanks are none."""
    return bool(answer.strip()) if isinstance(answer, str) else answer is not None and answer != []
