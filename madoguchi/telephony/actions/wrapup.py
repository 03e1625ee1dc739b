"""The work after a call, from its beginning to its end by hand or by the clock."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import SYSTEM, Actor, record
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.receive_events import append_event
from madoguchi.telephony.events import OWN_SENDER
from madoguchi.telephony.models import Call, OperatorState
from madoguchi.telephony.operators import (
    begin_wrapup,
    hold_calls_of,
    leave_unfinished,
    locked_states,
    name_of,
    rest,
)
from madoguchi.telephony.wrapups import wrapup_event

State = OperatorState.State


@transaction.atomic
def start_wrapup(call: Call, staff: Staff, *, by: Actor) -> Call:
    """``staff`` goes on writing up a call by hand; twice is once. Refuses during another call.

    Another call's wrap-up that is running is broken off.

    After a call it begins by itself (``operators.follow_calls``).
    """
    now = timezone.now()
    hold_calls_of([staff.pk])
    row = locked_states([staff.pk], now=now)[staff.pk]
    if row.is_own_wrapup and row.call_id == call.pk:
        return call
    if row.state in (State.RINGING, State.TALKING):
        raise Refused(_("First comes the call you are in."), code="in_call", status=409)
    if row.is_own_wrapup:
        _tell_end(row, staff, now=now, by=by)
        leave_unfinished(row, staff)
    begin_wrapup(row, call.pk, staff=staff, source=OWN_SENDER, now=now, by=by)
    return _tell_start(call, staff, now=now, by=by)


@transaction.atomic
def end_wrapup(call: Call, staff: Staff, *, by: Actor, code: str = "") -> Call:
    """``staff`` has written up the call; they are what they were before. Refuses when no wrap-up of it is running."""
    now = timezone.now()
    hold_calls_of([staff.pk])
    row = locked_states([staff.pk], now=now)[staff.pk]
    if not row.is_own_wrapup or row.call_id != (call.merged_into_id or call.pk):
        raise Refused(_("No wrap-up of this call is running."), code="no_wrapup", status=409)
    return close_wrapup(row, staff, now=now, by=by, code=code.strip()[:40])


def close_wrapup(
    row: OperatorState, staff: Staff, *, now: datetime, by: Actor, code: str = "", ended_by: str = "hand"
) -> Call:
    """End the wrap-up of the locked ``row``, in the transaction that locked it; the call.

    Whoever had to break off the wrap-up of another call comes back to that one.
    """
    call = _tell_end(row, staff, now=now, by=by, code=code, ended_by=ended_by)
    turn = rest(row, staff=staff, source=OWN_SENDER, now=now, by=by)
    if turn is not None:
        _tell_start(Call.objects.get(pk=turn.call_id), staff, now=now, by=by)
    return call


def _tell_start(call: Call, staff: Staff, *, now: datetime, by: Actor) -> Call:
    call = append_event(call, wrapup_event("wrapup.started", call, name_of(staff), now), by=by, now=now)
    record("call.wrapup_started", by=by, about=[call, staff])
    return call


def _tell_end(
    row: OperatorState, staff: Staff, *, now: datetime, by: Actor, code: str = "", ended_by: str = "hand"
) -> Call:
    assert row.call_id is not None
    call = Call.objects.get(pk=row.call_id)
    call = append_event(call, wrapup_event("wrapup.ended", call, name_of(staff), now, code=code), by=by, now=now)
    data = {"wrapup_s": call.record.get("wrapup_s"), "code": code, "ended_by": ended_by}
    record("call.wrapup_ended", by=by, about=[call, staff], data=data)
    return call


def end_due_wrapups(now: datetime, *, limit: int = 50) -> int:
    """End the wrap-ups whose time is up; the worker's schedule calls it. Several workers end each of them once.

    Returns how many were due.
    """
    due = OperatorState.objects.filter(until__isnull=False, until__lte=now).order_by("until")
    found = list(due.select_related("staff")[:limit])
    for overdue in found:
        with transaction.atomic():
            hold_calls_of([overdue.staff_id])
            row = locked_states([overdue.staff_id], now=now)[overdue.staff_id]
            if row.is_own_wrapup and row.until is not None and row.until <= now:
                close_wrapup(row, overdue.staff, now=now, by=SYSTEM, ended_by="clock")
    return len(found)
