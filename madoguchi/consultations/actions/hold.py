"""What every act does around its one decision: take hold of a question, write what came of it, tell it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.sending import send
from madoguchi.consultations.actions.telling import CALL, NOBODY, NOT_THEIRS, tell
from madoguchi.consultations.course import Course, Sending
from madoguchi.consultations.models import Approach, Consultation, State
from madoguchi.consultations.queries import chain_for
from madoguchi.foundation.prepared import Prepared, update
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import SYSTEM, Actor, record
from madoguchi.mail.actions import take_back
from madoguchi.people.models import ContactChannel
from madoguchi.tickets.actions.change import go_on, wait
from madoguchi.tickets.actions.lock import lock
from madoguchi.tickets.models import Status, Ticket, WaitingFor

_FURTHEST = timedelta(days=366)  # nobody is given longer
_OF_APPROACH = [
    "channel",
    "address",
    "tried",
    "sent_to",
    "state",
    "send_at",
    "asked_at",
    "deadline_at",
    "reminded_at",
    "ended_at",
    "thread",
]
_OF_CONSULTATION = ["state", "due_at", "next_at", "ended_at", "to_review", "to_call", "answer", "used_in", "used_at"]

_by_key = Prepared(
    lambda key: Consultation.objects.select_related(
        "ticket", "department", "topic", "team", "asked_by", "answer"
    ).filter(pk=key)
)
_approaches = Prepared(
    lambda key: Approach.objects.select_related("contact", "thread").filter(consultation=key).order_by("id")
)


def hold(consultation: Consultation, *, also: Iterable[int | None] = (), now: datetime | None = None) -> Course:
    """The question as it stands now, its ticket held until the transaction ends; ``also`` may be asked, too."""
    ticket = lock(_read(consultation).ticket)
    current = _read(consultation)
    if current.ticket_id != ticket.pk:  # merged while we waited
        ticket = lock(current.ticket)
    current.ticket = ticket
    approaches = _approaches.all(current.pk)
    for approach in approaches:
        approach.consultation = current
    moment = now or timezone.now()
    known = (approach.contact_id for approach in approaches)
    chain = chain_for(current.department, current.topic, at=moment, also=(*known, *also))
    return Course(current, approaches, chain, moment, rests=not ticket.is_active)


def require_ahead(moment: datetime | None, *, field: str) -> None:
    """Refuses a time that is missing, past, or too far off to be meant."""
    now = timezone.now()
    if moment is None or not now < moment <= now + _FURTHEST:
        raise Refused(_("Choose a time to come, at most a year ahead."), code=field, field=field)


def approach_in(course: Course, approach: Approach | None) -> Approach | None:
    """The same approach as the course has it."""
    return next((row for row in course.approaches if approach is not None and row.pk == approach.pk), None)


def write(course: Course, *, by: Actor) -> None:
    """The rows as the course left them, and what is to be sent."""
    for approach in course.approaches:
        if not approach.pk:
            approach.save()
    for approach in course.approaches:  # what still waits to leave to somebody who has had their say
        has_said = approach.state in {Approach.State.ANSWERED, Approach.State.DECLINED}
        if has_said and approach.ended_at == course.now and approach.thread is not None:
            take_back(approach.thread, by=by)
    for sending, approach in course.sendings:
        send(sending, approach, by=by)
        if approach.channel == ContactChannel.PHONE and sending in {Sending.QUESTION, Sending.REMINDER}:
            urgent = course.consultation.urgent
            tell(course.consultation, CALL, kind="consultation.to_call", by=SYSTEM, approach=approach, at_once=urgent)
    for approach in course.approaches:
        update(approach, _OF_APPROACH)
    now = course.current
    course.consultation.to_call = (
        now is not None and now.channel == ContactChannel.PHONE and now.state == Approach.State.ASKED
    )
    update(course.consultation, _OF_CONSULTATION)


def besides(consultation: Consultation) -> list[Model | None]:
    """Whom an entry about a question concerns, besides the ticket."""
    ticket = consultation.ticket
    return [
        consultation,
        consultation.department,
        consultation.team,
        ticket.holder_team,
        ticket.front_team,
        ticket.assignee,
        consultation.asked_by,
    ]


def told(consultation: Consultation, approach: Approach | None = None, **more: Any) -> dict[str, Any]:
    """What each entry says of a question."""
    data = {
        "consultation": consultation.pk,
        "department": consultation.department.name,
        "team_id": consultation.team_id,
        "due_at": consultation.due_at.isoformat(),
        "state": consultation.state,
    }
    if approach is not None:
        data |= {
            "approach": approach.pk,
            "contact": approach.name,
            "contact_id": approach.contact_id,
            "channel": approach.channel,
            "why": approach.why,
            "send_at": approach.send_at.isoformat(),
        }
    return data | more


def short(text: str) -> str:
    """The beginning of what was said, for the journal."""
    return text if len(text) <= 500 else text[:499] + "…"


def go_on_after(course: Course, *, by: Actor = SYSTEM) -> None:
    """Tell whose turn it is now or that nobody is left, and let the ticket wait or go on accordingly."""
    consultation, ticket = course.consultation, course.consultation.ticket
    for approach in course.moved_to:
        record(
            "consultation.moved_on",
            by=by,
            about=[ticket, *besides(consultation)],
            data=told(consultation, approach, reopened=course.reopened),
        )
    if course.outcome == State.DECLINED and not course.rests:
        tell(consultation, NOT_THEIRS, kind="consultation.declined", by=by, leaders=True)
    if course.outcome == State.EXHAUSTED:
        if not course.rests:
            tell(consultation, NOBODY, kind="consultation.exhausted", by=by, leaders=True)
        record(
            "consultation.exhausted",
            by=SYSTEM,
            about=[ticket, *besides(consultation)],
            data=told(consultation),
        )
    follow_ticket(ticket, open_now=consultation.is_open, by=by)


def follow_ticket(ticket: Ticket, *, open_now: bool, by: Actor) -> None:
    """A ticket waits for a department while a question is open, unless it waits for something else."""
    if open_now and ticket.status in {Status.NEW, Status.OPEN}:
        wait(ticket, waiting_for=WaitingFor.DEPARTMENT, by=by)
    elif (
        not open_now
        and (ticket.status, ticket.waiting_for) == (Status.WAITING, WaitingFor.DEPARTMENT)
        and not Consultation.objects.open().filter(ticket=ticket).exists()
    ):
        go_on(ticket, by=by)


def _read(consultation: Consultation) -> Consultation:
    current = _by_key.first(consultation.pk)
    if current is None:
        raise Consultation.DoesNotExist
    return current
