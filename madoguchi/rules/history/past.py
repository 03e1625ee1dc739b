"""What is read of the past for a batch of tickets, before it is folded; eleven questions however many there are."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from madoguchi.catalog.models import Category
from madoguchi.handoffs.models import Handoff, RoutingDecision
from madoguchi.interactions.models import Interaction
from madoguchi.journal.models import Mention
from madoguchi.knowledge.models import Article
from madoguchi.people.models import Membership, Person
from madoguchi.rules import codes
from madoguchi.rules.facts import COMPLAINT
from madoguchi.tickets.models import Message, Ticket, TicketCallBack, TicketInteraction


@dataclass(frozen=True)
class Line:
    """One journal entry."""

    id: int
    kind: str
    at: datetime
    data: Mapping[str, Any]
    actor_kind: str
    actor_id: int | None


class Past:
    """What was read for a batch of tickets."""

    def __init__(self, ids: Collection[int], until: datetime) -> None:
        self.until = until
        self.tickets = list(Ticket.objects.filter(pk__in=ids).select_related("contract").order_by("pk"))
        self.calls = _calls(ids)
        self.contact_calls = _contact_calls(ids)
        self.lines = _lines(ids, until, self.calls, self.contact_calls)
        self.handoffs = _grouped(Handoff.objects.filter(ticket__in=ids).order_by("id"))
        self.decisions = _grouped(RoutingDecision.objects.filter(ticket__in=ids).order_by("id"))
        self.messages = {row.pk: row for row in Message.objects.filter(ticket__in=ids).defer("html", "quoted")}
        people = {ticket.requester_id for ticket in self.tickets} | _requesters(self.lines)
        self.contacts = _contacts(people, until)
        asked = Person.objects.filter(pk__in=[person for person in people if person is not None])
        self.organizations: dict[int | None, int | None] = dict(asked.values_list("pk", "organization_id"))
        self.categories = {row.key: row for row in Category.objects.all()}
        self.by_id = {row.pk: row for row in self.categories.values()}
        self.labels = {name: row for row in self.categories.values() for name in (row.name_en, row.name) if name}
        self.members = set(Membership.objects.filter(team__isnull=False).values_list("staff_id", "team_id"))
        self._articles: list[str] | None = None
        self._codes: dict[str, bool] = {}

    def knows(self, code: str) -> bool:
        """Whether some article contains the error code."""
        if self._articles is None:
            self._articles = codes.texts(Article.objects.current())
        if code not in self._codes:
            self._codes[code] = codes.stands_in(code, self._articles)
        return self._codes[code]

    def destination(self, category: int | None) -> int | None:
        """Where the category, or one above it, sends a ticket."""
        node = self.by_id.get(category or 0)
        while node is not None:
            if node.destination_id is not None:
                return node.destination_id
            node = self.by_id.get(node.parent_id or 0)
        return None


def _calls(ids: Collection[int]) -> dict[int, tuple[int, datetime]]:
    """Call-back → its ticket and when it was made."""
    links = TicketCallBack.objects.filter(ticket__in=ids, call_back__done_at__isnull=False)
    rows = links.values_list("call_back", "ticket", "call_back__done_at")
    return {call: (ticket, at) for call, ticket, at in rows if at is not None}


def _contact_calls(ids: Collection[int]) -> dict[int, dict[int, datetime]]:
    """Call → the tickets that it belongs to, each with since when."""
    found: dict[int, dict[int, datetime]] = {}
    links = TicketInteraction.objects.filter(ticket__in=ids, interaction__call__isnull=False)
    for call, ticket, at in links.values_list("interaction__call_id", "ticket", "linked_at"):
        if call is not None:
            found.setdefault(call, {})[ticket] = at
    return found


def _lines(
    ids: Collection[int],
    until: datetime,
    calls: Mapping[int, tuple[int, datetime]],
    contact_calls: Mapping[int, Mapping[int, datetime]],
) -> dict[int, list[Line]]:
    """The entries that name a ticket, and of its calls what names the call only: that it was made, that it was wrapped
    up as a complaint.
    """
    found: dict[int, list[Line]] = {}
    named = Q(kind="ticket", ref__in=ids)
    if calls:
        named |= Q(kind="callback", ref__in=list(calls), entry__kind="call_back.done")
    if contact_calls:
        complaint = Q(entry__kind="call.wrapup_ended", entry__data__code=COMPLAINT)
        named |= Q(complaint, kind="call", ref__in=list(contact_calls))
    rows = Mention.objects.filter(named, entry__at__lte=until).order_by("entry_id")
    for named_kind, ref, *entry in rows.values_list(
        "kind", "ref", "entry_id", "entry__kind", "entry__at", "entry__data", "entry__actor_kind", "entry__actor_id"
    ):
        pk, kind, at, data, actor_kind, actor_id = entry
        if named_kind == "ticket":
            tickets: Iterable[int] = (ref,)
        else:
            tickets = contact_calls[ref] if named_kind == "call" else (calls[ref][0],)
        for ticket in tickets:
            found.setdefault(ticket, []).append(
                Line(pk, kind, at, data | {"call": ref} if named_kind == "call" else data, actor_kind, actor_id)
            )
    return found


def _requesters(lines: Mapping[int, list[Line]]) -> set[int | None]:
    """Everybody who was the requester of one of the tickets once."""
    every = [line.data for of_one in lines.values() for line in of_one]
    return {data.get("requester") or data.get("ids", {}).get("requester") for data in every}


def _grouped[M: (Handoff, RoutingDecision)](rows: Iterable[M]) -> dict[int, list[M]]:
    found: dict[int, list[M]] = {}
    for row in rows:
        found.setdefault(row.ticket_id, []).append(row)
    return found


def _contacts(
    people: Collection[int | None], until: datetime
) -> dict[int | None, list[tuple[datetime, datetime | None]]]:
    """Each person's contacts: when it began, and when the caller gave up, if so."""
    found: dict[int | None, list[tuple[datetime, datetime | None]]] = {}
    rows = Interaction.objects.filter(
        person__in=[person for person in people if person is not None],
        direction=Interaction.Direction.INBOUND,
        started_at__lte=until,
        started_at__gte=until - timedelta(days=2 * 366),
    )
    for person, begun, ended, abandoned in rows.values_list("person_id", "started_at", "ended_at", "is_abandoned"):
        found.setdefault(person, []).append((begun, (ended or begun) if abandoned else None))
    return found
