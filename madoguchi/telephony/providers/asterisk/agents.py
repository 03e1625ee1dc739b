"""What the telephone system says of people: their phones, and their membership in queues."""

from typing import Any

from madoguchi.telephony.providers.asterisk.following import Following, Message

_DEVICE = {
    "1": "available",
    "2": "talking",
    "3": "talking",
    "5": "unreachable",
    "6": "ringing",
    "7": "talking",
    "8": "talking",
}


class Agents(Following):
    """States of agents, each told when it changes. ``of`` says whether a phone says it or a queue (a choice)."""

    def _on_queuememberpause(self, m: Message) -> None:
        if person := self._person(m):
            queue = "paused" if m.get("Paused") == "1" else ""
            queues = person.setdefault("queues", {})
            queues[m.get("Queue", "")] = [queue, m.get("PausedReason", "")]
            self._tell_choice(m)

    def _on_queuememberadded(self, m: Message) -> None:
        self._on_queuememberpause(m)

    def _on_queuemember(self, m: Message) -> None:
        """One member of a list that we asked for."""
        listed = {**m, "Interface": m.get("Location", "")}
        self._on_queuememberpause(listed)
        self._on_queuememberstatus(listed)

    def _on_queuememberremoved(self, m: Message) -> None:
        if person := self._person(m):
            person.setdefault("queues", {}).pop(m.get("Queue", ""), None)
            self._tell_choice(m)

    def _on_queuememberstatus(self, m: Message) -> None:
        person, state = self._person(m), _DEVICE.get(m.get("Status", ""))
        if person is not None and state is not None and person.get("device") != state:
            person["device"] = state
            self._tell(m, state, "", "device")

    def _person(self, m: Message) -> dict[str, Any] | None:
        agent = self.pbx.extension_of(m.get("Interface", ""))
        return self.people.setdefault(agent, {}) if agent else None

    def _tell_choice(self, m: Message) -> None:
        """Paused when one queue says so, logged off when no queue has them."""
        person = self.people[self.pbx.extension_of(m["Interface"]) or ""]
        queues = person["queues"]
        paused = next((reason for state, reason in queues.values() if state), None)
        state = "logged_off" if not queues else "available" if paused is None else "paused"
        if person.get("choice") != [state, paused or ""]:
            person["choice"] = [state, paused or ""]
            self._tell(m, state, paused or "", "queue")

    def _tell(self, m: Message, state: str, reason: str, of: str) -> None:
        agent = self.pbx.extension_of(m["Interface"])
        self.emit("agent.state", None, agent=agent, state=state, reason=reason, of=of)
