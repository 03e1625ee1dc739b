"""Who rang, who was in the conversation and when it was on hold, out of one call's timeline."""

from dataclasses import dataclass, field

from madoguchi.telephony.events import Event
from madoguchi.telephony.timeline import Timeline

type Span = tuple[float, float]


@dataclass
class Ring:
    """One offer of the call to one of ours. ``result`` is None while it rings, or when nobody said how it ended.

    ``certain``: its end is known to the second; ``said``: the sender told of it, it is not only concluded.
    """

    agent: str
    begun: Event | None
    ended: Event | None = None
    result: str | None = None
    certain: bool = True
    said: bool = False

    def seconds(self, line: Timeline) -> float | None:
        return line.between(self.begun, self.ended) if self.certain else None


@dataclass
class Stay:
    """One of ours in the conversation. A missing begin or end is None; ``open`` is now."""

    agent: str
    begun: Event | None
    ended: Event | None = None


@dataclass
class Holds:
    """``spans`` from hold to retrieval; ``missing`` when one side of a hold never arrived; ``open`` on hold now."""

    spans: list[tuple[Event, Event]] = field(default_factory=list)
    count: int = 0
    missing: bool = False
    open: bool = False


def rings_of(line: Timeline) -> list[Ring]:
    """Every offer in order. Two events that say the same (AgentCalled and DialBegin) are one offer."""
    rings: list[Ring] = []
    latest: dict[str, Ring] = {}
    for event in line.all("agent.offered", "agent.offer_ended"):
        agent = event.text("agent")
        ring = latest.get(agent)
        if event.type == "agent.offered":
            if ring is not None and ring.ended is None and not _other_leg(ring.begun, event):
                continue
            latest[agent] = Ring(agent, event)
            rings.append(latest[agent])
        elif ring is None:
            latest[agent] = Ring(agent, None, event, event.text("result") or None, said=True)
            rings.append(latest[agent])
        elif ring.ended is None:
            ring.ended, ring.result, ring.said = event, event.text("result") or None, True
    for ring in rings:
        if ring.ended is None:
            _close(ring, line, rings)
    return rings


def _close(ring: Ring, line: Timeline, rings: list[Ring]) -> None:
    """What ended an offer that nobody ended: its own answer, somebody else's, a later offer to the same, or the end."""
    order = {id(event): place for place, event in enumerate(line.ordered)}
    since = order[id(ring.begun)]
    for event in line.ordered[since + 1 :]:
        agent = event.text("agent")
        if event.type == "agent.joined" and agent == ring.agent:
            ring.ended, ring.result = event, "answered"
            return
        if event.type == "agent.joined":
            ring.ended, ring.result, ring.certain = event, "picked_up_by_other", False
            return
        if event.type == "agent.offered" and agent == ring.agent and any(other.begun is event for other in rings):
            ring.ended, ring.certain = event, False
            return
    if line.end is not None:
        ring.ended, ring.result = line.end, "caller_gone"


def stays_of(line: Timeline) -> list[Stay]:
    """Every stay of one of ours in the conversation, in order of joining."""
    stays: list[Stay] = []
    opened: dict[str, Stay] = {}
    leavers = {event.text("agent") for event in line.all("agent.left")}
    for event in line.all("agent.joined", "agent.left", "transfer.started"):
        agent = event.text("agent")
        if event.type == "agent.joined":
            if agent in opened:
                continue
            for other in [name for name in opened if name not in leavers]:
                # A sender without agent.left (Zammad): the next answer takes over from the one before.
                opened.pop(other).ended = event
            opened[agent] = Stay(agent, event)
            stays.append(opened[agent])
        elif event.type == "agent.left":
            stay = opened.pop(agent, None)
            if stay is not None:
                stay.ended = event
            elif not any(known.agent == agent for known in stays):
                stays.append(Stay(agent, None, event))
        elif event.text("kind") == "blind":
            for name in [agent] if agent else list(opened):
                if name in opened and name not in leavers:
                    opened.pop(name).ended = event
    for stay in opened.values():
        stay.ended = line.end
    return stays


def holds_of(line: Timeline) -> Holds:
    """The holds: ended by retrieval, by a completed transfer, by the agent's leaving or by the end of the call."""
    found = Holds()
    held: dict[str, Event] = {}
    events = list(line.all("hold.started", "hold.ended", "transfer.started", "transfer.ended", "agent.left"))
    for place, event in enumerate(events):
        key = event.text("agent") or event.text("leg")
        if event.type == "hold.started":
            found.count += 1
            found.missing |= key in held
            held[key] = event
        elif event.type == "hold.ended":
            if key in held:
                found.spans.append((held.pop(key), event))
            elif not _announces_transfer(line, event, events[place + 1 :]):
                found.count += 1
                found.missing = True
        elif event.type == "agent.left" or event.text("result") in ("completed", "answered"):
            for name in [key] if event.type == "agent.left" else list(held):
                if name in held:
                    found.spans.append((held.pop(name), event))
    if line.end is not None:
        found.spans += [(event, line.end) for event in held.values()]
    else:
        found.open = bool(held)
    return found


def _announces_transfer(line: Timeline, event: Event, rest: list[Event]) -> bool:
    """Phones retrieve without having held just before a blind transfer: that is no hold."""
    following = next((later for later in rest if later.type == "transfer.started"), None)
    gap = line.between(event, following)
    return following is not None and (gap is None or gap < 2)


def _other_leg(known: Event | None, event: Event) -> bool:
    before = known.text("leg") if known is not None else ""
    return bool(before and event.text("leg") and before != event.text("leg"))


def union(spans: list[Span]) -> list[Span]:
    """The spans without overlaps, in order."""
    merged: list[Span] = []
    for begun, ended in sorted(spans):
        if merged and begun <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        else:
            merged.append((begun, ended))
    return merged


def length(spans: list[Span]) -> float:
    return sum(ended - begun for begun, ended in union(spans))


def overlap(some: list[Span], others: list[Span]) -> list[Span]:
    """What lies in both."""
    return [
        (max(a[0], b[0]), min(a[1], b[1]))
        for a in union(some)
        for b in union(others)
        if max(a[0], b[0]) < min(a[1], b[1])
    ]


def rounded(seconds: float | None) -> float | None:
    """Seconds as records give them, to a tenth."""
    return None if seconds is None else round(seconds, 1)
