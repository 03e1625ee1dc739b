"""What providers read in a post of fields, a form or JSON."""

from collections.abc import Mapping
from typing import Any

from madoguchi.foundation.refusal import Refused


def text_in(posted: Mapping[str, Any], *keys: str) -> str:
    """The first of these fields that says something, without blanks around it; of a list its first; else empty."""
    for key in keys:
        value = posted.get(key)
        if isinstance(value, list | tuple) and value:
            value = value[0]
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def refused(field: str, message: str) -> Refused:
    """What is wrong with one posted event, and in which field."""
    return Refused(
        f"{field}: {message}" if field else message,
        code="invalid_events",
        errors=[{"index": None, "field": field, "message": message}],
    )
