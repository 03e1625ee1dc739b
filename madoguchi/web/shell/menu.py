"""The menu on one page: who sees which entry. An entry appears once its address exists."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from madoguchi.handoffs.models import Handoff
from madoguchi.people.access import Access, Capability


@dataclass(frozen=True)
class Entry:
    """``count`` is the small figure beside the word: one indexed query, asked at every page."""

    path: str
    label: str | Promise
    capability: Capability
    count: Callable[[Access], int] | None = None


@dataclass(frozen=True)
class Item:
    """An entry as one person sees it on one page; ``key`` is its segment."""

    path: str
    label: str | Promise
    current: bool
    count: int | None

    @property
    def key(self) -> str:
        return self.path.strip("/")


def _offers_waiting(access: Access) -> int:
    """Hand-offs that this person's teams have neither accepted nor returned."""
    return Handoff.objects.waiting().filter(to_team__in=access.team_ids).count() if access.team_ids else 0


MENU = (
    Entry("/workbench/", _("Desk"), Capability.TAKE_CALLS),
    Entry("/tickets/", _("Tickets"), Capability.READ_TICKETS),
    Entry("/handoffs/", _("Hand-offs"), Capability.WORK_TICKETS, _offers_waiting),
    Entry("/consultations/", pgettext_lazy("menu", "Questions"), Capability.READ_TICKETS),
    Entry("/board/", _("Board"), Capability.WATCH_BOARD),
    Entry("/rules/", _("Rules"), Capability.WRITE_RULES),
    Entry("/insight/", _("Reports"), Capability.READ_REPORTS),
    Entry("/departments/", _("Departments"), Capability.READ_TICKETS),
    Entry("/knowledge/", _("Knowledge"), Capability.READ_KNOWLEDGE),
    Entry("/notices/", _("Notices"), Capability.READ_TICKETS),
    Entry("/people/", _("People"), Capability.READ_PEOPLE),
    Entry("/administration/", _("Administration"), Capability.ADMINISTER),
)
# Where someone begins: the first of these that exists and that they may open. Supervisors watch, operators answer.
_HOMES = ("/board/", "/workbench/", "/tickets/", "/knowledge/", "/administration/")


def items(access: Access, here: str) -> list[Item]:
    """The entries this person may open; the one that holds the page ``here`` is current."""
    return [
        Item(entry.path, entry.label, here.startswith(entry.path), entry.count(access) if entry.count else None)
        for entry in MENU
        if access.can(entry.capability) and exists(entry.path)
    ]


def home(access: Access) -> str:
    """The best first page for this person."""
    allowed = {entry.path for entry in MENU if access.can(entry.capability) and exists(entry.path)}
    order = _HOMES if "supervisor" in access.roles else _HOMES[1:]
    return next((path for path in order if path in allowed), "/profile/")


@cache
def exists(path: str) -> bool:
    """Whether some page answers at ``path``; addresses do not change while the process runs."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
