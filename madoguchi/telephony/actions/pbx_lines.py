"""The lines to the telephone systems: who keeps one, how it stands, and who is told when it stays down."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from madoguchi.journal.record import SYSTEM, Actor, record
from madoguchi.telephony.models import Pbx

LEASE = timedelta(seconds=15)
ALARM_AFTER = timedelta(minutes=2)


class NotHeldError(Exception):
    """Another connector has this line now."""


def enrol(key: str, name: str) -> None:
    """A telephone system that is configured has its row."""
    Pbx.objects.bulk_create([Pbx(key=key, name=name[:200])], ignore_conflicts=True)
    Pbx.objects.filter(key=key).exclude(name=name[:200]).update(name=name[:200])


def claim(
    key: str, *, holder: str, gone: Callable[[str], bool], unrenewed: Callable[[Pbx], bool], now: datetime
) -> bool:
    """Take a line that nobody has: its last holder gave it up, is ``gone``, or let its lease run out.

    That lease must be ``unrenewed``, too: after an outage of the database it has run out while its holder lives.
    """
    pbx = Pbx.objects.get(key=key)
    given_up = pbx.held_by in ("", holder) or gone(pbx.held_by)
    if not given_up and (not unrenewed(pbx) or (pbx.held_until and pbx.held_until > now)):
        return False
    same = Pbx.objects.filter(pk=pbx.pk, held_by=pbx.held_by, held_until=pbx.held_until)  # not renewed meanwhile
    down_since = Coalesce("down_since", Value(now))  # until its new holder has connected
    return bool(
        same.update(
            held_by=holder,
            held_until=now + LEASE,
            state=Pbx.State.DOWN,
            connected_since=None,
            down_since=down_since,
        )
    )


def hold(key: str, *, holder: str, now: datetime) -> Pbx:
    """The line's row, locked and held for a while longer; raises NotHeldError when it is no longer this holder's."""
    pbx = Pbx.objects.select_for_update(no_key=True).filter(key=key).first()
    if pbx is None or pbx.held_by != holder:
        raise NotHeldError(key)
    pbx.held_until = now + LEASE
    pbx.save(update_fields=["held_until"])
    return pbx


@transaction.atomic
def renew(key: str, *, holder: str, by: Actor, now: datetime) -> None:
    """Hold the line a while longer; one that was alarmed only because the database was away stands after all."""
    pbx = hold(key, holder=holder, now=now)
    if pbx.state == Pbx.State.CONNECTED and pbx.down_since is not None:
        note_connected(key, holder=holder, by=by, at=pbx.connected_since or now, now=now)


def release(key: str, *, holder: str, now: datetime) -> None:
    """Give the line up, so that another may have it at once; until then it is down."""
    Pbx.objects.filter(key=key, held_by=holder).update(
        held_by="",
        held_until=None,
        state=Pbx.State.DOWN,
        connected_since=None,
        down_since=Coalesce("down_since", Value(now)),
    )


@transaction.atomic
def note_connected(key: str, *, holder: str, by: Actor, at: datetime, now: datetime) -> Pbx:
    """The line stands since ``at``, as was heard: before ``now`` where the database was away."""
    pbx = hold(key, holder=holder, now=now)
    was_down = pbx.down_since or at
    alarmed = pbx.told_down_at is not None
    pbx.state, pbx.connected_since, pbx.down_since = Pbx.State.CONNECTED, at, None
    pbx.told_down_at, pbx.error = None, ""
    pbx.save(update_fields=["state", "connected_since", "down_since", "told_down_at", "error"])
    data = {"name": pbx.name, "seconds": max(0, int((at - was_down).total_seconds())), "alarmed": alarmed}
    record("pbx.connected", by=by, about=[pbx], data=data)
    return pbx


@transaction.atomic
def note_lost(
    key: str, error: str, *, holder: str, refused: bool = False, by: Actor, at: datetime, now: datetime
) -> Pbx:
    """The line is down since ``at``, and why; told once. ``refused``: name or password are wrong."""
    pbx = hold(key, holder=holder, now=now)
    before = (pbx.state, pbx.error)
    pbx.state = Pbx.State.REFUSED if refused else Pbx.State.DOWN
    pbx.connected_since, pbx.down_since = None, pbx.down_since or at
    pbx.error, pbx.error_at = error[:500], at
    pbx.save(update_fields=["state", "connected_since", "down_since", "error", "error_at"])
    if before != (pbx.state, pbx.error):
        record("pbx.lost", by=by, about=[pbx], data={"name": pbx.name, "error": pbx.error, "refused": refused})
    return pbx


@transaction.atomic
def alarm_about_lost(lines: Iterable[tuple[str, str]], now: datetime) -> int:
    """Tell of configured lines (key, name) that have been down for two minutes, or that no connector keeps; how many.

    The worker's schedule calls it; each is told once until it stands again.
    """
    lines = list(lines)
    known = set(Pbx.objects.filter(key__in=[key for key, _name in lines]).values_list("key", flat=True))
    for key, name in lines:
        if key not in known:
            enrol(key, name)
    long_ago = now - ALARM_AFTER
    killed = Q(down_since__isnull=True, held_until__lt=long_ago)
    lost = Pbx.objects.select_for_update(no_key=True).filter(
        Q(down_since__lt=long_ago) | killed, key__in=[key for key, _name in lines], told_down_at__isnull=True
    )
    told = 0
    for pbx in lost:
        pbx.down_since = pbx.down_since or pbx.held_until or now
        pbx.told_down_at = now
        pbx.save(update_fields=["down_since", "told_down_at"])
        data = {"name": pbx.name, "since": pbx.down_since.isoformat(), "error": pbx.error}
        record("pbx.stays_down", by=SYSTEM, about=[pbx], data=data)
        told += 1
    return told
