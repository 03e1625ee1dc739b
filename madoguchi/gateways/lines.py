"""Where a PBX is, and how it is to be spoken to: one entry of MADOGUCHI_ASTERISK_URL."""

from dataclasses import dataclass

from madoguchi.gateways.ami import Server
from madoguchi.telephony.providers.asterisk.pbx import Pbx


@dataclass(frozen=True)
class PbxLine:
    """One Asterisk. ``naming.key`` is the sender of its events; ``name`` is what people call it.

    ``device`` is the channel of an extension's telephone, with ``{extension}``; ``context`` is where an extension's own
    calls begin in the dialplan; ``prefix`` is dialled before every outside number.
    """

    server: Server
    naming: Pbx
    name: str
    context: str = "from-internal"
    device: str = "PJSIP/{extension}"
    prefix: str = ""

    @property
    def key(self) -> str:
        return self.naming.key
