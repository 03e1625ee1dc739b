"""Reading tickets: lists by keyset, one ticket with its timeline, counts that never scan everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from madoguchi.files.models import Attachment
from madoguchi.interactions.models import CallBack
from madoguchi.journal.models import Mention
from madoguchi.people.access import Access
from madoguchi.search import index
from madoguchi.tickets.models import ACTIVE, Message, ReadMark, Ticket, TicketQuerySet, id_of

ORDERS: Mapping[str, tuple[str, bool]] = {
    # name → (column, descending)
    "updated": ("updated_at", True),
    "age": ("opened_at", False),
    "newest": ("opened_at", True),
    "call_back": ("call_back_at", False),
}
ROW = (
    "id",
    "subject",
    "status",
    "waiting_for",
    "waiting_until",
    "priority",
    "channel",
    "category_id",
    "requester_id",
    "requester__family_name",
    "requester__given_name",
    "organization__name",
    "front_team_id",
    "holder_team_id",
    "offered_to_id",
    "assignee_id",
    "assignee__family_name",
    "assignee__given_name",
    "moves",
    "frozen_at",
    "not_entitled",
    "opened_at",
    "updated_at",
    "call_back_at",
)
# What a page or a program shows of a message; the mail behind it is large.
_SAID = (
    "ticket_id",
    "visibility",
    "from_requester",
    "author_name",
    "at",
    "body",
    "quoted",
    "delivery",
    "incoming_id",
    "team__name",
    "team__name_en",
    "outgoing__state",
)


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
    q: str = ""
    updated_since: datetime | None = None
    opened_since: datetime | None = None
    opened_before: datetime | None = None

    def apply(self, tickets: TicketQuerySet) -> TicketQuerySet:
        """The tickets that fit."""
        equal = {
            "holder_team": self.team,
            "front_team": self.front_team,
            "assignee": self.assignee,
            "requester": self.requester,
            "organization": self.organization,
            "channel": self.channel,
            "updated_at__gte": self.updated_since,
            "opened_at__gte": self.opened_since,
            "opened_at__lt": self.opened_before,
        }
        tickets = tickets.filter(**{name: value for name, value in equal.items() if value})
        if self.status:
            wanted = {value for status in self.status for value in (ACTIVE if status == "active" else (status,))}
            tickets = tickets.active() if wanted == set(ACTIVE) else tickets.filter(status__in=sorted(wanted))
        if self.category:
            tickets = tickets.filter(category__in=self.category)
        if self.priority:
            tickets = tickets.filter(priority__in=self.priority)
        if self.unassigned:
            tickets = tickets.filter(assignee__isnull=True)
        if self.frozen:
            tickets = tickets.filter(frozen_at__isnull=False)
        if self.owed_call:
            tickets = tickets.filter(call_back_at__isnull=False)
        return tickets


@dataclass(frozen=True)
class Page:
    """Rows (dicts with the keys of ``ROW``) and the cursor of the next page, None at the end."""

    rows: list[dict[str, Any]]
    next: str | None


def page(wanted: TicketFilter, *, access: Access, order: str = "updated", cursor: str = "", limit: int = 50) -> Page:
    """One page of what ``access`` may see, by keyset; nothing is counted."""
    tickets = wanted.apply(Ticket.objects.visible_to(access))
    if wanted.q.strip():
        ticket_id = id_of(wanted.q)
        found = index.matching("ticket", wanted.q)
        by_words = Q(pk__in=found) if found is not None else Q(pk__in=[])
        tickets = tickets.filter(Q(pk=ticket_id) if ticket_id is not None else by_words)
    column, descending = ORDERS.get(order, ORDERS["updated"])
    if column == "call_back_at":
        tickets = tickets.filter(call_back_at__isnull=False)
    if after := _parse(cursor):
        at, last = after
        beyond = "lt" if descending else "gt"
        tickets = tickets.filter(Q(**{f"{column}__{beyond}": at}) | Q(**{column: at, f"id__{beyond}": last})).filter(
            **{f"{column}__{beyond}e": at}
        )
    sign = "-" if descending else ""
    rows = list(tickets.order_by(f"{sign}{column}", f"{sign}id").values(*ROW)[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, f"{rows[-1][column].isoformat()}_{rows[-1]['id']}" if more else None)


def _parse(cursor: str) -> tuple[datetime, int] | None:
    at, underscore, last = cursor.rpartition("_")
    try:
        return (datetime.fromisoformat(at), int(last)) if underscore else None
    except ValueError:
        return None


@dataclass(frozen=True)
class TimelineItem:
    """One thing that happened to a ticket; ``message`` is set where it was something said."""

    id: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: int | None
    actor_name: str
    data: dict[str, Any]
    message: Message | None = None
    files: Sequence[Attachment] = ()


def timeline(
    ticket: Ticket, *, before: int | None = None, after: int | None = None, limit: int = 50
) -> list[TimelineItem]:
    """The latest ``limit`` entries before entry ``before``, oldest first; three queries however long it is.

    With ``after`` instead: the first ``limit`` entries after that one (0: from the beginning).
    """
    mentions = Mention.objects.filter(kind="ticket", ref=ticket.pk)
    if before is not None:
        mentions = mentions.filter(entry_id__lt=before)
    if after is not None:
        mentions = mentions.filter(entry_id__gt=after)
    entries = list(
        mentions.order_by("-entry_id" if after is None else "entry_id").values_list(
            "entry_id",
            "entry__at",
            "entry__kind",
            "entry__actor_kind",
            "entry__actor_id",
            "entry__actor_name",
            "entry__data",
        )[:limit]
    )
    wanted = [entry[6]["message"] for entry in entries if entry[6].get("message")]
    messages = Message.objects.select_related("team", "outgoing").only(*_SAID).in_bulk(wanted)
    files: dict[int, list[Attachment]] = {}
    attached = Attachment.objects.filter(messages__in=wanted).annotate(said_in=F("messages__pk"))
    for file in attached.select_related("file").order_by("pk"):
        files.setdefault(file.said_in, []).append(file)
    items = []
    for entry, at, kind, actor_kind, actor_id, name, data in reversed(entries) if after is None else entries:
        said = data.get("message", 0)
        item = TimelineItem(entry, at, kind, actor_kind, actor_id, name, data, messages.get(said), files.get(said, ()))
        items.append(item)
    return items


def owed_calls(access: Access, *, limit: int = 100) -> list[CallBack]:
    """Call-backs still owed, the most urgent first, with their tickets."""
    return list(
        CallBack.objects.visible_to(access)
        .waiting()
        .select_related("person", "person__organization", "team", "staff", "ticket_link__ticket")[:limit]
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


def other_open_tickets(ticket: Ticket, access: Access, *, limit: int = 5) -> list[Ticket]:
    """Other open tickets of this requester and their organisation, their own first: number, subject and state."""
    fits = Q()
    if ticket.requester_id is not None:
        fits |= Q(requester=ticket.requester_id)
    if ticket.organization_id is not None:
        fits |= Q(organization=ticket.organization_id)
    if not fits:
        return []
    rows = Ticket.objects.visible_to(access).active().filter(fits).exclude(pk=ticket.pk)
    found = rows.only("subject", "status", "waiting_for", "requester_id").order_by("-updated_at")[: limit * 3]
    return sorted(found, key=lambda row: row.requester_id != ticket.requester_id)[:limit]


def others_looking(ticket: Ticket, *, but: int) -> Sequence[str]:
    """Names of colleagues who have the ticket open now."""
    since = timezone.now() - ReadMark.FRESH
    marks = ReadMark.objects.filter(ticket=ticket, seen_at__gte=since).exclude(staff=but)
    return [" ".join(filter(None, name)) for name in marks.values_list("staff__family_name", "staff__given_name")]


def texts(ids: Sequence[int]) -> dict[int, str]:
    """Everything that was said on the tickets, for the search index: subject, details, messages, resolution."""
    found: dict[int, list[str]] = {
        row["id"]: [row["subject"], *map(str, row["details"].values()), row["resolution"]]
        for row in Ticket.objects.filter(pk__in=ids).values("id", "subject", "details", "resolution")
    }
    for ticket_id, body in Message.objects.filter(ticket__in=ids).order_by("id").values_list(F("ticket_id"), "body"):
        found[ticket_id].append(body)
    return {ticket_id: "\n".join(parts) for ticket_id, parts in found.items()}
