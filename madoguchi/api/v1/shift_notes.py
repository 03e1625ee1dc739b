"""申し送り: notes for the next shift of a team, and having read them."""

from typing import Any

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest
from madoguchi.api.problem import not_found
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items, moment
from madoguchi.api.v1.fields import Answer, Body
from madoguchi.api.v1.find import team_named
from madoguchi.api.v1.ticket_form import StaffForm, staff_form
from madoguchi.api.v1.tickets import READ, WRITE
from madoguchi.handoffs.actions.shift_notes import acknowledge_shift_note, post_shift_note, settle_shift_note
from madoguchi.handoffs.models import ShiftNote
from madoguchi.people.access import Access

router = Router(tags=["shift notes"])


class ShiftNoteForm(Answer):
    """What the next shift has to know, and who has read it."""

    id: int
    team: str
    body: str
    staff: StaffForm
    at: str
    settled_at: str | None
    read_by: list[StaffForm]


class ShiftNoteList(Answer):
    """A page of notes."""

    items: list[ShiftNoteForm]
    next: str | None


class ShiftNoteQuery(BaseModel):
    """Of which team; all that the caller may see when empty."""

    team: fields.Word = ""
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


class ShiftNoteIn(Body):
    """A note to a team's next shift."""

    team: fields.Key
    body: fields.NeededText


@router.get("/shift-notes", response=ShiftNoteList, auth=READ, summary="Notes that still count")
def list_shift_notes(request: ApiRequest, wanted: Query[ShiftNoteQuery]) -> HttpResponse:
    """The newest first, without settled ones."""
    rows = _visible(request.auth.access).filter(settled_at__isnull=True)
    if wanted.team:
        rows = rows.filter(team=team_named(wanted.team, field="team"))
    before = cursor.decode_id(wanted.cursor)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-id")[: wanted.limit + 1])
    more, found = len(found) > wanted.limit, found[: wanted.limit]
    return items([_form(row) for row in found], cursor.encode(None, found[-1].pk) if more else None)


@router.post("/shift-notes", response={201: ShiftNoteForm}, auth=WRITE, summary="Leave a note")
def leave_a_note(request: ApiRequest, note: ShiftNoteIn) -> HttpResponse:
    """Members of the team only."""
    left = post_shift_note(team=team_named(note.team, field="team"), body=note.body, by=request.auth.staff)
    return answer(201, _form(_at(request, left.pk)))


@router.post("/shift-notes/{int:row_id}/acknowledge", response=ShiftNoteForm, auth=WRITE, summary="I have read it")
def acknowledge_a_note(request: ApiRequest, row_id: int, nothing: Body | None = None) -> HttpResponse:
    """Twice is once."""
    acknowledge_shift_note(_at(request, row_id), by=request.auth.staff)
    return answer(200, _form(_at(request, row_id)))


@router.post("/shift-notes/{int:row_id}/settle", response=ShiftNoteForm, auth=WRITE, summary="Of no more use")
def settle_a_note(request: ApiRequest, row_id: int, nothing: Body | None = None) -> HttpResponse:
    """It leaves the list and stays in the journal."""
    settle_shift_note(_at(request, row_id), by=request.auth.staff)
    return answer(200, _form(_at(request, row_id)))


def _visible(access: Access) -> Any:
    """Every team's notes for our own staff, only their teams' for a partner's."""
    rows = ShiftNote.objects.select_related("team", "staff").prefetch_related("acknowledgements__staff")
    return rows.filter(team__in=access.team_ids) if access.is_partner else rows


def _at(request: ApiRequest, row_id: int) -> ShiftNote:
    found: ShiftNote | None = _visible(request.auth.access).filter(pk=row_id).first()
    if found is None:
        raise not_found()
    return found


def _form(note: ShiftNote) -> dict[str, Any]:
    return {
        "id": note.pk,
        "team": note.team.key,
        "body": note.body,
        "staff": staff_form(note.staff),
        "at": moment(note.at),
        "settled_at": moment(note.settled_at),
        "read_by": [staff_form(read.staff) for read in note.acknowledgements.all()],
    }
