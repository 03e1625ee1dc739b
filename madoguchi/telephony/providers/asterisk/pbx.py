"""How one Asterisk names things: what the set-up of a telephone system says of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_CHANNEL = re.compile(r"^(?P<tech>[^/]+)/(?P<name>.+?)(?:-[0-9a-f]{8})?(?:;(?P<half>[12]))?$")
_LOCAL = re.compile(r"^Local/(?P<name>[^@/]+)@")


@dataclass(frozen=True)
class Pbx:
    """What is to be known of one telephone system beforehand.

    ``key``: its sender key, part of every event's id. ``time_zone``: of the times that it writes without an offset.
    ``ours``: a regular expression for the whole name of a device of ours (the ``1001`` of ``PJSIP/1001-0000001c``); a
    group in it is the extension, else the whole name is. ``trunks``: the same for devices that never are, also when
    their name is a number. ``extensions``: device → extension where the name does not tell it. ``outside``: dialled
    numbers that are no extensions though they look like one (110, 119, 104, …).
    """

    key: str = "asterisk"
    time_zone: str = "Asia/Tokyo"
    ours: str = r"\d{2,6}"
    trunks: str = ""
    outside: str = r"1(04|1\d|7[17])|18[46]\d+"
    extensions: Mapping[str, str] = field(default_factory=dict)

    def extension_of(self, channel: str) -> str | None:
        """Our extension of a channel or interface (``PJSIP/1001-0000001c``, ``Local/1001@from-queue/n``), else None."""
        found = _LOCAL.match(channel) or _CHANNEL.match(channel)
        return self.extension_named(found["name"]) if found else None

    def extension_named(self, name: str) -> str | None:
        """Our extension of a device's name or a dialled number, None when it is none of ours."""
        if name in self.extensions:
            return self.extensions[name]
        if self.trunks and re.fullmatch(self.trunks, name):
            return None
        ours = re.fullmatch(self.ours, name)
        return next((group for group in ours.groups() if group), name) if ours else None

    def direction_of(self, agent: str | None, exten: str) -> str:
        """What kind of call begins with a channel of ours or of the outside that dials ``exten``."""
        if agent is None:
            return "inbound"
        public = self.outside and re.fullmatch(self.outside, exten)
        return "outbound" if public or self.extension_named(exten) is None else "internal"


def half_of(channel: str) -> int:
    """1 or 2 for the halves of a Local channel, 0 for a device."""
    found = _CHANNEL.match(channel)
    return int(found["half"]) if found and found["half"] and channel.startswith("Local/") else 0
