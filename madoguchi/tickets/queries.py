"""Reading tickets: lists by keyset, what is open or owed, who is looking; nothing scans everything."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import F, OrderBy, Q, QuerySet
from django.db.models.lookups import Exact, In, IsNull
from django.utils import timezone

from madoguchi.foundation import phone
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.place import place_after, place_of
from madoguchi.foundation.prepared import Prepared
from madoguchi.interactions.models import CallBack
from madoguchi.people.access import Access, PreparedVisible
from madoguchi.people.models import EmailAddress, PhoneNumber
from madoguchi.search import index
from madoguchi.search.tokens import clean
from madoguchi.tickets.models import ACTIVE, Message, ReadMark, Status, Ticket, TicketQuerySet, id_of

ORDERS: Mapping[str, tuple[str, bool]] = {
    # name → (column, descending)
    "updated": ("updated_at", True),
    "age": ("opened_at", False),
    "newest": ("opened_at", True),
    "call_back": ("call_back_at", False),
    "due": ("next_due_at", False),
}


_MOST_READ = 500
_READ_AT_ONCE = 100
_MOST_PEOPLE = 50


class ListedTicket(NamedTuple):
    """A ticket as a list shows it; the names are those of the columns."""

    id: int
    subject: str
    status: str
    waiting_for: str
    priority: str
    category_id: int | None
    requester_id: int | None
    requester__family_name: str | None
    requester__given_name: str | None
    organization__name: str | None
    holder_team_id: int
    offered_to_id: int | None
    assignee_id: int | None
    assignee__family_name: str | None
    assignee__given_name: str | None
    moves: int
    frozen_at: datetime | None
    not_entitled: bool
    opened_at: datetime
    updated_at: datetime
    call_back_at: datetime | None
    next_due_at: datetime | None
    next_due_kind: str


@dataclass(frozen=True)
class TicketFilter:
    """What a list shows; an empty field means "any". ``status`` holds status values, ``active`` the three open ones."""

    status: tuple[str, ...] = ()
    team: int | None = None
    front_team: int | None = None
    assignee: int | None = None
    unassigned: bool = False
    category: tuple[int, ...] = ()
    requester: int | None = None
    organization: int | None = None
    priority: tuple[str, ...] = ()
    channel: str = ""
    frozen: bool = False
    owed_call: bool = False
    due_before: datetime | None = None
    q: str = ""
    phrases: tuple[str, ...] = ()
    updated_since: datetime | None = None
    opened_since: datetime | None = None
    opened_before: datetime | None = None

    @property
    def statuses(self) -> set[str]:
        """The wanted status values; none: all of them."""
        return {value for status in self.status for value in (ACTIVE if status == "active" else (status,))}

    @property
    def is_open(self) -> bool:
        """Whether only open tickets are wanted: they are few, whatever else is asked of them."""
        return bool(self.statuses) and self.statuses <= set(ACTIVE)

    @property
    def is_somebodys(self) -> bool:
        """Whether only tickets of one requester or organisation, or open ones of one assignee, are wanted."""
        return bool(self.requester or self.organization or (self.assignee and self.is_open))

    @property
    def is_narrow(self) -> bool:
        """Whether a few rows are all there can be, so that they are found first and sorted then."""
        return self.is_somebodys or self.frozen or self.owed_call or self.statuses == {Status.RESOLVED}

    def comes_by_change(self, order: str) -> bool:
        """Whether the rows are read in the order of their last change, until a page is full."""
        return order == "updated" and not self.is_open and not self.is_narrow

    def apply(self, tickets: TicketQuerySet, *, found_otherwise: bool = False) -> TicketQuerySet:
        """The tickets that fit. ``found_otherwise``: by words, or in an order that no index of these columns has."""
        if self.is_open:
            tickets = tickets.active()
        if self.statuses and self.statuses != set(ACTIVE):
            tickets = tickets.filter(status__in=Words(*sorted(self.statuses)))
            if len(self.statuses) == 1:  # the partial index of this one status has it as an equation
                tickets = tickets.filter(status=Words(*self.statuses))
        owners = {
            "requester": self.requester,
            "organization": self.organization,
            "assignee": self.assignee if self.is_open else None,
        }
        tickets = tickets.filter(**{column: value for column, value in owners.items() if value})
        shared = {
            "holder_team": self.team and (self.team,),
            "front_team": self.front_team and (self.front_team,),
            "assignee": self.assignee and not self.is_open and (self.assignee,),
            "channel": self.channel and (self.channel,),
            "category": self.category,
            "priority": self.priority,
        }
        for column, values in shared.items():
            if values:
                tickets = tickets.filter(self._shared(column, values, found_otherwise=found_otherwise))
        spans = {
            "updated_at__gte": self.updated_since,
            "opened_at__gte": self.opened_since,
            "opened_at__lt": self.opened_before,
            "next_due_at__lt": self.due_before,
        }
        tickets = tickets.filter(**{name: value for name, value in spans.items() if value})
        if self.unassigned:
            tickets = tickets.filter(IsNull(Unindexed("assignee"), True))
        if self.frozen:
            tickets = tickets.filter(frozen_at__isnull=False)
        if self.owed_call:
            tickets = tickets.filter(call_back_at__isnull=False)
        return tickets

    def _shared(self, column: str, values: tuple[Any, ...], *, found_otherwise: bool) -> Q:
        """A column that many tickets share. It finds them only where nothing narrower does, in the order of change."""
        if self.q:
            found_otherwise = True
        elif column not in ("holder_team", "front_team"):
            found_otherwise = False  # few enough to be sorted
        if len(values) > 1:
            return Q(In(Unindexed(column), values))
        if found_otherwise or self.is_open or self.is_narrow:
            return Q(Exact(Unindexed(column), values[0]))
        return Q(**{column: values[0]})


@dataclass(frozen=True)
class Page:
    """The rows and the cursor of the next page, None at the end."""

    rows: list[ListedTicket]
    next: str | None


_VALUES = (
    "team",
    "front_team",
    "assignee",
    "requester",
    "organization",
    "channel",
    "updated_since",
    "opened_since",
    "opened_before",
    "due_before",
)


def page(wanted: TicketFilter, *, access: Access, order: str = "updated", cursor: str = "", limit: int = 50) -> Page:
    """One page of what ``access`` may see, by keyset; nothing is counted. With words: always the newest first."""
    if wanted.q.strip():
        return _found(wanted, access, cursor, limit)
    after = place_of(cursor)
    order = order if order in ORDERS else "updated"
    column, descending = ORDERS[order]
    if access.is_partner and wanted.comes_by_change(order) and not (wanted.team or wanted.front_team):
        shares = Ticket.objects.shares_of(access)
        rows = _merged([list(_listed(wanted, share, order, after, limit)) for share in shares], column, descending)
    else:
        values = {name: value for name in _VALUES if (value := getattr(wanted, name))}
        shape = replace(wanted, **dict.fromkeys(values))  # type: ignore[arg-type]
        question = _page(shape, tuple(values), order, bool(after), limit)
        rows = [ListedTicket._make(row) for row in question.all(access, *values.values(), *(after or ()))]
    found = rows[:limit]
    more = len(rows) > limit
    return Page(found, place_after(getattr(found[-1], column), found[-1].id) if more else None)


@lru_cache(maxsize=500)
def _page(
    shape: TicketFilter, names: tuple[str, ...], order: str, goes_on: bool, limit: int
) -> PreparedVisible[tuple[Any, ...]]:
    """The question of all pages that differ only in the values of these fields, and in the place where they begin."""

    def ask(access: Access, *values: Any) -> "QuerySet[Ticket, tuple[Any, ...]]":
        wanted = replace(shape, **dict(zip(names, values, strict=False)))
        after = (values[-2], values[-1]) if goes_on else None
        return _listed(wanted, Ticket.objects.visible_to(access), order, after, limit)

    return PreparedVisible(ask, values=len(names) + 2 * goes_on)


def _listed(
    wanted: TicketFilter, tickets: TicketQuerySet, order: str, after: tuple[Any, Any] | None, limit: int
) -> "QuerySet[Ticket, tuple[Any, ...]]":
    tickets = wanted.apply(tickets, found_otherwise=not wanted.comes_by_change(order))
    column, descending = ORDERS[order]
    if column in {"call_back_at", "next_due_at"}:
        tickets = tickets.filter(**{f"{column}__isnull": False})
    # What is narrow is found first and sorted then; everything else is read along the order.
    along = not wanted.is_narrow or (column in {"call_back_at", "next_due_at"} and not wanted.is_somebodys)
    place: Unindexed | F = F(column) if along else Unindexed(column)
    if after:
        at, last = after
        beyond = "lt" if descending else "gt"
        behind = Q(**{f"place__{beyond}": at}) | Q(**{"place": at, f"id__{beyond}": last})
        tickets = tickets.alias(place=place).filter(behind).filter(**{f"place__{beyond}e": at})
    sort = OrderBy(place, descending=descending)
    return tickets.order_by(sort, "-id" if descending else "id").values_list(*ListedTicket._fields)[: limit + 1]


def _merged(parts: Sequence[Sequence[tuple[Any, ...]]], column: str, descending: bool) -> list[ListedTicket]:
    """The rows of lists of the same order as one, each once."""
    rows = {row.id: row for part in parts for row in map(ListedTicket._make, part)}
    return sorted(rows.values(), key=attrgetter(column, "id"), reverse=descending)


def _found(wanted: TicketFilter, access: Access, cursor: str, limit: int) -> Page:
    """The tickets that hold the words (or have the number), the newest first; only as far as a page needs."""
    tickets = wanted.apply(Ticket.objects.visible_to(access), found_otherwise=True)
    ticket_id = id_of(wanted.q)
    if ticket_id is not None:
        numbered = tickets.filter(pk=ticket_id).values_list(*ListedTicket._fields)
        return Page([ListedTicket._make(row) for row in numbered], None)
    before = row_number(cursor)
    few = wanted.is_open or wanted.is_narrow
    if wanted.phrases:
        return _phrased(wanted, tickets, limit, before, few=few)
    ids = index.find("ticket", wanted.q, tickets, limit=limit + 1, before=before, few=few)
    if people := reached_at(wanted.q):
        theirs = tickets.filter(Q(requester__in=people) | Q(affected__in=people))
        if before is not None:
            theirs = theirs.filter(pk__lt=before)
        newest = theirs.order_by(Unindexed("pk").desc()).values_list("pk", flat=True)[: limit + 1]
        ids = sorted({*ids, *newest}, reverse=True)[: limit + 1]
    return _rows(ids, limit)


def _rows(ids: Sequence[int], limit: int) -> Page:
    rows = Ticket.objects.filter(pk__in=ids[:limit]).values_list(*ListedTicket._fields)
    found = sorted(map(ListedTicket._make, rows), key=attrgetter("id"), reverse=True)
    return Page(found, str(ids[limit - 1]) if len(ids) > limit else None)


def _phrased(wanted: TicketFilter, tickets: TicketQuerySet, limit: int, before: int | None, *, few: bool) -> Page:
    """Those with all words whose texts hold the phrases as they stand, width and case apart.

    A page looks through at most ``_MOST_READ`` tickets with the words; where there are more, the next one goes on.
    """
    phrases = [_even(phrase) for phrase in wanted.phrases]
    kept: list[int] = []
    looked_at = 0
    while len(kept) <= limit and looked_at < _MOST_READ:
        ids = index.find("ticket", wanted.q, tickets, limit=_READ_AT_ONCE, before=before, few=few)
        said = texts(ids)
        kept += [ref for ref in ids if all(phrase in _even(said.get(ref, "")) for phrase in phrases)]
        looked_at += len(ids)
        if len(ids) < _READ_AT_ONCE:
            return _rows(kept, limit)
        before = ids[-1]
    page = _rows(kept, limit)
    return page if page.next else Page(page.rows, str(before))


def _even(text: str) -> str:
    return "".join(clean(text).split())


def reached_at(written: str) -> list[int]:
    """The ids of the people with this telephone number, in any writing, or this e-mail address; else none."""
    written = unicodedata.normalize("NFKC", written).strip()
    if "@" in written and " " not in written:
        return list(
            EmailAddress.objects.filter(address=written.lower()).values_list("person", flat=True)[:_MOST_PEOPLE]
        )
    number = phone.normalise(written) if written and not any(map(str.isalpha, written)) else ""
    if not number.startswith("+"):
        return []
    rows = PhoneNumber.objects.filter(number=number, person__isnull=False).values_list("person", flat=True)
    return list(rows[:_MOST_PEOPLE])


def owed_calls(access: Access, *, teams: Collection[int] = (), limit: int = 100) -> list[CallBack]:
    """Call-backs still owed (by ``teams``, if there are any), the most urgent first, with their tickets."""
    waiting = CallBack.objects.visible_to(access).waiting()
    if teams:
        waiting = waiting.filter(In(Unindexed("team"), teams))
    return list(
        waiting.select_related("person", "person__organization", "team", "staff", "ticket_link__ticket")[:limit]
    )


def open_tickets_of(
    *, requester: int | None, organization: int | None, access: Access, limit: int = 10
) -> list[Ticket]:
    """A caller's open tickets, and their colleagues': their own first."""
    if requester is None and organization is None:
        return []
    fits = Q(requester=requester) | Q(affected=requester) if requester is not None else Q()
    if organization is not None:
        fits |= Q(organization=organization)
    rows = (
        Ticket.objects.visible_to(access).active().filter(fits).select_related("category", "holder_team", "requester")
    )
    return sorted(rows.order_by("-updated_at")[: limit * 3], key=lambda row: row.requester_id != requester)[:limit]


@cache
def _open_of(owners: tuple[str, ...], most: int) -> PreparedVisible[Ticket]:
    """The question for the open tickets but one of a requester, an organisation, or either."""

    def ask(access: Access, but: Any, *ids: Any) -> "QuerySet[Ticket]":
        fits = Q()
        for owner, key in zip(owners, ids, strict=True):
            fits |= Q(**{owner: key})
        rows = Ticket.objects.visible_to(access).active().filter(fits).exclude(pk=but)
        return rows.only("subject", "status", "waiting_for", "requester_id").order_by("-updated_at")[:most]

    return PreparedVisible(ask, values=1 + len(owners))


def other_open_tickets(ticket: Ticket, access: Access, *, limit: int = 5) -> list[Ticket]:
    """Other open tickets of this requester and their organisation, their own first: number, subject and state."""
    owners = {"requester": ticket.requester_id, "organization": ticket.organization_id}
    known = {owner: key for owner, key in owners.items() if key is not None}
    if not known:
        return []
    found = _open_of(tuple(known), limit * 3).all(access, ticket.pk, *known.values())
    return sorted(found, key=lambda row: row.requester_id != ticket.requester_id)[:limit]


_looking = Prepared(
    lambda ticket, since: ReadMark.objects.filter(ticket=ticket, seen_at__gte=since).values_list(
        "staff_id", "staff__family_name", "staff__given_name"
    )
)


def others_looking(ticket: Ticket, *, but: int) -> Sequence[str]:
    """Names of colleagues who have the ticket open now."""
    marks = _looking.all(ticket.pk, timezone.now() - ReadMark.FRESH)
    return [" ".join(filter(None, name)) for staff, *name in marks if staff != but]


def texts(ids: Sequence[int]) -> dict[int, str]:
    """Everything that was said on the tickets, for the search index: subject, details, messages, resolution."""
    found: dict[int, list[str]] = {
        row["id"]: [row["subject"], *map(str, row["details"].values()), row["resolution"]]
        for row in Ticket.objects.filter(pk__in=ids).values("id", "subject", "details", "resolution")
    }
    for ticket_id, body in Message.objects.filter(ticket__in=ids).order_by("id").values_list(F("ticket_id"), "body"):
        found[ticket_id].append(body)
    return {ticket_id: "\n".join(parts) for ticket_id, parts in found.items()}
