"""Moments of time: ``ui.time``, ``ui.ago``, ``ui.due``, ``ui.timer`` and ``ui.countdown``.

They stand in every row of every list, so they are written in Python: a macro that calls filters takes four times
as long. All that is written here is our own: words, numbers, icons.
"""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from markupsafe import Markup

from madoguchi.foundation.dates import clock, duration, long_time, short_time
from madoguchi.web.shell.icons import icon


def time(moment: datetime | None) -> str:
    """ui.time(moment): 8/21(金) 14:05, exact in the title."""
    if not moment:
        return ""
    return Markup(f'<time datetime="{moment.isoformat()}" title="{long_time(moment)}">{short_time(moment)}</time>')  # noqa: S704


def ago(moment: datetime | None) -> str:
    """ui.ago(moment): 5分前, keeps ticking."""
    if not moment:
        return ""
    return _ticking(moment, "", "ago", _("%(span)s ago") % {"span": duration(timezone.now() - moment)})


def due(moment: datetime | None, met: bool = False) -> str:
    """ui.due(moment): あと42分 / 2時間10分 超過; met=true when it no longer matters."""
    if not moment:
        return ""
    if met:
        return Markup(f'<span class="due met">{time(moment)}</span>')  # noqa: S704
    left = moment - timezone.now()
    seconds = left.total_seconds()
    if seconds < 0:
        return _ticking(moment, "late", "due", _("%(span)s overdue") % {"span": duration(-left)})
    state = "soon" if seconds < 3600 else "calm"
    return _ticking(moment, state, "due", _("in %(span)s") % {"span": duration(left)})


def timer(since: datetime, label: str = "") -> str:
    """ui.timer(since): 00:42, ticking; for calls, waits and wrap-up."""
    return _counting("timer", since, (timezone.now() - since).total_seconds(), label)


def countdown(until: datetime, label: str = "") -> str:
    """ui.countdown(until): 00:42, ticking down to nothing; for what ends by itself."""
    return _counting("countdown", until, max(0.0, (until - timezone.now()).total_seconds()), label)


def _counting(mode: str, moment: datetime, seconds: float, label: str) -> Markup:
    role = format_html(' aria-label="{}" role="timer"', label) if label else ""
    return Markup(  # noqa: S704
        f'<relative-time class="timer" mode="{mode}" datetime="{moment.isoformat()}"{role}>'
        f"<span data-text>{clock(seconds)}</span></relative-time>"
    )


def _ticking(moment: datetime, state: str, mode: str, words: str) -> Markup:
    exact = long_time(moment)
    look, mark = (' class="due"', icon("late")) if state else ("", "")
    told = f' data-state="{state}"' if state else ""
    return Markup(  # noqa: S704
        f'<relative-time{look} mode="{mode}" datetime="{moment.isoformat()}" title="{exact}"{told}>{mark}'
        f'<span data-text>{words}</span><span class="visually-hidden"> {exact}</span></relative-time>'
    )


COMPONENTS: dict[str, Callable[..., str]] = {
    "time": time,
    "ago": ago,
    "due": due,
    "timer": timer,
    "countdown": countdown,
}
