"""What a condition is: what it means on the facts of a ticket, and as a query over the whole store.

Each condition says both in two methods that stand together: ``holds(facts, world)`` and ``query(world, now)``, a ``Q``
over tickets annotated by ``store.annotated``. A property test holds them to the same result on both engines.
"""

from datetime import datetime
from typing import ClassVar

from django.db.models import Q
from pydantic import Field

from madoguchi.foundation.written import Part
from madoguchi.rules.facts import Facts
from madoguchi.rules.world import World

ALL = Q()
NOTHING = Q(pk__in=[])


class Condition(Part):
    """One condition; ``needs`` names what ``store`` has to read of a ticket beyond its row."""

    # Whether the ticket's row alone decides, so that it changes only by acts on the ticket.
    of_the_row: ClassVar[bool] = False

    @property
    def needs(self) -> frozenset[str]:
        return frozenset()

    def holds(self, facts: Facts, world: World) -> bool:
        raise NotImplementedError

    def query(self, world: World, now: datetime) -> Q:
        raise NotImplementedError


class OneOf(Condition):
    """One of these values."""

    one_of: list[str] = Field(min_length=1, max_length=200)
