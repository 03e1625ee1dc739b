"""Which member of staff an agent's name means, and what their calls make of their state."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import split_name
from madoguchi.foundation.literal import Words
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Staff
from madoguchi.telephony.events import OWN_SENDER
from madoguchi.telephony.models import Call, CallAgent, OperatorState
from madoguchi.telephony.state_times import spend
from madoguchi.telephony.wrapups import Turn, terms_of, written_up

State = OperatorState.State
_BY_CALLS = (State.RINGING, State.TALKING)


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
) -> list[Turn]:
    """Bring the locked states of these people in line with the calls they are in: ringing, talking, or free again.

    Whoever has left a conversation begins to write it up; whoever speaks again has ended what they wrote up before, and
    comes back to it afterwards where it is mandatory. A telephone that only rings leaves them to it. Returns these
    turns, for the calls' own events.
    """
    by_id = {staff.pk: staff for staff in people}
    if not by_id:
        return []
    rung: set[int] = set()
    talks: dict[int, list[int]] = {}
    seats = CallAgent.objects.filter(staff__in=by_id, state__in=Words(*CallAgent.LIVE), call__is_live=True)
    for staff_id, seat, call_id in seats.order_by("id").values_list("staff_id", "state", "call_id"):
        if seat == CallAgent.State.TALKING:
            talks.setdefault(staff_id or 0, []).append(call_id)
        else:
            rung.add(staff_id or 0)
    turns: list[Turn] = []
    for staff_id, staff in sorted(by_id.items()):
        row = rows[staff_id]
        done: dict[str, Any] = {"staff": staff, "source": source, "now": now, "by": by}
        if staff_id in talks:
            if row.is_own_wrapup:
                turns.append(Turn("wrapup.ended", row.call_id or 0, staff))
                leave_unfinished(row, staff)
            calls = talks[staff_id]
            stays = row.call_id if row.state == State.TALKING and row.call_id in calls else calls[-1]
            change(row, State.TALKING, "", call_id=stays, **done)
        elif row.state == State.TALKING and (call := written_up(row.call_id)) is not None:
            turns.append(Turn("wrapup.started", call.pk, staff))
            begin_wrapup(row, call.pk, **done)
        elif staff_id in rung:
            if not row.is_own_wrapup:
                change(row, State.RINGING, "", **done)
        elif row.state in _BY_CALLS and (turn := rest(row, **done)) is not None:
            turns.append(turn)
    return turns


def leave_unfinished(row: OperatorState, staff: Staff) -> None:
    """The wrap-up of the locked row is broken off: a mandatory one waits until they are free again."""
    if row.call_id is not None and terms_of(staff).is_mandatory:
        row.unfinished = [*row.unfinished, row.call_id]


def begin_wrapup(row: OperatorState, call_id: int, *, staff: Staff, source: str, now: datetime, by: Actor) -> None:
    """The locked state becomes the wrap-up of this call, for as long as the team's policy says."""
    limit = terms_of(staff).limit
    until = now + limit if limit is not None else None
    row.unfinished = [left for left in row.unfinished if left != call_id]
    change(row, State.WRAPUP, "", staff=staff, source=source, now=now, by=by, call_id=call_id, until=until)


def rest(row: OperatorState, *, staff: Staff, source: str, now: datetime, by: Actor) -> Turn | None:
    """Back to what they chose last, or first to the wrap-up that was broken off last: then that turn.

    Whoever has logged off comes back to none.
    """
    done: dict[str, Any] = {"staff": staff, "source": source, "now": now, "by": by}
    if row.rest_state != State.LOGGED_OFF:
        for left in reversed(row.unfinished):
            if (call := written_up(left)) is not None:
                row.unfinished = row.unfinished[: row.unfinished.index(left)]
                begin_wrapup(row, call.pk, **done)
                return Turn("wrapup.started", call.pk, staff)
    row.unfinished = []
    change(row, row.rest_state, row.rest_reason, **done)
    return None


def hold_calls_of(staff_ids: Iterable[int]) -> None:
    """Lock the calls that these people talk in or write up: whoever locks calls and states takes the calls first."""
    named = OperatorState.objects.filter(staff__in=list(staff_ids)).values_list("call", "unfinished")
    if calls := {pk for call, unfinished in named for pk in (call, *unfinished) if pk is not None}:
        list(Call.objects.select_for_update(no_key=True).filter(pk__in=calls).order_by("pk"))


def hold_states_of(staff_ids: Iterable[int]) -> None:
    """Lock these people's calls and states, as far as they have some: before anything about their telephones."""
    wanted = sorted(staff_ids)
    hold_calls_of(wanted)
    _lock(wanted)


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


def choose(row: OperatorState, state: str, reason: str, *, staff: Staff, now: datetime, by: Actor) -> None:
    """What somebody says on our own screen that they do now; while a call has them it waits until the call is over.

    A running wrap-up is the caller's to end first.
    """
    keep_for_later(row, state, reason)
    if row.state not in _BY_CALLS or not _in_call(staff):
        change(row, state, reason, staff=staff, source=OWN_SENDER, now=now, by=by)


def hear(
    row: OperatorState, state: str, reason: str, *, of: str, staff: Staff, source: str, now: datetime, by: Actor
) -> Turn | None:
    """What a telephone system says of them (``agent.state``); ``of`` is ``device`` where only their telephone says it.

    A telephone system never ends what was chosen on our screen (a break, away, training, logged off) nor the wrap-up
    of one of our calls. It can only add to being available: a pause, out of reach, logged off; and take back what it
    said itself. A device that is free again ends what a device does, not the pause that somebody keyed in. Gives the
    turn of a wrap-up that they come back to.
    """
    chosen = row.rest_source == OWN_SENDER and row.rest_state != State.AVAILABLE
    done: dict[str, Any] = {"staff": staff, "source": source, "now": now, "by": by}
    if state == State.AVAILABLE and of == "device":
        by_device = row.state in (*_BY_CALLS, State.UNREACHABLE, State.WRAPUP) and not row.is_own_wrapup
        if by_device and not _in_call(staff):
            return rest(row, **done)
    elif state in (State.AVAILABLE, State.PAUSED, State.LOGGED_OFF):
        # A pause during a wrap-up is our own order coming back.
        if not chosen and not (state == State.PAUSED and row.is_own_wrapup):
            keep_for_later(row, state, reason, source=source)
        if not row.is_own_wrapup and not (row.state in _BY_CALLS and _in_call(staff)):
            return rest(row, **done)
    elif state == State.UNREACHABLE:
        if row.state in (State.AVAILABLE, State.PAUSED) and not chosen:
            change(row, state, reason, **done)
    elif not row.is_own_wrapup and (state in _BY_CALLS or not _in_call(staff)):
        change(row, state, reason, **done)
    return None


def keep_for_later(row: OperatorState, state: str, reason: str, *, source: str = OWN_SENDER) -> None:
    """What the locked row returns to when call and wrap-up are over."""
    if (row.rest_state, row.rest_reason, row.rest_source) != (state, reason, source):
        row.rest_state, row.rest_reason, row.rest_source = state, reason, source
        row.save(update_fields=["rest_state", "rest_reason", "rest_source"])


def change(
    row: OperatorState,
    state: str,
    reason: str,
    *,
    staff: Staff,
    source: str,
    now: datetime,
    by: Actor,
    call_id: int | None = None,
    until: datetime | None = None,
) -> None:
    """Write a new state, how long the one before lasted, and its journal entry; no entry when it is the same.

    Another conversation, or another call that is written up, is news, too: whoever watches sees with whom.
    """
    moved_on = call_id is not None and row.call_id not in (None, call_id)
    if (row.state, row.reason) == (state, reason) and not moved_on:
        if (row.call_id, row.until) != (call_id, until):
            row.call_id, row.until = call_id, until
            row.save(update_fields=["call", "until"])
        return
    spend(row, now)
    data = {"from": row.state, "to": state, "reason": reason, "seconds": max(0, int((now - row.since).total_seconds()))}
    row.state, row.reason, row.since, row.source = state, reason, now, source
    row.call_id, row.until = call_id, until
    row.save(update_fields=["state", "reason", "since", "source", "call", "until", "unfinished"])
    record("operator.state_changed", by=by, about=[staff], data=data)


def _in_call(staff: Staff) -> bool:
    return CallAgent.objects.filter(staff=staff, state__in=Words(*CallAgent.LIVE), call__is_live=True).exists()


def _lock(staff_ids: list[int]) -> list[OperatorState]:
    return list(OperatorState.objects.select_for_update(no_key=True).filter(staff__in=staff_ids).order_by("staff_id"))


def _extension(staff: Staff) -> set[str]:
    return {staff.extension}


def _email(staff: Staff) -> set[str]:
    return {staff.email.lower()}


def _mobile(staff: Staff) -> set[str]:
    return {staff.mobile, phone.normalise(staff.mobile) if staff.mobile else ""}


def _full_names(staff: Staff) -> set[str]:
    return {f"{staff.family_name} {staff.given_name}".strip(), f"{staff.given_name} {staff.family_name}".strip()}
