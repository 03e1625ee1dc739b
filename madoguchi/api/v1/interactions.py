"""Contacts on every channel: the list, settling one, and recording one that went round the desk."""

from typing import Annotated, Any, Literal

from django.db.models import F, Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest, Needs
from madoguchi.api.problem import invalid, not_found
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items, moment
from madoguchi.api.v1.fields import Answer, Body
from madoguchi.api.v1.find import staff_named, ticket_named
from madoguchi.api.v1.ticket_form import OrganizationForm, StaffForm, organization_form, staff_form
from madoguchi.api.v1.tickets import WRITE
from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.interactions.actions.contacts import dismiss, record_bypass
from madoguchi.interactions.models import Interaction
from madoguchi.interactions.reasons import all_reasons
from madoguchi.people.access import Capability
from madoguchi.tickets.actions.link_interaction import link_interaction
from madoguchi.tickets.models import Ticket, TicketInteraction, number_of
from madoguchi.tickets.requesters import meant_and_visible

router = Router(tags=["contacts"])
READ = Needs("calls:read", "tickets:read", capability=Capability.READ_TICKETS)
_RELATED = ("person", "organization", "staff", "team")


class PersonNameForm(Answer):
    """Who it was."""

    id: int
    name: str


class InteractionForm(Answer):
    """One contact; ``state`` open: neither linked to a ticket nor marked with why there is none."""

    id: int
    channel: fields.Channel
    direction: Literal["inbound", "outbound"]
    state: Literal["open", "linked", "dismissed"]
    address: str
    contact_name: str
    person: PersonNameForm | None
    organization: OrganizationForm | None
    staff: StaffForm | None
    team: str | None
    call: int | None
    summary: str
    started_at: str
    ended_at: str | None
    abandoned: bool
    dismissed_reason: str | None
    dismissed_note: str
    tickets: list[str]


class InteractionList(Answer):
    """A page of contacts."""

    items: list[InteractionForm]
    next: str | None


class InteractionQuery(BaseModel):
    """Contacts that began in [from, to), of a ticket; ``unsettled`` are the ended ones without ticket or reason."""

    from_: Annotated[fields.Moment | None, Field(alias="from")] = None
    to: fields.Moment | None = None
    channel: fields.Channel | None = None
    state: Literal["open", "linked", "dismissed", "unsettled"] | None = None
    person: fields.RowId | None = None
    ticket: fields.Word = ""
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


@router.get("/interactions", response=InteractionList, auth=READ, summary="List contacts")
def list_interactions(request: ApiRequest, wanted: Query[InteractionQuery]) -> HttpResponse:
    """The newest first."""
    rows = Interaction.objects.visible_to(request.auth.access)
    if wanted.state == "unsettled":
        rows = rows.unsettled()
    equal = {
        "started_at__gte": wanted.from_,
        "started_at__lt": wanted.to,
        "channel": wanted.channel,
        "person": wanted.person,
        "state": Words(wanted.state) if wanted.state not in (None, "unsettled") else None,
    }
    rows = rows.filter(**{name: value for name, value in equal.items() if value is not None})
    if wanted.ticket:
        rows = rows.filter(ticket_links__ticket=ticket_named(request, wanted.ticket, field="ticket"))
    # Those that are open are few and have an index of their own; the others are found in the order of time.
    few = wanted.state in ("unsettled", Interaction.State.OPEN)
    start = Unindexed("started_at") if few else F("started_at")
    if place := cursor.decode(wanted.cursor):
        at, last = place
        rows = rows.filter(Q(started_at__lt=at) | Q(started_at=at, pk__lt=last), started_at__lte=at)
    found = list(rows.select_related(*_RELATED).order_by(start.desc(), "-id")[: wanted.limit + 1])
    more, found = len(found) > wanted.limit, found[: wanted.limit]
    return items(_forms(request, found), cursor.encode(found[-1].started_at, found[-1].pk) if more else None)


class BypassIn(Body):
    """Who it was, what they wanted, and whom they reached (e-mail address, extension or id)."""

    who: Annotated[str, Field(min_length=1, max_length=200)]
    what: fields.NeededText
    reached: fields.StaffName
    at: fields.Moment | None = None


@router.post("/interactions/bypass", response={201: InteractionForm}, auth=WRITE, summary="Record a bypassed contact")
def record_a_bypass(request: ApiRequest, bypass: BypassIn) -> HttpResponse:
    """Somebody went round the desk; ``who`` that means one person or customer whom we know is linked to them."""
    reached = staff_named(bypass.reached, field="reached")
    if reached is None:
        raise invalid("reached", _("This is required."))
    person, organization = meant_and_visible(bypass.who, request.auth.access)
    contact = record_bypass(
        who=bypass.who,
        what=bypass.what,
        reached=reached,
        person=person,
        organization=organization,
        at=bypass.at,
        by=request.auth.staff,
    )
    return answer(201, _forms(request, [contact])[0])


class DismissIn(Body):
    """Why no ticket is needed, one of the reasons in use; ``other`` needs a note."""

    reason: Annotated[str, Field(min_length=1, max_length=20)]
    note: Annotated[str, Field(max_length=500)] = ""


class ReasonForm(Answer):
    """A reason why no ticket is needed; ``gave_up``: only for callers whom nobody answered."""

    key: str
    name: str
    name_en: str
    gave_up: bool
    in_use: bool


class ReasonList(Answer):
    """All of them."""

    items: list[ReasonForm]
    next: None


@router.get("/interactions/reasons", response=ReasonList, auth=READ, summary="List the reasons why no ticket is needed")
def list_reasons(request: ApiRequest) -> HttpResponse:
    """In the order in which the desk offers them; those no longer in use name earlier contacts."""
    found = [
        {
            "key": reason.key,
            "name": reason.name,
            "name_en": reason.name_en,
            "gave_up": reason.gave_up,
            "in_use": reason.is_active,
        }
        for reason in all_reasons()
    ]
    return items(found, None)


@router.post(
    "/interactions/{int:row_id}/dismiss", response=InteractionForm, auth=WRITE, summary="Settle without ticket"
)
def dismiss_interaction(request: ApiRequest, row_id: int, why: DismissIn) -> HttpResponse:
    """The contact leaves the list of unsettled ones, with the reason."""
    return answer(
        200,
        _forms(request, [dismiss(_at(request, row_id), reason=why.reason, note=why.note, by=request.auth.staff)])[0],
    )


class LinkIn(Body):
    """The ticket's number."""

    ticket: Annotated[str, Field(min_length=2, max_length=30)]


@router.post("/interactions/{int:row_id}/link", response=InteractionForm, auth=WRITE, summary="Link to a ticket")
def link_to_ticket(request: ApiRequest, row_id: int, to: LinkIn) -> HttpResponse:
    """The contact belongs to the ticket and is settled; twice is once."""
    contact = _at(request, row_id)
    link_interaction(ticket_named(request, to.ticket, field="ticket"), interaction=contact, by=request.auth.staff)
    return answer(200, _forms(request, [contact])[0])


def _at(request: ApiRequest, row_id: int) -> Interaction:
    rows = Interaction.objects.visible_to(request.auth.access).select_related("call", *_RELATED)
    found = rows.filter(pk=row_id).first()
    if found is None:
        raise not_found()
    return found


def _forms(request: ApiRequest, contacts: list[Interaction]) -> list[dict[str, Any]]:
    """Contacts with the numbers of their tickets, as far as the caller may see these."""
    tickets: dict[int, list[str]] = {}
    links = TicketInteraction.objects.filter(interaction__in=[contact.pk for contact in contacts]).order_by("id")
    if request.auth.access.is_partner:
        links = links.filter(ticket__in=Ticket.objects.visible_to(request.auth.access))
    for interaction_id, ticket_id in links.values_list("interaction_id", "ticket_id"):
        tickets.setdefault(interaction_id, []).append(number_of(ticket_id))
    return [_form(contact, tickets.get(contact.pk, [])) for contact in contacts]


def _form(contact: Interaction, tickets: list[str]) -> dict[str, Any]:
    return {
        "id": contact.pk,
        "channel": contact.channel,
        "direction": contact.direction,
        "state": contact.state,
        "address": contact.address,
        "contact_name": contact.contact_name,
        "person": {"id": contact.person.pk, "name": contact.person.name} if contact.person else None,
        "organization": organization_form(contact.organization),
        "staff": staff_form(contact.staff),
        "team": contact.team.key if contact.team else None,
        "call": contact.call_id,
        "summary": contact.summary,
        "started_at": moment(contact.started_at),
        "ended_at": moment(contact.ended_at),
        "abandoned": contact.is_abandoned,
        "dismissed_reason": contact.dismissed_reason or None,
        "dismissed_note": contact.dismissed_note,
        "tickets": tickets,
    }
