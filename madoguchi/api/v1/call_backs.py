"""Calls that the desk owes: promised, made, tried again."""

from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest
from madoguchi.api.problem import not_found
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items, moment
from madoguchi.api.v1.fields import Answer, Body
from madoguchi.api.v1.find import staff_named, team_named, ticket_at
from madoguchi.api.v1.ticket_form import StaffForm, staff_form
from madoguchi.api.v1.tickets import READ, WRITE
from madoguchi.interactions.actions.call_backs import finish_call_back, try_call_back_again
from madoguchi.interactions.models import CallBack
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.models import TicketCallBack, number_of

router = Router(tags=["call-backs"])
_RELATED = ("team", "staff", "done_by", "ticket_link")


class CallBackForm(Answer):
    """A call that is owed, or was made (``done_at``); ``abandoned``: to a caller who gave up, last at ``called_at``."""

    id: int
    ticket: str | None
    reason: Literal["promised", "answer_ready", "abandoned"]
    due_at: str
    number: str
    name: str
    note: str
    team: str
    staff: StaffForm | None
    attempts: int
    called_at: str | None
    done_at: str | None
    done_by: StaffForm | None
    result: str | None


class CallBackList(Answer):
    """A page of call-backs."""

    items: list[CallBackForm]
    next: str | None


class CallBackQuery(BaseModel):
    """Which calls that are still owed."""

    team: fields.Word = ""
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


@router.get("/call-backs", response=CallBackList, auth=READ, summary="Calls that are owed")
def list_call_backs(request: ApiRequest, wanted: Query[CallBackQuery]) -> HttpResponse:
    """The most urgent first."""
    rows = CallBack.objects.visible_to(request.auth.access).waiting().select_related(*_RELATED)
    if wanted.team:
        rows = rows.filter(team=team_named(wanted.team, field="team"))
    if place := cursor.decode(wanted.cursor):
        at, last = place
        rows = rows.filter(Q(due_at__gt=at) | Q(due_at=at, pk__gt=last), due_at__gte=at)
    found = list(rows[: wanted.limit + 1])
    more, found = len(found) > wanted.limit, found[: wanted.limit]
    return items([_form(row) for row in found], cursor.encode(found[-1].due_at, found[-1].pk) if more else None)


class CallBackIn(Body):
    """A promise: by when, to which number (else the one they asked for, or theirs), whom to ask for, what to tell."""

    due_at: fields.Moment
    number: Annotated[str, Field(max_length=40)] = ""
    name: fields.Word = ""
    note: fields.Text = ""
    team: fields.Key | None = None
    staff: fields.StaffName | None = None


@router.post("/tickets/{number}/call-backs", response={201: CallBackForm}, auth=WRITE, summary="Promise a call")
def promise_a_call_back(request: ApiRequest, number: str, promise: CallBackIn) -> HttpResponse:
    """Owed by the front's team unless another is named."""
    ticket = ticket_at(request, number)
    call_back = promise_call(
        ticket,
        number=promise.number,
        due_at=promise.due_at,
        team=team_named(promise.team, field="team") if promise.team else None,
        staff=staff_named(promise.staff, field="staff"),
        name=promise.name,
        note=promise.note,
        by=request.auth.staff,
    )
    return answer(201, _form(_at(request, call_back.pk)))


class DoneIn(Body):
    """How it ended."""

    result: Literal["reached", "left_message", "withdrawn"]


@router.post("/call-backs/{int:row_id}/done", response=CallBackForm, auth=WRITE, summary="The call was made")
def finish_a_call_back(request: ApiRequest, row_id: int, done: DoneIn) -> HttpResponse:
    """409 when a colleague was first."""
    call_back = _at(request, row_id)
    finish_call_back(call_back, result=done.result, by=request.auth.staff)
    return answer(200, _form(_at(request, row_id)))


class AgainIn(Body):
    """When to try next."""

    due_at: fields.Moment
    result: Literal["no_answer", "busy", "failed"] = "no_answer"


@router.post("/call-backs/{int:row_id}/again", response=CallBackForm, auth=WRITE, summary="Nobody was reached")
def try_again(request: ApiRequest, row_id: int, when: AgainIn) -> HttpResponse:
    """The attempt counts, and the call stays owed."""
    call_back = _at(request, row_id)
    try_call_back_again(call_back, due_at=when.due_at, result=when.result, by=request.auth.staff)
    return answer(200, _form(_at(request, row_id)))


def _at(request: ApiRequest, row_id: int) -> CallBack:
    rows = CallBack.objects.visible_to(request.auth.access).select_related(*_RELATED)
    found = rows.filter(pk=row_id).first()
    if found is None:
        raise not_found()
    return found


def _form(call_back: CallBack) -> dict[str, Any]:
    link: TicketCallBack | None = getattr(call_back, "ticket_link", None)
    return {
        "id": call_back.pk,
        "ticket": number_of(link.ticket_id) if link else None,
        "reason": call_back.reason,
        "due_at": moment(call_back.due_at),
        "number": call_back.number,
        "name": call_back.name,
        "note": call_back.note,
        "team": call_back.team.key,
        "staff": staff_form(call_back.staff),
        "attempts": call_back.attempts,
        "called_at": moment(call_back.called_at),
        "done_at": moment(call_back.done_at),
        "done_by": staff_form(call_back.done_by),
        "result": call_back.result or None,
    }
