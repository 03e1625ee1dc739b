"""折り返しを約束: what the sheet asks, over a ticket as at the seat."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from madoguchi.foundation.dates import moment_of
from madoguchi.foundation.refusal import Refused
from madoguchi.web.shell.guard import StaffRequest


def quick_times(local: datetime) -> list[tuple[str, str, datetime]]:
    """(value, words, moment) of the usual promises, as far as they lie ahead."""
    today_17 = local.replace(hour=17, minute=0, second=0, microsecond=0)
    tomorrow_9 = (local + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    times = [
        (_("in 30 minutes"), local + timedelta(minutes=30)),
        (_("in 1 hour"), local + timedelta(hours=1)),
        (_("today"), today_17),
        (_("tomorrow"), tomorrow_9),
    ]
    return [(when.isoformat(timespec="minutes"), words, when) for words, when in times if when > local]


def promised_time(request: StaffRequest) -> datetime:
    """The quick time that was pressed, else the one that was written; refuses none, and times gone by."""
    written = request.POST.get("when", "")
    try:
        quick = parse_datetime(written) if written and written != "other" else None
    except ValueError:
        quick = None
    due_at = quick or moment_of(request.POST.get("due_at", ""))
    if due_at is None or timezone.is_naive(due_at) or due_at <= timezone.now():
        raise Refused(
            _("Choose a time to come for the call."), code="due_at", missing=[{"key": "due_at", "label": _("When")}]
        )
    return due_at
