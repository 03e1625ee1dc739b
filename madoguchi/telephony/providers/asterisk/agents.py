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
        if (person := self._person(m)) is not None:
            self._note_member(person, m)
            self._tell_choice(m, person)

    def _on_queuememberadded(self, m: Message) -> None:
        self._on_queuememberpause(m)

    def _on_queuemember(self, m: Message) -> None:
        """One member of a list that we asked for: no news, unless the phone is not as it was."""
        listed = {**m, "Interface": m.get("Location", "")}
        if (person := self._person(listed)) is not None:
            self._note_member(person, m)
            person["choice"] = self._choice(person)
            person.setdefault("device", _DEVICE.get(m.get("Status", "")))
            self._on_queuememberstatus(listed)

    def _on_queuememberremoved(self, m: Message) -> None:
        if (person := self._person(m)) is not None:
            person.setdefault("queues", {}).pop(m.get("Queue", ""), None)
            self._tell_choice(m, person)

    def _on_queuememberstatus(self, m: Message) -> None:
        person, state = self._person(m), _DEVICE.get(m.get("Status", ""))
        if person is not None and state is not None and person.get("device") != state:
            person["device"] = state
            self._tell(m, state, "", "device")

    def _person(self, m: Message) -> dict[str, Any] | None:
        agent = self.pbx.extension_of(m.get("Interface", ""))
        return self.people.setdefault(agent, {}) if agent else None

    def _note_member(self, person: dict[str, Any], m: Message) -> None:
        paused = "paused" if m.get("Paused") == "1" else ""
        person.setdefault("queues", {})[m.get("Queue", "")] = [paused, m.get("PausedReason", "")]

    def _choice(self, person: dict[str, Any]) -> list[str]:
        """State and reason: paused when one queue says so, logged off when no queue has them."""
        queues = person.get("queues", {})
        reason = next((reason for paused, reason in queues.values() if paused), None)
        return ["logged_off", ""] if not queues else ["available", ""] if reason is None else ["paused", reason]

    def _tell_choice(self, m: Message, person: dict[str, Any]) -> None:
        choice = self._choice(person)
        if person.get("choice") != choice:
            person["choice"] = choice
            self._tell(m, choice[0], choice[1], "queue")

    def _tell(self, m: Message, state: str, reason: str, of: str) -> None:
        agent = self.pbx.extension_of(m["Interface"])
        self.emit("agent.state", None, agent=agent, state=state, reason=reason, of=of)
