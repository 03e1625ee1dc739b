"""The work after a call: whose policy counts, which calls have one, and the events that tell of it."""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from madoguchi.people.models import Staff
from madoguchi.telephony.events import OWN_SENDER, Event
from madoguchi.telephony.models import Call, Direction, WrapupCode, WrapupPolicy

# Whoever answers without a screen says no end: an optional wrap-up does not hold them for ever.
UNATTENDED = timedelta(minutes=15)


COMPLAINT = "complaint"  # what rules listen for
PRODUCT_CODES = {
    "inquiry": _("Inquiry"),
    "request": _("Request"),
    COMPLAINT: _("Complaint"),
    "status": _("Asking how it stands"),
    "other": _("Other"),
}


class Turn(NamedTuple):
    """A wrap-up that began or ended because of what the telephone did; ``type`` is that of the call's event."""

    type: str
    call_id: int
    staff: Staff


class Terms(NamedTuple):
    """What counts for one member of staff; ``limit`` is None when no clock ends the wrap-up."""

    is_mandatory: bool
    limit: timedelta | None


def terms_of(staff: Staff) -> Terms:
    """The policy of the team that this person's calls belong to (the first line's first); without one, optional."""
    team = staff.teams.order_by("line", "id").first()
    policy = WrapupPolicy.objects.filter(team=team).first() if team is not None else None
    if policy is None or policy.mode == WrapupPolicy.Mode.OPTIONAL:
        return Terms(False, UNATTENDED)
    if policy.mode == WrapupPolicy.Mode.MANDATORY:
        return Terms(True, None)
    return Terms(False, timedelta(seconds=policy.seconds or 0))


class Code(NamedTuple):
    """A kind of call: what programs call it, what people read, whether it needs no ticket."""

    key: str
    label: str
    settles: bool


def codes() -> list[Code]:
    """The kinds of call that the wrap-up offers, in their order."""
    rows = [Code(row.key, row.label, row.settles) for row in WrapupCode.objects.filter(is_active=True)]
    return rows or [Code(key, str(label), False) for key, label in PRODUCT_CODES.items()]


def written_up(call_id: int | None) -> Call | None:
    """The call, or the whole it became part of, if it has work after it.

    That is when somebody outside was spoken to and its end was not only guessed.
    """
    call = Call.objects.select_related("merged_into").filter(pk=call_id).first() if call_id is not None else None
    call = (call.merged_into or call) if call is not None else None
    if call is None or call.direction == Direction.INTERNAL or call.answered_at is None:
        return None
    return None if call.record.get("end_estimated") else call


def wrapup_event(kind: str, call: Call, agent: str, now: datetime, *, code: str = "") -> Event:
    """``wrapup.started`` or ``wrapup.ended`` of our own screen and clock."""
    payload = {"id": uuid.uuid4().hex, "type": kind, "call": call.call_id, "agent": agent}
    if code:
        payload["code"] = code
    return Event(payload["id"], kind, call.call_id, now, payload, now, OWN_SENDER)
