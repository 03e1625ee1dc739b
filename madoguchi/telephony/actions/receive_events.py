"""A telephone system reports: store its events, then fold the calls they belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from madoguchi.journal.record import Actor, record
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.recordings import enter_told, hide_numbers
from madoguchi.telephony.events import Event
from madoguchi.telephony.models import Call, CallAgent, CallEvent, CallLeg, Recording, Sender
from madoguchi.telephony.operators import follow_calls, hear, hold_calls_of, locked_states, name_of, staff_named
from madoguchi.telephony.projection import Receipt, as_merged, event_of, project
from madoguchi.telephony.skew import learn
from madoguchi.telephony.snapshots import closing_of, gap_before
from madoguchi.telephony.timeline import WRITTEN, joined_into
from madoguchi.telephony.wrapups import Turn, wrapup_event

# A snapshot asks for the last cut of the line; older gaps belong to older snapshots.
_GAP_MEMORY = timedelta(days=1)
_WITH_LEGS = ("call.started", "agent.offered", "agent.joined", "party.answered")


@transaction.atomic
def receive_events(events: Sequence[Event], *, sender: str, by: Actor, as_read: bool = False) -> list[Call]:
    """Take in up to 500 checked events of one sender (``providers/*/translation.py``); the calls they belong to.

    Idempotent: an event whose id this sender has used before changes nothing. Safe under concurrent posts: a call is
    locked while its events are stored and folded. Every real transition is written to the journal once.

    ``as_read``: the events bear the moments at which they were read off the line, and may have waited since.
    """
    now = timezone.now()
    received = [
        replace(event, received_at=(event.received_at if as_read else None) or now, sender=sender) for event in events
    ]
    source = _source(sender, now)
    since = min((event.received_at for event in received if event.received_at), default=now)
    receipt = Receipt(now, by, sender, source.skew_s, since=since)
    new_sources = _new_sources(received, sender)
    calls = _locked_calls(received, sender, now)
    _store(received, calls)
    _store_legs(received, calls)
    touched, changed = _merged(received, calls, by)
    for call, rows in _events_of(touched):
        hide_numbers(call, rows)
        changed += project(call, rows, receipt)
        if any(event.type == "recording.ready" for event in received):
            enter_told(call, call.record["recordings"], by=by)
    changed += _take_snapshots(new_sources, source, receipt)
    _follow_agents(changed, new_sources, receipt)
    learn(source, received, now)
    return [call for call in touched if call.told]


@transaction.atomic
def append_event(call: Call, event: Event, *, by: Actor, now: datetime) -> Call:
    """Add one event of our own (wrap-up, an estimated end) to a call and fold it again; the fresh row."""
    return append_events(call, [event], by=by, now=now)


@transaction.atomic
def append_events(call: Call, events: Sequence[Event], *, by: Actor, now: datetime) -> Call:
    """The same for several of one sender, not none, with one correction of the call at most."""
    receipt = Receipt(now, by, events[0].sender)
    locked, changed = _append(call, events, receipt)
    _follow_agents(changed, (), receipt)
    return locked


def _append(call: Call, events: Sequence[Event], receipt: Receipt) -> tuple[Call, list[Staff]]:
    locked = Call.objects.select_for_update(no_key=True).get(pk=call.merged_into_id or call.pk)
    received = [replace(event, received_at=receipt.now) for event in events]
    _store(received, {event.call or "": locked for event in events})
    _store_legs(received, {event.call or "": locked for event in events})
    return locked, [staff for row, rows in _events_of([locked]) for staff in project(row, rows, receipt)]


def _source(sender: str, now: datetime) -> Sender:
    """The sender, locked: its posts are taken in one after the other, so that no two wait for each other's calls."""
    rows = Sender.objects.select_for_update(no_key=True).filter(key=sender)
    found = rows.first()
    if found is None:
        Sender.objects.bulk_create([Sender(key=sender, updated_at=now)], ignore_conflicts=True)
        found = rows.get()
    return found


def _new_sources(events: Iterable[Event], sender: str) -> list[Event]:
    """The events of no call that were not stored before."""
    loose = [event for event in events if event.call is None]
    if not loose:
        return []
    known = set(
        CallEvent.objects.filter(sender=sender, event_id__in=[event.id for event in loose]).values_list(
            "event_id", flat=True
        )
    )
    unique = {event.id: event for event in reversed(loose) if event.id not in known}
    return list(reversed(unique.values()))


def _locked_calls(events: Iterable[Event], sender: str, now: datetime) -> dict[str, Call]:
    """The calls named by the events, made where missing, locked; parts of a joined call stand for the whole."""
    wanted = {name for event in events if event.call for name in (event.call, *_into(event))}
    rows = Call.objects.select_for_update(no_key=True).filter(sender=sender)
    found = {call.call_id: call for call in rows.filter(call_id__in=wanted).order_by("pk")}
    if missing := sorted(wanted - found.keys()):
        Call.objects.bulk_create(
            [Call(sender=sender, call_id=name, started_at=now, heard_at=now) for name in missing],
            ignore_conflicts=True,
        )
        found |= {call.call_id: call for call in rows.filter(call_id__in=missing).order_by("pk")}
    roots = {call.merged_into_id for call in found.values() if call.merged_into_id} - {
        call.pk for call in found.values()
    }
    whole = {call.pk: call for call in (rows.filter(pk__in=roots).order_by("pk") if roots else ())}
    whole |= {call.pk: call for call in found.values()}
    return {name: whole[call.merged_into_id or call.pk] for name, call in found.items()}


def _into(event: Event) -> tuple[str, ...]:
    return (event.text("into"),) if event.type == "call.joined" and event.text("into") else ()


def _store(events: Iterable[Event], calls: dict[str, Call]) -> None:
    rows = [
        CallEvent(
            sender=event.sender,
            event_id=event.id,
            call=calls[event.call] if event.call else None,
            type=event.type,
            at=event.moment,
            received_at=event.received_at or event.moment,
            clock="sender" if event.at else "received",
            payload=dict(event.payload),
        )
        for event in sorted(events, key=lambda event: event.id)
    ]
    if rows:
        CallEvent.objects.bulk_create(rows, ignore_conflicts=True)


def _store_legs(events: Iterable[Event], calls: dict[str, Call]) -> None:
    found: dict[str, CallLeg] = {}
    for event in events:
        for name in _legs_of(event) if event.call else ():
            found.setdefault(name, CallLeg(sender=event.sender, uniqueid=name, call=calls[event.call or ""]))
    if found:
        CallLeg.objects.bulk_create([found[name] for name in sorted(found)], ignore_conflicts=True)


def _legs_of(event: Event) -> set[str]:
    """The legs that an event brings into its call."""
    legs = event.payload.get("legs") if event.type == "call.ended" else None
    named = [event.text("leg")] if event.type in _WITH_LEGS else []
    row = event.payload.get("row") if event.type == WRITTEN else None
    named += [row.get("uniqueid", "")] if isinstance(row, dict) else []
    return {
        name[:200] for name in [*named, *(legs if isinstance(legs, list) else [])] if isinstance(name, str) and name
    }


def _merged(events: Sequence[Event], calls: dict[str, Call], by: Actor) -> tuple[list[Call], list[Staff]]:
    """Carry out the joins among the events; the calls to fold, each once, and whose call is no longer their own."""
    moved: list[Staff] = []
    for name, (into, _since) in joined_into(events).items():
        part, whole = calls[name], calls[into]
        if part.pk == whole.pk:
            continue
        CallEvent.objects.filter(call=part).update(call=whole)
        seats = CallAgent.objects.filter(call=part)
        moved += [seat.staff for seat in seats.filter(staff__isnull=False).select_related("staff") if seat.staff]
        seats.delete()
        CallLeg.objects.filter(call=part).update(call=whole)
        entered = Recording.objects.filter(call=part)
        entered.filter(source__in=list(Recording.objects.filter(call=whole).values_list("source", flat=True))).delete()
        entered.update(call=whole)
        Call.objects.filter(merged_into=part).update(merged_into=whole)
        as_merged(part)
        part.merged_into = whole
        part.save(update_fields=["state", "is_live", "seats", "merged_into"])
        record("call.merged", by=by, about=[part, whole], data={"into": whole.call_id})
        calls.update({key: whole for key, call in calls.items() if call.pk == part.pk})
    return list({call.pk: call for call in calls.values()}.values()), moved


def _events_of(calls: Sequence[Call]) -> list[tuple[Call, list[CallEvent]]]:
    """Each call with all its events. A call that got none (its event's id was used elsewhere) is taken back."""
    found: dict[int, list[CallEvent]] = {call.pk: [] for call in calls}
    if found:
        for row in CallEvent.objects.filter(call__in=found):
            found[row.call_id or 0].append(row)
    for call in calls:
        if not found[call.pk] and not call.told:
            call.delete()
    return [(call, rows) for call in calls if call.pk in found and (rows := found[call.pk])]


def _follow_agents(changed: Iterable[Staff], loose: Iterable[Event], receipt: Receipt) -> None:
    """Bring the states of agents up to date, all locked at once so that two posts never wait for each other."""
    said = [event for event in loose if event.type == "agent.state"]
    named = staff_named(event.text("agent") for event in said)
    followed = {staff.pk: staff for staff in changed}
    everybody = followed | {staff.pk: staff for staff in named.values()}
    if not everybody:
        return
    hold_calls_of(everybody)
    rows = locked_states(everybody, now=receipt.now)
    turns = follow_calls(followed.values(), rows, source=receipt.source, now=receipt.now, by=receipt.by)
    _tell_wrapups(turns, receipt)
    for event in said:
        if (staff := named.get(event.text("agent"))) is not None:
            state, reason, of = event.text("state"), event.text("reason")[:100], event.text("of")
            row = rows[staff.pk]
            turn = hear(row, state, reason, of=of, staff=staff, source=receipt.source, now=receipt.now, by=receipt.by)
            _tell_wrapups([turn] if turn is not None else [], receipt)


def _tell_wrapups(turns: Iterable[Turn], receipt: Receipt) -> None:
    """Write into the calls, and into the journal, which wrap-ups began and ended by what the telephone did."""
    for kind, call_id, staff in turns:
        call = Call.objects.get(pk=call_id)
        event = wrapup_event(kind, call, name_of(staff), receipt.now)
        call = _append(call, [event], receipt)[0]
        if kind == "wrapup.started":
            record("call.wrapup_started", by=receipt.by, about=[call, staff])
        else:
            data = {"wrapup_s": call.record.get("wrapup_s"), "code": "", "ended_by": "call"}
            record("call.wrapup_ended", by=receipt.by, about=[call, staff], data=data)


def _take_snapshots(loose: Iterable[Event], source: Sender, receipt: Receipt) -> list[Staff]:
    """Close what the snapshots lack; whose part in a call changed by that."""
    changed: list[Staff] = []
    for event in loose:
        if event.type == "source.snapshot":
            if not source.gives_snapshots:
                source.gives_snapshots = True
                source.save(update_fields=["gives_snapshots"])
            changed += _close_missing(event, receipt)
    return changed


def _close_missing(snapshot: Event, receipt: Receipt) -> list[Staff]:
    """End the calls that the telephone system no longer has, as far as one can know when; the others are heard of."""
    live = Call.objects.filter(sender=receipt.source, is_live=True, started_at__lte=snapshot.moment)
    gaps = CallEvent.objects.filter(
        sender=receipt.source, type="source.gap", at__gte=snapshot.moment - _GAP_MEMORY, at__lte=snapshot.moment
    )
    cut = gap_before(snapshot, [event_of(row) for row in gaps])
    changed: list[Staff] = []
    still_there: list[int] = []
    for call, rows in _events_of(list(live.order_by("pk"))):
        mine = [event_of(row) for row in rows if row.sender == receipt.source]
        before = [event for event in mine if event.moment <= snapshot.moment]
        if not before or len(before) < len(mine):
            continue
        closing = closing_of(call.call_id, before, snapshot, cut)
        if closing is None:
            still_there.append(call.pk)
        else:
            changed += _append(call, [replace(closing, call=call.call_id)], receipt)[1]
    if still_there:
        Call.objects.filter(pk__in=still_there).update(heard_at=receipt.now)
    return changed
