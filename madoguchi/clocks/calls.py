"""Promised calls that belong to no ticket have no clock: whoever promised one is reminded all the same."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from madoguchi.interactions.models import CallBack
from madoguchi.notifications.actions import notify
from madoguchi.people.queries import supervisors_of
from madoguchi.people.standing_in import covered

AHEAD = timedelta(minutes=10)
DUE = gettext_noop("Call back %(name)s (%(number)s), promised for %(due)s.")


def remind_of_calls(*, limit: int = 50) -> int:
    """Tell of calls without a ticket that are owed within ``AHEAD``, once for each time promised; how many.

    Whoever promised it or stands in for them, without anybody the supervisors of the team. Each is claimed by a
    conditional update, so several workers may do it.
    """
    now = timezone.now()
    owed = CallBack.objects.waiting().filter(ticket_link__isnull=True, due_at__lte=now + AHEAD)
    untold = owed.exclude(reminded_for=F("due_at")).select_related("staff", "team")
    calls = list(untold[:limit])
    for call in calls:
        with transaction.atomic():
            still = CallBack.objects.filter(pk=call.pk, done_at__isnull=True, due_at=call.due_at)
            if still.exclude(reminded_for=F("due_at")).update(reminded_for=call.due_at):
                person, _stand_in = covered(call.staff, call.team, now)
                notify(
                    [person] if person else supervisors_of(call.team_id, now),
                    DUE,
                    kind="call_back.due",
                    params={"name": call.name, "number": call.number, "due_time": call.due_at.isoformat()},
                    about=call,
                    now=now,
                )
    return len(calls)
