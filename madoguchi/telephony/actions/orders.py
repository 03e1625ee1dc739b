"""What the telephone system shall do for somebody: an order is a row that its connector sends."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.literal import Words
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, Actor, record
from madoguchi.people.models import Staff
from madoguchi.telephony.models import Call, CallAgent, OperatorState, Order, Pbx, PbxDevice
from madoguchi.telephony.queries import PAUSED_IN_QUEUES

BY_HAND = frozenset({"no_pbx", "no_extension"})  # refusals after which people use their telephone themselves
SEND_WITHIN = timedelta(seconds=5)
TRANSFERS = {"blind": Order.Kind.REDIRECT, "attended": Order.Kind.ATTENDED}
_QUIET = (Order.Kind.PAUSE, Order.Kind.UNPAUSE)
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")


def pbx_of(staff: Staff) -> Pbx | None:
    """The connected telephone system that has this person's telephone; None without one, or without an extension.

    Of several it is the one whose queues know the extension, else the one that told of their last call.
    """
    connected = _connected(staff)
    if len(connected) < 2:
        return next(iter(connected), None)
    devices = PbxDevice.objects.filter(extension=staff.extension, pbx__in=connected)
    known = set(devices.values_list("pbx", flat=True))
    if len(known) == 1:
        return next(pbx for pbx in connected if pbx.pk in known)
    by_key = {pbx.key: pbx for pbx in connected}
    seats = CallAgent.objects.filter(staff=staff, call__sender__in=by_key).order_by("-id")
    last = seats.values_list("call__sender", flat=True).first()
    return by_key.get(last or "")


def _connected(staff: Staff) -> list[Pbx]:
    """The telephone systems that may have this person's telephone."""
    if not settings.ASTERISK or not staff.extension:
        return []
    now = timezone.now()
    configured = Pbx.objects.filter(key__in=[line.key for line in settings.ASTERISK]).order_by("pk").defer("memory")
    return [pbx for pbx in configured if pbx.is_connected(now)]


@transaction.atomic
def call_number(staff: Staff, number: str, *, by: Actor, name: str = "") -> Order:
    """Ring this person's telephone and, when they pick up, call ``number`` (any writing); ``name`` is shown to them.

    The order is ``done`` once they picked up; the call itself follows by its events, with ``request_id`` the order's
    ``request``.
    """
    pbx, wanted = _pbx(staff), _dialled(number)
    _one_at_a_time(staff)
    open_ones = Order.objects.filter(pbx=pbx, state__in=Words(*Order.OPEN), staff=staff, kind=Order.Kind.ORIGINATE)
    if open_ones.exists():
        raise Refused(_("Your telephone is being rung already."), code="already_calling", status=409)
    return _give(pbx, Order.Kind.ORIGINATE, staff, {"number": wanted, "name": name.strip()[:80]}, by=by)


@transaction.atomic
def transfer(call: Call, to: str, kind: str, *, staff: Staff, by: Actor) -> Order:
    """Pass the call on to an extension or number: ``kind`` is ``blind``, or ``attended`` (talk to them first).

    Refuses while an order before has not been answered.
    """
    if kind not in TRANSFERS:
        raise Refused(_("A call is passed on blind or attended."), code="unknown_kind")
    pbx = _pbx_of_call(call, staff)
    _one_at_a_time(staff)
    if Order.objects.filter(call=call, state__in=Words(*Order.OPEN), kind__in=Words(*TRANSFERS.values())).exists():
        raise Refused(_("This call is being passed on already."), code="already_passed_on", status=409)
    return _give(pbx, TRANSFERS[kind], staff, {"to": _dialled(to)}, call=call, by=by)


@transaction.atomic
def hang_up(call: Call, *, staff: Staff, by: Actor) -> Order:
    """End the call in which this person is talking."""
    return _give(_pbx_of_call(call, staff), Order.Kind.HANGUP, staff, {}, call=call, by=by)


@transaction.atomic
def park(call: Call, *, staff: Staff, by: Actor) -> Order:
    """Put the other side where any telephone can take it up again; the place is announced to this person."""
    return _give(_pbx_of_call(call, staff), Order.Kind.PARK, staff, {}, call=call, by=by)


@transaction.atomic
def pause(staff: Staff, reason: str, *, by: Actor) -> Order:
    """No calls of any queue for this person's telephone; ``reason`` is what the telephone system notes."""
    return _give(_pbx(staff), Order.Kind.PAUSE, staff, {"reason": reason.strip()[:80]}, by=by)


@transaction.atomic
def unpause(staff: Staff, *, by: Actor) -> Order:
    """Calls of all its queues for this person's telephone again."""
    return _give(_pbx(staff), Order.Kind.UNPAUSE, staff, {}, by=by)


def follow_state(entry: Entry, subjects: tuple[models.Model, ...]) -> None:
    """A reaction: what somebody says of themselves holds in the queues of their telephone system, too."""
    staff = next((subject for subject in subjects if isinstance(subject, Staff)), None)
    if staff is not None:
        agree(staff, by=SYSTEM)


def agree(staff: Staff, *, by: Actor, failed: Order | None = None) -> list[Order]:
    """The orders that bring the queues in line with this person's state: one to each telephone system that differs.

    ``failed``: such an order that failed just now; its telephone system alone is asked once more.
    """
    if not settings.ASTERISK or not staff.extension:
        return []
    row = OperatorState.objects.filter(pk=staff.pk).first()
    if row is None or not row.source or (wanted := PAUSED_IN_QUEUES.get(row.state)) is None:
        return []
    parameters = {"reason": row.reason or row.state} if wanted else {}
    if failed is not None:
        parameters["again"] = "yes"
    kind = Order.Kind.PAUSE if wanted else Order.Kind.UNPAUSE
    unlike = PbxDevice.objects.filter(extension=staff.extension).exclude(is_paused=wanted)
    return [
        _give(pbx, kind, staff, parameters, by=by)
        for pbx in _connected(staff)
        if (failed is None or pbx.pk == failed.pbx_id) and unlike.filter(pbx=pbx).update(is_paused=wanted)
    ]


@transaction.atomic
def settle(order: Order, state: str, result: str = "", *, by: Actor, now: datetime) -> bool:
    """Note what came of an open order, once; False when that is known already.

    A pause or its end that did not come about is tried once more.
    """
    settled = Order.objects.filter(pk=order.pk, state__in=Words(*Order.OPEN)).update(
        state=state, result=result[:200], settled_at=now
    )
    if settled and (order.kind not in _QUIET or state != Order.State.DONE):
        data = {"kind": order.kind, "state": state, "result": result[:200], "request": order.request}
        record("order.settled", by=by, about=[order, order.staff, order.call], data=data)
    if settled and order.kind in _QUIET and state != Order.State.DONE:
        _take_back(order, by=by)
    return bool(settled)


def _take_back(order: Order, *, by: Actor) -> None:
    """The queues are not as this order wanted them, unless another one was given since."""
    paused = order.kind == Order.Kind.PAUSE
    devices = PbxDevice.objects.filter(pbx=order.pbx_id, extension=order.extension, is_paused=paused)
    if devices.update(is_paused=not paused) and not order.parameters.get("again"):
        agree(order.staff, by=by, failed=order)


def settle_overdue(now: datetime, *, limit: int = 100) -> int:
    """Give up orders whose time is over: those nobody sent, and those that were sent and never acknowledged."""
    overdue = Order.objects.filter(state__in=Words(*Order.OPEN), expires_at__lte=now).select_related("staff", "call")
    settled = 0
    for order in overdue.order_by("id")[:limit]:
        state = Order.State.EXPIRED if order.state == Order.State.QUEUED else Order.State.UNANSWERED
        settled += settle(order, state, order.result, by=SYSTEM, now=now)
    return settled


def _pbx(staff: Staff) -> Pbx:
    if not staff.extension:
        raise Refused(_("%(name)s has no extension.") % {"name": staff.name}, code="no_extension")
    pbx = pbx_of(staff)
    if pbx is None:
        raise Refused(_("No telephone system is connected."), code="no_pbx", status=409)
    return pbx


def _pbx_of_call(call: Call, staff: Staff) -> Pbx:
    """The telephone system of a call in which this person is talking now."""
    if not staff.extension:
        raise Refused(_("%(name)s has no extension.") % {"name": staff.name}, code="no_extension")
    pbx = Pbx.objects.filter(key=call.sender).defer("memory").first()
    if pbx is None or not pbx.is_connected(timezone.now()):
        raise Refused(_("The telephone system of this call is not connected."), code="no_pbx", status=409)
    seat = CallAgent.objects.filter(call=call, staff=staff, state=CallAgent.State.TALKING)
    if not call.is_live or not seat.exists():
        raise Refused(_("You are not in this call."), code="not_in_call", status=409)
    return pbx


def _one_at_a_time(staff: Staff) -> None:
    """Of a double click, or two windows, the second sees what the first has ordered."""
    Staff.objects.select_for_update(no_key=True).get(pk=staff.pk)


def _dialled(written: str) -> str:
    """A number as a telephone system can be told it: nothing in it but what a keypad has."""
    number = phone.normalise(written)
    if not _NUMBER.fullmatch(number):
        raise Refused(_("A call needs a telephone number."), code="number_missing")
    return number


def _give(
    pbx: Pbx, kind: Order.Kind, staff: Staff, parameters: Mapping[str, str], *, by: Actor, call: Call | None = None
) -> Order:
    now = timezone.now()
    order = Order.objects.create(
        pbx=pbx,
        kind=kind,
        request=secrets.token_hex(8),
        extension=staff.extension,
        staff=staff,
        call=call,
        parameters=dict(parameters),
        given_at=now,
        expires_at=now + SEND_WITHIN,
    )
    if kind not in _QUIET:
        record("order.given", by=by, about=[order, staff, call], data={"kind": kind})
    return order
