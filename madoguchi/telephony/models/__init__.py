"""Tables of telephone calls, of who takes them, and of the systems that carry them."""

from madoguchi.telephony.models.calls import (
    Call,
    CallAgent,
    CallEvent,
    CallLeg,
    CallQuerySet,
    CallState,
    Direction,
    Outcome,
    Sender,
    seats_of,
)
from madoguchi.telephony.models.operators import OperatorState, StateTime, WrapupCode, WrapupPolicy
from madoguchi.telephony.models.pbx import Order, Pbx, PbxDevice
from madoguchi.telephony.models.reconciliations import Reconciliation
from madoguchi.telephony.models.recordings import DAYS, Recording, RecordingPolicy, RecordingQuerySet

__all__ = [
    "DAYS",
    "Call",
    "CallAgent",
    "CallEvent",
    "CallLeg",
    "CallQuerySet",
    "CallState",
    "Direction",
    "OperatorState",
    "Order",
    "Outcome",
    "Pbx",
    "PbxDevice",
    "Reconciliation",
    "Recording",
    "RecordingPolicy",
    "RecordingQuerySet",
    "Sender",
    "StateTime",
    "WrapupCode",
    "WrapupPolicy",
    "seats_of",
]
