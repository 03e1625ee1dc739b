"""“I need until …”: the moments that a contact chooses by one press."""

from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from madoguchi.calendars.working_time import WorkingTime

_LAST_MINUTE = 24 * 3600 - 60
_LOOK_AHEAD = 60  # days: longer than any closing


def choices(hours: WorkingTime, *, now: datetime, later_than: datetime | None = None) -> list[tuple[str, datetime]]:
    """(words, moment): the end of today, of tomorrow or the next working day, of next week's first.

    Only what lies ahead, and after ``later_than``, the time that the contact has anyway.
    """
    today = now.astimezone(hours.zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    ends: dict[date, tuple[str, datetime]] = {}
    for first in (today, today + timedelta(days=1), monday):
        end = _end_of(hours, first) if first == today else _first_end(hours, first)
        if end is not None and end > max(now, later_than or now):
            ends.setdefault(end.date(), (_words(end.date(), today, monday), end))
    return list(ends.values())


def _words(day: date, today: date, monday: date) -> str:
    if day == today:
        return _("By the end of today")
    if day == today + timedelta(days=1):
        return _("By the end of tomorrow")
    if day == monday:
        return _("By next Monday")
    return _("By the end of the next working day") if day < monday else _("By the start of next week")


def _first_end(hours: WorkingTime, first: date) -> datetime | None:
    days = (first + timedelta(days=ahead) for ahead in range(_LOOK_AHEAD))
    return next((end for day in days if (end := _end_of(hours, day))), None)


def _end_of(hours: WorkingTime, day: date) -> datetime | None:
    """When a day's work ends, at the latest a minute before midnight; None for a day without work."""
    periods = hours.day(day).periods
    if not periods:
        return None
    seconds = min(max(period.end for period in periods), _LAST_MINUTE)
    return datetime.combine(day, time(), hours.zone) + timedelta(seconds=seconds)
