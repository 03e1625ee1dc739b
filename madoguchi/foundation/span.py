"""A length of time as people write it: 4:00, 4時間30分, 30分, 4h."""

import re

from madoguchi.foundation.japanese import fold

_SPAN = re.compile(r"(?:(\d{1,4})(?:時間|h|:)?)?\s*(?:(\d{1,3})(?:分|m|min)?)?(?::(\d{2}))?")


def read(written: str) -> int | None:
    """Seconds; a bare number is hours. None for what is no length of time."""
    found = _SPAN.fullmatch(fold(written).strip())
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def write(seconds: int) -> str:
    """``4:00``, with seconds only where there are some: ``0:01:30``."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}" + (f":{rest % 60:02}" if rest % 60 else "")
