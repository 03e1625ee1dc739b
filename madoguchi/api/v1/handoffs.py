"""Hand-offs: offered, accepted, returned, recalled; a supervisor's word on a frozen ticket."""

from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest
from madoguchi.api.problem import not_found
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items, moment
from madoguchi.api.v1.fields import Answer, Body
from madoguchi.api.v1.find import article_named, department_named, staff_named, team_named, ticket_at
from madoguchi.api.v1.ticket_form import StaffForm, TicketForm, staff_form
from madoguchi.api.v1.tickets import READ, WRITE, shown
from madoguchi.handoffs.actions.decide import accept, decide_routing, recall, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.actions.refer_to_sales import refer_to_sales
from madoguchi.handoffs.models import Handoff, HandoffQuerySet
from madoguchi.knowledge.rights import hears_of
from madoguchi.tickets.models import number_of

router = Router(tags=["hand-offs"])
_RELATED = ("from_team", "to_team", "to_staff", "offered_by", "accepted_by", "ended_by", "article")

State = Literal["offered", "accepted", "returned", "recalled"]
ReasonCode = Literal[
    "beyond_scope",
    "beyond_knowledge",
    "no_authority",
    "needs_access",
    "needs_specialist",
    "customer_asked",
    "rule",
    "other",
]
ReturnReason = Literal["wrong_team", "missing_information", "first_line_can_solve", "duplicate", "out_of_scope"]


class HandoffForm(Answer):
    """One hand-off; ``missing`` are the required items that an urgent offer left open."""

    id: int
    ticket: str
    state: State
    from_team: str
    to_team: str
    to_staff: StaffForm | None
    reason: str
    reason_code: ReasonCode
    details: dict[str, Any]
    required: list[str]
    missing: list[str]
    urgent_because: str
    offered_by: StaffForm | None
    by_rule: str
    offered_at: str
    accepted_by: StaffForm | None
    accepted_at: str | None
    ended_by: StaffForm | None
    ended_at: str | None
    return_reason: ReturnReason | None
    return_note: str
    article: str | None


class HandoffList(Answer):
    """A page of hand-offs."""

    items: list[HandoffForm]
    next: str | None


class HandoffIn(Body):
    """An offer; ``details`` complete the required items, ``urgent_because`` says why it cannot wait for them."""

    to_team: fields.Key
    reason: fields.NeededText
    reason_code: ReasonCode = "other"
    details: fields.Details = {}
    urgent_because: Annotated[str, Field(max_length=500)] = ""
    to_staff: fields.StaffName | None = None


class HandoffQuery(BaseModel):
    """Which hand-offs: of a state, to a team."""

    state: State | None = None
    to_team: fields.Word = ""
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


@router.post("/tickets/{number}/handoffs", response={201: HandoffForm}, auth=WRITE, summary="Hand a ticket over")
def offer_ticket(request: ApiRequest, number: str, offered: HandoffIn) -> HttpResponse:
    """422 with ``missing`` when required items lack; 409 when this would be the move that freezes routing."""
    ticket = ticket_at(request, number)
    handoff = offer(
        ticket,
        to_team=team_named(offered.to_team, field="to_team"),
        reason=offered.reason,
        reason_code=offered.reason_code,
        details=offered.details,
        urgent_because=offered.urgent_because,
        to_staff=staff_named(offered.to_staff, field="to_staff"),
        by=request.auth.staff,
    )
    return answer(201, _form(request, handoff), {"Location": f"/api/v1/handoffs/{handoff.pk}"})


@router.get("/tickets/{number}/handoffs", response=HandoffList, auth=READ, summary="The trail of a ticket")
def list_ticket_handoffs(request: ApiRequest, number: str, part: Query[HandoffQuery]) -> HttpResponse:
    """The latest first."""
    ticket = ticket_at(request, number)
    return _page(request, Handoff.objects.visible_to(request.auth.access).filter(ticket=ticket), part)


@router.get("/handoffs", response=HandoffList, auth=READ, summary="List hand-offs")
def list_handoffs(request: ApiRequest, part: Query[HandoffQuery]) -> HttpResponse:
    """The latest first; ``state=offered&to_team=…`` is a team's inbox."""
    return _page(request, Handoff.objects.visible_to(request.auth.access), part)


@router.get("/handoffs/{int:handoff_id}", response=HandoffForm, auth=READ, summary="One hand-off")
def get_handoff(request: ApiRequest, handoff_id: int) -> HttpResponse:
    """With its state, and who decided."""
    return answer(200, _form(request, _at(request, handoff_id)))


@router.post("/handoffs/{int:handoff_id}/accept", response=HandoffForm, auth=WRITE, summary="Accept an offer")
def accept_handoff(request: ApiRequest, handoff_id: int, nothing: Body | None = None) -> HttpResponse:
    """Ownership moves now; 409 when it was decided already."""
    return answer(200, _form(request, accept(_at(request, handoff_id), by=request.auth.staff)))


class ReturnIn(Body):
    """Why it goes back, and with which article the sender can answer."""

    reason: ReturnReason
    note: fields.Text = ""
    article: fields.Key | None = None


@router.post("/handoffs/{int:handoff_id}/return", response=HandoffForm, auth=WRITE, summary="Return a ticket")
def return_handoff(request: ApiRequest, handoff_id: int, back: ReturnIn) -> HttpResponse:
    """Before acceptance, or after it as a move."""
    handoff = return_(
        _at(request, handoff_id),
        reason=back.reason,
        note=back.note,
        article=article_named(request, back.article),
        by=request.auth.staff,
    )
    return answer(200, _form(request, handoff))


@router.post("/handoffs/{int:handoff_id}/recall", response=HandoffForm, auth=WRITE, summary="Recall an offer")
def recall_handoff(request: ApiRequest, handoff_id: int, nothing: Body | None = None) -> HttpResponse:
    """The sender takes it back before it is decided."""
    return answer(200, _form(request, recall(_at(request, handoff_id), by=request.auth.staff)))


class RoutingIn(Body):
    """A supervisor's decision about a frozen ticket."""

    kind: Literal["assign", "take", "allow", "keep", "ask"]
    note: Annotated[str, Field(min_length=1, max_length=500)]
    team: fields.Key | None = None
    department: fields.Key | None = None


@router.post("/tickets/{number}/routing", response=TicketForm, auth=WRITE, summary="Decide about a frozen ticket")
def decide_about_routing(request: ApiRequest, number: str, decision: RoutingIn) -> HttpResponse:
    """Assign it to a team, take it over, allow one more hand-off, keep it, or ask a team or a department first."""
    decide_routing(
        ticket_at(request, number),
        kind=decision.kind,
        note=decision.note,
        team=team_named(decision.team, field="team") if decision.team else None,
        department=department_named(decision.department) if decision.department else None,
        by=request.auth.staff,
    )
    return shown(request, ticket_at(request, number))


class ReferIn(Body):
    """A word for sales."""

    note: fields.Text = ""


@router.post("/tickets/{number}/refer-to-sales", response=TicketForm, auth=WRITE, summary="Refer to sales")
def refer_ticket_to_sales(request: ApiRequest, number: str, refer: ReferIn | None = None) -> HttpResponse:
    """What the contract does not cover goes to sales by mail; the ticket waits for the department."""
    refer_to_sales(ticket_at(request, number), by=request.auth.staff, note=refer.note if refer else "")
    return shown(request, ticket_at(request, number))


def _at(request: ApiRequest, handoff_id: int) -> Handoff:
    handoffs = Handoff.objects.visible_to(request.auth.access).select_related("ticket", *_RELATED)
    found = handoffs.filter(pk=handoff_id).first()
    if found is None:
        raise not_found(_("There is no hand-off at this address that you may see."))
    return found


def _page(request: ApiRequest, handoffs: HandoffQuerySet, part: HandoffQuery) -> HttpResponse:
    if part.state:
        handoffs = handoffs.filter(state=part.state)
    if part.to_team:
        handoffs = handoffs.filter(to_team=team_named(part.to_team, field="to_team"))
    if place := cursor.decode(part.cursor):
        at, last = place
        handoffs = handoffs.filter(Q(offered_at__lt=at) | Q(offered_at=at, pk__lt=last), offered_at__lte=at)
    rows = list(handoffs.select_related(*_RELATED).order_by("-offered_at", "-id")[: part.limit + 1])
    more, rows = len(rows) > part.limit, rows[: part.limit]
    return items(
        [_form(request, row) for row in rows], cursor.encode(rows[-1].offered_at, rows[-1].pk) if more else None
    )


def _form(request: ApiRequest, handoff: Handoff) -> dict[str, Any]:
    article = handoff.article
    return {
        "id": handoff.pk,
        "ticket": number_of(handoff.ticket_id),
        "state": handoff.state,
        "from_team": handoff.from_team.key,
        "to_team": handoff.to_team.key,
        "to_staff": staff_form(handoff.to_staff),
        "reason": handoff.reason,
        "reason_code": handoff.reason_code,
        "details": handoff.details,
        "required": handoff.required,
        "missing": handoff.missing,
        "urgent_because": handoff.urgent_because,
        "offered_by": staff_form(handoff.offered_by),
        "by_rule": handoff.by_rule,
        "offered_at": moment(handoff.offered_at),
        "accepted_by": staff_form(handoff.accepted_by),
        "accepted_at": moment(handoff.accepted_at),
        "ended_by": staff_form(handoff.ended_by),
        "ended_at": moment(handoff.ended_at),
        "return_reason": handoff.return_reason or None,
        "return_note": handoff.return_note,
        "article": article.key if article and hears_of(request.auth.access, article) else None,
    }
