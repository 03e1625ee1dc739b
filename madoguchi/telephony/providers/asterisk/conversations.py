"""Bridges: who is with the customer, since when, and when the customer is kept on hold."""

import re

from madoguchi.telephony.providers.asterisk.calls import Calls
from madoguchi.telephony.providers.asterisk.channels import Leg, Line, others
from madoguchi.telephony.providers.asterisk.following import Message

_TOGETHER = 0.5  # what belongs together comes within this many seconds
_ONCE_S = 2.0
_WHO = ("answered", "segments", "agents", "transfers")  # what hangs on who was in a bridge
_DIALLED = re.compile(r"[*#+\d]{2,}")


class Conversations(Calls):
    """Who speaks with whom."""

    def _on_bridgeenter(self, m: Message) -> None:
        leg = self.legs.get(m["Uniqueid"])
        if leg is None or m.get("BridgeTechnology") == "holding_bridge":
            return
        leg.bridge, leg.going, leg.left = m["BridgeUniqueid"], None, None
        self._find_unheard(leg, m)
        self.talk_around(leg)

    def _find_unheard(self, leg: Leg, m: Message) -> None:
        """The bridge holds more than we heard enter: it is clear who when only so many can be meant."""
        number, members = m.get("BridgeNumChannels", ""), self.in_bridge(leg.bridge)
        lacking = int(number) - len(members) if number.isdecimal() else 0
        if lacking <= 0 or (line := self.lines.get(leg.call)) is None:
            return
        may_be = [other for other in self.legs_of(line) if not other.bridge and other.state == "6" and not other.going]
        if len(may_be) == lacking:
            for other in may_be:
                other.bridge = leg.bridge
        else:
            self.doubt(line, *_WHO)

    def _on_bridgeleave(self, m: Message) -> None:
        leg = self.legs.get(m["Uniqueid"])
        if leg is None or m.get("BridgeTechnology") == "holding_bridge":
            return
        bridge, remaining = m["BridgeUniqueid"], m.get("BridgeNumChannels", "")
        line = self.lines.get(leg.call)
        if leg.bridge != bridge:
            self._enter_late(leg, bridge)
        elif remaining not in ("", "0") and len(self.in_bridge(bridge)) == 1:
            self._find_unheard_at_leaving(leg, int(remaining) if remaining.isdecimal() else 1)
        if line is not None:
            self._see_transfer(line, leg)
            if not line.leaver and remaining != "0":
                line.leaver = self.role(line, leg)
        leg.bridge, leg.left = "", [self.now, self.heard]
        if remaining == "0":
            for other in self.in_bridge(bridge):
                other.bridge = ""
        self.talk_around(leg, bridge)

    def _on_bridgedestroy(self, m: Message) -> None:
        for leg in self.in_bridge(m["BridgeUniqueid"]):
            leg.bridge, leg.left = "", [self.now, self.heard]
            self.talk_around(leg, m["BridgeUniqueid"])

    def _enter_late(self, leg: Leg, bridge: str) -> None:
        """It leaves a bridge that it was not heard to enter."""
        leg.bridge = bridge
        if (line := self.lines.get(leg.call)) is None:
            return
        if len(self.in_bridge(bridge)) > 1:
            self.talk(line, at=line.answered_at or None)
        elif not line.joined:
            self.doubt(line, *_WHO)
        if not leg.half:
            self.doubt(line, *_WHO)

    def _find_unheard_at_leaving(self, leg: Leg, remaining: int) -> None:
        """It leaves somebody behind who was not heard to enter."""
        if (line := self.lines.get(leg.call)) is None:
            return
        may_be = [other for other in self.legs_of(line) if not other.bridge and other.state == "6" and not other.left]
        if len(may_be) == remaining:
            for other in may_be:
                other.bridge = leg.bridge
            self.talk(line, at=line.answered_at or None)
        self.doubt(line, *_WHO)

    def expect(self, line: Line, leg: Leg) -> None:
        """The PBX says that it connects the customer with this leg now: the bridge is the proof, or time is."""
        if leg.agent and leg.agent not in line.joined:
            line.connected[leg.agent] = [leg.uniqueid, self.now]
            self.watch(leg)

    def connect(self, line: Line, leg: Leg, at: float) -> None:
        """As was said, though no bridge was heard of."""
        first = self.legs.get(line.first)
        if first is not None and leg.agent not in line.joined:
            bridge = first.bridge or leg.bridge or f"unheard:{leg.uniqueid}"
            first.bridge = leg.bridge = bridge
            self.talk(line, at=at)

    def talk_around(self, leg: Leg, bridge: str = "") -> None:
        """Look again at every call that a change of this leg (in or out of ``bridge``) can concern."""
        near = [leg, *self.in_bridge(bridge or leg.bridge)]
        for call in dict.fromkeys(other.call for other in near):
            if line := self.lines.get(call):
                self.talk(line)

    def talk(self, line: Line, at: float | None = None) -> None:
        """Tell who came to the customer and who left since the last look."""
        when = self.now if at is None else at
        customers, together = self._together(line)
        for leg in sorted(together, key=lambda leg: (leg.uniqueid != line.first, leg.uniqueid)):
            agent = leg.agent
            if agent is None or agent in line.joined or (leg.half and self._is_behind(leg, together)):
                continue
            if line.direction == "outbound" and (party := next(filter(_is_outside, together), None)):
                self.reach(line, party, at=at)
            line.hung_up_by, line.leaver, line.answered = "", "", True
            guess = self._guess()
            if not line.talking_since:
                line.talking_since, line.talk_guessed = when, guess is not None
            line.answered_at = line.answered_at or when
            line.joined[agent], line.agents = 0.0 if guess else when, line.agents + 1
            if (rung := line.ringing.pop(agent, None)) and not guess:
                self.emit("agent.offer_ended", line.call, at=at, agent=agent, leg=rung, result="answered")
            line.connected.pop(agent, None)
            self.emit("agent.joined", line.call, at=at, agent=agent, leg=leg.uniqueid, estimated=guess)
        present = {leg.agent for leg in together if leg.agent}
        for agent in [agent for agent in line.joined if agent not in present]:
            legs = [leg for leg in self.legs_of(line) if leg.agent == agent]
            if customers and any(self._is_away(leg) for leg in legs):
                continue
            # Who is not there when the channels are listed left while nobody listened, like a call that is gone then.
            unheard = self.unheard_since if self.kind.startswith("CoreShowChannel") else self.now
            left = next((leg.left[0] for leg in legs if leg.left and not leg.bridge and not leg.held), unheard)
            del line.joined[agent]
            line.talked_until = self.now
            self.emit("agent.left", line.call, at=left, agent=agent, leg=legs[0].uniqueid if legs else None)
            for leg in legs:
                self._end_hold(line, leg)

    def reach(self, line: Line, party: Leg, at: float | None = None) -> None:
        """The outside party of a call of ours has answered; the first word of it counts."""
        line.answered = True
        if not line.reached:
            line.reached = True
            number, guess = line.called or None, self._guess()
            self.emit("party.answered", line.call, at=at, number=number, leg=party.uniqueid, estimated=guess)

    def _guess(self) -> str | None:
        """In talk already when the channels were listed: nobody knows since when. AgentComplete will say."""
        return "snapshot" if self.kind == "CoreShowChannel" else None

    def _together(self, line: Line) -> tuple[list[Leg], list[Leg]]:
        """The customer's channels that are in a bridge, and everybody whom these bridges reach, if there is anybody."""
        mine = [leg for leg in self.legs_of(line) if leg.bridge]
        customers = [leg for leg in mine if leg.agent is None and not leg.half]
        if not customers and (line.direction == "internal" or not any(map(_is_outside, self.legs_of(line)))):
            first = [leg for leg in mine if leg.uniqueid == line.first]
            customers = first or [leg for leg in mine if leg.agent and not leg.half][:1]
        reached: dict[str, Leg] = {}
        bridges, seen = [leg.bridge for leg in customers], set[str]()
        while bridges:
            if (bridge := bridges.pop()) in seen:
                continue
            seen.add(bridge)
            for leg in self.in_bridge(bridge):
                reached[leg.uniqueid] = leg
                if leg.half and (twin := self.by_channel(_twin(leg.channel))) and twin.bridge:
                    bridges.append(twin.bridge)
        # The end of a Local channel that leads to nobody yet is no conversation.
        loose = [leg for leg in reached.values() if leg.half == 2 and _twin_bridge(self, leg) not in seen]
        return customers, [] if loose or len(reached) < 2 else list(reached.values())

    def _is_behind(self, leg: Leg, together: list[Leg]) -> bool:
        """Whether a Local channel leads to a device that is there itself."""
        return any(other.agent and not other.half for other in others(together, leg))

    def _is_away(self, leg: Leg) -> bool:
        """Left for a moment, or for a consultation while the customer waits in the bridge."""
        if leg.going:
            return False
        if leg.bridge or leg.held:
            return not leg.half
        if leg.left and self.heard - leg.left[1] < _TOGETHER:
            self.watch(leg)
            return True
        return False

    def role(self, line: Line, leg: Leg) -> str:
        """Who of ``call.ended`` this leg is."""
        if line.direction == "outbound":
            return "agent" if leg.agent else "remote"
        if line.direction == "internal":
            return "caller" if leg.uniqueid == line.first and not line.consultation_of else "agent"
        return "agent" if leg.agent else "caller"

    # Holds

    def _on_hold(self, m: Message) -> None:
        if leg := self.legs.get(m["Uniqueid"]):
            self._hold(leg)

    def _on_musiconholdstart(self, m: Message) -> None:
        if agent := self._holder(m):
            self._hold(agent)
            agent.music = agent.held

    def _hold(self, leg: Leg) -> None:
        if leg.agent is not None and not leg.held and leg.call in self.lines:
            leg.held = True
            self.emit("hold.started", leg.call, agent=leg.agent, leg=leg.uniqueid)

    def _on_unhold(self, m: Message) -> None:
        leg = self.legs.get(m["Uniqueid"])
        if leg is not None and (leg.held or self.now - leg.retrieved > _TOGETHER):
            self._retrieve(leg)

    def _on_musiconholdstop(self, m: Message) -> None:
        if (agent := self._holder(m)) is None:
            return
        if agent.held:
            self._retrieve(agent)
        elif (line := self.lines.get(agent.call)) and self.now - agent.retrieved > _TOGETHER:
            self.doubt(line, "hold")  # its begin was not heard

    def _retrieve(self, leg: Leg) -> None:
        if leg.agent is not None and leg.call in self.lines:
            leg.held, leg.music, leg.retrieved = False, False, self.now
            self.emit("hold.ended", leg.call, agent=leg.agent, leg=leg.uniqueid)

    def _end_hold(self, line: Line, leg: Leg) -> None:
        """They left while the customer was on hold; music that began and was not heard to stop may have before."""
        if leg.held and leg.music:
            self.doubt(line, "hold")
        leg.held = leg.music = False

    def _holder(self, m: Message) -> Leg | None:
        """The one of ours who lets this channel hear music: alone with it in a bridge, or away to consult."""
        leg = self.legs.get(m["Uniqueid"])
        rest = others(self.in_bridge(leg.bridge), leg) if leg else []
        if leg and leg.bridge and not rest and (line := self.lines.get(leg.call)):
            rest = [other for other in self.legs_of(line) if other.held]
        return rest[0] if len(rest) == 1 and rest[0].agent and not rest[0].half else None

    # A transfer that shows only in what the customer's channel does

    def _see_transfer(self, line: Line, leg: Leg) -> None:
        """It leaves the conversation for another extension, and nobody has hung up: somebody sent it there."""
        sent = leg.exten not in (leg.exten_before, "") and _DIALLED.fullmatch(leg.exten)
        if leg.agent is None and not leg.half and sent and not leg.going and line.joined:
            self.transferred(line, leg.exten, next(iter(line.joined)))

    def transferred(self, line: Line, to: str, agent: str | None, *, at: float | None = None) -> None:
        """A blind transfer, told once however it is known."""
        if self.now - line.transferred > _ONCE_S:
            line.transferred = self.now
            self.emit("transfer.started", line.call, at=at, kind="blind", to=to, agent=agent)


def _is_outside(leg: Leg) -> bool:
    return leg.agent is None and not leg.half


def _twin(channel: str) -> str:
    return f"{channel[:-1]}{'2' if channel.endswith('1') else '1'}"


def _twin_bridge(following: Conversations, leg: Leg) -> str:
    twin = following.by_channel(_twin(leg.channel))
    return twin.bridge if twin else ""
