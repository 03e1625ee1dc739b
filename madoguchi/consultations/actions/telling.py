"""Who of the desk is told what about a question."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext_noop

from madoguchi.consultations.models import Approach, Consultation
from madoguchi.journal.record import Actor
from madoguchi.notifications.actions import notify
from madoguchi.people.access import access_of
from madoguchi.people.models import Staff
from madoguchi.people.queries import supervisors_of
from madoguchi.people.standing_in import covered

ANSWERED = gettext_noop("%(number)s %(department)s answered: %(subject)s")
ANSWERED_LATE = gettext_noop("%(number)s %(department)s wrote once more, please look: %(subject)s")
ASKED_BACK = gettext_noop("%(number)s %(department)s asks back and waits for your reply: %(subject)s")
NEEDS_TIME = gettext_noop("%(number)s %(department)s needs time until %(due)s: %(subject)s")
NOBODY = gettext_noop("%(number)s Nobody in %(department)s answered: %(subject)s")
NOT_THEIRS = gettext_noop("%(number)s %(department)s says that it is not theirs: %(subject)s")
CALL = gettext_noop("%(number)s Please call %(contact)s (%(department)s, %(phone)s): %(subject)s")


def tell(
    consultation: Consultation,
    text: str,
    *,
    kind: str,
    by: Actor,
    approach: Approach | None = None,
    leaders: bool = False,
    at_once: bool = False,
) -> None:
    """Tell whoever asked and whoever works on the ticket; without them, and for ``leaders``, who leads the team.

    Nobody is told what they did themselves, and nobody what they may not see.
    """
    ticket = consultation.ticket
    now = timezone.now()
    meant = ((consultation.asked_by, consultation.team), (ticket.assignee, ticket.holder_team))
    there = (covered(person, team, now)[0] for person, team in meant)  # nothing waits on who is away
    people = _who_may_see(consultation, [person for person in there if person is not None])
    if leaders or not people:
        people += supervisors_of(consultation.team_id, now)
    params = {
        "number": ticket.number_shown,
        "department": consultation.department.name,
        "subject": ticket.subject,
        "due_time": consultation.due_at.isoformat(),
    }
    if approach is not None:
        params |= {"contact": approach.name, "phone": approach.address}
    notify(
        [person for person in people if (by.actor_kind, by.actor_id) != ("staff", person.pk)],
        text,
        kind=kind,
        params=params,
        about=ticket,
        at_once=at_once,
    )


def _who_may_see(consultation: Consultation, people: Iterable[Staff]) -> list[Staff]:
    return [
        person
        for person in people
        if person.is_active and Consultation.objects.visible_to(access_of(person)).filter(pk=consultation.pk).exists()
    ]
