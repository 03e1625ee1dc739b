"""How a ticket reads in JSON."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from madoguchi.api.v1.answer import moment
from madoguchi.api.v1.fields import Answer, Channel, Priority, Status
from madoguchi.knowledge.rights import hears_of
from madoguchi.people.access import Access
from madoguchi.people.models import Organization, Person, Staff
from madoguchi.tickets.models import Ticket, TicketQuerySet, number_of

_RELATED = (
    "category",
    "requester",
    "organization",
    "front_team",
    "front_staff",
    "holder_team",
    "assignee",
    "offered_to",
    "article",
)
PUBLIC_URL = settings.PUBLIC_URL.geturl().rstrip("/") if settings.PUBLIC_URL else ""


class OrganizationForm(Answer):
    """A company or division."""

    id: int
    name: str
    code: str


class RequesterForm(Answer):
    """Who asks; ``email`` and ``phone`` are the first known ones."""

    id: int
    name: str
    kana: str
    email: str
    phone: str


class StaffForm(Answer):
    """A member of staff."""

    id: int
    name: str
    email: str


class FrontForm(Answer):
    """Who answers the requester: a team's key, and the person."""

    team: str
    staff: StaffForm | None


class HolderForm(Answer):
    """Who works on it now: a team's key, and the person."""

    team: str
    assignee: StaffForm | None


class TicketForm(Answer):
    """One ticket; times in RFC 3339, teams, category and article by key, other tickets by number."""

    number: str
    subject: str
    status: Status
    waiting_for: str | None
    waiting_until: str | None
    priority: Priority
    channel: Channel
    category: str | None
    details: dict[str, Any]
    requester: RequesterForm | None
    organization: OrganizationForm | None
    front: FrontForm
    holder: HolderForm
    offered_to: str | None
    moves: int
    frozen: bool
    not_entitled: bool
    call_back_at: str | None
    next_due_at: str | None
    next_due_kind: str | None
    opened_at: str
    updated_at: str
    resolved_at: str | None
    closed_at: str | None
    resolution: str
    article: str | None
    no_article_reason: str
    parent: str | None
    follow_up_of: str | None
    merged_into: str | None
    version: int
    url: str


class TicketList(Answer):
    """A page of tickets."""

    items: list[TicketForm]
    next: str | None


def whole(tickets: TicketQuerySet) -> TicketQuerySet:
    """The tickets with what their form needs, in one query."""
    return tickets.select_related(*_RELATED)


def form_of(ticket: Ticket, access: Access) -> dict[str, Any]:
    """One ticket as ``TicketForm``."""
    return forms_of([ticket], access)[0]


def forms_of(tickets: Sequence[Ticket], access: Access) -> list[dict[str, Any]]:
    """Tickets as ``TicketForm``, without articles that are not meant for who asks; one query for the requesters'
    addresses, however many there are.
    """
    emails, phones = _addresses({ticket.requester_id for ticket in tickets if ticket.requester_id})
    return [_form(ticket, access, emails, phones) for ticket in tickets]


def _addresses(people: set[int]) -> tuple[dict[int, str], dict[int, str]]:
    """The first e-mail address and the first number of each person."""
    if not people:
        return {}, {}
    places = ", ".join(["%s"] * len(people))
    with connection.cursor() as cursor:
        cursor.execute(  # by hand: the ORM takes longer to write this than the database to answer
            f"SELECT 0, person_id, address, id FROM people_emailaddress WHERE person_id IN ({places})"  # noqa: S608
            f" UNION ALL SELECT 1, person_id, number, id FROM people_phonenumber WHERE person_id IN ({places})"
            " ORDER BY 4 DESC",
            [*people, *people],
        )
        found: tuple[dict[int, str], dict[int, str]] = ({}, {})
        for kind, person_id, written, _row in cursor.fetchall():
            found[kind][person_id] = written
    return found


def _form(ticket: Ticket, access: Access, emails: dict[int, str], phones: dict[int, str]) -> dict[str, Any]:
    requester = ticket.requester
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "waiting_for": ticket.waiting_for or None,
        "waiting_until": moment(ticket.waiting_until),
        "priority": ticket.priority,
        "channel": ticket.channel,
        "category": ticket.category.key if ticket.category else None,
        "details": ticket.details,
        "requester": requester_form(requester, emails.get(requester.pk, ""), phones.get(requester.pk, ""))
        if requester
        else None,
        "organization": organization_form(ticket.organization),
        "front": {"team": ticket.front_team.key, "staff": staff_form(ticket.front_staff)},
        "holder": {"team": ticket.holder_team.key, "assignee": staff_form(ticket.assignee)},
        "offered_to": ticket.offered_to.key if ticket.offered_to else None,
        "moves": ticket.moves,
        "frozen": ticket.frozen_at is not None,
        "not_entitled": ticket.not_entitled,
        "call_back_at": moment(ticket.call_back_at),
        "next_due_at": moment(ticket.next_due_at),
        "next_due_kind": ticket.next_due_kind or None,
        "opened_at": moment(ticket.opened_at),
        "updated_at": moment(ticket.updated_at),
        "resolved_at": moment(ticket.resolved_at),
        "closed_at": moment(ticket.closed_at),
        "resolution": ticket.resolution,
        "article": ticket.article.key if ticket.article and hears_of(access, ticket.article) else None,
        "no_article_reason": ticket.no_article_reason,
        "parent": _number(ticket.parent_id),
        "follow_up_of": _number(ticket.follow_up_of_id),
        "merged_into": _number(ticket.merged_into_id),
        "version": ticket.version,
        "url": f"{PUBLIC_URL}/tickets/{ticket.number}",
    }


def requester_form(person: Person, email: str, phone: str) -> dict[str, Any]:
    """A person as ``RequesterForm``."""
    return {"id": person.pk, "name": person.name, "kana": person.kana, "email": email, "phone": phone}


def organization_form(organization: Organization | None) -> dict[str, Any] | None:
    """An organisation as ``OrganizationForm``."""
    return {"id": organization.pk, "name": organization.name, "code": organization.code} if organization else None


def staff_form(staff: Staff | None) -> dict[str, Any] | None:
    """A member of staff as ``StaffForm``."""
    return {"id": staff.pk, "name": staff.name, "email": staff.email} if staff else None


def _number(ticket_id: int | None) -> str | None:
    return number_of(ticket_id) if ticket_id else None
