"""Waiting and ringing: queues, and whom a call is offered to."""

from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.following import Message
from madoguchi.telephony.providers.asterisk.transfers import Transfers

_REJECTED = ("17", "21")
_DIAL_RESULTS = {"ANSWER": "answered", "NOANSWER": "no_answer", "BUSY": "rejected"}
_CAUSES = {"BUSY": "17", "CONGESTION": "34", "CHANUNAVAIL": "3", "NOANSWER": "19"}
_UP = "6"


class Queues(Transfers):
    """Offers, their results, and the way through queues."""

    # Queues

    def _on_queuecallerjoin(self, m: Message) -> None:
        if line := self.line_of(m["Uniqueid"]):
            self._end_visit(line)
            self.doubt_menu(line)
            line.abandoning = line.answered = line.cancelled = False
            line.queue = m["Queue"]
            self.emit("queue.entered", line.call, queue=m["Queue"], leg=m["Uniqueid"])

    def _end_visit(self, line: Line, at: float | None = None) -> None:
        """It is in a queue no more, though nobody said that it left."""
        if line.queue:
            reason = "connected" if line.answered else "abandoned" if line.hung_up_by else "unknown"
            self.emit("queue.left", line.call, at=at, queue=line.queue, reason=reason, leg=line.first)
            self.doubt(line, "queue_visits", "wait_s")
            line.queue = ""

    def _seem_queued(self, line: Line, m: Message) -> None:
        """It is in a queue of which nobody told that it had come."""
        if not line.queue and not line.left_queue and not line.answered:
            line.queue = m["Queue"]
            waited = m.get("HoldTime", "")
            at = self.now - int(waited) if waited.isdecimal() else self.now
            self.emit("queue.entered", line.call, at=at, queue=m["Queue"], leg=m["Uniqueid"])
            self.doubt(line, "wait_s", "queue_visits", "ivr_s")

    def _on_queuecallerabandon(self, m: Message) -> None:
        if line := self.line_of(m["Uniqueid"]):
            self._seem_queued(line, m)
            line.abandoning = True

    def _on_queuecallerleave(self, m: Message) -> None:
        if (line := self.line_of(m["Uniqueid"])) is None:
            return
        if not line.queue:
            self.doubt(line, "queue_visits", "wait_s")
        self._leave_queue(line, m["Queue"], m["Uniqueid"])

    def _leave_queue(self, line: Line, queue: str, unique: str) -> None:
        if self._is_answered(line):
            reason = "connected"
        elif line.hung_up_by or line.cancelled:
            reason = "abandoned"
        else:
            reason = "timeout" if line.abandoning else "key"
        line.queue, line.left_queue, line.left_reason = "", self.now, reason
        self.emit("queue.left", line.call, queue=queue, reason=reason, leg=unique)

    def _is_answered(self, line: Line) -> bool:
        """Somebody took it: said so, or the phone of one who was rung is up."""
        return line.answered or any(leg.agent and leg.rung and leg.state == _UP for leg in self.legs_of(line))

    # Offers

    def _on_agentcalled(self, m: Message) -> None:
        agent = self.pbx.extension_of(m.get("Interface", "")) or self.pbx.extension_of(m.get("DestChannel", ""))
        if (line := self.line_of(m["Uniqueid"])) and agent:
            self._seem_queued(line, m)
            self._offer(line, agent, m["DestUniqueid"], m["Queue"])

    def _on_dialbegin(self, m: Message) -> None:
        target = self.legs.get(m["DestUniqueid"])
        line = self.line_of(m["Uniqueid"]) if target and m.get("Uniqueid") else None
        if target is None or line is None:
            return
        if target.agent is not None:
            self._offer(line, target.agent, target.uniqueid, "")
        elif not target.half and not line.called and line.request:
            line.called = target.number

    def _on_dialstate(self, m: Message) -> None:
        self._on_dialbegin(m)

    def _on_newstate(self, m: Message) -> None:
        """A phone of ours that rings was offered the call, also when nobody said so."""
        leg = self.legs.get(m["Uniqueid"])
        line = self.lines.get(leg.call) if leg else None
        if leg and line and leg.agent and leg.state == "5" and leg.uniqueid != line.first:
            self._offer(line, leg.agent, leg.uniqueid, "")
        elif leg and line and line.request and leg.uniqueid == line.first and leg.state == _UP:
            self._own_pick_up(line, ok=True, reason="up")

    def _own_pick_up(self, line: Line, *, ok: bool, reason: str) -> None:
        """Our own phone after a click: the first word of it counts."""
        if not line.picked_up:
            line.picked_up = True
            self.emit("request.result", line.call, request=line.request, ok=ok, reason=reason)

    def _offer(self, line: Line, agent: str, unique: str, queue: str) -> None:
        leg = self.legs.get(unique)
        if agent in line.ringing or agent in line.joined or (leg is not None and leg.rung):
            return
        self.doubt_menu(line)
        line.ringing[agent] = unique
        for mine in self.legs_of(line):
            mine.rung |= mine.agent == agent
        # Rung while the customer is in talk: somebody is asked something before the call is passed on.
        asked = True if line.joined and line.direction == "inbound" else None
        self.emit("agent.offered", line.call, agent=agent, leg=unique, queue=queue or None, consultation=asked)

    def _on_agentringnoanswer(self, m: Message) -> None:
        agent = self.pbx.extension_of(m.get("Interface", "")) or self.pbx.extension_of(m.get("DestChannel", ""))
        if (line := self.line_of(m["Uniqueid"])) and agent:
            self._offer_ended(line, agent, m.get("DestUniqueid", ""), "NOANSWER")

    def _on_dialend(self, m: Message) -> None:
        target, status = self.legs.get(m["DestUniqueid"]), m.get("DialStatus", "")
        line = self.line_of(m.get("Uniqueid") or m["DestUniqueid"])
        if target is None or line is None:
            return
        if not m.get("Uniqueid"):
            if line.request:
                self._own_pick_up(line, ok=status == "ANSWER", reason=status)
            return
        if status == "ANSWER" and target.call != line.call:
            self.doubt(line, "offers")
            self.join(target.call, line)  # a call pick-up of which nobody told
            self._offer(line, target.agent or "", target.uniqueid, "") if target.agent else None
        if status == "ANSWER":
            line.answered_at = self.now
        if status == "CANCEL" and target.uniqueid not in line.results and not self._is_answered(line):
            line.cancelled = True
        if target.agent is not None:
            self._offer_ended(line, target.agent, target.uniqueid, status)
        elif not target.half:
            self._outside_ended(line, target, status)
        line.results.setdefault(target.uniqueid, status)

    def _outside_ended(self, line: Line, target: Leg, status: str) -> None:
        if status == "ANSWER":
            self.reach(line, target)
        else:
            line.cause = line.cause or _CAUSES.get(status, "")

    def _offer_ended(self, line: Line, agent: str, unique: str, status: str) -> None:
        if status == "ANSWER":
            line.answered = True
        if line.ringing.pop(agent, None) is None:
            return
        for mine in self.legs_of(line):
            mine.rung |= mine.agent == agent
        cause = next((leg.cause for leg in self.legs_of(line) if leg.agent == agent and leg.cause in _REJECTED), "")
        result = _DIAL_RESULTS.get(status, "failed")
        if status == "CANCEL":
            result = "picked_up_by_other" if self._is_answered(line) else "caller_gone"
        elif result == "no_answer" and cause:
            result = "rejected"
        line.results[unique] = result
        self.emit("agent.offer_ended", line.call, agent=agent, leg=unique, result=result)

    def ring_ended(self, line: Line, leg: Leg, cause: str) -> None:
        """A leg is gone: what that means for its offer, if nobody has said it yet."""
        if leg.agent is None:
            return
        if line.ringing.get(leg.agent) == leg.uniqueid:
            answered = leg.state == _UP and line.hung_up_by == "" and not line.cancelled
            quiet = not (self._is_answered(line) or line.hung_up_by or line.cancelled)
            status = "ANSWER" if answered else "NOANSWER" if quiet else "CANCEL"
            if status != "CANCEL":
                self.doubt(line, "offers")
            leg.cause = leg.cause or cause
            line.legs.append(leg.uniqueid)
            self.legs[leg.uniqueid] = leg
            self._offer_ended(line, leg.agent, leg.uniqueid, status)
            line.legs.remove(leg.uniqueid)
            del self.legs[leg.uniqueid]
        elif cause in _REJECTED and line.results.get(leg.uniqueid) == "no_answer":
            self.doubt(line, "offers")

    def _on_pickup(self, m: Message) -> None:
        """The picker's channel becomes part of the call that rang; whoever was rung is told who took it."""
        leg, rung = self.legs.get(m["Uniqueid"]), self.legs.get(m["TargetUniqueid"])
        line = self.line_of(m["TargetUniqueid"])
        if leg is None or rung is None or line is None or leg.agent is None:
            return
        if line.ringing.pop(rung.agent or "", None) is not None:
            result = line.results[rung.uniqueid] = "picked_up_by_other"
            self.emit("agent.offer_ended", line.call, agent=rung.agent, leg=rung.uniqueid, result=result)
        self.join(leg.call, line)
        self._offer(line, leg.agent, leg.uniqueid, "")

    # What app_queue says of the conversation

    def _on_agentconnect(self, m: Message) -> None:
        line, target = self.line_of(m["Uniqueid"]), self.legs.get(m.get("DestUniqueid", ""))
        if line is None:
            return
        self._seem_queued(line, m)
        line.answered = True
        if line.left_reason in ("key", "timeout") and self.now - line.left_queue < 1:
            self.doubt(line, "queue_visits")
        if line.queue:
            self._leave_queue(line, line.queue, m["Uniqueid"])
        if target is not None and target.agent is not None:
            self._offer_ended(line, target.agent, target.uniqueid, "ANSWER")
            self.expect(line, target)

    def _on_agentcomplete(self, m: Message) -> None:
        """Repairs an answer that fell into a gap: whole seconds, but better than nothing."""
        line, agent = self.line_of(m["Uniqueid"]), self.pbx.extension_of(m.get("Interface", ""))
        if line is None or agent is None:
            return
        if not (line.queue or line.left_queue):
            self.doubt(line, "queue", "queue_visits", "wait_s", "offers")
        if m.get("Reason") in ("caller", "agent"):
            line.reason = m["Reason"]
        talked, since = m.get("TalkTime", ""), line.joined.get(agent)
        if not talked.isdecimal() or since is None:
            return
        if since == 0.0:
            line.joined[agent] = self.now - int(talked)
            target = m.get("DestUniqueid")
            self.emit("agent.joined", line.call, at=line.joined[agent], agent=agent, leg=target)
        elif abs(self.now - since - int(talked)) > 1.5:
            self.doubt(line, "answered")

    def _on_originateresponse(self, m: Message) -> None:
        line = self.line_of(m.get("Uniqueid", ""))
        if line is not None and line.request:
            reason = f"reason {m.get('Reason', '')}"
            self._own_pick_up(line, ok=m.get("Response") == "Success", reason=reason)
