"""A hand-off becomes a question: the ticket is again with who offered it, and the department is asked."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.models import Consultation
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import recall, return_
from madoguchi.handoffs.models import Handoff
from madoguchi.people.access import access_of
from madoguchi.people.models import Contact, Department, Staff, Topic


@transaction.atomic
def ask_instead(
    handoff: Handoff,
    *,
    department: Department,
    question: str,
    topic: Topic | None = None,
    contact: Contact | None = None,
    due_at: datetime | None = None,
    urgent: bool = False,
    by: Staff,
) -> Consultation:
    """Take the offer back, or give the ticket back when it was taken, and ask ``department`` in its sender's name.

    Who offered it recalls an offer; who was offered it, or has taken it, returns it. Refuses what these refuse.
    """
    handoff.refresh_from_db()
    access = access_of(by)
    if handoff.state == Handoff.State.OFFERED and access.acts_for(handoff.from_team):
        recall(handoff, by=by)
    elif access.acts_for(handoff.to_team):
        return_(
            handoff,
            reason=Handoff.ReturnReason.FIRST_LINE_CAN_SOLVE,
            note=_("%(department)s answers it as a question.") % {"department": department.label},
            by=by,
        )
    else:
        raise Refused(
            _("Only %(team)s can decide about this offer.") % {"team": handoff.to_team.label},
            code="not_receiver",
            status=403,
        )
    return ask(
        handoff.ticket,
        department=department,
        question=question,
        topic=topic,
        contact=contact,
        due_at=due_at,
        urgent=urgent,
        team=handoff.from_team,
        by=by,
    )
