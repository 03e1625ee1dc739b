"""What of following an Asterisk is no single call: its channels, its agents' states, its return after a cut."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from madoguchi.telephony.events import Event, derived_id, read_events
from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.pbx import Pbx

_OUR_STATES = {"1": "available", "2": "talking", "5": "unreachable", "6": "ringing"}

type Message = Mapping[str, str]


class Following(ABC):
    """What is known of one Asterisk over any number of connections; ``found`` are the events of this message."""

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self.found: list[Event] = []
        self.legs: dict[str, Leg] = {}
        self.lines: dict[str, Line] = {}
        self.alias: dict[str, str] = {}
        self.waiting: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, Message] = {}
        self.present: set[str] = set()
        self.connected, self.heard, self.cut, self.place, self.booted = 0.0, 0.0, 0.0, 0, 0.0
        self.now, self.stamped, self.message = 0.0, False, ""
        self.set_aside = 0

    @abstractmethod
    def _on_newchannel(self, m: Message) -> None:
        """A channel that was not known before."""

    # People's states

    def _on_queuememberpause(self, m: Message) -> None:
        self._agent_state(m, "paused" if m.get("Paused") == "1" else "available", m.get("PausedReason", ""))

    def _on_queuememberadded(self, m: Message) -> None:
        self._on_queuememberpause(m)

    def _on_queuememberremoved(self, m: Message) -> None:
        self._agent_state(m, "logged_off", "")

    def _on_queuememberstatus(self, m: Message) -> None:
        state = _OUR_STATES.get(m.get("Status", ""))
        if state is not None and not (state == "available" and m.get("Paused") == "1"):
            self._agent_state(m, state, "")

    def _agent_state(self, m: Message, state: str, reason: str) -> None:
        if agent := self.pbx.extension_of(m.get("Interface", "")):
            self._emit("agent.state", None, agent=agent, state=state, reason=reason)

    # Coming back after a cut

    def _on_fullybooted(self, m: Message) -> None:
        if m.get("Uptime", "").isdecimal():
            self.booted = self.heard - int(m["Uptime"])

    def _on_coreshowchannel(self, m: Message) -> None:
        call = self.alias.get(m["Linkedid"], m["Linkedid"])
        self.present |= {call, m["Uniqueid"]}
        self._on_newchannel({**m, "Linkedid": m["Linkedid"]})
        leg = self.legs[m["Uniqueid"]]
        leg.bridge = m.get("BridgeId", "") or leg.bridge
        line = self.lines.get(leg.call)
        for other in self._in_bridge(leg.bridge) if line else ():
            # In talk already, nobody knows since when: AgentComplete will say.
            if line and other.agent and len(self._in_bridge(leg.bridge)) > 1 and other.agent not in line.joined:
                line.joined[other.agent], line.answered = 0.0, True
                line.ringing.pop(other.agent, None)
                self._emit("agent.joined", line.call, agent=other.agent, leg=other.uniqueid, estimated="snapshot")

    def _on_coreshowchannelscomplete(self, m: Message) -> None:
        if m.get("ActionID", "") and self.lines:
            gone = [leg for leg in self.legs.values() if leg.uniqueid not in self.present]
            for leg in gone:
                del self.legs[leg.uniqueid]
            self.lines = {call: line for call, line in self.lines.items() if call in self.present}
            fields = {"started_at": iso(self.booted)} if self.booted else {}
            self._emit("source.snapshot", None, calls=sorted(self.present), **fields)
        self.present = set()

    # Helpers

    def _line(self, unique: str) -> Line | None:
        leg = self.legs.get(unique)
        return self.lines.get(leg.call) if leg else None

    def _talking_in(self, agent: str | None) -> str:
        """The call that this extension is in already: the new one is a consultation."""
        return next((line.call for line in self.lines.values() if agent in line.joined), "")

    def _by_channel(self, channel: str) -> Leg | None:
        return next((leg for leg in self.legs.values() if leg.channel == channel), None)

    def _in_bridge(self, bridge: str) -> list[Leg]:
        return [leg for leg in self.legs.values() if bridge and leg.bridge == bridge]

    def _at(self) -> str | None:
        return iso(self.now) if self.stamped else None

    def _emit(self, type: str, call: str | None, /, **fields: Any) -> None:
        """One neutral event; its id is the hash of the whole AMI event and, without a Timestamp, its place."""
        at = fields.pop("at", self._at())
        if type.startswith("source."):
            at = iso(self.heard)
        received = datetime.fromtimestamp(self.heard, UTC)
        if at is not None and not self.stamped and not type.startswith("source."):
            # Nothing here has a time of the PBX's own: what we worked out is a time of receipt like all the others.
            received, at = datetime.fromisoformat(at), None
        name = derived_id(self.pbx.key, type, call=call, agent=fields.get("agent"), at=at, message=self.message)
        posted = {"id": name, "type": type, "call": call, "at": at, **fields}
        (event,) = read_events({key: value for key, value in posted.items() if value is not None})
        self.found.append(Event(event.id, event.type, event.call, event.at, event.payload, received, self.pbx.key))


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
