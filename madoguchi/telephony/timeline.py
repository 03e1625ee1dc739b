"""The events of one call in their order, and the seconds between them as far as one clock knows them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from madoguchi.telephony.events import Event

RANKS = {
    name: rank
    for rank, names in enumerate(
        (
            ("call.started", "ivr.input", "request.result"),
            ("queue.entered",),
            ("agent.offered",),
            ("agent.offer_ended",),
            ("agent.joined",),
            ("party.answered",),
            ("hold.started",),
            ("hold.ended",),
            ("transfer.started", "transfer.ended", "call.joined"),
            ("agent.left",),
            ("queue.left",),
            ("call.ended",),
            ("recording.ready",),
        )
    )
    for name in names
}
# What happens beside the call: these may come at any time and say nothing about its order.
_BESIDE = ("recording.ready", "wrapup.started", "wrapup.ended", "request.result", "agent.state")
# Whatever is named first cannot have come in after what is named second, when one agent or queue is meant.
_BEFORE = (
    ("agent.offered", "agent.joined", "agent"),
    ("agent.joined", "agent.left", "agent"),
    ("hold.started", "hold.ended", "agent"),
    ("queue.entered", "queue.left", "queue"),
)
# An estimated event: at the cut of the line is near enough to measure, after the last event is not.
LAST_EVENT = "last_event"
CUT = "cut"
CDR = "cdr"  # the source of events that were read in call data records
WRITTEN = "call.written"  # the type of the event that one such record is
COMPLETED = "call.completed"  # what the fold itself concludes from them; never one that was sent


@dataclass(frozen=True)
class Timeline:
    """One call's events. ``own`` leaves out what a consultation did before it became part of this call."""

    call_id: str
    events: tuple[Event, ...]

    @classmethod
    def of(cls, call_id: str, events: Iterable[Event]) -> "Timeline":
        """Doubles (same sender and id) dropped, calls that joined this one cut at the moment they joined."""
        unique = {(event.sender, event.id): event for event in events if event.type != COMPLETED}
        return cls(call_id, tuple(_of_this_call(call_id, _as_heard(list(unique.values())))))

    @cached_property
    def clock(self) -> str:
        """``sender`` when every event of the call itself brings its own time, else ``received``."""
        return "received" if any(_on_our_clock(event) for event in self.core) else "sender"

    @cached_property
    def core(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.type in RANKS and event.type not in _BESIDE)

    @cached_property
    def disordered(self) -> bool:
        """Visibly not received in the order in which it happened, as far as no times were sent."""
        if self.clock == "sender":
            return False
        timeless = [event for event in self.core if _on_our_clock(event)]
        first = {kind: min((e.moment for e in timeless if e.type == kind), default=None) for kind in RANKS}
        started, ended = first["call.started"], first["call.ended"]
        if started is not None and any(event.moment < started for event in timeless):
            return True
        if ended is not None and any(event.moment > ended for event in timeless if event.type != "call.ended"):
            return True
        return any(self._swapped(*pair) for pair in _BEFORE)

    def _swapped(self, before: str, after: str, key: str) -> bool:
        earliest: dict[tuple[str, str], datetime] = {}
        for event in filter(_on_our_clock, self.core):
            name = (event.type, event.text(key))
            earliest[name] = min(earliest.get(name, event.moment), event.moment)
        return any(
            earliest.get((after, name), moment) < moment for (kind, name), moment in earliest.items() if kind == before
        )

    @cached_property
    def ordered(self) -> tuple[Event, ...]:
        """By time, then rank, seq and id; by rank first when receipt does not tell the order."""

        def place(event: Event) -> tuple[object, ...]:
            rank, seq = RANKS.get(event.type, 99), event.payload.get("seq")
            order = seq if isinstance(seq, int) else 0
            if self.disordered:
                return (rank, event.moment, order, event.id)
            return (event.moment, rank, order, event.id)

        return tuple(sorted(self.events, key=place))

    def all(self, *kinds: str) -> Iterator[Event]:
        """The events of these types, in order."""
        return (event for event in self.ordered if event.type in kinds)

    def first(self, *kinds: str) -> Event | None:
        return next(self.all(*kinds), None)

    @cached_property
    def end(self) -> Event | None:
        """The event that ended the call: the first real one, else an estimate that nothing later contradicts."""
        ends = list(self.all("call.ended"))
        for event in ends:
            if not event.payload.get("estimated"):
                return event
        for event in ends:
            if not any(later.moment > event.moment for later in self.core if later.type != "call.ended"):
                return event
        return None

    def time(self, event: Event | None) -> float | None:
        """Seconds on the clock of the event; None when it is missing or its time means nothing here."""
        if event is None or self.disordered:
            return None
        if event.payload.get("estimated") not in (None, False, CUT):
            return None
        return event.moment.timestamp()

    def between(self, start: Event | None, end: Event | None) -> float | None:
        """Seconds from one event to the other; None when that cannot be known, never negative.

        Two events that were received at once, without times of their own, are an unknown while apart.
        """
        begun, ended = self.time(start), self.time(end)
        if start is None or end is None or begun is None or ended is None or ended < begun:
            return None
        if _on_our_clock(start) != _on_our_clock(end):
            return None
        if begun == ended and _on_our_clock(start) and start is not end:
            return None
        return ended - begun


def _on_our_clock(event: Event) -> bool:
    return event.at is None or event.payload.get("clock") == "received"


def joined_into(events: Iterable[Event]) -> dict[str, tuple[str, datetime]]:
    """For each call that became part of another: which one and when. The first word of a call counts."""
    found: dict[str, tuple[str, datetime]] = {}
    for event in sorted(events, key=lambda event: (event.moment, event.id)):
        into = event.text("into")
        if event.type == "call.joined" and event.call and into and into != event.call:
            found.setdefault(event.call, (into, event.moment))
    return found


def root_of(call: str, joins: dict[str, tuple[str, datetime]]) -> str:
    """The call that ``call`` finally became part of; in a circle the smallest id, so that all agree."""
    seen = [call]
    while (into := joins.get(seen[-1])) is not None:
        if into[0] in seen:
            return min(seen[seen.index(into[0]) :])
        seen.append(into[0])
    return seen[-1]


def _as_heard(events: list[Event]) -> list[Event]:
    """What was only read of later, in call data records, counts where nobody told it when it happened.

    So it was stored before each record was an event (WRITTEN) that is read when the call is folded.
    """
    read = [event for event in events if event.payload.get("source") == CDR and event.type != WRITTEN]
    if not read:
        return events
    heard = [event for event in events if event not in read]
    ended = any(event.type == "call.ended" and not event.payload.get("estimated") for event in heard)
    kept = [] if ended else [event for event in read if event.type == "call.ended"]
    if not any(
        event.type in RANKS and event.type not in _BESIDE and not event.payload.get("estimated") for event in heard
    ):
        kept = read
    return [*heard, *kept]


def _of_this_call(call_id: str, events: list[Event]) -> Iterator[Event]:
    joins = joined_into(events)
    for event in events:
        if event.call in (None, call_id):
            yield event
            continue
        _into, since = joins.get(event.call or "", ("", datetime.max.replace(tzinfo=UTC)))
        if event.moment >= since and event.type not in ("call.started", "call.ended", "call.joined"):
            yield event
