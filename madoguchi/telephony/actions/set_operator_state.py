"""Somebody says what they are doing: available, on a break, in training, gone."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.orders import agree
from madoguchi.telephony.actions.wrapup import close_wrapup
from madoguchi.telephony.models import OperatorState
from madoguchi.telephony.operators import choose, hold_calls_of, keep_for_later, locked_states
from madoguchi.telephony.wrapups import terms_of

State = OperatorState.State
CHOICES = (State.AVAILABLE, State.PAUSED, State.AWAY, State.TRAINING, State.LOGGED_OFF)


@transaction.atomic
def set_operator_state(staff: Staff, state: str, reason: str = "", *, by: Actor) -> OperatorState:
    """Set what ``staff`` is doing (one of ``CHOICES``); during a call it holds from the end of the call.

    It ends a running wrap-up, unless that is mandatory: then it holds from its end. Whoever logs off has ended any: no
    clock would. ``reason`` is up to 100 characters. Said again, it is asked again of queues that did not follow.
    Refuses a state that only a telephone can set.
    """
    if state not in CHOICES:
        raise Refused(
            _("This state cannot be chosen."), code="unknown_state", states=[str(choice) for choice in CHOICES]
        )
    now = timezone.now()
    hold_calls_of([staff.pk])
    row = locked_states([staff.pk], now=now)[staff.pk]
    if row.is_own_wrapup:
        keep_for_later(row, state, reason.strip()[:100])
        if state == State.LOGGED_OFF:
            close_wrapup(row, staff, now=now, by=by, ended_by="signed_off")
        elif not terms_of(staff).is_mandatory:
            close_wrapup(row, staff, now=now, by=by)
        return row
    choose(row, state, reason.strip()[:100], staff=staff, now=now, by=by)
    agree(staff, by=by)
    return row
