"""The requester is answered with what departments said."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.hold import besides, hold, told
from madoguchi.consultations.models import Consultation
from madoguchi.files.models import Attachment
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.models import Message, Ticket


@transaction.atomic
def use_answers(
    ticket: Ticket,
    consultations: Sequence[Consultation],
    *,
    body: str,
    visibility: str = Message.Visibility.PUBLIC,
    attachments: Iterable[Attachment] = (),
    team: Team | None = None,
    by: Staff,
) -> Message:
    """Post a message that is made of the answers to these questions of the ticket; each keeps the link to it.

    Where the message comes from stays in the house. A note for colleagues uses nothing up. Refuses what
    ``post_message`` refuses, and a question without an answer.
    """
    held = [hold(consultation).consultation for consultation in consultations]
    if any(one.answer is None or one.ticket_id != ticket.pk for one in held):
        raise Refused(_("This question has no answer yet."), code="no_answer", status=409)
    message = post_message(ticket, body=body, visibility=visibility, attachments=attachments, team=team, by=by)
    if visibility == Message.Visibility.PUBLIC:
        for one in held:
            one.used_in, one.used_at, one.to_review = message, message.at, False
            one.save(update_fields=["used_in", "used_at", "to_review"])
            record(
                "consultation.used",
                by=by,
                about=[one.ticket, *besides(one)],
                data=told(one, used_in=message.pk),
            )
    return message
