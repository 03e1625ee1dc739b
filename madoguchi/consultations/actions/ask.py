"""A department is asked."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.consultations.actions.hold import besides, follow_ticket, require_ahead, short, told, write
from madoguchi.consultations.course import Course
from madoguchi.consultations.models import Consultation
from madoguchi.consultations.proposal import require_disclosable
from madoguchi.consultations.queries import chain_for
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.access import access_of
from madoguchi.people.models import Contact, Department, Staff, Team, Topic
from madoguchi.tickets.actions.lock import lock, require_active
from madoguchi.tickets.models import Ticket

LONGEST_QUESTION = 20_000
_TWICE = timedelta(minutes=1)  # who asks the same again so soon has pressed twice


@transaction.atomic
def ask(
    ticket: Ticket,
    *,
    department: Department,
    question: str,
    topic: Topic | None = None,
    due_at: datetime | None = None,
    urgent: bool = False,
    contact: Contact | None = None,
    team: Team | None = None,
    by: Actor,
) -> Consultation:
    """Put a question to a department: to the first of its chain who is available, while the ticket stays where it is.

    ``due_at`` is when the first contact is to answer, else topic or department say how long it may take. ``urgent``: at
    once and by the clock on the wall, else in the contact's working hours. ``contact`` is asked before the chain.
    ``team`` asks, else whose the ticket is. The same question again within a minute is only found again.
    """
    text = question.strip()
    if not text:
        raise Refused(_("Write the question first."), code="empty", field="question")
    if len(text) > LONGEST_QUESTION:
        raise Refused(_("This question is too long."), code="too_long", field="question")
    if not department.is_active:
        raise Refused(_("This department is not asked any more."), code="inactive", field="department")
    if topic is not None and (topic.department_id != department.pk or not topic.is_active):
        raise Refused(_("The department is not asked about this topic."), code="topic", field="topic")
    now = timezone.now()
    if due_at is not None:
        require_ahead(due_at, field="due_at")
    ticket = lock(ticket)
    require_active(ticket)
    require_disclosable(ticket, department, text)
    staff = by if isinstance(by, Staff) else None
    asking = team or _team_of(ticket, staff)
    same = Consultation.objects.open().filter(ticket=ticket, department=department, topic=topic, team=asking)
    if contact is not None:
        same = same.filter(approaches__contact=contact)
    if known := same.filter(question=text, urgent=urgent, asked_at__gt=now - _TWICE).first():
        return known
    consultation = Consultation(
        ticket=ticket,
        department=department,
        topic=topic,
        question=text,
        urgent=urgent,
        asked_by=staff,
        by_rule="" if staff else by.actor_name,
        team=asking,
        asked_at=now,
    )
    course = Course(consultation, [], chain_for(department, topic, at=now, also=[contact.pk] if contact else []), now)
    if not course.begin(
        due_at=due_at, answer_within_s=department.seconds_for(topic), contact=contact.pk if contact else None
    ):
        raise Refused(
            _("Nobody in %(department)s can be reached. Add a contact to the department.")
            % {"department": department.label},
            code="nobody",
            status=409,
        )
    consultation.save()
    write(course, by=by)
    record(
        "consultation.asked",
        by=by,
        about=[ticket, *besides(consultation)],
        data=told(
            consultation, course.current, question=short(text), topic=topic.name if topic else None, urgent=urgent
        ),
    )
    follow_ticket(ticket, open_now=True, by=by)
    return consultation


def _team_of(ticket: Ticket, staff: Staff | None) -> Team:
    """The team in whose name it is asked: a partner's staff only see what their own team asked."""
    if staff is not None and (access := access_of(staff)).is_partner and ticket.holder_team_id not in access.team_ids:
        return ticket.front_team if ticket.front_team_id in access.team_ids else access.teams[0]
    return ticket.holder_team
