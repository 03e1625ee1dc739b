"""Working time in words: how much it is, and why time did not count."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from madoguchi.calendars.national import holiday_name
from madoguchi.calendars.working_time import Closure, Reason
from madoguchi.foundation.dates import duration


def skipped(closures: Iterable[Closure]) -> list[str]:
    """What a deadline stepped over: ``1 break``, ``2 nights``, ``1 weekend``, then holidays by name, in their order."""
    counts: dict[Reason, int] = {}
    names: dict[str, None] = {}
    for closure in closures:
        counts[closure.reason] = counts.get(closure.reason, 0) + 1
        if closure.name:
            names[holiday_name(closure.name)] = None
    words = []
    if count := counts.get(Reason.BREAK):
        words.append(ngettext("%(count)d break", "%(count)d breaks", count) % {"count": count})
    if count := counts.get(Reason.NIGHT):
        words.append(ngettext("%(count)d night", "%(count)d nights", count) % {"count": count})
    if count := counts.get(Reason.WEEKEND):
        words.append(ngettext("%(count)d weekend", "%(count)d weekends", count) % {"count": count})
    return [*words, *names]


def working_span(seconds: int) -> str:
    """``16時間30分``, ``45分``, ``30秒``: never in days, since a day of working time is no day."""
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return duration(seconds)
    if minutes:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(hours)d h") % {"hours": hours}


def reason_word(closure: Closure) -> str:
    """One closure's own word."""
    words = {
        Reason.BREAK: _("break"),
        Reason.NIGHT: _("outside hours"),
        Reason.WEEKEND: _("weekly closing day"),
        Reason.HOLIDAY: _("national holiday"),
        Reason.SPECIAL: _("company holiday"),
    }
    return holiday_name(closure.name) or words[closure.reason]
