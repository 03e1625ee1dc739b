"""The sweep: what was planned is sent, who is late is reminded, who stays silent is passed over."""

from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from madoguchi.consultations.actions.hold import besides, go_on_after, hold, told, write
from madoguchi.consultations.course import Course, Sending
from madoguchi.consultations.models import Approach, Consultation
from madoguchi.journal.record import SYSTEM, record
from madoguchi.mail.models import OutgoingMail
from madoguchi.problems.set_aside import set_aside
from madoguchi.tickets.models import Ticket

_LATER = timedelta(hours=1)  # for one that cannot be worked out


def advance_due(now: datetime | None = None, *, limit: int = 50) -> int:
    """Take the next step of every question whose moment has come, the earliest first; how many were due.

    Found through the index over ``next_at``. Several workers may sweep: a question's ticket is held while its step is
    taken, one that another worker holds is left to it. A step and the moment of the next one are committed together, so
    a worker that dies leaves everything to be done, and nothing is done twice. After a stop each question goes on from
    where it stood, one step at a time: nobody is passed over who was not reminded.
    """
    moment = now or timezone.now()
    due = Consultation.objects.filter(next_at__lte=moment).order_by("next_at", "id").values_list("pk", flat=True)
    keys = list(due[:limit])
    for key in keys:
        try:
            _advance(key, moment)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 (one bad question must not keep the others from going on)
            Consultation.objects.filter(pk=key, next_at__isnull=False).update(next_at=moment + _LATER)
            set_aside("worker.consultations", error, consultation=key)
    return len(keys)


@transaction.atomic
def _advance(key: int, now: datetime) -> None:
    held = Ticket.objects.select_for_update(of=("self",), skip_locked=True)
    if not held.filter(consultations=key).exists():
        return
    course = hold(Consultation.objects.get(pk=key), now=now)
    consultation, ticket = course.consultation, course.consultation.ticket
    if consultation.next_at is None or consultation.next_at > now:
        return  # another worker was here since we looked
    if not ticket.is_active:
        course.rested()
        write(course, by=SYSTEM)
        return
    course.not_sent(_stuck(course))
    silent = course.due()
    write(course, by=SYSTEM)
    about = [ticket, *besides(consultation)]
    for sending, approach in course.sendings:
        if sending == Sending.REMINDER:
            record("consultation.reminded", by=SYSTEM, about=about, data=told(consultation, approach))
        elif approach not in course.moved_to:
            record("consultation.sent", by=SYSTEM, about=about, data=told(consultation, approach))
    for approach in silent:
        record("consultation.silent", by=SYSTEM, about=about, data=told(consultation, approach))
    go_on_after(course)


def _stuck(course: Course) -> list[Approach]:
    """Whose time is up though the last mail to them has been tried in vain and is still in our outbox."""
    late = [one for one in course.live if one.deadline_at is not None and one.deadline_at <= course.now]
    mails = OutgoingMail.objects.filter(
        thread__in=[one.thread_id for one in late], state__in=["queued", "sending"], attempts__gt=0
    )
    stuck = set(mails.values_list("thread", flat=True)) if late else set()
    return [one for one in late if one.thread_id in stuck]
