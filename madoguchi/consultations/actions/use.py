"""The requester is answered with what departments said."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.hold import besides, hold, told
from madoguchi.consultations.models import Remark
from madoguchi.files.models import Attachment
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import record
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.models import Message, Ticket


@transaction.atomic
def use_answers(
    ticket: Ticket,
    answers: Sequence[Remark],
    *,
    body: str,
    visibility: str = Message.Visibility.PUBLIC,
    attachments: Iterable[Attachment] = (),
    team: Team | None = None,
    by: Staff,
) -> Message:
    """Post a message that is made of these answers to questions of the ticket; each question keeps the link to it.

    Where the message comes from stays in the house. A note for colleagues uses nothing up, and what came after an
    answer stays to be reviewed. Refuses what ``post_message`` refuses, and (409) what is not the answer any more.
    """
    held = [hold(answer.consultation).consultation for answer in answers]
    if any(one.answer_id != answer.pk or one.ticket_id != ticket.pk for one, answer in zip(held, answers, strict=True)):
        raise Refused(_("Another answer counts by now. Read it before you send this."), code="no_answer", status=409)
    message = post_message(ticket, body=body, visibility=visibility, attachments=attachments, team=team, by=by)
    if visibility == Message.Visibility.PUBLIC:
        for one in held:
            one.used_in, one.used_at = message, message.at
            one.to_review &= one.remarks.filter(late=True, pk__gt=one.answer_id).exists()
            one.save(update_fields=["used_in", "used_at", "to_review"])
            record(
                "consultation.used",
                by=by,
                about=[one.ticket, *besides(one)],
                data=told(one, used_in=message.pk),
            )
    return message
