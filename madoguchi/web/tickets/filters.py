"""What a list's address says: filters in, filters out, so that a link or a saved view carries them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode

from madoguchi.foundation.numbers import row_number
from madoguchi.people.access import Access
from madoguchi.people.queries import colleagues
from madoguchi.tickets.asking import Asked, understand
from madoguchi.tickets.models import Priority, Status
from madoguchi.tickets.queries import ORDERS, TicketFilter

_PARTS = (
    "q",
    "status",
    "team",
    "front",
    "assignee",
    "category",
    "priority",
    "channel",
    "requester",
    "organization",
    "frozen",
    "owed",
    "due",
    "order",
)
_NOBODY = -1  # no row has this id
# A deadline before then: passed already, or within the hour.
_DUE_WITHIN = {"late": timedelta(0), "hour": timedelta(hours=1)}


@dataclass(frozen=True)
class ListAddress:
    """The filters as they stand in the address; what makes no sense is dropped."""

    parts: Mapping[str, str]

    @classmethod
    def read(cls, query: QueryDict) -> "ListAddress":
        given = {name: str(query.get(name, "")).strip() for name in _PARTS}
        return cls({name: value for name, value in given.items() if value})

    def get(self, name: str) -> str:
        return self.parts.get(name, "")

    @property
    def order(self) -> str:
        return self.get("order") if self.get("order") in ORDERS else "updated"

    @property
    def query(self) -> str:
        """The canonical query string, without the page."""
        return urlencode(self.parts)

    def filter(self, access: Access, categories: Mapping[int, tuple[int, ...]]) -> TicketFilter:
        """The filter this address means for whom asks; ``categories`` gives each category with all below it."""
        status = self.get("status") or ("" if self.get("q") else "active")
        assignee = self.get("assignee")
        category = row_number(self.get("category"))
        return TicketFilter(
            status=(status,) if status in (*Status.values, "active") else (),
            team=row_number(self.get("team")),
            front_team=row_number(self.get("front")),
            assignee=access.staff.pk if assignee == "me" else _colleague(row_number(assignee), access),
            unassigned=assignee == "none",
            category=categories.get(category, (category,)) if category else (),
            priority=(self.get("priority"),) if self.get("priority") in Priority.values else (),
            channel=self.get("channel"),
            requester=row_number(self.get("requester")),
            organization=row_number(self.get("organization")),
            frozen=bool(self.get("frozen")),
            owed_call=bool(self.get("owed")),
            due_before=timezone.now() + _DUE_WITHIN[self.get("due")] if self.get("due") in _DUE_WITHIN else None,
            q=self.get("q")[:300],
        )

    def understood(self, access: Access, categories: Mapping[int, tuple[int, ...]]) -> tuple[TicketFilter, Asked]:
        """The same with what the words say of it, and what was understood of them."""
        return understand(self.get("q")[:300], self.filter(access, categories), access)


def _colleague(assignee: int | None, access: Access) -> int | None:
    """A partner's staff ask only for their own colleagues; for anybody else there is nothing to find."""
    if assignee and access.is_partner and not colleagues(access).filter(pk=assignee).exists():
        return _NOBODY
    return assignee
