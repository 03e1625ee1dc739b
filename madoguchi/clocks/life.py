"""A ticket's life in spans of time: one pass over its facts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from madoguchi.clocks.history import (
    Begun,
    Changed,
    Demanded,
    Ended,
    Fact,
    Fired,
    HeardFromUs,
    Held,
    Opened,
    PutOff,
    Reopened,
    Resolved,
    Waiting,
    WentOn,
    Wrote,
)

SOLVED = "solved"


class Span(NamedTuple):
    """Time from ``start`` to ``end`` (None: still), and why: a value of ``waiting_for``, or ``solved``."""

    start: datetime
    end: datetime | None
    why: str = ""


class Circumstances(NamedTuple):
    """What a policy may ask about a ticket at one moment; ``team`` is whose clock it is."""

    category: int | None
    priority: str
    service_class: str
    team: int | None


class Stay(NamedTuple):
    """A team had the ticket, from the fact of this entry on."""

    team: int
    entry: int
    start: datetime
    end: datetime | None


@dataclass
class Thing:
    """An offer, a question or a call that is owed."""

    what: str
    ref: int
    team: int | None
    start: datetime
    due_at: datetime | None
    on_duty: bool = False
    end: datetime | None = None


@dataclass
class Life:
    """A ticket's life in spans. One pass over the facts makes it."""

    opened: Opened
    priority: str
    category: int | None
    service_class: str
    changes: list[tuple[datetime, int | None, str, str]] = field(default_factory=list)
    waits: list[Span] = field(default_factory=list)
    solved: list[Span] = field(default_factory=list)
    reopenings: list[tuple[int, datetime]] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    heard: list[tuple[int, datetime]] = field(default_factory=list)
    things: dict[tuple[str, int], Thing] = field(default_factory=dict)
    demands: list[Demanded] = field(default_factory=list)
    told: dict[tuple[str, int], dict[tuple[int, str], datetime]] = field(default_factory=dict)
    waiting_until: datetime | None = None

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "Life | None":
        life: Life | None = None
        for fact in facts:
            if life is None:
                if isinstance(fact, Opened):
                    life = cls(fact, fact.priority, fact.category, fact.service_class)
                    life.changes.append((fact.at, fact.category, fact.priority, fact.service_class))
                    life.stays.append(Stay(fact.team, fact.entry, fact.at, None))
                    if fact.spoken:
                        life.heard.append((fact.entry, fact.at))
                continue
            if step := _STEPS.get(type(fact)):
                step(life, fact)
        return life

    @property
    def solved_at(self) -> datetime | None:
        """Since when it is solved now."""
        return self.solved[-1].start if self.solved and self.solved[-1].end is None else None

    def at(self, moment: datetime | None, team: int | None) -> Circumstances:
        """Category, priority and class as they were at ``moment`` (None: as they are), for a clock of ``team``."""
        _, category, priority, service_class = next(
            (change for change in reversed(self.changes) if moment is None or change[0] <= moment), self.changes[0]
        )
        return Circumstances(category, priority, service_class, team)

    def stop_waiting(self, at: datetime) -> None:
        if self.waits and self.waits[-1].end is None:
            start, _, why = self.waits[-1]
            until = self.waiting_until
            self.waits[-1] = Span(start, min(at, until) if until else at, why)

    def changed(self, fact: Changed) -> None:
        self.category = fact.to.get("category", self.category)
        self.priority = fact.to.get("priority", self.priority)
        self.service_class = fact.to.get("service_class", self.service_class)
        self.changes.append((fact.at, self.category, self.priority, self.service_class))

    def waiting(self, fact: Waiting) -> None:
        self.stop_waiting(fact.at)
        self.waits.append(Span(fact.at, None, fact.waiting_for))
        self.waiting_until = max(fact.until, fact.at) if fact.until else None

    def wrote(self, fact: Wrote) -> None:
        if self.waits and self.waits[-1].why == "requester":
            self.stop_waiting(fact.at)

    def held(self, fact: Held) -> None:
        last = self.stays[-1]
        if last.end is None:
            self.stays[-1] = last._replace(end=fact.at)
        self.stays.append(Stay(fact.team, fact.entry, fact.at, None))

    def resolved(self, fact: Resolved) -> None:
        self.stop_waiting(fact.at)
        if self.solved_at is None:
            self.solved.append(Span(fact.at, None, SOLVED))

    def reopened(self, fact: Reopened) -> None:
        if self.solved_at is not None:
            self.solved[-1] = self.solved[-1]._replace(end=fact.at)
            self.reopenings.append((fact.entry, fact.at))

    def begun(self, fact: Begun) -> None:
        self.things[fact.what, fact.ref] = Thing(fact.what, fact.ref, fact.team, fact.at, fact.due_at, fact.on_duty)

    def put_off(self, fact: PutOff) -> None:
        if thing := self.things.get((fact.what, fact.ref)):
            thing.due_at = fact.due_at

    def ended(self, fact: Ended) -> None:
        thing = self.things.get((fact.what, fact.ref))
        if thing is not None and thing.end is None:
            thing.end = fact.at

    def fired(self, fact: Fired) -> None:
        self.told.setdefault((fact.kind, fact.subject), {})[fact.percent, fact.target] = fact.at

    def pauses(self, why: frozenset[str], start: datetime, end: datetime | None) -> list[Span]:
        """When the ticket waited for one of these, or was ``solved``, between ``start`` and ``end``, in order."""
        waits = list(self.waits)
        if waits and waits[-1].end is None and self.waiting_until is not None:
            waits[-1] = waits[-1]._replace(end=self.waiting_until)
        found = [span for span in waits if span.why in why]
        if SOLVED in why:
            found += self.solved
        cut = (
            Span(max(span.start, start), span.end if end is None else min(span.end or end, end), span.why)
            for span in found
            if end is None or span.start < end
        )
        return sorted((span for span in cut if span.end is None or span.start < span.end), key=lambda span: span.start)


_STEPS: dict[type[Fact], Callable[[Life, Any], None]] = {
    Changed: Life.changed,
    Waiting: Life.waiting,
    WentOn: lambda life, fact: life.stop_waiting(fact.at),
    Wrote: Life.wrote,
    HeardFromUs: lambda life, fact: life.heard.append((fact.entry, fact.at)),
    Held: Life.held,
    Resolved: Life.resolved,
    Reopened: Life.reopened,
    Begun: Life.begun,
    PutOff: Life.put_off,
    Ended: Life.ended,
    Demanded: lambda life, fact: life.demands.append(fact),
    Fired: Life.fired,
}
