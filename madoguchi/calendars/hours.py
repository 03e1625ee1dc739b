"""Hours as people write them: ``9:00-12:00, 13:00-17:30``, ``22:00-6:00``, ``24時間``, ``休み``."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from django.utils.translation import gettext as _

from madoguchi.calendars.working_time import DAY, Period
from madoguchi.foundation.refusal import Refused

_ALL_DAY = {"24時間", "終日", "24h", "24hours", "allday", "0-24"}
_CLOSED = {"", "-", "休", "休み", "休業", "定休", "なし", "closed", "off", "none"}
_SPAN = re.compile(r"(翌)?(\d{1,2})(?:[:時](\d{1,2})?)?分?[-~](翌)?(\d{1,2})(?:[:時](\d{1,2})?)?分?")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー〜∼", "-"))


def read(written: str) -> tuple[Period, ...]:
    """The periods of a day in order; nothing for a closed one. An end before its start is on the next day.

    Any width of digits and kind of dash will do, and 30:00 for 6:00 of the next day. Raises Refused (code ``hours``).
    """
    text = unicodedata.normalize("NFKC", written).strip().lower()
    if "".join(text.split()) in _ALL_DAY:
        return (Period(0, DAY),)
    text = text.replace("から", "-").translate(_DASHES)
    periods = [_period(part, written) for part in re.split(r"[,、;/\n]+|(?<=\d)\s+(?=\d)", text) if not _closed(part)]
    periods.sort()
    for before, after in pairwise(periods):
        if after.start < before.end:
            raise _refused(_("“%(hours)s”: these times overlap.") % {"hours": written[:60]})
    if periods and periods[-1].end > periods[0].start + DAY:
        raise _refused(_("“%(hours)s”: the last time runs into the first of the next day.") % {"hours": written[:60]})
    return tuple(periods)


def write(periods: Iterable[Sequence[int]]) -> str:
    """``9:00-12:00, 13:00-17:30``; what ``read`` reads. Empty for a closed day."""
    return ", ".join(f"{clock(start)}-{clock(end)}" for start, end in periods)


def clock(second: int) -> str:
    """``9:00``; ``24:00`` and ``30:00`` beyond midnight; seconds only where there are any."""
    hour, rest = divmod(second, 3600)
    minute, second = divmod(rest, 60)
    return f"{hour}:{minute:02}:{second:02}" if second else f"{hour}:{minute:02}"


def _closed(part: str) -> bool:
    return "".join(part.split()) in _CLOSED


def _period(part: str, written: str) -> Period:
    found = _SPAN.fullmatch("".join(part.split()))
    if not found:
        raise _refused(
            _("“%(hours)s” are no hours. Write them like 9:00-12:00, 13:00-17:30.") % {"hours": written[:60]}
        )
    next_start, start_hour, start_minute, next_end, end_hour, end_minute = found.groups()
    start = int(start_hour) * 3600 + int(start_minute or 0) * 60
    end = int(end_hour) * 3600 + int(end_minute or 0) * 60
    if next_end or end <= start:
        end += DAY
    if next_start or start >= DAY or end > start + DAY or int(start_minute or 0) > 59 or int(end_minute or 0) > 59:
        raise _refused(
            _("“%(hours)s”: a time begins on its own day and lasts at most 24 hours.") % {"hours": written[:60]}
        )
    return Period(start, end)


def _refused(sentence: str) -> Refused:
    return Refused(sentence, code="hours")
