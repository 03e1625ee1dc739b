"""Rows into calls: a call is several rows when it was passed on, consulted about, picked up or rang at several."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from madoguchi.telephony.events import Event, derived_id, read_events
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.reconcile.rows import Row
from madoguchi.telephony.timeline import CDR as SOURCE

_HALF = re.compile(r";[12]$")
_NUMBERED = re.compile(r"-[0-9a-f]{8}(;[12])?$")  # other names are used again at once
# Channel names begin anew with the telephone system: only rows near in time speak of the same one.
_NEAR = timedelta(seconds=2)
_OWN_REQUEST = re.compile(r"\d+\.\d+")
# Times are cut to the second: half a second later is as near as one can come.
_WITHIN = timedelta(milliseconds=500)


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
    found: list[Row] = sorted(rows, key=lambda row: (row.start_at, row.place))
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
    return sorted(calls, key=lambda call: (call.start_at, call.first.place))


def _place(row: Row, naming: Pbx) -> tuple[Any, ...]:
    """The row that begins a call stands first: a line from outside rather than one of our telephones."""
    inner = row.channel.startswith("Local/") or row.lastdata == "(Outgoing Line)"
    begins = bool(row.linkedid) and row.linkedid == row.uniqueid
    ours = naming.extension_of(row.channel) is not None
    return (not begins, inner, ours, row.start_at, row.place)


def end_event(call: CdrCall, name: str, sender: str, *, not_before: datetime, shift: timedelta) -> Event:
    """The end that the records tell of a call known as ``name``; what happened unheard before it stays named.

    ``not_before``: when it was heard of last, as far as that lies within the second in which it ended.
    """
    return _read(
        type="call.ended",
        call=name,
        sender=sender,
        at=max(call.end_at + shift + _WITHIN, not_before),
        by="unknown",
        missing=["hold", "transfers"],
        legs=[row.uniqueid for row in call.rows if row.uniqueid],
    )


def recovered_events(call: CdrCall, sender: str, naming: Pbx) -> list[Event]:
    """The events of a call that nobody told of: as much as its rows can say, the rest named as missing.

    A row's seconds run from the moment the telephone system itself took the call up: nothing of waiting and talking can
    be known. Whoever's telephone stands in an answered row spoke; without one nobody can tell.
    """
    name, first = call.call_id(sender), call.first
    agent = naming.extension_of(first.channel)
    dst = first.number if first.lastapp == "AppDial2" and first.dst in ("s", "") else first.dst
    direction = naming.direction_of(agent, dst)
    called = first.did or dst
    missing = ["offered", "hold", "transfers", "ended_by", "ivr_s", "wait_s", "talk_s", "queue"]
    if direction == "inbound" and not first.did and naming.extension_named(called) is not None:
        called = ""  # a transfer rewrites it
        missing.append("called")
    speakers = _speakers(call, direction, naming)
    unanswered = not any(row.disposition == "ANSWERED" for row in call.rows)
    if not unanswered:
        missing.append("answered")
    elif _queue(call):
        missing.append("outcome")  # given up, or sent on unanswered
    party: dict[str, Any] = {"number": agent} if agent else {"number": first.number, "name": first.name}
    if agent and first.name and direction == "internal":
        party["name"] = first.name
    if not agent and first.presentation.startswith(("prohib", "unavail")):
        party["presentation"] = "restricted" if first.presentation.startswith("prohib") else "unavailable"
    given: dict[str, Any] = {"call": name, "sender": sender}
    begun: dict[str, Any] = {"direction": direction, "from": party, "leg": first.uniqueid}
    begun |= {"missing": missing, "recovered": True, "tells_of_menus": False}
    if called:
        begun["to"] = {"number": called}
    if agent:
        begun["agent"] = agent
    if first.lastapp == "AppDial2" and first.uniqueid and not _OWN_REQUEST.search(first.uniqueid):
        begun["request"] = first.uniqueid
    events = [_read(type="call.started", at=first.start_at, **given, **begun)]
    if (queue := _queue(call)) and direction == "inbound":
        events.append(_read(type="queue.entered", at=first.start_at, queue=queue, estimated=SOURCE, **given))
    for kind, moment, who in speakers:
        events.append(_read(type=kind, at=moment, estimated=SOURCE, **who, **given))
    events.append(
        _read(
            type="call.ended",
            at=max(call.end_at + _WITHIN, *(moment for _kind, moment, _who in speakers), first.start_at),
            by="unknown",
            cause=_cause(call),
            legs=[row.uniqueid for row in call.rows if row.uniqueid],
            **given,
        )
    )
    return events


def _speakers(call: CdrCall, direction: str, naming: Pbx) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Who took part: (type of the event, when at the earliest, who)."""
    found: dict[str, tuple[str, datetime, dict[str, Any]]] = {}
    answered = [row for row in call.rows if row.disposition == "ANSWERED" and row.dstchannel]
    for row in sorted(answered, key=lambda row: (row.answered_at or row.start_at, row.place)):
        moment = row.answered_at or row.start_at
        from_ours = naming.extension_of(row.channel) is not None
        if direction == "outbound":
            if from_ours and naming.extension_of(row.dstchannel) is None:
                found.setdefault("", ("party.answered", moment, {"number": row.dst} if row.dst else {}))
            continue
        extension = naming.extension_of(row.dstchannel)
        inner = row.channel.startswith("Local/") or (from_ours and direction == "inbound")
        if extension is not None and not inner and row.lastdata != "(Outgoing Line)":
            found.setdefault(extension, ("agent.joined", moment, {"agent": extension}))
    return list(found.values())


def _queue(call: CdrCall) -> str:
    row = next((row for row in call.rows if row.lastapp == "Queue"), None)
    return row.lastdata.partition(",")[0].strip()[:80] if row else ""


def _cause(call: CdrCall) -> str:
    """A word of how a call failed that nobody took up; empty when it was taken up."""
    said = {row.disposition for row in call.rows}
    if "BUSY" in said:
        return "busy"
    if "ANSWERED" in said:
        return ""
    return "congestion" if said & {"FAILED", "CONGESTION"} else "noanswer"


def _read(*, type: str, call: str, sender: str, at: datetime, **fields: Any) -> Event:
    """A checked event with an id of what it says; a withheld number is dropped from it as at every door."""
    name = derived_id(sender, type, call=call, at=at.isoformat(), agent=fields.get("agent"), source=SOURCE)
    given = {key: value for key, value in fields.items() if value not in ("", None)}
    [event] = read_events({"id": name, "type": type, "call": call, "at": at.isoformat(), "source": SOURCE, **given})
    return event
