"""How long each state lasted, kept by the half hour so that days, intervals and people add up exactly."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from madoguchi.telephony.models import OperatorState, StateTime

SLOT = timedelta(minutes=30)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def slices(began: datetime, ended: datetime) -> Iterator[tuple[datetime, float]]:
    """(beginning of the half hour, seconds in it) of the span; nothing when it ends before it begins."""
    slot = _EPOCH + (began - _EPOCH) // SLOT * SLOT
    while slot < ended:
        seconds = (min(ended, slot + SLOT) - max(began, slot)).total_seconds()
        if seconds > 0:
            yield slot, seconds
        slot += SLOT


def spend(row: OperatorState, now: datetime) -> None:
    """The state of the locked ``row`` ends now: add its seconds to the half hours it lasted in."""
    if row.state == OperatorState.State.LOGGED_OFF:
        return
    pieces = dict(slices(row.since, now))
    if not pieces:
        return
    kept = StateTime.objects.filter(staff=row.staff_id, state=row.state, slot__gte=min(pieces), slot__lte=max(pieces))
    before = dict(kept.values_list("slot", "seconds"))
    StateTime.objects.bulk_create(
        [
            StateTime(staff_id=row.staff_id, slot=slot, state=row.state, seconds=before.get(slot, 0.0) + seconds)
            for slot, seconds in pieces.items()
        ],
        update_conflicts=True,
        unique_fields=["staff", "slot", "state"],
        update_fields=["seconds"],
    )
