"""An order as the actions that an Asterisk understands. Pure: rows and what is known of the channels, no database."""

import re
from collections.abc import Sequence

from madoguchi.gateways.lines import PbxLine
from madoguchi.telephony.models import Order
from madoguchi.telephony.providers.asterisk.channels import Leg
from madoguchi.telephony.providers.asterisk.translation import Translation

RING_SECONDS = 30
_NORMAL_CLEARING = "16"
_NO_ACTION_ID = re.compile(r"order-(\d+)-\d+")
# What OriginateResponse gives as a reason, by Asterisk's own numbers for how a channel stands.
REASONS = {"0": "failed", "1": "hung_up", "3": "no_answer", "5": "busy", "8": "congestion"}

type Action = tuple[str, list[tuple[str, str]]]


class ImpossibleError(Exception):
    """The order cannot be carried out any more; the message is a short word."""


def action_id(order_id: int, place: int) -> str:
    """Names the answer to one of the actions of an order."""
    return f"order-{order_id}-{place}"


def order_of(name: str) -> int | None:
    """The order that an ActionID belongs to."""
    found = _NO_ACTION_ID.fullmatch(name)
    return int(found[1]) if found else None


def actions_of(order: Order, line: PbxLine, translation: Translation, interfaces: Sequence[str]) -> list[Action]:
    """The actions of an order, all of which must succeed; ``interfaces`` are its extension's members of queues.

    Raises ImpossibleError when what it is about is gone: the call has ended, the telephone is in no queue.
    """
    parameters = order.parameters
    if order.kind == Order.Kind.ORIGINATE:
        return [("Originate", _originate(order, line))]
    if order.kind in (Order.Kind.PAUSE, Order.Kind.UNPAUSE):
        if not interfaces:
            raise ImpossibleError("no_queue")
        paused = [("Paused", "true" if order.kind == Order.Kind.PAUSE else "false")]
        reason = [("Reason", parameters["reason"])] if parameters.get("reason") else []
        return [("QueuePause", [("Interface", interface), *paused, *reason]) for interface in interfaces]
    own, other = _legs(order, translation)
    if order.kind == Order.Kind.HANGUP:
        return [("Hangup", [("Channel", other.channel), ("Cause", _NORMAL_CLEARING)])]
    if order.kind == Order.Kind.PARK:
        return [("Park", [("Channel", other.channel), ("AnnounceChannel", own.channel)])]
    target = [("Context", line.context), ("Exten", dialled(parameters["to"], line)), ("Priority", "1")]
    if order.kind == Order.Kind.ATTENDED:
        return [("Atxfer", [("Channel", own.channel), *target])]
    return [("Redirect", [("Channel", other.channel), *target])]


def dialled(number: str, line: PbxLine) -> str:
    """A stored number as a telephone here dials it: Japanese ones with their 0, foreign ones with 010."""
    if line.naming.extension_named(number) is not None:
        return number
    if number.startswith("+81"):
        number = "0" + number[3:]
    elif number.startswith("+"):
        number = "010" + number[1:]
    return line.prefix + number


def _originate(order: Order, line: PbxLine) -> list[tuple[str, str]]:
    number = dialled(order.parameters["number"], line)
    shown = order.parameters.get("name", "").translate({ord(mark): " " for mark in '"<>\\'}) or number
    return [
        ("Channel", line.device.format(extension=order.extension)),
        ("Context", line.context),
        ("Exten", number),
        ("Priority", "1"),
        ("CallerID", f'"{shown}" <{number}>'),
        ("Timeout", str(RING_SECONDS * 1000)),
        ("Async", "true"),
        ("ChannelId", f"cti-req-{order.request}"),
        ("Variable", f"__CTI_REQUEST={order.request}"),
    ]


def _legs(order: Order, translation: Translation) -> tuple[Leg, Leg]:
    """The channel of the order's extension in its call, and that of whom they talk with."""
    call = order.call.call_id if order.call is not None else ""
    call = translation.alias.get(call, call)
    legs = [leg for leg in translation.legs.values() if leg.call == call and not leg.half]
    own = next((leg for leg in legs if leg.agent == order.extension and leg.bridge), None)
    others = [leg for leg in legs if leg is not own]
    other = next((leg for leg in others if leg.agent is None), None) or next(iter(others), None)
    if own is None or other is None:
        raise ImpossibleError("not_in_call")
    return own, other
