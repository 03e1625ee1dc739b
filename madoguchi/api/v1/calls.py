"""Telephone calls: events in, records out."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api import cursor
from madoguchi.api.caller import LARGE, ApiRequest, Needs
from madoguchi.api.problem import not_found
from madoguchi.api.reading import read_json
from madoguchi.api.signed import check_signed
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items, moment
from madoguchi.api.v1.fields import Answer
from madoguchi.api.v1.ticket_form import StaffForm, staff_form
from madoguchi.foundation import phone
from madoguchi.interactions.models import Interaction
from madoguchi.journal.record import NamedActor
from madoguchi.people.access import Capability
from madoguchi.people.tokens import ApiToken
from madoguchi.telephony import queries
from madoguchi.telephony.actions.receive_events import receive_events
from madoguchi.telephony.events import MOST_EVENTS, Event
from madoguchi.telephony.models import Call, Outcome, Recording
from madoguchi.telephony.providers.neutral import translation as neutral

router = Router(tags=["telephone"])
READ = Needs("calls:read", capability=Capability.READ_TICKETS)
_EVENTS = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/NeutralEvent"},
                        {
                            "type": "array",
                            "maxItems": MOST_EVENTS,
                            "items": {"$ref": "#/components/schemas/NeutralEvent"},
                        },
                    ]
                },
                "example": {
                    "id": "01J…",
                    "type": "agent.offered",
                    "at": "2026-11-21T23:58:58.506Z",
                    "call": "1795305537.0",
                    "leg": "1795305538.1",
                    "seq": 7,
                    "queue": "desk",
                    "agent": "1001",
                    "direction": "inbound",
                    "from": {"number": "0312345678", "name": None, "presentation": "allowed"},
                    "to": {"number": "0350000001"},
                },
            }
        },
    }
}


class EventsTaken(Answer):
    """How many events were committed, known ones included."""

    accepted: int


@router.post(
    "/calls/events",
    response={202: EventsTaken},
    auth=Needs("calls:write", largest=LARGE),
    openapi_extra=_EVENTS,
    summary="Tell what happens to calls",
)
def post_call_events(request: ApiRequest) -> HttpResponse:
    """One or a list; 202 after commit. The same ``id`` again: 202, and nothing happens. One wrong event refuses all."""
    check_signed(request, request.auth.token)
    return answer(202, {"accepted": take_in(read_json(request), token=request.auth.token)})


def take_in(posted: object, *, token: ApiToken, events_of: Callable[..., list[Event]] = neutral.events_of) -> int:
    """Commit what a telephone system says; the number of events. A token renewed under its name is the same sender."""
    sender = f"{token.name}@{token.staff_id}"[-64:]
    events = events_of(posted, sender=sender)
    receive_events(events, sender=sender, by=NamedActor("telephone", token.name or token.staff.name))
    return len(events)


class CallForm(Answer):
    """A call: the record that its events fold to, and where the call stands.

    Times in seconds; what cannot be known is null and named in ``incomplete``. ``from_records`` names what was read in
    call data records because it was not heard: ``started``, ``answered``, ``agents``, ``ended``. ``staff`` is the
    member of staff behind ``answered_by``, which is the agent as the telephone system names them. ``recordings`` are
    those that whoever asks may hear, each a ``url`` or a ``file`` at the telephone system, with its ``leg`` where it is
    known.
    """

    id: int
    call_id: str
    state: str
    started_at: str
    answered_at: str | None
    ended_at: str | None
    staff: StaffForm | None
    direction: str | None
    caller: dict[str, Any]
    called: str | None
    queue: str | None
    queue_visits: Any
    offers: list[dict[str, Any]]
    answered_by: str | None
    agents: list[str]
    segments: list[dict[str, Any]]
    wait_s: float | None
    ivr_s: float | None
    talk_s: float | None
    hold_s: float | None
    hold_count: int | None
    transfer_wait_s: float | None
    wrapup_s: float | None
    outcome: str | None
    ended_by: str | None
    lost_in_transfer: bool | None
    transfers: list[dict[str, Any]]
    request_id: str | None
    recordings: list[Any]
    incomplete: list[str]
    recovered: bool | None
    from_records: list[str] | None
    end_estimated: bool | None
    clock: str | None
    revision: int


class CallList(Answer):
    """A page of calls."""

    items: list[CallForm]
    next: str | None


class CallQuery(BaseModel):
    """Calls that began in [from, to); ``number``, in any writing, is that of the other side."""

    from_: Annotated[fields.Moment | None, Field(alias="from")] = None
    to: fields.Moment | None = None
    outcome: Outcome | None = None
    number: Annotated[str, Field(max_length=80)] = ""
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


@router.get("/calls", response=CallList, auth=READ, summary="List calls")
def list_calls(request: ApiRequest, wanted: Query[CallQuery]) -> HttpResponse:
    """The newest first."""
    page = queries.calls_between(
        request.auth.access,
        start=wanted.from_,
        end=wanted.to,
        outcome=wanted.outcome or "",
        among=_with(wanted.number) if wanted.number else None,
        after=cursor.decode(wanted.cursor),
        limit=wanted.limit,
    )
    recordings = _recordings(request, page.items)
    return items(
        [_form(call, recordings[call.pk]) for call in page.items], cursor.encode(*page.next) if page.next else None
    )


def _with(number: str) -> QuerySet[Interaction, Any]:
    """The calls from or to a number, in any writing; a text that is none is nobody's."""
    found = phone.normalise(number)
    contacts = Interaction.objects.filter(address=found, call__isnull=False) if found else Interaction.objects.none()
    return contacts.values("call")


@router.get("/calls/{int:row_id}", response=CallForm, auth=READ, summary="One call")
def get_call(request: ApiRequest, row_id: int) -> HttpResponse:
    """With its record as it stands now."""
    call = Call.objects.visible_to(request.auth.access).select_related("answered_by").filter(pk=row_id).first()
    if call is None:
        raise not_found()
    return answer(200, _form(call, _recordings(request, [call])[call.pk]))


def _recordings(request: ApiRequest, calls: Sequence[Call]) -> dict[int, list[dict[str, str]]]:
    """Of each call what may be heard by whoever asks, and is still kept."""
    found: dict[int, list[dict[str, str]]] = {call.pk: [] for call in calls}
    rows = Recording.objects.visible_to(request.auth.access).kept().filter(call__in=list(found))
    for row in rows.order_by("recorded_at", "id"):
        place = {"url": row.url} if row.url else {"file": row.name}
        found[row.call_id].append(place | ({"leg": row.leg} if row.leg else {}))
    return found


def _form(call: Call, recordings: list[dict[str, str]]) -> dict[str, Any]:
    return {name: call.record.get(name) for name in _RECORD} | {
        "id": call.pk,
        "call_id": call.call_id,
        "state": call.state,
        "started_at": moment(call.started_at),
        "answered_at": moment(call.answered_at),
        "ended_at": moment(call.ended_at),
        "staff": staff_form(call.answered_by),
        "recordings": recordings,
        "revision": call.revision,
    }


_RECORD = tuple(CallForm.model_fields)
