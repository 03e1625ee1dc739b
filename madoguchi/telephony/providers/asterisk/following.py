"""The memory of what one Asterisk has said, and how neutral events are made of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from madoguchi.telephony.events import Event, derived_id, read_events
from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.pbx import Pbx

type Message = Mapping[str, str]

_MOST_OF_ONE = 64
# What of a record hangs on single messages.
_HEARD = (
    "agents",
    "answered",
    "answered_by",
    "ended_by",
    "hold",
    "ivr_digits",
    "ivr_s",
    "offers",
    "outcome",
    "queue",
    "queue_visits",
    "segments",
    "talk_s",
    "transfers",
    "wait_s",
)


class Following:
    """What is known of one Asterisk; ``found`` are the neutral events of the message in hand.

    ``now`` is the time of that message on the PBX's clock, ``heard`` on ours.
    """

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self.found: list[Event] = []
        self.legs: dict[str, Leg] = {}
        self.lines: dict[str, Line] = {}
        self.alias: dict[str, str] = {}  # a call that became part of another → the other
        self.past: dict[str, float] = {}  # channels and calls that just ended → when we heard of it
        self.waiting: dict[str, dict[str, Any]] = {}  # calls whose begin is told with their next message
        self.requests: dict[str, dict[str, str]] = {}  # our Originates by ChannelId
        self.orders: dict[str, dict[str, Any]] = {}  # our other orders by ActionID, until they are taken
        self.watched: dict[str, float] = {}  # legs of which something is expected, since when
        self.people: dict[str, dict[str, Any]] = {}
        self.connected, self.heard, self.cut, self.place, self.booted = 0.0, 0.0, 0.0, 0, 0.0
        self.listed: list[str] = []
        self.listing, self.snapshots = 0.0, 0
        self.now, self.stamped, self.message, self.kind = 0.0, True, "", ""
        self.lag: float | None = None
        self.unheard_since = 0.0  # the last word before this connection, by the PBX's clock
        self.latest, self.recent = 0.0, list[str]()  # the last stamp of this connection, and what had the last ones
        self.seen: list[str] = []  # the channels that the message in hand names
        self.set_aside = 0

    def line_of(self, unique: str) -> Line | None:
        leg = self.legs.get(unique)
        return self.lines.get(leg.call) if leg else None

    def legs_of(self, line: Line) -> list[Leg]:
        return [self.legs[unique] for unique in line.legs if unique in self.legs]

    def by_channel(self, channel: str) -> Leg | None:
        return next((leg for leg in self.legs.values() if leg.channel == channel), None)

    def in_bridge(self, bridge: str) -> list[Leg]:
        return [leg for leg in self.legs.values() if bridge and leg.bridge == bridge]

    def watch(self, leg: Leg) -> None:
        """Look at this leg again when a moment has passed (``Ends.sweep``)."""
        self.watched.setdefault(leg.uniqueid, self.heard)

    def doubt(self, line: Line, *names: str) -> None:
        """Something of this call was not heard: its record names these fields as incomplete."""
        new = [name for name in dict.fromkeys(names) if name not in line.doubts]
        if new and not line.is_feature:
            line.doubts += new
            self.emit("call.incomplete", line.call, missing=new)

    def doubt_all(self, line: Line) -> None:
        """Where one message was lost others may be: once that shows, all that hangs on messages is named.

        Of a cut it is known what was not heard, and only that is named.
        """
        if line.lossy or (line.doubts and not (line.gap or line.gapped)):
            self.doubt(line, *_HEARD)

    def emit(self, type: str, call: str | None, /, at: float | None = None, **fields: Any) -> None:
        """One neutral event at ``at`` (default: now). Its id is made of the message and, unstamped, of its place."""
        when = self.now if at is None else at
        stamped = self.stamped or type.startswith("source.")
        said = iso(when) if stamped else None
        received = datetime.fromtimestamp(self.heard if stamped else when, UTC)
        parts = {key: fields.get(key) for key in ("leg", "agent")}
        mark = ",".join(fields["missing"]) if "missing" in fields else ""
        name = derived_id(self.pbx.key, type, call=call, at=said, message=self.message, missing=mark, **parts)
        order = self.place * _MOST_OF_ONE + len(self.found)  # of what is told of one moment
        posted = {"id": name, "type": type, "call": call, "at": said, "seq": order, **fields}
        (event,) = read_events({key: value for key, value in posted.items() if value is not None})
        self.found.append(Event(event.id, event.type, event.call, event.at, event.payload, received, self.pbx.key))


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def known(text: str | None) -> str:
    """What stands in a header, unless it says that nothing is known."""
    return "" if text in (None, "", "<unknown>") else str(text)
