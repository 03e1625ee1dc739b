"""Calls that change hands: transfers, calls that become one, parking."""

from typing import Any

from madoguchi.telephony.providers.asterisk.channels import Line
from madoguchi.telephony.providers.asterisk.conversations import Conversations
from madoguchi.telephony.providers.asterisk.following import Message


class Transfers(Conversations):
    """Who gave the customer to whom."""

    def _on_blindtransfer(self, m: Message) -> None:
        giver = self.legs.get(m.get("TransfererUniqueid", ""))
        line = self.line_of(m.get("TransfereeUniqueid", "")) or (self.lines.get(giver.call) if giver else None)
        if line is not None and m.get("Result", "Success") == "Success":
            self.transferred(line, m.get("Extension", ""), giver.agent if giver else None)

    def _on_attendedtransfer(self, m: Message) -> None:
        giver, line = self.legs.get(m.get("OrigTransfererUniqueid", "")), self.line_of(m.get("TransfereeUniqueid", ""))
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
            if consultation.talk_guessed:
                self.doubt(line, "transfers")
            elif consultation.talking_since:
                fields["consult_s"] = round(max(0.0, self.now - consultation.talking_since), 3)
            self.join(consultation.call, line)
        line.transferred = self.now
        self.emit("transfer.started", line.call, **fields)
        self.emit("transfer.ended", line.call, **{**fields, "result": "completed"})
        if target is not None and m.get("DestType") == "Bridge":
            target.bridge = m.get("DestBridgeUniqueid") or target.bridge
            self.talk(line)

    def join(self, call: str, line: Line, *, at: float | None = None) -> None:
        """Everything of ``call`` belongs to ``line`` from now on."""
        part = self.lines.get(call)
        if part is None or part is line:
            return
        del self.lines[call]
        if part.first in self.waiting:
            self.tell_begin(part.first, part)
        self.alias |= {old: line.call for old, new in self.alias.items() if new == call} | {call: line.call}
        for unique in part.legs:
            self.legs[unique].call = line.call
            self.legs[unique].moved = None
        line.legs += part.legs
        line.every += part.every
        line.withheld |= part.withheld
        line.lossy |= part.lossy or bool(part.doubts)
        if not part.is_feature:
            self.emit("call.joined", call, at=at, into=line.call)
        self.talk(line)

    # Parking: the customer waits in a numbered place until somebody fetches them

    def _on_parkedcall(self, m: Message) -> None:
        line = self.line_of(m.get("ParkeeUniqueid", ""))
        if line is None:
            return
        line.parked = m.get("ParkingSpace", "") or "parked"
        agent = self.pbx.extension_of(m.get("ParkerDialString", "")) or self.pbx.extension_of(
            m.get("ParkerChannel", "")
        )
        self.transferred(line, line.parked, agent)

    def _on_unparkedcall(self, m: Message) -> None:
        self._unpark(m, "answered")

    def _on_parkedcalltimeout(self, m: Message) -> None:
        self._unpark(m, "no_answer")

    def _on_parkedcallgiveup(self, m: Message) -> None:
        self._unpark(m, "abandoned")

    def _unpark(self, m: Message, result: str) -> None:
        line = self.line_of(m.get("ParkeeUniqueid", ""))
        if line is None:
            return
        if not line.parked:  # parked while nobody listened
            self.doubt(line, "transfers")
        line.parked = ""
        self.emit("transfer.ended", line.call, kind="blind", result=result)
        retriever = self.legs.get(m.get("RetrieverUniqueid", "")) if result == "answered" else None
        if retriever is not None and retriever.call != line.call:
            self.join(retriever.call, line)
