"""How calls end: who hung up, and what is done about an end of which too little was heard."""

from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.following import Message
from madoguchi.telephony.providers.asterisk.queues import Queues
from madoguchi.telephony.withheld import without_numbers

_TOGETHER = 0.5
_DYING_S = 5.0  # a channel that was asked to hang up is gone by then
_PAST_S = 10.0
_BY_HAND = ("0", "127")  # hung up from outside while nothing was connected


class Ends(Queues):
    """The end of channels and of calls."""

    def _on_hanguprequest(self, m: Message) -> None:
        leg = self.legs.get(m["Uniqueid"])
        if leg is None or (line := self.lines.get(leg.call)) is None:
            return
        cause = m.get("Cause", "")
        leg.cause = cause
        self._dying(leg)
        spoke = not leg.half and (leg.bridge or leg.state == "6")  # a Local channel is nobody
        if not line.hung_up_by and (leg.uniqueid == line.first or spoke):
            line.hung_up_by = self.role(line, leg)
        elif not line.hung_up_by and line.direction == "outbound" and cause:
            line.cause = cause

    def _on_softhanguprequest(self, m: Message) -> None:
        if leg := self.legs.get(m["Uniqueid"]):
            self._dying(leg)

    def _dying(self, leg: Leg) -> None:
        leg.going = leg.going or [self.now, self.heard]
        self.watch(leg)

    def _on_hangup(self, m: Message) -> None:
        if leg := self.legs.get(m["Uniqueid"]):
            self._gone(leg, m.get("Cause", ""), self.now)

    def _gone(self, leg: Leg, cause: str, at: float) -> None:
        bridge, leg.bridge = leg.bridge, ""
        if bridge and leg.left is None:
            leg.left = [at, self.heard]
        self.past[leg.uniqueid] = self.heard
        self.watched.pop(leg.uniqueid, None)
        line = self.lines.get(leg.call)
        if leg.uniqueid in self.waiting and line is not None:
            self.tell_begin(leg.uniqueid, line)
        leg.going = leg.going or [at, self.heard]
        self.talk_around(leg, bridge)
        del self.legs[leg.uniqueid]
        if line is None:
            return
        line.legs.remove(leg.uniqueid)
        self.ring_ended(line, leg, cause)
        if leg.recorded:
            self.emit("recording.ready", line.call, leg=leg.uniqueid, file=leg.recording or None)
        if not line.legs or (leg.uniqueid == line.first and line.direction == "inbound"):
            self._over(line, leg, cause, at)
        else:
            self.talk(line)

    def _over(self, line: Line, leg: Leg, cause: str, at: float) -> None:
        del self.lines[line.call]
        self.past[line.call] = self.heard
        self.alias = {old: new for old, new in self.alias.items() if new != line.call}
        self.requests.pop(line.first, None)
        if line.is_feature and not line.answered:
            return
        self._end_visit(line, at)
        by = self._ended_by(line, cause)
        for agent in list(line.joined):
            self.emit("agent.left", line.call, at=at, agent=agent)
        self.doubt_all(line)
        cause = line.cause or leg.cause or cause
        self.emit("call.ended", line.call, at=at, by=by, cause=cause, leg=leg.uniqueid, legs=line.every)

    def _ended_by(self, line: Line, cause: str) -> str:
        """Who hung up as was heard, else as what else was heard has it, and then named as not certain."""
        caller = "agent" if line.direction == "outbound" else "caller"
        in_talk = bool(line.talking_since) and self.now - line.talked_until < 1
        if line.hung_up_by:
            doubtful = line.reason and line.agents == 1 and in_talk and not line.ordered
            if doubtful and line.direction == "inbound" and line.reason != line.hung_up_by:
                self.doubt(line, "ended_by")
            return line.hung_up_by
        if in_talk or line.gapped or (line.answered and not line.talking_since):
            self.doubt(line, "ended_by")
            return line.reason or line.leaver or "system"
        if line.cancelled or cause in _BY_HAND:
            self.doubt(line, "ended_by")
            if not line.talking_since:
                self.doubt(line, "outcome", "offers", "queue_visits")
            return caller
        return "system"

    def sweep(self) -> None:
        """Before each message: what was expected in the meantime and did not come."""
        for unique, since in list(self.watched.items()):
            waited, leg = self.heard - since, self.legs.get(unique)
            if leg is None:
                del self.watched[unique]
            elif waited > _TOGETHER:
                self._look_again(leg)
        if self.past and self.heard - next(iter(self.past.values())) > _PAST_S:
            self.past = {name: at for name, at in self.past.items() if self.heard - at <= _PAST_S}

    def _look_again(self, leg: Leg) -> None:
        line = self.lines.get(leg.call)
        if leg.going and self.heard - leg.going[1] > _DYING_S:
            if line:
                self.doubt(line, "ended", *(() if line.talking_since else ("outcome", "offers", "queue_visits")))
            self._gone(leg, leg.cause, leg.going[0])
            return
        if leg.moved and line:
            self._follow(leg, line)
        line = self.lines.get(leg.call)
        if line and leg.agent and (said := line.connected.get(leg.agent)) and said[0] == leg.uniqueid:
            self.connect(line, leg, said[1])
            line.connected.pop(leg.agent, None)
        if line and leg.left and not leg.bridge:
            self.talk(line)
        if not leg.going:
            self.watched.pop(leg.uniqueid, None)

    def _follow(self, leg: Leg, line: Line) -> None:
        """Its Linkedid became another call's, and no transfer or pick-up said so."""
        moved, leg.moved = leg.moved, None
        whole = self.lines.get(self.alias.get(leg.linked, leg.linked))
        if whole is not None and whole is not line and moved:
            self.doubt(whole, "transfers", "offers", "agents", "segments")
            self.join(line.call, whole, at=moved[0])

    # Recordings

    def _on_mixmonitorstart(self, m: Message) -> None:
        if leg := self.legs.get(m["Uniqueid"]):
            leg.recorded = True

    def _on_varset(self, m: Message) -> None:
        leg = self.legs.get(m.get("Uniqueid", ""))
        if leg is not None and m.get("Variable") == "MIXMONITOR_FILENAME" and m.get("Value"):
            leg.recorded, leg.recording = True, m["Value"]
            if (line := self.lines.get(leg.call)) and line.withheld:
                leg.recording = without_numbers(m["Value"], m.get("CallerIDNum"), m.get("ConnectedLineNum"))
