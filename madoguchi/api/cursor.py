"""Opaque places in lists by keyset: a moment and an id."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from madoguchi.api.problem import ProblemError, invalid
from madoguchi.foundation.place import place_of

_LARGEST_ID = 2**63 - 1


def encode(at: datetime | None, row_id: int) -> str:
    """The cursor that continues after the row ``row_id`` (and its moment, where the list goes by time)."""
    text = json.dumps([at.isoformat() if at else None, row_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, int] | None:
    """The place in a list by time; None for an empty cursor, 422 for one that is not ours."""
    if not cursor:
        return None
    at, row_id = _parts(cursor)
    place = place_of(f"{at}_{row_id}")
    if place is None:
        raise _bad()
    return place


def decode_id(cursor: str) -> int | None:
    """The place in a list by id alone."""
    return _parts(cursor)[1] if cursor else None


def _parts(cursor: str) -> tuple[Any, int]:
    try:
        at, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise _bad() from error
    if type(row_id) is not int or not 0 <= row_id <= _LARGEST_ID:
        raise _bad()
    return at, row_id


def _bad() -> ProblemError:
    return invalid("cursor", _("This cursor is not one of this list's. Begin without one."))
