"""Rows into calls: a call is several rows when it was passed on, consulted about, picked up or rang at several."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from madoguchi.telephony.events import Event, derived_id, read_events
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.reconcile.rows import Row
from madoguchi.telephony.timeline import CDR as SOURCE
from madoguchi.telephony.timeline import WRITTEN
from madoguchi.telephony.written import Reading, rows_among

_HALF = re.compile(r";[12]$")
_NUMBERED = re.compile(r"-[0-9a-f]{8}(;[12])?$")  # other names are used again at once
_SHOWN = {"allowed": "allowed", "prohib": "restricted", "unavail": "unavailable"}
# Channel names begin anew with the telephone system: only rows near in time speak of the same one.
_NEAR = timedelta(seconds=2)


@dataclass(frozen=True)
class CdrCall:
    """The rows of one call, the one that begins it first."""

    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def start_at(self) -> datetime:
        return min(row.start_at for row in self.rows)

    @property
    def end_at(self) -> datetime:
        return max(row.end_at for row in self.rows)

    @property
    def ids(self) -> list[str]:
        """Every id by which the call may be known, the most telling first."""
        named = [self.first.linkedid, self.first.uniqueid, *(row.uniqueid for row in self.rows)]
        return [name for name in dict.fromkeys([*named, *(row.linkedid for row in self.rows)]) if name]

    def call_id(self, sender: str) -> str:
        if self.ids:
            return self.ids[0]
        row = self.first
        return derived_id(sender, SOURCE, call=row.channel, at=row.start_at.isoformat(), to=row.dst)


def calls_of(rows: Iterable[Row], naming: Pbx) -> list[CdrCall]:
    """The calls that these rows tell of, in the order of their beginnings.

    Rows are of one call by linkedid, by uniqueid, or when one channel stands in both at the same time.
    """
    found: list[Row] = sorted(rows, key=_begun)
    parent = list(range(len(found)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    by_name: dict[str, int] = {}
    by_channel: dict[str, int] = {}
    ends = [row.end_at for row in found]
    for place, row in enumerate(found):
        for name in {row.uniqueid, row.linkedid} - {""}:
            parent[root(place)] = root(by_name.setdefault(name, place))
        for channel in {_HALF.sub("", name) for name in (row.channel, row.dstchannel) if _NUMBERED.search(name)}:
            before = by_channel.get(channel)
            if before is not None and row.start_at <= ends[before] + _NEAR:
                parent[root(place)] = root(before)
                ends[place] = max(ends[place], ends[before])
            by_channel[channel] = place
    groups: dict[int, list[Row]] = {}
    for place, row in enumerate(found):
        groups.setdefault(root(place), []).append(row)
    calls = [CdrCall(tuple(sorted(group, key=lambda row: _place(row, naming)))) for group in groups.values()]
    return sorted(calls, key=lambda call: (call.start_at, *_begun(call.first)))


def _begun(row: Row) -> tuple[Any, ...]:
    """The order of beginning, whatever the order in which they were written."""
    return (row.start_at, row.end_at, row.uniqueid, row.channel, row.dstchannel)


def _place(row: Row, naming: Pbx) -> tuple[Any, ...]:
    """The row that begins a call stands first: a line from outside rather than one of our telephones."""
    inner = row.channel.startswith("Local/") or row.lastdata == "(Outgoing Line)"
    begins = bool(row.linkedid) and row.linkedid == row.uniqueid
    return (not begins, inner, naming.extension_of(row.channel) is not None, *_begun(row))


def row_events(call: CdrCall, name: str, sender: str, naming: Pbx, *, shift: timedelta, numbers: bool) -> list[Event]:
    """The rows of a call known as ``name`` as events of ``sender``, each of an id that its content makes.

    ``numbers``: whether the caller's number may be told.
    """
    said = next((row.presentation for row in call.rows if row.presentation), "")
    rows = [replace(row, presentation=row.presentation or said) for row in call.rows]
    return [_event(row, name, sender, naming, shift, numbers) for row in rows]


def reading_of(call: CdrCall, sender: str, naming: Pbx) -> Reading:
    """What the rows say together, at their own times."""
    events = row_events(call, call.call_id(sender), sender, naming, shift=timedelta(), numbers=False)
    return Reading(tuple(rows_among(events)))


def _event(row: Row, call: str, sender: str, naming: Pbx, shift: timedelta, numbers: bool) -> Event:
    dialled = row.number if row.lastapp == "AppDial2" and row.dst in ("s", "") else row.dst
    app, ours = row.lastapp.lower(), naming.extension_of(row.channel)
    said = {
        "uniqueid": row.uniqueid,
        "linkedid": row.linkedid,
        "start_at": (row.start_at + shift).isoformat(),
        "answered_at": (row.answered_at + shift).isoformat() if row.answered_at else "",
        "end_at": (row.end_at + shift).isoformat(),
        "disposition": row.disposition,
        "channel": row.channel,
        "dstchannel": row.dstchannel,
        "app": app,
        "queue": row.lastdata.partition(",")[0].strip()[:80] if app == "queue" else "",
        "dialled": dialled,
        "dialled_ours": naming.extension_named(dialled) is not None,
        "did": row.did,
        "ours": ours or "",
        "partner": naming.extension_of(row.dstchannel) or "",
        "direction": naming.direction_of(ours, dialled),
    }
    parts = (row.uniqueid, row.channel, row.dstchannel, row.start_at.isoformat(), row.end_at.isoformat(), app)
    name = derived_id(sender, WRITTEN, call=call, row="|".join((*parts, row.disposition)))
    given = {"id": name, "type": WRITTEN, "call": call, "at": said["start_at"], "source": SOURCE, "row": said}
    party = _party(row, ours, said["direction"] == "internal") if ours or numbers else {}
    [event] = read_events({**given, "from": party})
    return replace(event, sender=sender)


def _party(row: Row, ours: str | None, names: bool) -> dict[str, str]:
    """Who called, as far as the row tells; a withheld number is dropped of it as at every door."""
    if ours:
        return {"number": ours, "presentation": "allowed"} | ({"name": row.name} if row.name and names else {})
    party = {"number": row.number, "name": row.name}
    shown = (word for said, word in _SHOWN.items() if row.presentation.startswith(said))
    party["presentation"] = next(shown, "")
    return {key: value for key, value in party.items() if value}
