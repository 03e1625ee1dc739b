"""Calls whose end was never sent do not ring for ever."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q

from madoguchi.journal.record import SYSTEM
from madoguchi.telephony.actions.receive_events import append_event
from madoguchi.telephony.models import Call, CallEvent, Pbx, Sender
from madoguchi.telephony.projection import event_of
from madoguchi.telephony.snapshots import estimated_end

SILENCE = timedelta(hours=4)


def close_silent_calls(now: datetime, *, limit: int = 100) -> int:
    """End calls that were not heard of for four hours, counted from receipt; a snapshot that has them speaks of them.

    Only where we keep a line to the telephone system ourselves its silence means that they run: until that line was
    down for as long, or was taken out of the settings. Who posts events may be gone without a word.
    The worker's schedule calls it; each call is a transaction of its own. Returns how many were ended.
    """
    long_ago = now - SILENCE
    lines = Pbx.objects.exclude(Q(down_since__lte=long_ago) | Q(held_until__lte=long_ago)).values("key")
    known = Sender.objects.filter(gives_snapshots=True, key__in=lines).values("key")
    silent = Call.objects.filter(is_live=True, heard_at__lte=long_ago).exclude(sender__in=known)
    closed = 0
    for call in silent.order_by("heard_at")[:limit]:
        last = CallEvent.objects.filter(call=call).order_by("-at", "-id").first()
        if last is None:
            continue
        event = replace(estimated_end(event_of(last), f"silence:{call.pk}:{last.pk}"), call=call.call_id)
        append_event(call, event, by=SYSTEM, now=now)
        closed += 1
    return closed
