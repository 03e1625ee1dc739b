"""Asterisk's manager interface: its events, in the order of one connection, into neutral ones."""

import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.events import Event
from madoguchi.telephony.providers.asterisk.agents import Agents
from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.following import Message, iso
from madoguchi.telephony.providers.asterisk.orders import Orders
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.providers.asterisk.resync import Resync

type Pairs = Sequence[tuple[str, str]]

_VERSION = 3  # of what is remembered: raise it when that changes
_RECENT = 40
_STAMP = re.compile(r"\d+(\.\d+)?")
_CLOCK_SET = 5.0
_PLAIN = (
    "alias",
    "unheard_since",
    "past",
    "waiting",
    "requests",
    "orders",
    "watched",
    "people",
    "connected",
    "heard",
    "cut",
    "place",
    "booted",
    "listed",
    "listing",
    "snapshots",
    "stamped",
    "lag",
    "latest",
    "recent",
    "set_aside",
)


def events_of_recording(rows: Iterable[Any], *, pbx: Pbx | None = None) -> list[Event]:
    """The neutral events of recorded connections, one row ``{"t", "conn", "dir", "msg": [[key, value], …]}`` each.

    ``dir`` is ``recv``, ``send`` (an action of ours) or ``note`` (``tcp closed``). What is stamped may stand in any
    order, and twice.
    """
    translation, found, connection = Translation(pbx or Pbx()), list[Event](), 0
    for row in in_order(rows):
        at = float(row["t"])
        if row.get("dir") == "note":
            found += translation.lost(at=at) if "closed" in str(row.get("note")) else []
        elif isinstance(row.get("msg"), list):
            if connection != (connection := int(row.get("conn", 1))):
                found += translation.begun(at=at)
            pairs = pairs_of(row)
            found += translation.asked(pairs, at=at) if row.get("dir") == "send" else translation.take(pairs, at=at)
    return found


def pairs_of(row: dict[str, Any]) -> list[tuple[str, str]]:
    """The message of a recorded row."""
    return [(str(pair[0]), str(pair[1])) for pair in row["msg"] if isinstance(pair, list) and len(pair) == 2]


def in_order(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Recorded rows by connection, and within it by the time at which they were stamped, else received."""
    good = [row for row in rows if isinstance(row, dict) and isinstance(row.get("t"), int | float)]
    stamps = [_stamp(dict(pairs_of(row))) if isinstance(row.get("msg"), list) else None for row in good]
    lags: dict[int, float] = {}
    for row, stamp in zip(good, stamps, strict=True):
        if stamp is not None:
            lag = row["t"] - stamp
            lags[row.get("conn", 1)] = min(lag, lags.get(row.get("conn", 1), lag))

    def place(index: int) -> tuple[int, float, int]:
        connection, stamp = good[index].get("conn", 1), stamps[index]
        return connection, good[index]["t"] if stamp is None else stamp + lags[connection], index

    return [good[index] for index in sorted(range(len(good)), key=place)]


def _stamp(message: Message) -> float | None:
    """The PBX's own time of a message, epoch seconds."""
    text = message.get("Timestamp", "")
    return float(text) if _STAMP.fullmatch(text) else None


def _is_withheld(key: str, value: str) -> bool:
    """Whether a part of a message says that the number of its channel may not be shown."""
    if key == "ChanVariable":
        return "num-pres)=prohib" in value
    return key == "CID-CallingPres" and "prohibited" in value.lower()


class Translation(Resync, Orders, Agents):
    """Follows one Asterisk over any number of connections and restarts of ours; pure, no clock, no database.

    A connector calls, in the order of the wire, with ``at`` = epoch seconds of its own clock at receipt or sending::

        translation = Translation.from_json(saved, pbx) if saved else Translation(pbx)
        events = translation.begun(at=…)          # each time a connection is logged in, before anything of it is taken
        events += translation.asked(action, at=…)  # each action of ours, when it is sent
        events += translation.take(message, at=…)  # each message received, responses and answers of lists included
        events += translation.lost(at=…)          # when it is found cut or silent; may be left out (a crash)
        saved = translation.to_json()

    Each returns the neutral events that follow, often none. ``to_json()`` belongs into the same transaction as these
    events: after a crash the pair of both is as it was before the last messages, and the next connection's snapshot
    says what was missed. Without saved memory all works too, from what CoreShowChannels tells.

    After ``begun`` the connector asks, in this order: CoreStatus, CoreShowChannels, QueueStatus, BridgeList; their
    answers are taken like everything else. Each action carries an ``ActionID`` (unique within the connection): an
    order that the PBX refuses is forgotten by it. Orders that matter are Originate (with ``ChannelId``
    ``cti-req-ID``), Redirect and Hangup (both by ``Channel``); others may be passed or left out.

    Ids of events are made of ``pbx.key``, the message, and without a ``Timestamp`` its connection and place in it, so
    no two connections' events share one. ``set_aside`` counts messages that lacked what their kind must have.
    """

    def begun(self, *, at: float) -> list[Event]:
        """A connection is logged in. Tells of the gap since the one before, if there was one."""
        since, self.cut = self.cut or self.heard, 0.0
        lag = self.lag or 0.0
        self.connected, self.heard, self.now, self.place, self.message = at, at, at - lag, 0, f"{at}:begun"
        self.booted, self.listed, self.snapshots, self.listing = 0.0, [], 0, at
        self.unheard_since = self.latest or (since or at) - lag
        self.latest, self.recent = 0.0, []
        for line in self.lines.values():
            line.gap, line.before_gap = True, sorted(line.joined)
        if since:
            gap: dict[str, Any] = {"from": iso(since - lag), "to": iso(self.now)}
            self.emit("source.gap", None, **gap)
        return self._taken()

    def lost(self, *, at: float) -> list[Event]:
        """The connection is gone (or was given up as silent) since ``at``."""
        self.cut = at
        return []

    def asked(self, action: Pairs, *, at: float) -> list[Event]:
        """An action that was sent: what we order ourselves no event tells of."""
        return self._one(action, at, sent=True)

    def take(self, message: Pairs, *, at: float) -> list[Event]:
        """A message that was received; ``message`` in wire order, keys can repeat."""
        return self._one(message, at, sent=False)

    def to_json(self) -> dict[str, Any]:
        """All that is remembered, as JSON values."""
        legs = {unique: leg.to_json() for unique, leg in self.legs.items()}
        lines = {call: line.to_json() for call, line in self.lines.items()}
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {"legs": legs, "lines": lines, "version": _VERSION}

    @classmethod
    def from_json(cls, saved: dict[str, Any], pbx: Pbx) -> Self:
        """As it was when ``to_json`` gave ``saved``; of another version only when it last heard something."""
        made = cls(pbx)
        if saved.get("version") != _VERSION:
            made.heard = saved.get("heard", 0.0)
            return made
        for name in _PLAIN:
            setattr(made, name, saved[name])
        made.legs = {unique: Leg.from_json(leg) for unique, leg in saved["legs"].items()}
        made.lines = {call: Line.from_json(line) for call, line in saved["lines"].items()}
        return made

    def _taken(self) -> list[Event]:
        found, self.found = self.found, []
        return found

    def _one(self, pairs: Pairs, at: float, *, sent: bool) -> list[Event]:
        message = dict(pairs)
        self.place += 1
        self.kind = message.get("Action", "") if sent else message.get("Event", "")
        self._set_clocks(message, at, sent=sent)
        said, self.seen = repr(list(pairs)), []
        self.message = said if "Timestamp" in message else f"{self.connected}:{self.place}:{said}"
        if self._is_double(message, said):
            return []
        if any(_is_withheld(key, value) for key, value in pairs):
            message["presentation"] = "restricted"
        try:
            self.sweep()
            if sent:
                self.order(message)
            elif not self.kind:
                self._answer(message)
            else:
                self._event(message)
        except (KeyError, ValueError, Refused):
            self.set_aside += 1  # one bad message must not stop the line
            for line in self._lines_seen():
                line.lossy = True
        return self._taken()

    def _set_clocks(self, message: Message, at: float, *, sent: bool) -> None:
        """``now`` is the PBX's time of the message.

        Lists, answers and our own actions have none: as far as we were from its clock at best on this connection.
        """
        self.heard = at
        if (stamp := _stamp(message)) is not None:
            self.stamped, self.now = True, stamp
            # The least delay is the difference of the clocks, until one of them is set anew.
            known = self.lag is not None and at - stamp < self.lag + _CLOCK_SET
            self.lag = min(self.lag or 0.0, at - stamp) if known else at - stamp
            return
        if not sent and "Privilege" in message and "ActionID" not in message and self.kind != "FullyBooted":
            self.stamped = False
        self.now = at - (self.lag or 0.0) if self.stamped else at

    def _is_double(self, message: Message, said: str) -> bool:
        """The same message a second time: of the same stamp, or without one at once after the first."""
        stamp = message.get("Timestamp", "")
        if not stamp and (not self.kind or "ActionID" in message):
            return False
        mark = f"{stamp or format(self.heard, '.1f')}:{zlib.crc32(said.encode()):08x}"
        if mark in (self.recent if stamp else self.recent[-1:]):
            return True
        self.recent = [*self.recent[-_RECENT:], mark]
        return False

    def _mind_order(self) -> None:
        """A message is older than one before it: its calls may come out wrong."""
        if not self.stamped or self.now >= self.latest:
            self.latest = max(self.now, self.latest) if self.stamped else 0.0
            return
        for line in self._lines_seen():
            self.doubt(line, "order")

    def _lines_seen(self) -> list[Line]:
        """The calls whose channels the message in hand names."""
        calls = dict.fromkeys(self.legs[unique].call for unique in self.seen if unique in self.legs)
        return [self.lines[call] for call in calls if call in self.lines]

    def _event(self, message: Message) -> None:
        self.see(message)
        if "Timestamp" in message:
            self._mind_order()
        if self.kind != "Newchannel":
            self.release(message)
        handler: Callable[[Message], None] | None = getattr(self, f"_on_{self.kind.lower()}", None)
        if handler is not None:
            handler(message)

    def _answer(self, message: Message) -> None:
        if "CoreStartupDate" in message:
            self.take_status(message)
        elif message.get("Message") == "Channels will follow":
            self.begin_list()
        else:
            self.answered(message)
