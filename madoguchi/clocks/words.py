"""A clock in words: why it stands as it does."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import get_language, gettext_lazy, gettext_noop, ngettext
from django.utils.translation import gettext as _

from madoguchi.calendars.words import working_span
from madoguchi.calendars.working_time import Closure, Reason
from madoguchi.clocks.life import SOLVED, Span
from madoguchi.clocks.reading import Kind, Reading
from madoguchi.foundation.dates import short_time

# What each deadline is called; a message id, said in the reader's language.
KINDS = {
    Kind.FIRST_RESPONSE: gettext_noop("First response"),
    Kind.NEXT_UPDATE: gettext_noop("Next update"),
    Kind.RESOLUTION: gettext_noop("Resolution"),
    Kind.ACCEPTANCE: gettext_noop("Acceptance"),
    Kind.HOLDING: gettext_noop("Holding time"),
    Kind.ANSWER: gettext_noop("Answer of a department"),
    Kind.CALL_BACK: gettext_noop("Call-back"),
}
_WHY = {
    "requester": gettext_lazy("waiting for the requester"),
    "vendor": gettext_lazy("waiting for a vendor"),
    "date": gettext_lazy("waiting for a date"),
    SOLVED: gettext_lazy("counted as resolved"),
}
_SKIPPED = {
    Reason.BREAK: gettext_lazy("breaks"),
    Reason.NIGHT: gettext_lazy("nights"),
    Reason.WEEKEND: gettext_lazy("closed days"),
}
_PAUSES_TOLD = 5


def explain(reading: Reading, now: datetime) -> list[str]:
    """Why the clock stands as it does, in parts: start, pauses, what was skipped, target, what is used and left."""
    end = reading.ended_at or now
    parts = [reading.demand.text] if reading.demand and reading.demand.text else []
    parts.append(_("started %(at)s") % {"at": short_time(reading.started_at)})
    if reading.on_duty:
        parts.append(_("counted around the clock, since it went to whoever is on duty"))
    parts += [_pause(span) for span in reading.paused[:_PAUSES_TOLD] if span.start < end]
    if len(reading.paused) > _PAUSES_TOLD:
        more = len(reading.paused) - _PAUSES_TOLD
        parts.append(ngettext("paused %(count)s more time", "paused %(count)s more times", more) % {"count": more})
    if reading.promised_at is not None:
        parts.append(_("promised for %(at)s") % {"at": short_time(reading.promised_at)})
    else:
        if skipped := _skipped(reading, end):
            parts.append(_("not counted: %(what)s") % {"what": _listed(skipped)})
        parts.append(_("target %(span)s") % {"span": working_span(reading.target_s)})
        left = reading.remaining_s(end)
        words = _("used %(used)s, %(left)s left") if left >= 0 else _("used %(used)s, %(left)s too much")
        parts.append(words % {"used": working_span(reading.elapsed_s(end)), "left": working_span(abs(left))})
    if reading.ended_at is not None:
        parts.append(_("ended %(at)s") % {"at": short_time(reading.ended_at)})
    return parts


def sentence(reading: Reading, now: datetime) -> str:
    """The explanation on one line."""
    return _listed(explain(reading, now))


def _pause(span: Span) -> str:
    why = _WHY.get(span.why, span.why)
    if span.end is None:
        return _("paused since %(start)s, %(why)s") % {"start": short_time(span.start), "why": why}
    return _("paused %(start)s – %(end)s, %(why)s") % {
        "start": short_time(span.start),
        "end": short_time(span.end),
        "why": why,
    }


def _skipped(reading: Reading, end: datetime) -> list[str]:
    """What the calendar left out while the clock ran: breaks, nights, closed days, holidays by their names."""
    closures: Iterable[Closure] = (
        closure
        for span in reading.running
        for closure in reading.policy.calendar.closures(span.start, min(span.end or end, end))
    )
    return list(dict.fromkeys(closure.name or str(_SKIPPED.get(closure.reason, "")) for closure in closures))


def _listed(parts: list[str]) -> str:
    return ("、" if get_language() == "ja" else ", ").join(parts)
