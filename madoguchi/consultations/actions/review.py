"""Somebody of the desk has read what came after a question was settled."""

from django.db import transaction

from madoguchi.consultations.actions.hold import besides, hold, told
from madoguchi.consultations.models import Consultation
from madoguchi.journal.record import Actor, record


@transaction.atomic
def review(consultation: Consultation, *, by: Actor) -> Consultation:
    """Take the question off the list of those to be reviewed; again changes nothing."""
    consultation = hold(consultation).consultation
    if consultation.to_review:
        consultation.to_review = False
        consultation.save(update_fields=["to_review"])
        record(
            "consultation.reviewed", by=by, about=[consultation.ticket, *besides(consultation)], data=told(consultation)
        )
    return consultation
