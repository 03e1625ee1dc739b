"""Streams that nobody recorded, made of the fields that the manager interface documents."""

from typing import Any

from madoguchi.telephony.events import Event
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.providers.asterisk.translation import Translation
from madoguchi.telephony.replay import records_of

NINE = 1_795_305_600.0


class Channel:
    """A channel as messages show it; ``call`` is the channel that began its call."""

    def __init__(
        self, name: str, unique: str, call: "Channel | None" = None, *, number: str = "", exten: str = "s"
    ) -> None:
        self.name, self.unique, self.number, self.exten, self.state = name, unique, number, exten, "4"
        self.linked: str = call.linked if call else unique
        if call:
            self.state = "0"

    def shown(self, prefix: str = "") -> list[tuple[str, str]]:
        fields = {
            "Channel": self.name,
            "ChannelState": self.state,
            "CallerIDNum": self.number,
            "CallerIDName": "<unknown>",
            "Exten": self.exten,
            "Context": "from-internal",
            "Uniqueid": self.unique,
            "Linkedid": self.linked,
        }
        return [(prefix + key, value) for key, value in fields.items()]


class Wire:
    """One connection to a PBX; times are seconds after nine."""

    def __init__(self, pbx: Pbx | None = None) -> None:
        self.pbx = pbx or Pbx()
        self.translation = Translation(self.pbx)
        self.events: list[Event] = self.translation.begun(at=NINE)
        self.bridges: dict[str, list[Channel]] = {}

    def say(self, seconds: float, event: str, shown: list[tuple[str, str]] | None = None, **fields: Any) -> None:
        head = [("Event", event), ("Privilege", "call,all"), ("Timestamp", f"{NINE + seconds:.6f}")]
        said = [*head, *(shown or []), *((key, str(value)) for key, value in fields.items())]
        self.events += self.translation.take(said, at=NINE + seconds)

    def answer(self, seconds: float, **fields: Any) -> None:
        """A list's row or a response: without a stamp."""
        self.events += self.translation.take([(k, str(v)) for k, v in fields.items()], at=NINE + seconds)

    def new(self, seconds: float, channel: Channel) -> None:
        self.say(seconds, "Newchannel", channel.shown())

    def rings(self, seconds: float, caller: Channel, phone: Channel) -> None:
        self.new(seconds, phone)
        self.say(seconds, "DialBegin", caller.shown() + phone.shown("Dest"))
        phone.state = "5"
        self.say(seconds, "Newstate", phone.shown())

    def dialled(self, seconds: float, caller: Channel, phone: Channel, status: str) -> None:
        if status == "ANSWER":
            phone.state = "6"
            self.say(seconds, "Newstate", phone.shown())
        self.say(seconds, "DialEnd", caller.shown() + phone.shown("Dest"), DialStatus=status)

    def enters(self, seconds: float, bridge: str, *channels: Channel, technology: str = "simple_bridge") -> None:
        for channel in channels:
            members = self.bridges.setdefault(bridge, [])
            members.append(channel)
            if channel.state != "6":
                channel.state = "6"
                self.say(seconds, "Newstate", channel.shown())
            numbers = {"BridgeUniqueid": bridge, "BridgeNumChannels": len(members), "BridgeTechnology": technology}
            self.say(seconds, "BridgeEnter", channel.shown(), **numbers)

    def leaves(self, seconds: float, bridge: str, *channels: Channel, technology: str = "simple_bridge") -> None:
        for channel in channels:
            self.bridges[bridge].remove(channel)
            rest = len(self.bridges[bridge])
            numbers = {"BridgeUniqueid": bridge, "BridgeNumChannels": rest, "BridgeTechnology": technology}
            self.say(seconds, "BridgeLeave", channel.shown(), **numbers)

    def asks_to_hang_up(self, seconds: float, channel: Channel) -> None:
        self.say(seconds, "HangupRequest", channel.shown(), Cause=16)

    def gone(self, seconds: float, *channels: Channel, cause: int = 16) -> None:
        for channel in channels:
            self.say(seconds, "Hangup", channel.shown(), Cause=cause)

    def records(self) -> list[dict[str, Any]]:
        return records_of(self.events)

    def record(self) -> dict[str, Any]:
        (found,) = self.records()
        return found


def in_talk(wire: Wire) -> tuple[Channel, Channel]:
    """A customer came in at 0, rang 1001 directly, and has been talking to them since second 2 in bridge ``A``."""
    customer = Channel("PJSIP/trunk-00000001", "1.0", number="0312345678", exten="0350000003")
    phone = Channel("PJSIP/1001-00000002", "1.1", customer, number="1001")
    wire.new(0, customer)
    wire.rings(0, customer, phone)
    wire.dialled(2, customer, phone, "ANSWER")
    wire.enters(2, "A", phone, customer)
    return customer, phone


def hang_up(wire: Wire, seconds: float, bridge: str, customer: Channel, phone: Channel) -> None:
    """The customer hangs up."""
    wire.asks_to_hang_up(seconds, customer)
    wire.leaves(seconds, bridge, customer, phone)
    wire.gone(seconds, phone, customer)
