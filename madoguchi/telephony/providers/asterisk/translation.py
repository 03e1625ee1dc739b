"""Asterisk's manager interface: its events, in the order of one connection, into neutral ones."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, Self

from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.events import Event
from madoguchi.telephony.providers.asterisk.channels import Leg, Line
from madoguchi.telephony.providers.asterisk.following import Following, Message, iso
from madoguchi.telephony.providers.asterisk.pbx import Pbx, half_of

type Pairs = Sequence[tuple[str, str]]

_REQUEST = re.compile(r"cti-req-(.+)")
_REJECTED = ("17", "21")
_DIAL_RESULTS = {"ANSWER": "answered", "NOANSWER": "no_answer", "BUSY": "rejected"}
_PLAIN = ("alias", "waiting", "requests", "connected", "heard", "cut", "place", "booted", "stamped", "set_aside")


def events_of_recording(rows: Iterable[Any], *, pbx: Pbx | None = None) -> list[Event]:
    """The neutral events of a recorded connection, one row ``{"t", "conn", "dir", "msg": [[key, value], …]}`` each.

    ``dir`` is ``recv``, ``send`` (an action of ours) or ``note`` (``tcp closed``).
    """
    translation, found, connection = Translation(pbx or Pbx()), list[Event](), 0
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("t"), int | float):
            continue
        at = float(row["t"])
        if row.get("dir") == "note" and "closed" in str(row.get("note")):
            found += translation.lost(at=at)
        elif isinstance(row.get("msg"), list):
            if connection != (connection := int(row.get("conn", 1))):
                found += translation.begun(at=at)
            pairs = [(str(pair[0]), str(pair[1])) for pair in row["msg"] if isinstance(pair, list) and len(pair) == 2]
            found += translation.asked(pairs, at=at) if row.get("dir") == "send" else translation.take(pairs, at=at)
    return found


class Translation(Following):
    """Follows one Asterisk over any number of connections and restarts of ours; pure, no clock, no database.

    A connector calls, in the order of the wire, with ``at`` = epoch seconds of its own clock at receipt or sending::

        translation = Translation.from_json(saved, pbx) if saved else Translation(pbx)
        events = translation.begun(at=…)          # each time a connection is logged in, before anything of it is taken
        events += translation.asked(action, at=…)  # each action of ours, when it is sent
        events += translation.take(message, at=…)  # each message received, responses and answers of lists included
        events += translation.lost(at=…)          # when it is found cut or silent; may be left out (a crash)
        saved = translation.to_json()

    Each returns the neutral events that follow, often none. ``to_json()`` belongs into the same transaction as these
    events: after a crash the pair of both is as it was before the last messages, and the next connection's snapshot
    says what was missed. Without saved memory all works too, from what CoreShowChannels tells.

    After ``begun`` the connector asks, in this order: CoreStatus, CoreShowChannels, QueueStatus, BridgeList; their
    answers are taken like everything else. Each action carries an ``ActionID`` (unique within the connection): an
    order that the PBX refuses is forgotten by it. Orders that matter are Originate (with ``ChannelId``
    ``cti-req-ID``), Redirect and Hangup (both by ``Channel``); others may be passed or left out.

    Ids of events are made of ``pbx.key``, the message, and without a ``Timestamp`` its connection and place in it, so
    no two connections' events share one. ``set_aside`` counts messages that lacked what their kind must have.
    """

    def begun(self, *, at: float) -> list[Event]:
        """A connection is logged in. Tells of the gap since the one before, if there was one."""
        since, self.cut = self.cut or self.heard, 0.0
        self.connected, self.heard, self.now, self.place, self.message = at, at, at, 0, f"{at}:begun"
        self.booted, self.present, self.found = 0.0, set(), []
        if since:
            self._emit("source.gap", None, **{"from": iso(since), "to": iso(at)})
        return self._taken()

    def lost(self, *, at: float) -> list[Event]:
        """The connection is gone (or was given up as silent) since ``at``."""
        self.cut = at
        return []

    def asked(self, action: Pairs, *, at: float) -> list[Event]:
        """An action that was sent: what we order ourselves no event tells of."""
        return self._one(action, at, sent=True)

    def take(self, message: Pairs, *, at: float) -> list[Event]:
        """A message that was received; ``message`` in wire order, keys can repeat."""
        return self._one(message, at, sent=False)

    def to_json(self) -> dict[str, Any]:
        """All that is remembered, as JSON values."""
        lines = {call: {**asdict(line), "legs": sorted(line.legs)} for call, line in self.lines.items()}
        legs = {unique: asdict(leg) for unique, leg in self.legs.items()}
        return {name: getattr(self, name) for name in _PLAIN} | {
            "legs": legs,
            "lines": lines,
            "present": sorted(self.present),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any], pbx: Pbx) -> Self:
        """As it was when ``to_json`` gave ``saved``."""
        made = cls(pbx)
        for name in _PLAIN:
            setattr(made, name, saved[name])
        made.present = set(saved["present"])
        made.legs = {unique: Leg(**leg) for unique, leg in saved["legs"].items()}
        made.lines = {call: Line(**{**line, "legs": set(line["legs"])}) for call, line in saved["lines"].items()}
        return made

    def _taken(self) -> list[Event]:
        found, self.found = self.found, []
        return found

    def _one(self, pairs: Pairs, at: float, *, sent: bool) -> list[Event]:
        message = dict(pairs)
        self.place += 1
        stamp = message.get("Timestamp", "")
        own = bool(re.fullmatch(r"\d+(\.\d+)?", stamp))
        # Lists and our own actions carry no Timestamp; where events do, the moment of receipt is near enough for them.
        self.stamped = own or self.stamped
        self.now = float(stamp) if own else at
        self.heard = at
        self.message = repr(list(pairs)) if own else f"{self.connected}:{self.place}:{list(pairs)!r}"
        if any("num-pres)=prohib" in value for key, value in pairs if key == "ChanVariable"):
            message["presentation"] = "restricted"
        kind = message.get("Action", "") if sent else message.get("Event", "")
        handler: Callable[[Message], None] | None = getattr(self, f"_{'sent' if sent else 'on'}_{kind.lower()}", None)
        try:
            if not sent and kind != "Newchannel":
                self._release(message)
            if handler is not None:
                handler(message)
        except (KeyError, Refused):
            self.set_aside += 1  # one bad message must not stop the line
        return self._taken()

    # Channels and calls

    def _on_newchannel(self, m: Message) -> None:
        unique, linked, channel = m["Uniqueid"], m["Linkedid"], m["Channel"]
        if unique in self.legs:
            return
        agent, exten = self.pbx.extension_of(channel), m.get("Exten", "")
        leg = Leg(unique, channel, self.alias.get(linked, linked), agent, half_of(channel), exten=exten)
        leg.number = _known(m.get("CallerIDNum"))
        self.legs[unique] = leg
        if unique == linked:
            self._begin(leg, m)
        if leg.call in self.lines:
            self.lines[leg.call].legs.add(unique)

    def _begin(self, leg: Leg, m: Message) -> None:
        clicked = leg.agent is not None and leg.exten == "s"
        direction = "outbound" if clicked else self.pbx.direction_of(leg.agent, leg.exten)
        line = self.lines[leg.call] = Line(leg.call, leg.uniqueid, direction)
        if leg.exten.startswith("*"):
            return  # a feature code (call pickup): no call of its own
        line.request = _request_of(leg.uniqueid) if clicked else ""
        line.called = (self._asked_number(leg) or "") if clicked else leg.exten
        line.consultation_of = self._talking_in(leg.agent) if direction == "internal" else ""
        caller = {"number": leg.agent or leg.number, "name": _known(m.get("CallerIDName")), "presentation": "allowed"}
        if clicked:
            caller["name"] = ""
        # What follows within the same millisecond says whether the number is withheld, and whom a click called.
        self.waiting[leg.uniqueid] = {
            "direction": direction,
            "from": {key: value or None for key, value in caller.items()},
            "to": {"number": line.called or None},
            "leg": leg.uniqueid,
            "at": self._at(),
            "clicked": clicked,
            "request": line.request or None,
            "consultation_of": line.consultation_of or None,
        }

    def _release(self, m: Message) -> None:
        """Tell of a call's begin as soon as something else is said of its first channel."""
        unique = m.get("Uniqueid") or m.get("DestUniqueid", "")
        waiting = self.waiting.get(unique)
        if waiting is None:
            return
        if waiting["clicked"] and m.get("Event") == "NewCallerid":
            line = self.lines[self.legs[unique].call]
            line.called = line.called or _known(m.get("CallerIDNum"))
            waiting["to"] = {"number": line.called or None}
            return
        if m.get("presentation"):
            waiting["from"] |= {"presentation": m["presentation"]}
        del self.waiting[unique]
        fields = {key: value for key, value in waiting.items() if key not in ("clicked", "at") and value is not None}
        self._emit("call.started", self.legs[unique].call, at=waiting["at"], **fields)

    def _asked_number(self, leg: Leg) -> str | None:
        asked = self.requests.get(leg.uniqueid)
        return asked.get("Exten") if asked else None

    def _on_hangup(self, m: Message) -> None:
        leg = self.legs.pop(m["Uniqueid"], None)
        if leg is None or (line := self.lines.get(leg.call)) is None:
            return
        line.legs.discard(leg.uniqueid)
        if leg.bridge:
            self._leave(leg)
        if leg.agent in line.ringing and line.ringing[leg.agent] == leg.uniqueid:
            self._offer_ended(line, leg, "CANCEL")
        customers = leg.uniqueid == line.first and line.direction == "inbound"
        if customers or not line.legs:
            del self.lines[leg.call]
            if not leg.exten.startswith("*") or line.answered:
                by = line.hung_up_by or "system"
                self._emit("call.ended", leg.call, by=by, cause=leg.cause or m.get("Cause", ""), leg=leg.uniqueid)

    def _on_hanguprequest(self, m: Message) -> None:
        leg = self.legs.get(m["Uniqueid"])
        if leg is None or (line := self.lines.get(leg.call)) is None:
            return
        cause = m.get("Cause", "")
        leg.cause = cause
        first = leg.uniqueid == line.first
        if line.hung_up_by or not (first or leg.bridge):
            if not line.hung_up_by and line.direction == "outbound" and cause:
                self.legs.get(line.first, leg).cause = cause
            return
        if line.direction == "inbound":
            line.hung_up_by = "caller" if leg.agent is None else "agent"
        elif line.direction == "outbound":
            line.hung_up_by = "agent" if leg.agent else "remote"
        else:
            line.hung_up_by = "caller" if first and not line.consultation_of else "agent"

    # Queues and offers

    def _on_queuecallerjoin(self, m: Message) -> None:
        if line := self._line(m["Uniqueid"]):
            line.abandoning = line.answered = False
            self._emit("queue.entered", line.call, queue=m["Queue"], leg=m["Uniqueid"])

    def _on_queuecallerabandon(self, m: Message) -> None:
        if line := self._line(m["Uniqueid"]):
            line.abandoning = True

    def _on_queuecallerleave(self, m: Message) -> None:
        if line := self._line(m["Uniqueid"]):
            reason = "connected" if line.answered else "abandoned" if line.hung_up_by else "timeout"
            if not line.abandoning and reason != "connected":
                reason = "key"
            self._emit("queue.left", line.call, queue=m["Queue"], reason=reason, leg=m["Uniqueid"])

    def _on_agentcalled(self, m: Message) -> None:
        agent = self.pbx.extension_of(m.get("Interface", "")) or self.pbx.extension_of(m.get("DestChannel", ""))
        if (line := self._line(m["Uniqueid"])) and agent:
            self._offer(line, agent, m["DestUniqueid"], m["Queue"])

    def _on_dialbegin(self, m: Message) -> None:
        target = self.legs.get(m["DestUniqueid"])
        if target is None:
            return
        if not m.get("Uniqueid"):
            target.originated = True
        elif target.agent is not None and (line := self._line(m["Uniqueid"])):
            self._offer(line, target.agent, target.uniqueid, "")

    def _offer(self, line: Line, agent: str, leg: str, queue: str) -> None:
        if agent in line.ringing:
            return
        line.ringing[agent] = leg
        self._emit("agent.offered", line.call, agent=agent, leg=leg, **({"queue": queue} if queue else {}))

    def _on_dialend(self, m: Message) -> None:
        target, status = self.legs.get(m["DestUniqueid"]), m.get("DialStatus", "")
        if target is None:
            return
        line = self._line(m.get("Uniqueid") or target.uniqueid)
        if line is None:
            return
        if target.originated and not m.get("Uniqueid"):
            self._emit("request.result", line.call, request=line.request, ok=status == "ANSWER", reason=status)
        elif target.agent is not None:
            self._offer_ended(line, target, status)
        elif status == "ANSWER":
            line.answered = True
            self._emit("party.answered", line.call, number=line.called or None, leg=target.uniqueid)

    def _offer_ended(self, line: Line, target: Leg, status: str) -> None:
        if target.agent is None or line.ringing.pop(target.agent, None) is None:
            return
        if status == "ANSWER":
            line.answered = True
        result = _DIAL_RESULTS.get(status, "failed")
        if status == "CANCEL":
            gone = line.hung_up_by in ("caller", "agent") and not line.answered
            result = "caller_gone" if gone else "picked_up_by_other" if line.answered else "no_answer"
        elif result == "no_answer" and target.cause in _REJECTED:
            result = "rejected"
        self._emit("agent.offer_ended", line.call, agent=target.agent, leg=target.uniqueid, result=result)

    def _on_pickup(self, m: Message) -> None:
        """The picker's channel becomes part of the call that rang; whoever was rung is told who took it."""
        leg, rung = self.legs.get(m["Uniqueid"]), self.legs.get(m["TargetUniqueid"])
        line = self._line(m["TargetUniqueid"])
        if leg is None or rung is None or line is None or leg.agent is None:
            return
        if line.ringing.pop(rung.agent or "", None) is not None:
            result = {"agent": rung.agent, "leg": rung.uniqueid, "result": "picked_up_by_other"}
            self._emit("agent.offer_ended", line.call, **result)
        self._join_call(leg.call, line)
        self._offer(line, leg.agent, leg.uniqueid, "")

    def _on_agentcomplete(self, m: Message) -> None:
        """Repairs an answer that fell into a gap: whole seconds, but better than nothing."""
        line, agent = self._line(m["Uniqueid"]), self.pbx.extension_of(m.get("Interface", ""))
        if line and agent and line.joined.get(agent) == 0.0 and m.get("TalkTime", "").isdecimal():
            line.joined[agent] = self.now - int(m["TalkTime"])
            self._emit("agent.joined", line.call, at=iso(line.joined[agent]), agent=agent, leg=m.get("DestUniqueid"))

    # Conversations

    def _on_bridgeenter(self, m: Message) -> None:
        leg = self.legs.get(m["Uniqueid"])
        if leg is None:
            return
        leg.bridge = m["BridgeUniqueid"]
        others = self._in_bridge(leg.bridge)
        outside = next((other for other in others if other.agent is None and not other.half), None)
        line = self.lines.get((outside or leg).call)
        # The second half of a Local channel stands for the customer: the conversation proper is the other bridge.
        if line is None or len(others) < 2 or any(other.half == 2 for other in others):
            return
        line.hung_up_by, line.answered = "", True
        line.talking_since = line.talking_since or self.now
        for other in others:
            if other.agent is not None and other.agent not in line.joined:
                line.joined[other.agent] = self.now
                line.ringing.pop(other.agent, None)
                self._emit("agent.joined", line.call, agent=other.agent, leg=other.uniqueid)

    def _on_bridgeleave(self, m: Message) -> None:
        if leg := self.legs.get(m["Uniqueid"]):
            self._leave(leg)

    def _leave(self, leg: Leg) -> None:
        bridge, leg.bridge = leg.bridge, ""
        if leg.half == 2:
            return
        rest = self._in_bridge(bridge)
        outside = next((other for other in (leg, *rest) if other.agent is None and not other.half), leg)
        line = self.lines.get(outside.call)
        if line is None:
            return
        for other in (leg, *(rest if len(rest) < 2 else ())):
            if other.agent is not None and line.joined.pop(other.agent, None) is not None:
                self._emit("agent.left", line.call, agent=other.agent, leg=other.uniqueid)

    def _on_hold(self, m: Message) -> None:
        self._held("hold.started", m)

    def _on_unhold(self, m: Message) -> None:
        self._held("hold.ended", m)

    def _held(self, kind: str, m: Message) -> None:
        leg = self.legs.get(m["Uniqueid"])
        if leg is not None and leg.agent is not None and leg.call in self.lines:
            self._emit(kind, leg.call, agent=leg.agent, leg=leg.uniqueid)

    # Transfers and joins

    def _on_blindtransfer(self, m: Message) -> None:
        giver, line = self.legs.get(m.get("TransfererUniqueid", "")), self._line(m.get("TransfereeUniqueid", ""))
        if line is not None and m.get("Result", "Success") == "Success":
            fields = {"agent": giver.agent} if giver and giver.agent else {}
            self._emit("transfer.started", line.call, kind="blind", to=m.get("Extension", ""), **fields)

    def _on_attendedtransfer(self, m: Message) -> None:
        giver, line = self.legs.get(m.get("OrigTransfererUniqueid", "")), self._line(m.get("TransfereeUniqueid", ""))
        second, target = (
            self.legs.get(m.get(key, "")) for key in ("SecondTransfererUniqueid", "TransferTargetUniqueid")
        )
        line = line or (self.lines.get(giver.call) if giver else None)
        if line is None or giver is None or giver.agent is None or m.get("Result", "Success") != "Success":
            return
        to = target.agent or target.number if target else ""
        fields: dict[str, Any] = {"kind": "attended", "agent": giver.agent, "to": to}
        consultation = self.lines.get(second.call) if second else None
        if consultation is not None and consultation is not line:
            if consultation.talking_since:
                fields["consult_s"] = round(max(0.0, self.now - consultation.talking_since), 3)
            self._join_call(consultation.call, line)
        self._emit("transfer.started", line.call, **fields)
        self._emit("transfer.ended", line.call, **{**fields, "result": "completed"})

    def _join_call(self, call: str, line: Line) -> None:
        """Everything of ``call`` belongs to ``line`` from now on."""
        part = self.lines.pop(call, None)
        if part is None or part is line:
            return
        self.alias[call] = line.call
        for unique in part.legs:
            self.legs[unique].call = line.call
        line.legs |= part.legs
        if not self.legs[part.first].exten.startswith("*") if part.first in self.legs else True:
            self._emit("call.joined", call, into=line.call)

    # What we asked for ourselves

    def _sent_originate(self, m: Message) -> None:
        if m.get("ChannelId"):
            self.requests[m["ChannelId"]] = dict(m)

    def _sent_redirect(self, m: Message) -> None:
        leg = self._by_channel(m.get("Channel", ""))
        if leg is not None and (line := self.lines.get(leg.call)) and m.get("Exten"):
            giver = next((other.agent for other in self._in_bridge(leg.bridge) if other.agent), None)
            fields = {"agent": giver} if giver else {}
            self._emit("transfer.started", line.call, kind="blind", to=m["Exten"], **fields)

    def _sent_hangup(self, m: Message) -> None:
        leg = self._by_channel(m.get("Channel", ""))
        if leg is not None and (line := self.lines.get(leg.call)) and not line.hung_up_by:
            line.hung_up_by = "agent"

    def _on_originateresponse(self, m: Message) -> None:
        line = self._line(m.get("Uniqueid", ""))
        if line is not None and line.request and m.get("Response") == "Failure":
            reason = f"reason {m.get('Reason', '')}"
            self._emit("request.result", line.call, request=line.request, ok=False, reason=reason)

    # The menu

    def _on_userevent(self, m: Message) -> None:
        if m.get("UserEvent", "").lower().startswith("ivr") and (line := self._line(m.get("Uniqueid", ""))):
            digits = m.get("Digit") or m.get("Digits") or ""
            self._emit("ivr.input", line.call, menu=m.get("Menu", ""), digits=digits)


def _request_of(unique: str) -> str:
    found = _REQUEST.fullmatch(unique)
    return found[1] if found else unique


def _known(text: str | None) -> str:
    return "" if text in (None, "", "<unknown>") else str(text)
