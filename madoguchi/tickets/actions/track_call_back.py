"""A ticket remembers the calls that are owed because of it."""

from django.db import models, transaction

from madoguchi.interactions.models import CallBack
from madoguchi.journal.models import Entry
from madoguchi.journal.record import Actor, record
from madoguchi.tickets.models import Message, Ticket, TicketCallBack


@transaction.atomic
def track_call_back(ticket: Ticket, *, call_back: CallBack, by: Actor, message: Message | None = None) -> None:
    """Tie the call-back to the ticket and bring the ticket's next call-back time up to date; twice is once."""
    _link, created = TicketCallBack.objects.get_or_create(
        call_back=call_back, defaults={"ticket": ticket, "message": message}
    )
    refresh_call_back_at(ticket)
    if created:
        record(
            "call_back.tied",
            by=by,
            about=[ticket, call_back],
            data={
                "call_back": call_back.pk,
                "team": call_back.team_id,
                "due_at": promised_time(call_back),
                "shown_at": call_back.due_at.isoformat(),
                "name": call_back.name,
            },
        )


def promised_time(call_back: CallBack) -> str | None:
    """The time by which they are called, as the journal writes it; an answer that is ready has none."""
    return call_back.due_at.isoformat() if call_back.reason != CallBack.Reason.ANSWER_READY else None


def follow_call_back(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: a call was made or put off, so the next one owed may be another."""
    call_backs = [subject for subject in subjects if isinstance(subject, CallBack)]
    for ticket in Ticket.objects.select_for_update(of=("self",)).filter(call_back_links__call_back__in=call_backs):
        refresh_call_back_at(ticket)


def refresh_call_back_at(ticket: Ticket) -> None:
    """The earliest call still owed for the ticket, kept beside it for sorting."""
    owed = CallBack.objects.waiting().filter(ticket_link__ticket=ticket).first()
    ticket.call_back_at = owed.due_at if owed else None
    ticket.save(update_fields=["call_back_at"])
