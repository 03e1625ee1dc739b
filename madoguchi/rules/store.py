"""Reading tickets for rules: the facts of some, and the tickets on which a tree holds."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from madoguchi.interactions.models import Interaction
from madoguchi.rules import tree
from madoguchi.rules.codes import known as codes_known
from madoguchi.rules.expressions import ANNOTATIONS
from madoguchi.rules.facts import Facts, Said, Since, text_of
from madoguchi.rules.world import World
from madoguchi.tickets.models import Message, Ticket, TicketQuerySet

_COLUMNS = {
    "pk": "ticket",
    "status": "status",
    "waiting_for": "waiting_for",
    "priority": "priority",
    "channel": "channel",
    "category_id": "category",
    "holder_team_id": "holder",
    "front_team_id": "front",
    "offered_to_id": "offered_to",
    "assignee_id": "assignee",
    "requester_id": "requester",
    "organization_id": "organization",
    "contract__service_class": "service_class",
    "not_entitled": "not_entitled",
    "subject": "subject",
    "details": "details",
    "moves": "moves",
}
_COUNTED = {
    "_returns": "returns",
    "_reopenings": "reopenings",
    "_handoff_reason": "handoff_reason",
    "_complaint": "complaint",
    "_told_clock": "told_clock",
    "_told_percent": "told_percent",
}
LONGEST_MEMORY = timedelta(days=366)


def annotated(needs: Iterable[str], tickets: TicketQuerySet | None = None) -> TicketQuerySet:
    """Tickets with what conditions need beyond the row, to filter by."""
    found = Ticket.objects.all() if tickets is None else tickets
    for name, expression in _expressions(needs):
        found = found.annotate(**{name: expression()})
    return found


def tickets_on_which(node: tree.Node, world: World, *, now: datetime | None = None) -> TicketQuerySet:
    """The tickets of the whole store on which the tree holds at ``now``."""
    return annotated(tree.needs(node)).filter(tree.query(node, world, now or timezone.now()))


def facts_of(ids: Collection[int], needs: Iterable[str], *, now: datetime | None = None) -> dict[int, Facts]:
    """The facts of these tickets now; beyond their rows only what ``needs`` names. At most four queries."""
    wanted, moment = frozenset(needs), now or timezone.now()
    names = [name for name, _ in _expressions(wanted)]
    tickets = annotated(wanted, Ticket.objects.filter(pk__in=ids))
    rows = list(tickets.values(*_COLUMNS, *names))
    said = _said([row["pk"] for row in rows]) if "said" in wanted else {}
    codes = {text_of(row["details"].get("error_code")) for row in rows} if "code_known" in wanted else set()
    known = codes_known(codes) if codes else frozenset()
    contacts = _contacts({row["requester_id"] for row in rows}, moment) if "contacts" in wanted else {}
    return {
        row["pk"]: _facts(row, moment, said.get(row["pk"], ()), contacts.get(row["requester_id"], ()), known)
        for row in rows
    }


def _expressions(needs: Iterable[str]) -> list[tuple[str, Callable[[], Any]]]:
    return [pair for need in sorted(needs) for pair in ANNOTATIONS[need].items()]


def _facts(
    row: dict[str, Any],
    now: datetime,
    said: tuple[Said, ...],
    contacts: tuple[datetime, ...],
    known: frozenset[str],
) -> Facts:
    values = {name: row[column] for column, name in _COLUMNS.items()}
    values |= {name: row[column] for column, name in _COUNTED.items() if column in row}
    since = {state.value: row.get(f"_since_{state.value}") for state in Since}
    values["service_class"] = values["service_class"] or ""
    return Facts(
        at=now,
        said=said,
        contacts=contacts,
        code_known=text_of(row["details"].get("error_code")) in known,
        since={state: moment for state, moment in since.items() if moment is not None},
        **values,
    )


def _said(ids: Collection[int]) -> dict[int, tuple[Said, ...]]:
    found: dict[int, list[Said]] = {}
    rows = (
        Message.objects.filter(ticket__in=ids)
        .order_by("id")
        .values_list("ticket_id", "body", "from_requester", "visibility")
    )
    for ticket, body, from_requester, visibility in rows:
        by_requester = from_requester and visibility == Message.Visibility.PUBLIC  # not an auto-reply
        found.setdefault(ticket, []).append(Said(body, by_requester))
    return {ticket: tuple(texts) for ticket, texts in found.items()}


def _contacts(people: Collection[int | None], now: datetime) -> dict[int | None, tuple[datetime, ...]]:
    found: dict[int | None, list[datetime]] = {}
    rows = Interaction.objects.filter(
        person__in=[person for person in people if person is not None],
        direction=Interaction.Direction.INBOUND,
        started_at__gte=now - LONGEST_MEMORY,
        started_at__lte=now,
    )
    for person, moment in rows.values_list("person_id", "started_at"):
        found.setdefault(person, []).append(moment)
    return {person: tuple(moments) for person, moments in found.items()}
