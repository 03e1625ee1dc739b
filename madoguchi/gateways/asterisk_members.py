"""The telephones in the queues of a telephone system, as it tells of them: heard in order, written at once."""

from collections.abc import Iterable

from madoguchi.telephony.models import PbxDevice
from madoguchi.telephony.providers.asterisk.pbx import Pbx as Naming

_MEMBER = ("QueueMember", "QueueMemberAdded", "QueueMemberPause", "QueueMemberStatus")


class Telephones:
    """What one batch of messages says of extensions; ``listed`` outlives it.

    Nothing is written before ``write``: whoever locks operators and telephones takes the operators first.
    """

    def __init__(self, pbx_id: int, naming: Naming, listed: Iterable[tuple[str, str, bool]] = ()) -> None:
        self.pbx_id, self.naming = pbx_id, naming
        # What a running list of members has told so far: (extension, interface, paused).
        self.listed = list(listed)
        self._known: dict[str, PbxDevice] = {}
        self._changed: dict[str, set[str]] = {}
        self._is_whole = False

    def hear(self, message: dict[str, str]) -> bool:
        """Note an extension's membership; whether the message only says of a pause what is known or was asked for."""
        kind = message.get("Event", "")
        if kind == "QueueStatusComplete":
            self._end_list()
        interface = message.get("Interface") or message.get("Location", "")
        extension = self.naming.extension_of(interface)
        if extension is None or kind not in _MEMBER:
            return False
        paused = message.get("Paused") == "1"
        if kind == "QueueMember":
            self.listed.append((extension, interface, paused))
            return False
        device = self._device(extension)
        if device is None:
            device = PbxDevice(pbx_id=self.pbx_id, extension=extension, interfaces=[interface], is_paused=paused)
            self._known[extension] = device
            self._changed[extension] = {"interfaces", "is_paused"}
            return False
        if interface not in device.interfaces:
            device.interfaces = sorted({*device.interfaces, interface})
            self._changed.setdefault(extension, set()).add("interfaces")
        if kind != "QueueMemberPause":
            return False
        known, device.is_paused = device.is_paused == paused, paused
        self._changed.setdefault(extension, set()).add("is_paused")
        return known

    @property
    def heard_of(self) -> list[str]:
        """The extensions that ``write`` writes."""
        return sorted(self._known if self._is_whole else self._changed)

    def write(self) -> list[str]:
        """Write what was heard; the extensions of a list that is complete."""
        if self._is_whole:
            PbxDevice.objects.filter(pbx=self.pbx_id).exclude(extension__in=self._known).delete()
            self._write(self._known, ["interfaces", "is_paused"])
        else:
            for extension, fields in sorted(self._changed.items()):
                self._write([extension], sorted(fields))
        complete = list(self._known) if self._is_whole else []
        self._known, self._changed, self._is_whole = {}, {}, False
        return complete

    def _write(self, extensions: Iterable[str], fields: list[str]) -> None:
        PbxDevice.objects.bulk_create(
            [
                PbxDevice(
                    pbx_id=self.pbx_id,
                    extension=extension,
                    interfaces=self._known[extension].interfaces,
                    is_paused=self._known[extension].is_paused,
                )
                for extension in sorted(extensions)
            ],
            update_conflicts=True,
            unique_fields=["pbx", "extension"],
            update_fields=fields,
        )

    def _device(self, extension: str) -> PbxDevice | None:
        if extension not in self._known and not self._is_whole:
            found = PbxDevice.objects.filter(pbx=self.pbx_id, extension=extension).first()
            if found is not None:
                self._known[extension] = found
        return self._known.get(extension)

    def _end_list(self) -> None:
        """All members are told: these are all there are."""
        members: dict[str, PbxDevice] = {}
        for extension, interface, paused in self.listed:
            device = members.setdefault(extension, PbxDevice(extension=extension, interfaces=[], is_paused=False))
            device.interfaces = sorted({*device.interfaces, interface})
            device.is_paused = device.is_paused or paused
        self.listed, self._known, self._is_whole = [], members, True
