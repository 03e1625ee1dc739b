"""Telephone systems write the caller's number into the names of recordings: not that of a caller who withholds it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from madoguchi.telephony.events import SHOWN

# As numbers stand in file names; dates and the ids of channels begin otherwise.
_NUMBER = re.compile(r"(?<!\d)(?:\+\d{7,15}|(?:0|81)\d{8,13}|0\d{1,4}-\d{1,4}-\d{4})(?!\d)")
_SHORT = 4  # digits that are no secret, and would match anywhere


def is_withheld(payload: Mapping[str, Any]) -> bool:
    """Whether an event says that the number of its caller may not be shown."""
    party = payload.get("from")
    return isinstance(party, Mapping) and party.get("presentation", "unknown") not in (*SHOWN, None)


def without_numbers(text: str, *known: str | None) -> str:
    """The name of a recording without telephone numbers, nor the ``known`` ones, whatever these look like."""
    for number in known:
        if number and len(number) > _SHORT:
            text = text.replace(number, "…")
    return _NUMBER.sub("…", text)


def recording_without_numbers(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A ``recording.ready`` of a withheld caller: no number in the name; a link that bears one goes."""
    found = dict(payload)
    url, file = found.get("url"), found.get("file")
    if isinstance(url, str) and without_numbers(plain := unquote(url)) != plain:
        del found["url"]
        file = file or plain.partition("?")[0].rpartition("/")[2]
    if isinstance(file, str) and file:
        found["file"] = without_numbers(file)
    return found
