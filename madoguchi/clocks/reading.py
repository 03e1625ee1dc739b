"""One clock of a ticket: what was promised, how much of it is used up, when it is due."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from madoguchi.calendars.working_time import NeverOpen, WorkingTime
from madoguchi.clocks.history import Demanded
from madoguchi.clocks.life import Span

DUE = 100  # per cent


class Kind(StrEnum):
    FIRST_RESPONSE = "first_response"
    NEXT_UPDATE = "next_update"
    RESOLUTION = "resolution"
    ACCEPTANCE = "acceptance"
    HOLDING = "holding"
    ANSWER = "answer"
    CALL_BACK = "call_back"


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


class Reopen(StrEnum):
    """What the time during which a ticket was solved means, once it turns out not to be."""

    GOES_ON = "goes_on"  # the clock goes on from where it stood
    COUNTS = "counts"  # it was never solved: that time counts too
    ANEW = "anew"  # a new clock, from zero


PAUSABLE = (Kind.FIRST_RESPONSE, Kind.NEXT_UPDATE, Kind.RESOLUTION, Kind.HOLDING)


@dataclass(frozen=True, eq=False)
class Policy:
    """What is promised: ``target_s`` seconds of ``calendar``, warnings at ``warn_at`` per cent of it.

    ``version`` names the row it came from (None: a rule set it); nothing is told of moments before ``tell_from``.
    ``pauses_for`` holds values of ``waiting_for``, never ``department``.
    """

    version: int | None
    kind: Kind
    target_s: int
    calendar: WorkingTime
    warn_at: tuple[int, ...] = (50, 80)
    pauses_for: frozenset[str] = frozenset({"requester"})
    reopen: Reopen = Reopen.GOES_ON
    tell_from: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """One clock, as the facts have it. Everything that depends on the time of asking is a method with ``now``.

    ``running`` are the stretches in which it counts (calendar aside), ``paused`` those in which it stands still.
    ``promised_at`` is an explicit time, else the policy's target counts. ``told``: (per cent, target) → when that
    was told last. ``on_duty``: its policy's calendar stands aside, every hour counts. ``demand`` is what the rule said
    that set it, if one did.
    """

    kind: Kind
    subject: int
    team: int
    policy: Policy
    started_at: datetime
    ended_at: datetime | None
    running: tuple[Span, ...]
    paused: tuple[Span, ...]
    promised_at: datetime | None = None
    told: Mapping[tuple[int, str], datetime] = field(default_factory=dict)
    on_duty: bool = False
    demand: Demanded | None = None

    @property
    def target(self) -> str:
        """The target as the journal names it: seconds, or the promised time."""
        return self.promised_at.isoformat() if self.promised_at else str(self.policy.target_s)

    @cached_property
    def target_s(self) -> int:
        """Seconds of the policy's calendar."""
        if self.promised_at is None:
            return self.policy.target_s
        return max(0, self.policy.calendar.between(self.started_at, self.promised_at))

    @property
    def is_paused(self) -> bool:
        return self.ended_at is None and (not self.running or self.running[-1].end is not None)

    @cached_property
    def due_at(self) -> datetime | None:
        """The moment of the deadline; None while paused (it has no meaning then) or when its calendar never opens.

        A deadline that has passed stays, whatever came after. Of a clock that was met: when it would have been due.
        """
        reached = self.reaches(DUE)
        if reached is not None or self.is_paused:
            return reached
        if self.promised_at is not None:
            return self.promised_at
        if self.ended_at is None:
            return None
        left = self.target_s - self._counted(self.ended_at)
        return _add(self.policy.calendar, self.ended_at, max(0, left))

    @cached_property
    def next_at(self) -> datetime | None:
        """When there is next something to tell, a warning or the breach; None: nothing more, or not while paused."""
        moment = self.next_mark
        return moment[0] if moment else None

    @cached_property
    def next_mark(self) -> tuple[datetime, int] | None:
        """(moment, per cent) of the earliest mark that was not told yet."""
        marks = ((self.mark(percent), percent) for percent in (*self.policy.warn_at, DUE))
        return min(((moment, percent) for moment, percent in marks if moment is not None), default=None)

    def mark(self, percent: int) -> datetime | None:
        """When ``percent`` is to be told; None when it was, when it is none, or when it lies too far back."""
        moment = self.reaches(percent)
        return None if moment is None or self._is_told(percent, moment) or self._is_old(moment) else moment

    @property
    def state(self) -> State:
        """As the facts have it: a breach counts from the moment it was told, or when it ended late."""
        if self.ended_at is not None:
            return State.BREACHED if self.reaches(DUE) is not None else State.MET
        reached = self.reaches(DUE)
        if reached is not None and (self._is_told(DUE, reached) or self._is_old(reached)):
            return State.BREACHED
        return State.PAUSED if self.is_paused else State.RUNNING

    def state_at(self, now: datetime) -> State:
        """As it is at ``now``, told or not."""
        reached = self.reaches(DUE)
        if self.ended_at is not None:
            return self.state
        if reached is not None and reached < now:
            return State.BREACHED
        return State.PAUSED if self.is_paused or self.running[-1].start > now else State.RUNNING

    def elapsed_s(self, now: datetime) -> int:
        """Seconds of the policy's calendar that were used until ``now``, pauses taken out."""
        return self._counted(now)

    def remaining_s(self, now: datetime) -> int:
        """Seconds left; negative when late."""
        return self.target_s - self._counted(now)

    def reaches(self, percent: int) -> datetime | None:
        """The moment at which ``percent`` of the target is used up, unless the clock pauses or ends before."""
        if self.promised_at is not None:
            moment = self.promised_at
            if percent < DUE:
                part = _add(self.policy.calendar, self.started_at, self.target_s * percent // DUE)
                moment = min(part or moment, moment)
            return moment if self.ended_at is None or moment < self.ended_at else None
        wanted, used = self.policy.target_s * percent // DUE, 0
        for span in self.running:
            if span.end is None:
                return _add(self.policy.calendar, span.start, wanted - used)
            length = self.policy.calendar.between(span.start, span.end)
            if used + length >= wanted:
                reached = _add(self.policy.calendar, span.start, wanted - used)
                if reached is not None and reached < span.end:
                    return reached
            used += length
        return None

    def _is_told(self, percent: int, moment: datetime) -> bool:
        """What was told before ``moment`` was about another deadline: with other hours, or before it was put off."""
        told = self.told.get((percent, self.target))
        return told is not None and moment <= told

    def _is_old(self, moment: datetime) -> bool:
        return self.policy.tell_from is not None and moment < self.policy.tell_from

    def _counted(self, now: datetime) -> int:
        between = self.policy.calendar.between
        return sum(
            between(span.start, min(now, span.end) if span.end else now) for span in self.running if span.start < now
        )


def _add(calendar: WorkingTime, start: datetime, seconds: int) -> datetime | None:
    try:
        return calendar.add(start, seconds)
    except NeverOpen:
        return None
