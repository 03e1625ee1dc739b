"""Channels into calls: every message shows the channels that it speaks of, so a lost Newchannel hides no call."""

import re

from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.following import Following, Message, known
from madoguchi.telephony.providers.asterisk.pbx import half_of
from madoguchi.telephony.withheld import is_withheld

# Where a message can show a channel.
_PREFIXES = (
    "",
    "Dest",
    "Target",
    "Transferer",
    "Transferee",
    "OrigTransferer",
    "SecondTransferer",
    "TransferTarget",
    "LocalOne",
    "LocalTwo",
    "Parkee",
    "Parker",
    "Retriever",
)
_KEYS = tuple((prefix, f"{prefix}Uniqueid") for prefix in _PREFIXES)
_REQUEST = re.compile(r"cti-req-(.+)")
_INSTANCE = re.compile(r"-[0-9a-f]{8}(;[12])?$")
_DURATION = re.compile(r"(\d+):(\d\d):(\d\d)")
_MENU = re.compile(r"ivr|menu", re.IGNORECASE)


class Calls(Following):
    """Which channel belongs to which call, and how a call begins."""

    def see(self, m: Message) -> None:
        """Take notice of every channel that the message shows, known or not."""
        for prefix, key in _KEYS:
            if not (unique := m.get(key, "")) or unique in self.past:
                continue
            self.seen.append(unique)
            if m.get(f"{prefix}Linkedid") and m.get(f"{prefix}Channel"):
                leg = self.legs.get(unique) or self._new_leg(m, prefix)
                if leg is not None:
                    self._notice(leg, m, prefix)

    def _new_leg(self, m: Message, prefix: str) -> Leg | None:
        unique, linked, channel = (m[f"{prefix}{key}"] for key in ("Uniqueid", "Linkedid", "Channel"))
        call = self.alias.get(linked, linked)
        if call in self.past:
            return None
        exten = m.get(f"{prefix}Exten", "")
        agent = self.pbx.extension_of(channel)
        leg = Leg(unique, channel, call, linked, agent, half_of(channel), dialled=exten, exten=exten)
        self.legs[unique] = leg
        line = self.lines.setdefault(call, Line(call, linked))
        leg.number = "" if line.withheld else known(m.get(f"{prefix}CallerIDNum"))
        line.legs.append(unique)
        line.every.append(unique)
        line.gap |= self.kind == "CoreShowChannel"
        # Until the channels are listed it may have begun before anybody listened.
        line.lossy |= self.snapshots > 0 and self.kind not in ("Newchannel", "CoreShowChannel")
        if unique == line.first and not line.begun:
            leg.state = m.get(f"{prefix}ChannelState", "")
            self._begin(line, leg, m, prefix)
        return leg

    def _notice(self, leg: Leg, m: Message, prefix: str) -> None:
        leg.heard, leg.channel = self.heard, m[f"{prefix}Channel"]
        line, state = self.lines.get(leg.call), m.get(f"{prefix}ChannelState", leg.state)
        unheard = leg.state not in ("", state) and self.kind not in ("Newstate", "CoreShowChannel")
        if line and unheard and not line.gap:
            line.lossy = True
        leg.state = state
        leg.exten_before, leg.exten = leg.exten, m.get(f"{prefix}Exten", leg.exten)
        if leg.linked != (linked := m[f"{prefix}Linkedid"]):
            leg.linked, leg.moved = linked, [self.now, self.heard]
            self.watch(leg)
        if line and leg.uniqueid == line.first and line.direction == "inbound":
            if m.get("presentation") and not prefix and not line.withheld:
                self._withhold(line)
            in_menu = (len(leg.exten) == 1 and leg.exten.isdigit()) or _MENU.search(m.get(f"{prefix}Context", ""))
            line.menu = line.menu or ("in" if in_menu and leg.exten != "s" else "")

    def _begin(self, line: Line, leg: Leg, m: Message, prefix: str) -> None:
        clicked = leg.agent is not None and (leg.half == 1 or (leg.dialled == "s" and leg.state != "4"))
        line.begun = True
        line.direction = "outbound" if clicked else self.pbx.direction_of(leg.agent, leg.dialled)
        asked = self._asked(leg) if clicked else {}
        line.called = asked.get("Exten", "") if clicked else leg.dialled
        if line.is_feature:
            return
        line.request = (asked.get("Request") or _request_of(leg.uniqueid)) if clicked else ""
        line.consultation_of = self._talking_in(leg.agent, line) if line.direction == "internal" else ""
        caller = {"number": leg.agent or leg.number, "name": known(m.get(f"{prefix}CallerIDName"))}
        if clicked:
            caller["name"] = ""
        if leg.agent is None and not prefix and m.get("presentation"):
            self._withhold(line)
            caller = {}
        age = _DURATION.fullmatch(m.get("Duration", ""))
        seconds = sum(int(part) * size for part, size in zip(age.groups(), (3600, 60, 1), strict=True)) if age else 0
        # What follows within the same millisecond says whether the number is withheld, and whom a click called.
        self.waiting[leg.uniqueid] = {
            "direction": line.direction,
            "from": {key: value or None for key, value in caller.items()}
            | {"presentation": "allowed" if caller else "restricted"},
            "to": {"number": line.called or None},
            "leg": leg.uniqueid,
            "at": self.now - seconds,
            "request": line.request or None,
            "consultation_of": line.consultation_of or None,
            "partial": True if self.kind != "Newchannel" else None,
        }

    def _asked(self, leg: Leg) -> dict[str, str]:
        """Our order that made this channel: by the id that we gave it, else by its name."""
        if leg.uniqueid in self.requests:
            return self.requests[leg.uniqueid]
        return self.requests.pop(_INSTANCE.sub("", leg.channel), {})

    def release(self, m: Message) -> None:
        """Tell of a call's begin as soon as something else is said of its first channel."""
        for prefix, key in _KEYS if self.waiting else ():
            unique = m.get(key, "")
            waiting = self.waiting.get(unique)
            leg = self.legs.get(unique)
            if waiting is None or leg is None or (line := self.lines.get(leg.call)) is None:
                continue
            if self.kind == "CoreShowChannel" and not waiting["partial"]:
                continue  # a list does not say whether the number is withheld; what follows does
            if line.request and not line.called and self.kind != "Newchannel":
                # Before our phone is up it bears the number that is called; afterwards it goes there.
                number = known(m.get(f"{prefix}CallerIDNum")) if leg.exten == leg.dialled else leg.exten
                line.called = number if number != leg.agent else ""
                waiting["to"] = {"number": line.called or None}
                if line.called and self.kind == "NewCallerid":
                    continue
            if leg.agent is None and m.get("presentation"):
                waiting["from"] |= {"presentation": m["presentation"]}
            self.tell_begin(unique, line)

    def tell_begin(self, unique: str, line: Line, *, unseen: bool = False) -> None:
        """``unseen``: nothing more was heard of it, not even whether its number may be shown."""
        waiting = self.waiting.pop(unique)
        if unseen:
            waiting |= {"from": {"number": None, "presentation": "unknown"}, "partial": True}
        self.emit("call.started", line.call, **waiting)
        if is_withheld(self.found[-1].payload):
            self._withhold(line)
        if line.request and not line.called:
            self.doubt(line, "called", "answered_by")

    def _withhold(self, line: Line) -> None:
        """Its caller's number may not be shown: it is not remembered either."""
        line.withheld = True
        for leg in self.legs_of(line):
            leg.number = ""

    def _on_userevent(self, m: Message) -> None:
        """A menu's choice, as the set-up guide has the dialplan tell it."""
        if m.get("UserEvent", "").lower().startswith("ivr") and (line := self.line_of(m.get("Uniqueid", ""))):
            line.menu = "told"
            digits = m.get("Digit") or m.get("Digits") or ""
            self.emit("ivr.input", line.call, menu=m.get("Menu", ""), digits=digits)

    def doubt_menu(self, line: Line) -> None:
        """It stood in a menu, and what was chosen there nobody told."""
        if line.menu == "in":
            self.doubt(line, "ivr_s", "ivr_digits")

    def _talking_in(self, agent: str | None, line: Line) -> str:
        """The call that this extension is in already: the new one is a consultation."""
        return next((one.call for one in self.lines.values() if one is not line and agent in one.joined), "")


def _request_of(unique: str) -> str:
    found = _REQUEST.fullmatch(unique)
    return found[1] if found else unique
