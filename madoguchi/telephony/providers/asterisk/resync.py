"""Coming back after a cut: what runs is followed on, what ended meanwhile is left to the snapshot."""

from datetime import datetime
from zoneinfo import ZoneInfo

from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.ends import Ends
from madoguchi.telephony.providers.asterisk.following import Message, iso


class Resync(Ends):
    """The answers to CoreStatus, CoreShowChannels and QueueStatus."""

    def _on_fullybooted(self, m: Message) -> None:
        if m.get("Uptime", "").isdecimal():
            self.booted = self.now - int(m["Uptime"])

    def take_status(self, m: Message) -> None:
        """CoreStatus: when the PBX was started, in its own time zone."""
        if not self.booted:
            text = f"{m.get('CoreStartupDate', '')}T{m.get('CoreStartupTime', '')}"
            self.booted = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(self.pbx.time_zone)).timestamp()

    def begin_list(self) -> None:
        """The channels are being listed: whatever is heard of from now on is there, too."""
        self.listing, self.listed = self.heard, []

    def _on_coreshowchannel(self, m: Message) -> None:
        self.listed.append(m["Uniqueid"])
        leg = self.legs.get(m["Uniqueid"])
        if leg is not None and (bridge := m.get("BridgeId", "")) != leg.bridge:
            leg.bridge = bridge
            self.talk_around(leg)

    def _on_coreshowchannelscomplete(self, m: Message) -> None:
        present = set(self.listed)
        if m.get("ListItems", str(len(self.listed))) != str(len(self.listed)):
            return  # part of the list was lost: it says nothing about what it lacks
        gone = {leg.uniqueid for leg in self.legs.values() if leg.heard < self.listing} - present
        for unique in [unique for unique in self.waiting if unique in gone]:
            self.tell_begin(unique, self.lines[self.legs[unique].call], unseen=True)
        for line in [line for line in self.lines.values() if gone.issuperset(line.legs)]:
            self.doubt_all(line)
            del self.lines[line.call]
        for unique in gone:
            self._vanish(self.legs[unique])
        for line in self.lines.values():
            if line.gap:
                self._doubt_gap(line)
        if gone or not self.snapshots:
            started = iso(self.booted) if self.booted else None
            self.emit("source.snapshot", None, calls=sorted({*self.lines, *present}), started_at=started)
        self.snapshots += 1
        self.listed = []

    def _doubt_gap(self, line: Line) -> None:
        """What may have happened to a call while nobody listened."""
        line.gap, line.gapped = False, True
        self.doubt(line, "hold_s", "hold_count")
        if not line.joined or sorted(line.joined) != line.before_gap:
            self.doubt(line, "answered", "offers", "transfers", "queue_visits")
            if not (line.queue or line.left_queue):
                self.doubt(line, "queue", "ivr_s", "ivr_digits")

    def _vanish(self, leg: Leg) -> None:
        """It is not there any more: it ended unheard, and nobody knows when."""
        del self.legs[leg.uniqueid]
        self.waiting.pop(leg.uniqueid, None)
        if (line := self.lines.get(leg.call)) is None:
            return
        line.legs.remove(leg.uniqueid)
        if leg.agent and line.ringing.get(leg.agent) == leg.uniqueid:
            del line.ringing[leg.agent]
            self.doubt(line, "offers")
        if leg.agent in line.joined:
            self.doubt(line, "segments", "talk_s", "transfers")
        self.talk(line)

    def _on_queueentry(self, m: Message) -> None:
        """Somebody waits of whose coming nobody told."""
        line = self.line_of(m.get("Uniqueid", ""))
        if line is not None and not line.queue and m.get("Wait", "").isdecimal():
            line.queue = m["Queue"]
            at = self.now - int(m["Wait"])
            self.emit("queue.entered", line.call, at=at, queue=m["Queue"], leg=m["Uniqueid"])
            self.doubt(line, "wait_s", "queue_visits")
