"""Somebody says what they are doing: available, on a break, in training, gone."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor
from madoguchi.people.models import Staff
from madoguchi.telephony.models import OperatorState
from madoguchi.telephony.operators import choose, locked_states

State = OperatorState.State
CHOICES = (State.AVAILABLE, State.PAUSED, State.AWAY, State.TRAINING, State.LOGGED_OFF)


@transaction.atomic
def set_operator_state(staff: Staff, state: str, reason: str = "", *, by: Actor) -> OperatorState:
    """Set what ``staff`` is doing (one of ``CHOICES``); during a call it holds from the end of the call.

    ``reason`` is up to 100 characters. Refuses a state that only a telephone can set.
    """
    if state not in CHOICES:
        raise Refused(
            _("This state cannot be chosen."), code="unknown_state", states=[str(choice) for choice in CHOICES]
        )
    now = timezone.now()
    row = locked_states([staff.pk], now=now)[staff.pk]
    choose(row, state, reason.strip()[:100], staff=staff, source="madoguchi", now=now, by=by)
    return row
