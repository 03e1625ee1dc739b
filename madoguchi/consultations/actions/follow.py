"""Reactions: what becomes of a ticket's questions when it is merged or comes back."""

from django.db import models

from madoguchi.consultations.actions.hold import besides, follow_ticket, hold, told, write
from madoguchi.consultations.models import Consultation
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, record
from madoguchi.tickets.models import Ticket


def move_questions(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """The questions of a merged ticket go on with the one that it was merged into."""
    tickets = {subject.pk: subject for subject in subjects if isinstance(subject, Ticket)}
    old, new = tickets[entry.data["from_id"]], tickets[entry.data["into_id"]]
    rows = Consultation.objects.filter(ticket=old).select_related("department", "team", "asked_by").order_by("id")
    for consultation in rows:
        Consultation.objects.filter(pk=consultation.pk).update(ticket=new)
        consultation.ticket = new
        if consultation.is_open:
            record(
                "consultation.moved",
                by=SYSTEM,
                about=[old, new, *besides(consultation)],
                data=told(consultation, from_id=old.pk, into_id=new.pk),
            )
            _resume(consultation)  # it may have rested with the other one
            follow_ticket(new, open_now=True, by=SYSTEM)
    new.refresh_from_db(fields=["status", "waiting_for", "version", "updated_at"])


def resume_questions(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Nobody was chased while the ticket was solved; now it is open again."""
    ticket = next(subject for subject in subjects if isinstance(subject, Ticket))
    for consultation in Consultation.objects.open().filter(ticket=ticket).order_by("id"):
        _resume(consultation)


def _resume(consultation: Consultation) -> None:
    course = hold(consultation)
    course.resumed()
    write(course, by=SYSTEM)
