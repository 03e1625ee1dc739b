"""Tickets: raise, list, read, change, resolve, close, reopen, merge, wait."""

from typing import Annotated, Any, Literal, Self, get_args

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, Field, model_validator

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest, Needs
from madoguchi.api.problem import ProblemError, invalid
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items
from madoguchi.api.v1.fields import Body
from madoguchi.api.v1.find import (
    article_named,
    category_named,
    colleague_named,
    contact_named,
    staff_named,
    team_named,
    ticket_at,
    ticket_named,
)
from madoguchi.api.v1.ticket_form import TicketForm, TicketList, form_of, forms_of, whole
from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import tree
from madoguchi.foundation.place import place_after
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.people.actions import Requester, find_or_add_person
from madoguchi.tickets import queries
from madoguchi.tickets.actions.change import change, go_on, wait
from madoguchi.tickets.actions.link_tickets import merge
from madoguchi.tickets.actions.open_ticket import front_of_partner, open_ticket
from madoguchi.tickets.actions.resolve import close, reopen, resolve
from madoguchi.tickets.models import Ticket

router = Router(tags=["tickets"])
READ = Needs("tickets:read", capability=Capability.READ_TICKETS)
WRITE = Needs("tickets:write", capability=Capability.WORK_TICKETS)


class RequesterIn(Body):
    """What is known of the requester; an address or number finds somebody known, else a new person is made."""

    name: fields.Word = ""
    kana: fields.Word = ""
    email: Annotated[str, Field(max_length=254, pattern=r"^\s*([^@\s]+@[^@\s]+)?\s*$")] = ""
    phone: fields.Phone = ""
    organization: fields.Word = ""

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if (self.organization.strip() or self.kana.strip()) and not (self.name + self.email + self.phone).strip():
            raise ValueError(_("Name the person too, by name, email or phone."))
        return self


class TicketIn(Body):
    """A new inquiry; details answer the category's hearing items by key.

    ``interaction`` is the contact it comes from. Without it: the one that the caller has open with the requester on
    this channel, else a new one. ``follow_up_of`` is the number of the resolved or closed ticket that it follows.
    """

    subject: fields.Line
    body: fields.NeededText
    category: fields.Key | None = None
    priority: fields.Priority = "normal"
    channel: fields.Channel = "web"
    requester: RequesterIn = RequesterIn()
    details: fields.Details = {}
    interaction: fields.RowId | None = None
    follow_up_of: Annotated[str, Field(min_length=2, max_length=30)] | None = None


class TicketChange(Body):
    """What changes; details are merged key by key, null takes one out."""

    subject: fields.Line | None = None
    category: fields.Key | None = None
    priority: fields.Priority | None = None
    assignee: fields.StaffName | None = None
    details: fields.Details | None = None


class TicketQuery(BaseModel):
    """Which tickets. Several statuses and priorities are separated by commas; ``active`` is new, open and waiting."""

    status: Annotated[str, Field(max_length=100, description="such as `new,open`")] = ""
    team: fields.Word = ""
    assignee: Annotated[str, Field(max_length=254, description="e-mail address or id, `me` or `none`")] = ""
    category: Annotated[fields.Word, Field(description="with everything below it")] = ""
    requester: fields.RowId | None = None
    priority: fields.Word = ""
    channel: fields.Channel | None = None
    q: fields.Word = ""
    updated_since: fields.Moment | None = None
    order: Annotated[
        Literal["updated", "age", "newest", "call_back", "due"],
        Field(
            description="latest change first, oldest first, newest first, `call_back`: next promised call first,"
            " `due`: next deadline first (late ones before all); the last two leave out tickets that have none."
            " With `q` always the newest first"
        ),
    ] = "updated"
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


@router.post("/tickets", response={201: TicketForm}, auth=WRITE, summary="Raise a ticket")
def open_a_ticket(request: ApiRequest, ticket: TicketIn) -> HttpResponse:
    """The first line is its front and holds it; the category's destination is only proposed."""
    category = category_named(ticket.category)
    by = request.auth.staff
    with transaction.atomic():
        opened = open_ticket(
            subject=ticket.subject,
            body=ticket.body,
            channel=ticket.channel,
            category=category,
            priority=ticket.priority,
            requester=find_or_add_person(Requester(**ticket.requester.model_dump()), by=by),
            details={key: value for key, value in ticket.details.items() if value is not None},
            interaction=contact_named(request, ticket.interaction),
            follow_up_of=ticket_named(request, ticket.follow_up_of, field="follow_up_of")
            if ticket.follow_up_of
            else None,
            front_team=front_of_partner(request.auth.access),
            by=by,
        )
    return shown(request, opened, 201)


@router.get("/tickets", response=TicketList, auth=READ, summary="List tickets")
def list_tickets(request: ApiRequest, wanted: Query[TicketQuery]) -> HttpResponse:
    """The latest changed first (or by ``order``), by cursor; nothing is counted."""
    place = cursor.decode(wanted.cursor)
    page = queries.page(
        _filter(request, wanted),
        access=request.auth.access,
        order=wanted.order,
        cursor=place_after(*place) if place else "",
        limit=wanted.limit,
    )
    found = whole(Ticket.objects.all()).in_bulk([row.id for row in page.rows])
    last = page.rows[-1] if page.next else None
    following = cursor.encode(getattr(last, queries.ORDERS[wanted.order][0]), last.id) if last else None
    return items(forms_of([found[row.id] for row in page.rows if row.id in found], request.auth.access), following)


@router.get("/tickets/{number}", response=TicketForm, auth=READ, summary="One ticket")
def get_ticket(request: ApiRequest, number: str) -> HttpResponse:
    """With its version as ETag. Every way of writing the number is understood; a mistyped one is 404."""
    return shown(request, ticket_at(request, number))


@router.patch("/tickets/{number}", response=TicketForm, auth=WRITE, summary="Change a ticket")
def change_ticket(request: ApiRequest, number: str, changes: TicketChange) -> HttpResponse:
    """With ``If-Match`` only when the ticket still has that version, else 412. Without it, the last writer wins."""
    ticket = ticket_at(request, number)
    told: dict[str, Any] = {name: getattr(changes, name) for name in changes.model_fields_set}
    for name in ("subject", "priority", "details"):
        if name in told and told[name] is None:
            raise invalid(name, _("This cannot be empty."))
    if "category" in told:
        told["category"] = category_named(told["category"])
    if "assignee" in told:
        told["assignee"] = staff_named(told["assignee"], field="assignee")
    try:
        ticket = change(ticket, by=request.auth.staff, if_version=_expected(request, ticket), **told)
    except Refused as refusal:
        if refusal.code == "version":
            raise _outdated(refusal.details.get("version")) from refusal
        raise
    return shown(request, ticket_at(request, number))


class ResolveIn(Body):
    """How it was solved: by an article, or why there was none."""

    resolution: fields.Text
    article: fields.Key | None = None
    no_article_reason: fields.Word = ""


@router.post("/tickets/{number}/resolve", response=TicketForm, auth=WRITE, summary="Resolve a ticket")
def resolve_ticket(request: ApiRequest, number: str, solved: ResolveIn) -> HttpResponse:
    """Refused (409) while an offer is open."""
    resolve(
        ticket_at(request, number),
        resolution=solved.resolution,
        article=article_named(request, solved.article),
        no_article_reason=solved.no_article_reason,
        by=request.auth.staff,
    )
    return shown(request, ticket_at(request, number))


class ReopenIn(Body):
    """Why it was not solved."""

    reason: fields.Text = ""


@router.post("/tickets/{number}/reopen", response=TicketForm, auth=WRITE, summary="Reopen a ticket")
def reopen_ticket(request: ApiRequest, number: str, why: ReopenIn | None = None) -> HttpResponse:
    """It was not solved after all."""
    reopen(ticket_at(request, number), by=request.auth.staff, reason=why.reason if why else "")
    return shown(request, ticket_at(request, number))


@router.post("/tickets/{number}/close", response=TicketForm, auth=WRITE, summary="Close a ticket")
def close_ticket(request: ApiRequest, number: str, nothing: Body | None = None) -> HttpResponse:
    """Nothing more is to come; only a resolved ticket can be closed."""
    close(ticket_at(request, number), by=request.auth.staff)
    return shown(request, ticket_at(request, number))


class MergeIn(Body):
    """The ticket that goes on."""

    into: Annotated[str, Field(min_length=2, max_length=30)]


@router.post("/tickets/{number}/merge", response=TicketForm, auth=WRITE, summary="Merge a ticket into another")
def merge_ticket(request: ApiRequest, number: str, other: MergeIn) -> HttpResponse:
    """Answers the merged ticket, which is closed now and points to the other."""
    merge(ticket_at(request, number), into=ticket_named(request, other.into, field="into"), by=request.auth.staff)
    return shown(request, ticket_at(request, number))


class WaitIn(Body):
    """For whom, and until when at most."""

    waiting_for: Literal["requester", "department", "vendor", "date"]
    until: fields.Moment | None = None


@router.post("/tickets/{number}/wait", response=TicketForm, auth=WRITE, summary="Put a ticket aside")
def wait_with_ticket(request: ApiRequest, number: str, what: WaitIn) -> HttpResponse:
    """Until the requester, a department, a vendor or a date."""
    wait(ticket_at(request, number), waiting_for=what.waiting_for, until=what.until, by=request.auth.staff)
    return shown(request, ticket_at(request, number))


@router.post("/tickets/{number}/go-on", response=TicketForm, auth=WRITE, summary="Go on after waiting")
def go_on_with_ticket(request: ApiRequest, number: str, nothing: Body | None = None) -> HttpResponse:
    """Work goes on."""
    go_on(ticket_at(request, number), by=request.auth.staff)
    return shown(request, ticket_at(request, number))


def shown(request: ApiRequest, ticket: Ticket, status: int = 200) -> HttpResponse:
    """The ticket as the answer, its version as ETag; a new one with its address."""
    headers = {"ETag": f'"{ticket.version}"'}
    if status == 201:
        headers["Location"] = f"/api/v1/tickets/{ticket.number}"
    return answer(status, form_of(ticket, request.auth.access), headers)


def _filter(request: ApiRequest, wanted: TicketQuery) -> queries.TicketFilter:
    assignee, unassigned = None, wanted.assignee == "none"
    if wanted.assignee == "me":
        assignee = request.auth.staff.pk
    elif wanted.assignee and not unassigned:
        assignee = colleague_named(request, wanted.assignee, field="assignee").pk
    return queries.TicketFilter(
        status=_words(wanted.status, {*get_args(fields.Status), "active"}, "status"),
        team=team_named(wanted.team, field="team").pk if wanted.team else None,
        assignee=assignee,
        unassigned=unassigned,
        category=_subtree(category_named(wanted.category or None)),
        requester=wanted.requester,
        priority=_words(wanted.priority, set(get_args(fields.Priority)), "priority"),
        channel=wanted.channel or "",
        q=wanted.q,
        updated_since=wanted.updated_since,
    )


def _words(text: str, known: set[str], field: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if unknown := [word for word in words if word not in known]:
        raise invalid(field, _("There is no %(field)s “%(word)s”.") % {"field": field, "word": unknown[0]})
    return words


def _subtree(category: Category | None) -> tuple[int, ...]:
    if category is None:
        return ()
    return tuple(row.pk for row, path in tree(active_only=False) if row == category or category in path)


def _expected(request: ApiRequest, ticket: Ticket) -> int | None:
    """The version that If-Match asks for; None when it asks for any."""
    written = request.headers.get("If-Match", "").strip()
    if written in ("", "*"):
        return None
    versions = {part.strip().removeprefix("W/").strip('"') for part in written.split(",")}
    if str(ticket.version) not in versions:
        raise _outdated(ticket.version)
    return ticket.version


def _outdated(version: int | None) -> ProblemError:
    return ProblemError(
        412,
        _("Somebody changed this ticket meanwhile. Look at the new state and try again."),
        headers={"ETag": f'"{version}"'},
        version=version,
    )
