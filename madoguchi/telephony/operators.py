"""Which member of staff an agent's name means, and what their calls make of their state."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import split_name
from madoguchi.foundation.literal import Words
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Staff
from madoguchi.telephony.models import CallAgent, OperatorState

State = OperatorState.State
_BY_CALLS = (State.RINGING, State.TALKING)
_CHOSEN = (State.AVAILABLE, State.PAUSED, State.AWAY, State.TRAINING, State.LOGGED_OFF, State.UNREACHABLE)


def staff_named(names: Iterable[str]) -> dict[str, Staff]:
    """Active staff by extension, e-mail, mobile number or full name, as a telephone system may call them; one query.

    A name that fits several people fits nobody.
    """
    wanted = {name for name in names if name}
    if not wanted:
        return {}
    numbers = {name: phone.normalise(name) for name in wanted}
    match = Q(extension__in=wanted | set(numbers.values()) - {""}) | Q(email__in={name.lower() for name in wanted})
    match |= Q(mobile__in=wanted | set(numbers.values()) - {""})
    for name in wanted:
        family, given = split_name(name)
        if given or not name.isascii():
            match |= Q(family_name=family, given_name=given) | Q(family_name=given, given_name=family)
    found = list(Staff.objects.filter(match, is_active=True))
    result: dict[str, Staff] = {}
    for name in wanted:
        for keys in (_extension, _email, _mobile, _full_names):
            spelled = {name, name.lower(), numbers[name]} - {""}
            fitting = [staff for staff in found if spelled & keys(staff)]
            if len(fitting) == 1:
                result[name] = fitting[0]
            if fitting:
                break
    return result


def name_of(staff: Staff) -> str:
    """How our own screens call this person in events."""
    return staff.extension or staff.email


def follow_calls(
    people: Iterable[Staff], rows: Mapping[int, OperatorState], *, source: str, now: datetime, by: Actor
) -> None:
    """Bring the locked states of these people in line with the calls they are in: ringing, talking, or free again."""
    by_id = {staff.pk: staff for staff in people}
    if not by_id:
        return
    busy: dict[int, str] = {}
    seats = CallAgent.objects.filter(staff__in=by_id, state__in=Words(*CallAgent.LIVE), call__is_live=True)
    for staff_id, seat in seats.values_list("staff_id", "state"):
        if busy.get(staff_id) != State.TALKING:
            busy[staff_id] = State.TALKING if seat == CallAgent.State.TALKING else State.RINGING
    for staff_id in sorted(by_id):
        row = rows[staff_id]
        if staff_id in busy:
            change(row, busy[staff_id], "", staff=by_id[staff_id], source=source, now=now, by=by)
        elif row.state in _BY_CALLS:
            change(row, row.rest_state, row.rest_reason, staff=by_id[staff_id], source=source, now=now, by=by)


def locked_states(staff_ids: Iterable[int], *, now: datetime) -> dict[int, OperatorState]:
    """The state rows of these people, made where missing, locked until the transaction ends."""
    wanted = sorted(staff_ids)
    rows = {row.staff_id: row for row in _lock(wanted)}
    if missing := [pk for pk in wanted if pk not in rows]:
        OperatorState.objects.bulk_create(
            [OperatorState(staff_id=pk, since=now) for pk in missing], ignore_conflicts=True
        )
        rows |= {row.staff_id: row for row in _lock(missing)}
    return rows


def choose(row: OperatorState, state: str, reason: str, *, staff: Staff, source: str, now: datetime, by: Actor) -> None:
    """What someone (or their phone) says of them; while a call has them it waits until the call is over."""
    if state in _CHOSEN and (row.rest_state, row.rest_reason) != (state, reason):
        row.rest_state, row.rest_reason = state, reason
        row.save(update_fields=["rest_state", "rest_reason"])
    if row.state not in _BY_CALLS or state in _BY_CALLS or not _in_call(staff):
        change(row, state, reason, staff=staff, source=source, now=now, by=by)


def change(row: OperatorState, state: str, reason: str, *, staff: Staff, source: str, now: datetime, by: Actor) -> None:
    """Write a new state and its journal entry; nothing when it is the same."""
    if (row.state, row.reason) == (state, reason):
        return
    data = {"from": row.state, "to": state, "reason": reason, "seconds": max(0, int((now - row.since).total_seconds()))}
    row.state, row.reason, row.since, row.source = state, reason, now, source
    row.save(update_fields=["state", "reason", "since", "source"])
    record("operator.state_changed", by=by, about=[staff], data=data)


def _in_call(staff: Staff) -> bool:
    return CallAgent.objects.filter(staff=staff, state__in=Words(*CallAgent.LIVE), call__is_live=True).exists()


def _lock(staff_ids: list[int]) -> list[OperatorState]:
    return list(OperatorState.objects.select_for_update().filter(staff__in=staff_ids).order_by("staff_id"))


def _extension(staff: Staff) -> set[str]:
    return {staff.extension}


def _email(staff: Staff) -> set[str]:
    return {staff.email.lower()}


def _mobile(staff: Staff) -> set[str]:
    return {staff.mobile, phone.normalise(staff.mobile) if staff.mobile else ""}


def _full_names(staff: Staff) -> set[str]:
    return {f"{staff.family_name} {staff.given_name}".strip(), f"{staff.given_name} {staff.family_name}".strip()}
