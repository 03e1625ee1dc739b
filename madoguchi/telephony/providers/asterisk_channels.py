"""What is known of the channels of an Asterisk while its events go by: whose they are, which call, which bridge."""

import re
from dataclasses import dataclass, field

_CHANNEL = re.compile(r"^(?P<tech>[^/]+)/(?P<name>.+?)(?:-[0-9a-f]{8})?(?:;(?P<half>[12]))?$")
_EXTENSION = re.compile(r"\d{2,6}")
_LOCAL = re.compile(r"^Local/(\d+)@")


@dataclass
class Leg:
    """One channel. ``agent`` is our extension, None for the outside; ``half`` is 1 or 2 of a Local channel, else 0."""

    uniqueid: str
    channel: str
    call: str
    agent: str | None
    half: int = 0
    bridge: str = ""
    number: str = ""
    exten: str = ""
    cause: str = ""
    originated: bool = False


@dataclass
class Line:
    """One call as the translation follows it."""

    call: str
    first: str
    direction: str
    legs: set[str] = field(default_factory=set)
    joined: dict[str, float] = field(default_factory=dict)
    ringing: dict[str, str] = field(default_factory=dict)
    answered: bool = False
    talking_since: float = 0.0
    abandoning: bool = False
    hung_up_by: str = ""
    request: str = ""
    called: str = ""
    consultation_of: str = ""


def extension_of(channel: str) -> str | None:
    """Our extension that a channel or interface belongs to: ``PJSIP/1001-0000001c``, ``Local/1001@from-queue/n``."""
    if local := _LOCAL.match(channel):
        return local[1]
    found = _CHANNEL.match(channel)
    return found["name"] if found and _EXTENSION.fullmatch(found["name"]) else None


def half_of(channel: str) -> int:
    """1 or 2 for the halves of a Local channel, 0 for a device."""
    found = _CHANNEL.match(channel)
    return int(found["half"]) if found and found["half"] and channel.startswith("Local/") else 0


def direction_of(agent: str | None, exten: str) -> str:
    """What kind of call begins with a channel of ours or of the outside that dials ``exten``."""
    if agent is None:
        return "inbound"
    return "internal" if _EXTENSION.fullmatch(exten) else "outbound"
