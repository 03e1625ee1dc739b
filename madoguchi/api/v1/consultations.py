"""Questions to departments: asked from a ticket, answered, declined, put off, asked back, gone on with, withdrawn."""

from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest
from madoguchi.api.problem import invalid, not_found
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer as answered
from madoguchi.api.v1.answer import items, moment
from madoguchi.api.v1.fields import Answer, Body
from madoguchi.api.v1.find import department_named, ticket_at
from madoguchi.api.v1.ticket_form import StaffForm, staff_form
from madoguchi.api.v1.tickets import READ, WRITE
from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.actions.hear import answer, ask_back, decline, need_time
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.actions.steer import next_contact, reply, withdraw
from madoguchi.consultations.models import Approach, Consultation, ConsultationQuerySet, Remark
from madoguchi.consultations.queries import in_full
from madoguchi.people.models import Contact, Department, Topic
from madoguchi.tickets.models import number_of

router = Router(tags=["questions to departments"])

State = Literal["waiting", "answered", "declined", "needs_time", "asked_back", "withdrawn", "exhausted"]
Channel = Literal["mail", "phone", "chat", "sms"]
Send = Literal["now", "in_hours"]
ApproachState = Literal[
    "planned", "asked", "needs_time", "asked_back", "answered", "declined", "silent", "bounced", "away", "settled"
]
Why = Literal["first", "no_answer", "declined", "named", "bounced", "away", "pressed", "chosen", "manager"]
RemarkKind = Literal[
    "question", "answer", "decline", "needs_time", "ask_back", "reply", "reminder", "settled", "machine", "note"
]
Name = Annotated[str, Field(max_length=200)]


class ContactForm(Answer):
    """Whom the question is with, or was last."""

    name: str
    channel: Channel


class AnswerForm(Answer):
    """The answer that counts."""

    body: str
    by: str
    at: str


class ApproachForm(Answer):
    """One contact who is asked; ``deadline_at`` is when they are reminded, or passed over once they were."""

    contact_id: int | None
    name: str
    channel: Channel
    state: ApproachState
    why: Why
    send_at: str
    asked_at: str | None
    deadline_at: str | None
    reminded_at: str | None
    ended_at: str | None


class RemarkForm(Answer):
    """Something said; ``late``: it came when the question was already settled."""

    id: int
    kind: RemarkKind
    by: str
    contact: str | None
    body: str
    at: str
    late: bool


class ConsultationForm(Answer):
    """A question with everybody asked and everything said, in order."""

    id: int
    ticket: str
    department: str
    topic: str | None
    state: State
    question: str
    send: Send
    team: str
    asked_by: StaffForm | None
    by_rule: str
    asked_at: str
    due_at: str
    ended_at: str | None
    to_review: bool
    contact: ContactForm | None
    answer: AnswerForm | None
    approaches: list[ApproachForm]
    remarks: list[RemarkForm]


class ConsultationList(Answer):
    """A page of questions."""

    items: list[ConsultationForm]
    next: str | None


class ConsultationIn(Body):
    """A question; ``due_at``: by when, else topic or department say; ``now``: whatever the hours are."""

    department: fields.Key
    topic: fields.Key | None = None
    question: fields.NeededText
    due_at: fields.Moment | None = None
    send: Send = "in_hours"


class ConsultationQuery(BaseModel):
    """Which questions; ``to_review``: something came after they were settled."""

    state: State | None = None
    department: fields.Word = ""
    to_review: bool | None = None
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


@router.post(
    "/tickets/{number}/consultations", response={201: ConsultationForm}, auth=WRITE, summary="Ask a department"
)
def ask_a_department(request: ApiRequest, number: str, asked: ConsultationIn) -> HttpResponse:
    """It goes to the first of the chain who is available; the ticket stays and waits. 409 when nobody can be asked."""
    ticket = ticket_at(request, number)
    department = department_named(asked.department)
    consultation = ask(
        ticket,
        department=department,
        topic=_topic_named(department, asked.topic) if asked.topic else None,
        question=asked.question,
        due_at=asked.due_at,
        urgent=asked.send == "now",
        by=request.auth.staff,
    )
    location = {"Location": f"/api/v1/consultations/{consultation.pk}"}
    return answered(201, _form(_at(request, consultation.pk)), location)


@router.get(
    "/tickets/{number}/consultations", response=ConsultationList, auth=READ, summary="The questions of a ticket"
)
def list_ticket_consultations(request: ApiRequest, number: str, part: Query[ConsultationQuery]) -> HttpResponse:
    """The latest first."""
    ticket = ticket_at(request, number)
    return _page(Consultation.objects.visible_to(request.auth.access).filter(ticket=ticket), part)


@router.get("/consultations", response=ConsultationList, auth=READ, summary="List questions to departments")
def list_consultations(request: ApiRequest, part: Query[ConsultationQuery]) -> HttpResponse:
    """The latest first."""
    return _page(Consultation.objects.visible_to(request.auth.access), part)


@router.get("/consultations/{int:row_id}", response=ConsultationForm, auth=READ, summary="One question")
def get_consultation(request: ApiRequest, row_id: int) -> HttpResponse:
    """With its state, whom it is with, and the answer."""
    return _shown(request, row_id)


class AnswerIn(Body):
    """What the department said; ``name``: who, else whom the question is with."""

    body: fields.NeededText
    name: Name = ""


@router.post("/consultations/{int:row_id}/answer", response=ConsultationForm, auth=WRITE, summary="Note the answer")
def answer_consultation(request: ApiRequest, row_id: int, said: AnswerIn) -> HttpResponse:
    """The first answer counts; a later one is kept among the remarks, ``late`` and to be reviewed."""
    answer(_at(request, row_id), body=said.body, name=said.name, by=request.auth.staff)
    return _shown(request, row_id)


class NamedIn(Body):
    """Somebody else of the department: one of its contacts by id, or what is known of them."""

    contact: fields.RowId | None = None
    name: Annotated[str, Field(max_length=100)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    phone: fields.Phone = ""


class DeclineIn(Body):
    """“Not me”, and who is."""

    note: fields.Text = ""
    named: NamedIn | None = None
    name: Name = ""


@router.post("/consultations/{int:row_id}/decline", response=ConsultationForm, auth=WRITE, summary="Note “not me”")
def decline_consultation(request: ApiRequest, row_id: int, said: DeclineIn | None = None) -> HttpResponse:
    """The one who is named is asked next, else the next of the chain, at last the department's manager."""
    said = said or DeclineIn()
    consultation = _at(request, row_id)
    decline(
        consultation,
        note=said.note,
        named=_named(consultation, said.named) if said.named else None,
        name=said.name,
        by=request.auth.staff,
    )
    return _shown(request, row_id)


class NeedTimeIn(Body):
    """Until when, and why."""

    until: fields.Moment
    note: fields.Text = ""
    name: Name = ""


@router.post(
    "/consultations/{int:row_id}/need-time", response=ConsultationForm, auth=WRITE, summary="Note a need for time"
)
def put_off_consultation(request: ApiRequest, row_id: int, said: NeedTimeIn) -> HttpResponse:
    """The contact is reminded then, and passed over like anybody else."""
    need_time(_at(request, row_id), until=said.until, note=said.note, name=said.name, by=request.auth.staff)
    return _shown(request, row_id)


@router.post(
    "/consultations/{int:row_id}/ask-back", response=ConsultationForm, auth=WRITE, summary="Note a question back"
)
def ask_back_consultation(request: ApiRequest, row_id: int, said: AnswerIn) -> HttpResponse:
    """No time runs for the contact until the desk replies."""
    ask_back(_at(request, row_id), body=said.body, name=said.name, by=request.auth.staff)
    return _shown(request, row_id)


class ReplyIn(Body):
    """What the desk says to a question back."""

    body: fields.NeededText


@router.post(
    "/consultations/{int:row_id}/reply", response=ConsultationForm, auth=WRITE, summary="Reply to a question back"
)
def reply_to_consultation(request: ApiRequest, row_id: int, said: ReplyIn) -> HttpResponse:
    """The contact's time starts again. 409 when nobody asked back."""
    reply(_at(request, row_id), body=said.body, by=request.auth.staff)
    return _shown(request, row_id)


class NextIn(Body):
    """Whom to ask, else the next of the chain."""

    contact: fields.RowId | None = None


@router.post("/consultations/{int:row_id}/next", response=ConsultationForm, auth=WRITE, summary="Ask the next contact")
def ask_next_contact(request: ApiRequest, row_id: int, wanted: NextIn | None = None) -> HttpResponse:
    """Wait no longer; an answer that still comes counts. 409 when it is settled or nobody is left."""
    consultation = _at(request, row_id)
    contact = _contact_named(consultation, wanted.contact) if wanted and wanted.contact else None
    next_contact(consultation, contact=contact, by=request.auth.staff)
    return _shown(request, row_id)


class WithdrawIn(Body):
    """Why."""

    note: fields.Text = ""


@router.post(
    "/consultations/{int:row_id}/withdraw", response=ConsultationForm, auth=WRITE, summary="Withdraw a question"
)
def withdraw_consultation(request: ApiRequest, row_id: int, why: WithdrawIn | None = None) -> HttpResponse:
    """Whoever was asked is told. 409 when it is settled."""
    withdraw(_at(request, row_id), note=why.note if why else "", by=request.auth.staff)
    return _shown(request, row_id)


def _at(request: ApiRequest, row_id: int) -> Consultation:
    found = in_full(Consultation.objects.visible_to(request.auth.access).filter(pk=row_id)).first()
    if found is None:
        raise not_found(_("There is no question at this address that you may see."))
    return found


def _shown(request: ApiRequest, row_id: int) -> HttpResponse:
    return answered(200, _form(_at(request, row_id)))


def _topic_named(department: Department, key: str) -> Topic:
    found = Topic.objects.filter(department=department, key=key, is_active=True).first()
    if found is None:
        raise invalid("topic", _("The department is not asked about “%(key)s”.") % {"key": key})
    return found


def _contact_named(consultation: Consultation, contact: int, *, field: str = "contact") -> Contact:
    found = Contact.objects.filter(pk=contact, department=consultation.department, is_active=True).first()
    if found is None:
        raise invalid(field, _("The department has no such contact."))
    return found


def _named(consultation: Consultation, named: NamedIn) -> Named:
    if named.contact is not None:
        return Named(contact=_contact_named(consultation, named.contact, field="named.contact"))
    if not (named.name + named.email + named.phone).strip():
        raise invalid("named", _("Name the person too, by name, email or phone."))
    return Named(name=named.name, email=named.email, phone=named.phone)


def _page(rows: ConsultationQuerySet, part: ConsultationQuery) -> HttpResponse:
    if part.state:
        rows = rows.filter(state=part.state)
    if part.department:
        rows = rows.filter(department=department_named(part.department))
    if part.to_review is not None:
        rows = rows.filter(to_review=part.to_review)
    if last := cursor.decode_id(part.cursor):
        rows = rows.filter(pk__lt=last)
    found = list(in_full(rows.order_by("-id"))[: part.limit + 1])
    more, found = len(found) > part.limit, found[: part.limit]
    return items([_form(row) for row in found], cursor.encode(None, found[-1].pk) if more else None)


def _form(row: Consultation) -> dict[str, Any]:
    approaches = list(row.approaches.all())
    now = next((approach for approach in reversed(approaches) if approach.is_live), None)
    now = now or (approaches[-1] if approaches else None)
    won = row.answer
    return {
        "id": row.pk,
        "ticket": number_of(row.ticket_id),
        "department": row.department.key,
        "topic": row.topic.key if row.topic else None,
        "state": row.state,
        "question": row.question,
        "send": "now" if row.urgent else "in_hours",
        "team": row.team.key,
        "asked_by": staff_form(row.asked_by),
        "by_rule": row.by_rule,
        "asked_at": moment(row.asked_at),
        "due_at": moment(row.due_at),
        "ended_at": moment(row.ended_at),
        "to_review": row.to_review,
        "contact": {"name": now.name, "channel": now.channel} if now else None,
        "answer": {"body": won.body, "by": won.author_name, "at": moment(won.at)} if won else None,
        "approaches": [_approach(approach) for approach in approaches],
        "remarks": [_remark(remark) for remark in row.remarks.all()],
    }


def _approach(row: Approach) -> dict[str, Any]:
    return {
        "contact_id": row.contact_id,
        "name": row.name,
        "channel": row.channel,
        "state": row.state,
        "why": row.why,
        "send_at": moment(row.send_at),
        "asked_at": moment(row.asked_at),
        "deadline_at": moment(row.deadline_at),
        "reminded_at": moment(row.reminded_at),
        "ended_at": moment(row.ended_at),
    }


def _remark(row: Remark) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "by": row.author_name,
        "contact": row.approach.name if row.approach else None,
        "body": row.body,
        "at": moment(row.at),
        "late": row.late,
    }
