"""Calls that are owed without a ticket: people are told before, when one is late, and at last who leads them.

A call of a ticket has the ticket's clocks.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from madoguchi.interactions.models import CallBack
from madoguchi.interactions.owing import escalation_of
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, record
from madoguchi.notifications.actions import notify
from madoguchi.people.models import Staff
from madoguchi.people.queries import supervisors_of
from madoguchi.people.standing_in import covered

Told = CallBack.Told
DUE = gettext_noop("Call back %(name)s (%(number)s), promised for %(due)s.")
OWED = gettext_noop("Call back %(name)s (%(number)s), who gave up waiting; due %(due)s.")
LATE = gettext_noop("The call to %(name)s (%(number)s) is overdue since %(due)s.")
STILL_LATE = gettext_noop("Nobody has called %(name)s (%(number)s) back; it was due %(due)s.")
CALLED_AGAIN = gettext_noop("%(name)s (%(number)s) called again and was answered; you need not call back.")


class Step(NamedTuple):
    """How far people have been told then, and the moment of what follows."""

    told: int
    next_at: datetime | None


def remind_of_calls(*, limit: int = 50) -> int:
    """Tell of calls without a ticket that are owed soon, late or late for long, once for each time owed; how many.

    Each is claimed by a conditional update, so several workers may do it. After a stop only the last is told.
    """
    now = timezone.now()
    due = CallBack.objects.filter(done_at__isnull=True, next_at__lte=now).order_by("next_at", "id")
    calls = list(due.select_related("staff", "team", "person", "ticket_link")[:limit])
    for call in calls:
        with transaction.atomic():
            step = Step(Told.NOTHING, None) if hasattr(call, "ticket_link") else _step(call, now)
            still = CallBack.objects.filter(pk=call.pk, done_at__isnull=True, due_at=call.due_at, next_at=call.next_at)
            if still.update(told=step.told, next_at=step.next_at) and step.told:
                _tell(call, step, now)
    return len(calls)


def tell_called_again(_entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """Reaction: whoever had taken the call hears that it is done, unless they answered themselves."""
    call = next((subject for subject in subjects if isinstance(subject, CallBack)), None)
    if call is None or call.result != CallBack.Result.CALLED_AGAIN or call.staff is None or call.staff == call.done_by:
        return
    notify(
        [call.staff],
        CALLED_AGAIN,
        kind="call_back.called_again",
        params=_params(call),
        about=call,
    )


def _step(call: CallBack, now: datetime) -> Step:
    if now < call.due_at:
        return Step(Told.WARNED, call.due_at)
    escalates_at = escalation_of(call)
    if now < escalates_at:
        return Step(Told.BREACHED, escalates_at)
    return Step(Told.ESCALATED, None)


def _tell(call: CallBack, step: Step, now: datetime) -> None:
    """Whoever makes the call or stands in for them, without anybody the supervisors of the team; at last these."""
    person, _stand_in = covered(call.staff, call.team, now)
    leading = supervisors_of(call.team_id, now) if person is None or step.told == Told.ESCALATED else []
    entry = record(
        "call_back.warned"
        if step.told == Told.WARNED
        else "call_back.breached"
        if step.told == Told.BREACHED
        else "call_back.escalated",
        by=SYSTEM,
        about=[call, call.person, call.team, person],
        data={"call_back": call.pk, "due_at": call.due_at.isoformat(), "reason": call.reason},
    )
    soon = OWED if call.reason == CallBack.Reason.ABANDONED else DUE
    notify(
        _each([person, *leading]),
        {Told.WARNED: soon, Told.BREACHED: LATE}.get(Told(step.told), STILL_LATE),
        kind="call_back.due" if step.told == Told.WARNED else entry.kind,
        params=_params(call),
        about=call,
        now=now,
    )


def _each(people: list[Staff | None]) -> list[Staff]:
    return [person for person in people if person is not None]


def _params(call: CallBack) -> dict[str, str]:
    return {"name": call.name or "–", "number": call.number, "due_time": call.due_at.isoformat()}
