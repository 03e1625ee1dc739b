"""What a telephone system wrote of a call: its call data records (CDR), each stored as an event, read together here.

A record is about two channels. Its seconds run from when the telephone system took the call up, which a menu or a queue
does at once: only a telephone that was rung directly tells when somebody answered. Who spoke is told by its device.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from madoguchi.telephony.events import Event, moment
from madoguchi.telephony.timeline import CDR, WRITTEN

# Times are cut to the second: beside times that were heard, half a second later is as near as one can come.
WITHIN = timedelta(milliseconds=500)
_OWN_NAME = re.compile(r"\d+\.\d+")  # as the telephone system names channels itself
_WHOLE_NUMBER = re.compile(r"\+?\d{5,}")
# A channel that is up sooner than this may not have rung at all.
_RANG = timedelta(seconds=2)
# Where a caller is alone with the telephone system.
_MENUS = ("background", "read", "waitexten")
_ALONE = (*_MENUS, "playback", "queue", "voicemail")
# Of calls between our own or to the outside, the seconds may run from when the dialler's own telephone was picked up.
_UNTIMED = ["wait_s", "talk_s"]


@dataclass(frozen=True)
class Written:
    """One record. ``ours`` and ``partner``: the extensions of its two channels, "" for a channel that is not ours.

    ``dialled`` is what the channel called; ``dialled_ours`` whether that is an extension; ``party`` who called.
    """

    uniqueid: str
    linkedid: str
    start_at: datetime
    answered_at: datetime | None
    end_at: datetime
    disposition: str
    channel: str
    dstchannel: str
    app: str
    queue: str
    dialled: str
    dialled_ours: bool
    did: str
    ours: str
    partner: str
    direction: str
    party: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> tuple[Any, ...]:
        """The record that begins a call stands first: a line from outside rather than one of our telephones."""
        inner = self.channel.startswith("Local/") or self.is_answering_leg
        begins = bool(self.linkedid) and self.linkedid == self.uniqueid
        return (not begins, inner, bool(self.ours), self.start_at, self.end_at, self.channel, self.dstchannel)

    @property
    def is_answering_leg(self) -> bool:
        return self.app == "appdial"

    @property
    def is_taken(self) -> bool | None:
        """Whether somebody took the call up; None when the record does not tell."""
        if self.disposition != "ANSWERED":
            return False
        if self.dstchannel:
            return True
        return False if self.app in _ALONE or self.direction == "outbound" else None


def rows_among(events: Iterable[Event]) -> list[Written]:
    """The records among the events of a call, each once, the one that begins it first."""
    found = {row for event in events if event.type == WRITTEN and (row := _row_of(event)) is not None}
    return sorted(found, key=lambda row: row.place)


def _row_of(event: Event) -> Written | None:
    said = event.payload.get("row")
    if not isinstance(said, Mapping) or event.payload.get("source") != CDR:
        return None
    try:
        times = {name: moment(said[name]) if said[name] else None for name in ("start_at", "answered_at", "end_at")}
        rest = {name: said[name] for name in Written.__annotations__ if name not in times and name != "party"}
    except (KeyError, ValueError):
        return None
    if times["start_at"] is None or times["end_at"] is None:
        return None
    if not all(isinstance(value, Written.__annotations__[name]) for name, value in rest.items()):
        return None
    return Written(**rest, **times, party=_Party(event.party("from")))  # type: ignore[arg-type]


class _Party(dict[str, Any]):
    """Who called; equal parties count as one."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted((key, str(value)) for key, value in self.items())))


@dataclass(frozen=True)
class Speaker:
    """Somebody who took the call up, ``at`` the earliest; ``exact``: it was then, to the second."""

    kind: str
    who: str
    at: datetime
    exact: bool

    def event(self, name: str, call: str, at: datetime, *, exact: bool) -> Event:
        said = {"number" if self.kind == "party.answered" else "agent": self.who} if self.who else {}
        return derived(name, self.kind, call, at, **said, **({} if exact else {"estimated": CDR}))


@dataclass(frozen=True)
class Reading:
    """The records of one call together, not empty, the one that begins it first."""

    rows: tuple[Written, ...]

    @property
    def first(self) -> Written:
        return self.rows[0]

    @property
    def start_at(self) -> datetime:
        return min(row.start_at for row in self.rows)

    @property
    def end_at(self) -> datetime:
        return max(row.end_at for row in self.rows)

    @property
    def direction(self) -> str:
        return self.first.direction

    @property
    def request(self) -> str:
        """The name of a click whose call was not picked up at the own telephone."""
        first = self.first
        return first.uniqueid if first.app == "appdial2" and not _OWN_NAME.search(first.uniqueid) else ""

    @cached_property
    def queue(self) -> str:
        return next((row.queue for row in self.rows if row.queue), "")

    @cached_property
    def answered(self) -> bool | None:
        """Whether anybody answered; None when the records do not tell."""
        if self.speakers:
            return True
        outside = self.direction == "outbound"
        told = [row.is_taken for row in self.rows if not (outside and row.partner)]
        return False if not any(taken or taken is None for taken in told) else None

    @property
    def rung(self) -> list[str]:
        """The telephones of ours that rang, none of them behind a queue."""
        return list(dict.fromkeys(row.partner for row in self.rows if row.app == "dial" and row.partner))

    @property
    def is_left_open(self) -> bool:
        """Nobody answered, but whether the caller gave up or was sent on is not told."""
        alone = any(row.app in _ALONE for row in self.rows)
        return self.answered is False and self.direction == "inbound" and alone

    @property
    def was_in_menu(self) -> bool:
        return self.answered is False and not self.queue and any(row.app in _MENUS for row in self.rows)

    @cached_property
    def speakers(self) -> list[Speaker]:
        """Who took part, in the order of answering."""
        found: dict[str, Speaker] = {}
        taken = [row for row in self.rows if row.is_taken and row.dstchannel and not row.is_answering_leg]
        for row in sorted(taken, key=lambda row: (row.answered_at or row.start_at, row.place)):
            at = row.answered_at or row.start_at
            if self.direction == "outbound":
                if row.ours and not row.partner:
                    found.setdefault("", Speaker("party.answered", row.dialled, at, exact=False))
                continue
            inner = row.channel.startswith("Local/") or (row.ours and self.direction == "inbound")
            if row.partner and not inner:
                picked = self._picked_up(row)
                speaker = Speaker("agent.joined", row.partner, picked or at, exact=picked is not None)
                found.setdefault(row.partner, speaker)
        return list(found.values())

    def _picked_up(self, row: Written) -> datetime | None:
        """When the telephone of the record was picked up, where its seconds tell that."""
        if self.direction != "inbound" or row.answered_at is None:
            return None
        if row.dstchannel.startswith("Local/"):
            half = row.dstchannel.rpartition(";")[0]
            inner = [one for one in self.rows if one.channel.rpartition(";")[0] == half and one.is_taken]
            return inner[0].answered_at if len(inner) == 1 and inner[0].app == "dial" else None
        before = [one for one in self.rows if one.channel == row.channel and one.answered_at]
        was_up = any(one.answered_at and one.answered_at < row.answered_at for one in before)
        return row.answered_at if row.app == "dial" and not was_up and row.answered_at - row.start_at >= _RANG else None

    @property
    def rang_at_once(self) -> bool:
        """The caller was with nobody and nothing before the telephones rang."""
        if self.direction != "inbound" or self.queue:
            return False
        return self.answered is False if all(row.answered_at is None for row in self.rows) else self._first_exact

    @property
    def _first_exact(self) -> bool:
        return bool(self.speakers) and self.speakers[0].exact

    @property
    def cause(self) -> str:
        """A word of how a call failed that nobody took up; empty when it was taken up, or may have been."""
        said = {row.disposition for row in self.rows}
        if "BUSY" in said:
            return "busy"
        if self.answered is not False:
            return ""
        return "congestion" if said & {"FAILED", "CONGESTION"} else "noanswer"

    @property
    def party(self) -> dict[str, Any]:
        return dict(self.first.party)

    @property
    def called(self) -> str:
        """What was called, "" where a menu or a transfer may have rewritten it."""
        first = self.first
        rewritten = first.dialled_ours or not _WHOLE_NUMBER.fullmatch(first.dialled)
        return first.did or ("" if self.direction == "inbound" and rewritten else first.dialled)

    @property
    def begin(self) -> dict[str, Any]:
        """What the records say of the beginning, as fields of ``call.started``."""
        told: dict[str, Any] = {
            "direction": self.direction,
            "from": self.party,
            "leg": self.first.uniqueid,
            "request": self.request,
        }
        told |= {"to": {"number": self.called} if self.called else None, "agent": self.first.ours}
        return {key: value for key, value in told.items() if value}

    @property
    def untold_of_begin(self) -> list[str]:
        """What they do not say of the beginning: ordinary ones have no word of whether a number may be shown."""
        names = [] if self.called else ["called"]
        shown = self.direction != "outbound" and (self.first.ours or self.party.get("presentation"))
        names += [] if shown else ["caller"]
        names += [] if self.rang_at_once else ["ivr_s", "ivr_digits"]
        return names + ([] if not self.first.uniqueid or _OWN_NAME.search(self.first.uniqueid) else ["request_id"])

    @property
    def missing(self) -> list[str]:
        """What the records alone do not say."""
        names = ["offered", "ended_by", *self.untold_of_begin]
        names += [] if self.rang_at_once else ["queue", "wait_s"]
        if self.answered is not False:
            names += ["hold", "transfers"] + ([] if self._first_exact else _UNTIMED)
        names += ["answered"] if self.answered is None else []
        names += ["outcome"] if self.is_left_open else []
        return list(dict.fromkeys(names))


def alone(call: str, rows: Iterable[Written]) -> list[Event]:
    """The events of a call that nobody told of: as much as its records can say, the rest named as missing."""
    reading = Reading(tuple(rows))
    begin = {**reading.begin, "missing": reading.missing, "recovered": True, "tells_of_menus": reading.was_in_menu}
    found = [derived("begin", "call.started", call, reading.start_at, **begin)]
    if reading.queue and reading.direction == "inbound":
        found.append(derived("queue", "queue.entered", call, reading.start_at, queue=reading.queue, estimated=CDR))
    for place, one in enumerate(reading.speakers):
        found.append(one.event(f"answer:{place}", call, one.at, exact=one.exact))
    end = max([reading.end_at, *(one.at for one in reading.speakers)])
    return [*found, derived("end", "call.ended", call, end, by="unknown", cause=reading.cause)]


def derived(name: str, kind: str, call: str, at: datetime, **fields: Any) -> Event:
    """An event that is read out of the records when they are folded; it is not stored."""
    payload = {"id": f"cdr:{name}", "type": kind, "call": call, "source": CDR}
    return Event(f"cdr:{name}", kind, call, at, payload | fields, at, CDR)
