"""The work after a call, timed by our own screen."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.receive_events import append_event
from madoguchi.telephony.events import Event
from madoguchi.telephony.models import Call, CallEvent, OperatorState
from madoguchi.telephony.operators import change, locked_states, name_of

OWN_SENDER = "madoguchi"


@transaction.atomic
def start_wrapup(call: Call, staff: Staff, *, by: Actor) -> Call:
    """``staff`` begins to write up the call; their state becomes ``wrapup``. Twice is once."""
    now = timezone.now()
    if _running(call, staff):
        return call
    call = append_event(call, _event("wrapup.started", call, staff, now), by=by, now=now)
    row = locked_states([staff.pk], now=now)[staff.pk]
    if row.state not in (OperatorState.State.RINGING, OperatorState.State.TALKING):
        change(row, OperatorState.State.WRAPUP, "", staff=staff, source=OWN_SENDER, now=now, by=by)
    record("call.wrapup_started", by=by, about=[call, staff])
    return call


@transaction.atomic
def end_wrapup(call: Call, staff: Staff, *, by: Actor, code: str = "") -> Call:
    """``staff`` has written up the call; they are what they were before. Refuses when no wrap-up is running."""
    now = timezone.now()
    if not _running(call, staff):
        raise Refused(_("No wrap-up of this call is running."), code="no_wrapup", status=409)
    call = append_event(call, _event("wrapup.ended", call, staff, now, code=code.strip()[:40]), by=by, now=now)
    row = locked_states([staff.pk], now=now)[staff.pk]
    if row.state == OperatorState.State.WRAPUP:
        change(row, row.rest_state, row.rest_reason, staff=staff, source=OWN_SENDER, now=now, by=by)
    record(
        "call.wrapup_ended", by=by, about=[call, staff], data={"wrapup_s": call.record.get("wrapup_s"), "code": code}
    )
    return call


def _running(call: Call, staff: Staff) -> bool:
    """Whether the last wrap-up event of this person on this call is a beginning."""
    mine = CallEvent.objects.filter(call=call.merged_into_id or call.pk, sender=OWN_SENDER, type__startswith="wrapup.")
    rows = mine.order_by("-at", "-id").values_list("type", "payload")
    return next((kind == "wrapup.started" for kind, body in rows if body.get("agent") == name_of(staff)), False)


def _event(kind: str, call: Call, staff: Staff, now: datetime, *, code: str = "") -> Event:
    payload = {"id": uuid.uuid4().hex, "type": kind, "call": call.call_id, "agent": name_of(staff)}
    if code:
        payload["code"] = code
    return Event(payload["id"], kind, call.call_id, now, payload, now, OWN_SENDER)
