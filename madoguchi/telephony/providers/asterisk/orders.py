"""What we ask the PBX for ourselves: no event says that it was us, or that it was a transfer."""

import re

from madoguchi.telephony.providers.asterisk.conversations import Conversations
from madoguchi.telephony.providers.asterisk.following import Message

_MOST = 200
_REQUEST = re.compile(r"CTI_REQUEST=([^,&\s]+)")


class Orders(Conversations):
    """Our Originates, transfers and hang-ups."""

    def order(self, m: Message) -> None:
        """An action was sent. A transfer counts when the PBX has taken it, a hang-up until the PBX refuses it."""
        action = m.get("Action", "").lower()
        if action == "originate":
            named = _REQUEST.search(m.get("Variable", ""))
            request = {"Exten": m.get("Exten", ""), "Request": named[1] if named else ""}
            # Without an id of ours the channel that it makes is known by its name.
            self.requests[m.get("ChannelId") or m.get("Channel", "").removesuffix("/n")] = request
            _forget_oldest(self.requests)
        elif action == "hangup":
            self._order_hangup(m)
        elif action == "redirect":
            self._order_redirect(m)
        elif action == "coreshowchannels":
            self.listing, self.listed = self.heard, []

    def _order_hangup(self, m: Message) -> None:
        leg = self.by_channel(m.get("Channel", ""))
        line = self.lines.get(leg.call) if leg else None
        if line is not None and not line.hung_up_by:
            line.hung_up_by, line.ordered = "agent", True
            if m.get("ActionID"):
                self.orders[m["ActionID"]] = {"action": "hangup", "call": line.call}

    def _order_redirect(self, m: Message) -> None:
        leg = self.by_channel(m.get("Channel", ""))
        line = self.lines.get(leg.call) if leg else None
        if leg is None or line is None or not m.get("Exten") or (leg.agent and line.direction != "internal"):
            return
        giver = next((other.agent for other in self.in_bridge(leg.bridge) if other.agent and other is not leg), None)
        order = {"action": "redirect", "call": line.call, "to": m["Exten"], "agent": giver, "at": self.now}
        if m.get("ActionID"):
            self.orders[m["ActionID"]] = order
            _forget_oldest(self.orders)
        else:
            self.transferred(line, m["Exten"], giver)

    def answered(self, m: Message) -> None:
        """A response: whether the PBX takes an order of ours."""
        order = self.orders.pop(m.get("ActionID", ""), None)
        line = self.lines.get(order["call"]) if order else None
        if order is None or line is None:
            return
        taken = m.get("Response") == "Success"
        if order["action"] == "redirect" and taken:
            self.transferred(line, order["to"], order["agent"], at=order["at"])
        elif order["action"] == "hangup" and not taken and line.ordered:
            line.hung_up_by, line.ordered = "", False


def _forget_oldest(kept: dict[str, dict[str, str]]) -> None:
    """Orders that nothing came of do not pile up."""
    while len(kept) > _MOST:
        del kept[next(iter(kept))]
