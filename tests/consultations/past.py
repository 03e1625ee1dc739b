"""Questions of the past, as the acts would have left them, written at once."""

from datetime import datetime, timedelta
from typing import Any

from madoguchi.catalog.models import Category
from madoguchi.consultations.models import Approach, Consultation, Remark, State
from madoguchi.people.models import Contact, Department, Topic
from madoguchi.tickets.models import Ticket

A = Approach.State
_KINDS = {A.ANSWERED: Remark.Kind.ANSWER, A.DECLINED: Remark.Kind.DECLINE}


def asked_before(
    ticket: Ticket,
    department: Department,
    *turns: tuple[Contact, str, timedelta],
    at: datetime,
    topic: Topic | None = None,
    category: Category | None = None,
    **more: Any,
) -> Consultation:
    """A settled question: each contact in turn, what became of their turn and after how long."""
    if category is not None:
        Ticket.objects.filter(pk=ticket.pk).update(category=category)
    consultation = Consultation.objects.create(
        ticket=ticket,
        department=department,
        topic=topic,
        state=State.EXHAUSTED,
        asked_at=at,
        due_at=at + timedelta(hours=4),
        patience_s=4 * 3600,
        ended_at=at,
        **{"question": "8月分の請求書は発行済みですか", "team": ticket.holder_team} | more,
    )
    start, last = at, None
    for contact, state, took in turns:
        end = start + took
        last = Approach.objects.create(
            consultation=consultation,
            contact=contact,
            name=contact.name,
            channel="mail",
            address=contact.email,
            why=Approach.Why.NAMED if last and last.state == A.DECLINED else Approach.Why.FIRST,
            state=state,
            send_at=start,
            asked_at=start,
            reminded_at=end - took / 3 if state == A.SILENT else None,
            ended_at=end,
        )
        if kind := _KINDS.get(A(state)):
            remark = Remark.objects.create(
                consultation=consultation,
                approach=last,
                kind=kind,
                author_name=contact.name,
                body="発行済みです",
                at=end,
            )
            if state == A.ANSWERED:
                consultation.answer, consultation.state = remark, State.ANSWERED
            elif contact == turns[-1][0]:
                consultation.state = State.DECLINED
        start = end
    consultation.ended_at = start
    consultation.save(update_fields=["answer", "state", "ended_at"])
    return consultation
