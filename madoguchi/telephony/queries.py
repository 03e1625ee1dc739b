"""Reading calls: what is live, who waits, what was, who is doing what."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.lookups import IsNull

from madoguchi.foundation.literal import Unindexed, Words
from madoguchi.people.access import Access
from madoguchi.people.models import Staff
from madoguchi.telephony.models import (
    Call,
    CallAgent,
    CallState,
    Direction,
    OperatorState,
    PbxDevice,
    Recording,
    Sender,
)

LARGEST_PAGE = 200
NOTICEABLE_SKEW_S = 2.0
_NOBODY_WAITS = (Direction.OUTBOUND, Direction.INTERNAL)
PAUSED_IN_QUEUES: Mapping[str, bool] = {
    OperatorState.State.AVAILABLE: False,
    OperatorState.State.PAUSED: True,
    OperatorState.State.AWAY: True,
    OperatorState.State.TRAINING: True,
    OperatorState.State.LOGGED_OFF: True,
    OperatorState.State.WRAPUP: True,
}


class CallPage(NamedTuple):
    """Rows, newest first, and the place of the next page (None at the end)."""

    items: list[Call]
    next: tuple[datetime, int] | None


def openable(access: Access, calls: Collection[int]) -> dict[int, bool]:
    """Of these calls those that may be opened, each with whether a recording of it can be heard."""
    if not calls:
        return {}
    seen = Call.objects.visible_to(access).filter(pk__in=calls).values_list("pk", flat=True)
    heard = Recording.objects.visible_to(access).kept().filter(call__in=calls).order_by()
    recorded = set(heard.values_list("call_id", flat=True))
    return {call: call in recorded for call in (seen if access.is_partner else calls)}


def live_calls(access: Access) -> QuerySet[Call]:
    """Every call that has not ended, oldest first, with who answered it."""
    return Call.objects.visible_to(access).filter(is_live=True).select_related("answered_by").order_by("started_at")


def waiting(access: Access) -> QuerySet[Call]:
    """Calls from outside that nobody has answered yet, the longest wait first; ringing at an agent is still waiting."""
    return (
        live_calls(access).filter(state__in=(CallState.WAITING, CallState.RINGING)).exclude(direction__in=_NOBODY_WAITS)
    )


def in_talk(access: Access) -> QuerySet[Call]:
    """Calls in which somebody speaks or holds now, oldest first."""
    return live_calls(access).filter(state__in=(CallState.TALKING, CallState.HELD, CallState.TRANSFERRING))


def ringing_at(staff: Staff | int) -> QuerySet[Call]:
    """The calls that ring at this person's phone now, for the screen pop; newest first."""
    return _with(staff, CallAgent.State.OFFERED)


def talking_with(staff: Staff | int) -> QuerySet[Call]:
    """The calls this person is in now; newest first."""
    return _with(staff, CallAgent.State.TALKING)


def _with(staff: Staff | int, state: CallAgent.State) -> QuerySet[Call]:
    seats = CallAgent.objects.filter(staff=staff, state__in=Words(*CallAgent.LIVE)).filter(state=state)
    return Call.objects.filter(pk__in=seats.values("call"), is_live=True)


def calls_between(
    access: Access,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    outcome: str = "",
    among: "QuerySet[Any, Any] | None" = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> CallPage:
    """Calls that began in [start, end), newest first, by keyset; ``after`` is the ``next`` of the page before.

    Calls that became part of another are left out. ``among`` holds the ids of few calls, to which those found belong.
    ``limit`` is at most 200.
    """
    rows = Call.objects.visible_to(access).filter(IsNull(Unindexed("merged_into"), True)).select_related("answered_by")
    if start is not None:
        rows = rows.filter(started_at__gte=start)
    if end is not None:
        rows = rows.filter(started_at__lt=end)
    if outcome:
        rows = rows.filter(outcome=outcome)
    moments: tuple[Any, ...] = ("-started_at", "-id")
    if among is not None:
        # By an expression: for the bare column SQLite walks all calls there are, in order, to find these few.
        rows, moments = rows.filter(pk__in=among), (Unindexed("started_at").desc(), "-id")
    limit = max(1, min(limit, LARGEST_PAGE))
    if after is not None:
        moment, pk = after
        rows = rows.filter(Q(started_at=moment, pk__lt=pk) | Q(started_at__lt=moment), started_at__lte=moment)
    found = list(rows.order_by(*moments)[: limit + 1])
    more = len(found) > limit
    items = found[:limit]
    return CallPage(items, (items[-1].started_at, items[-1].pk) if more else None)


def operator_states() -> QuerySet[OperatorState]:
    """What everybody is doing now, with their names; those who are logged off are left out."""
    return (
        OperatorState.objects.exclude(state=OperatorState.State.LOGGED_OFF)
        .filter(staff__is_active=True)
        .select_related("staff")
        .order_by("staff__kana", "staff_id")
    )


def still_rung() -> QuerySet[OperatorState]:
    """Who takes no calls by their state, while the queues of a telephone system still ring them.

    An order to pause counts as done until it has failed; so these are they whose pause failed, and again.
    """
    connected = [line.key for line in settings.ASTERISK]
    rung = PbxDevice.objects.filter(extension=OuterRef("staff__extension"), is_paused=False, pbx__key__in=connected)
    paused = [state for state, is_paused in PAUSED_IN_QUEUES.items() if is_paused]
    return (
        OperatorState.objects.filter(Exists(rung), state__in=paused, staff__is_active=True)
        .exclude(source="")
        .select_related("staff")
        .order_by("since")
    )


def skewed_senders() -> QuerySet[Sender]:
    """Telephone systems whose clock is more than two seconds off, for the administrator."""
    return Sender.objects.filter(Q(skew_s__gt=NOTICEABLE_SKEW_S) | Q(skew_s__lt=-NOTICEABLE_SKEW_S)).order_by("key")
