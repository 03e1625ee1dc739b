"""Whom to ask next, by which way and when. Pure: contacts as they are known, and a moment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from madoguchi.calendars.working_time import ALWAYS, NeverOpen, WorkingTime


@dataclass(frozen=True)
class Away:
    """A contact is away from ``start`` until before ``end`` (None: until further notice); ``deputy`` is asked then."""

    start: datetime
    end: datetime | None
    deputy: int | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True)
class Candidate:
    """A contact who may be asked: ``ways`` are (channel, address), the preferred one first.

    ``outside`` is their department when it belongs to another company.
    """

    contact: int
    name: str
    ways: tuple[tuple[str, str], ...]
    hours: WorkingTime
    absences: tuple[Away, ...] = ()
    deputy: int | None = None
    outside: int | None = None

    def away(self, at: datetime) -> Away | None:
        """The absence that holds at ``at``."""
        return next((absence for absence in self.absences if absence.holds_at(at)), None)

    def way_untried(self, tried: Collection[str], told: Collection[tuple[str, str]]) -> tuple[str, str] | None:
        """The first way whose channel was not tried yet and whose address was not ``told`` the question."""
        return next((way for way in self.ways if way[0] not in tried and way not in told), None)


@dataclass(frozen=True)
class Choice:
    """Ask ``candidate`` at ``send_at``; ``manages``: nobody of the chain is left, this is the department's manager."""

    candidate: Candidate
    send_at: datetime
    manages: bool = False


@dataclass(frozen=True)
class Chain:
    """The contacts in the order in which they are asked, their deputies, and the manager, who comes last.

    ``people`` knows everybody who can be asked now: active, with at least one way. ``hours`` are the department's.
    """

    order: Sequence[int]
    people: Mapping[int, Candidate]
    hours: WorkingTime
    manager: int | None = None

    def hours_of(self, contact: int | None, *, urgent: bool) -> WorkingTime:
        """By which hours a contact's time counts: an urgent question is answered by the clock on the wall."""
        if urgent:
            return ALWAYS
        person = self.people.get(contact) if contact is not None else None
        return person.hours if person else self.hours

    def next(self, *, asked: Collection[int], now: datetime, urgent: bool, prefer: int | None = None) -> Choice | None:
        """The first who is available now, else the first who can be reached later; nobody twice.

        ``prefer`` is asked before the others: whoever stands in for somebody who turned out to be away.
        """
        order = self.order if prefer is None else [prefer, *self.order]
        if chosen := self._first(order, asked, now, urgent):
            return chosen
        manager = [] if self.manager is None else [self.manager]
        chosen = self._first(manager, asked, now, urgent)
        return chosen and replace(chosen, manages=True)

    def choice_of(self, contact: int, *, asked: Collection[int], now: datetime, urgent: bool) -> Choice | None:
        """This one contact, or who stands in: now, or when they open."""
        return self._first([contact], asked, now, urgent)

    def _first(self, contacts: Sequence[int], asked: Collection[int], now: datetime, urgent: bool) -> Choice | None:
        later: Choice | None = None
        for contact in contacts:
            if contact in asked:
                continue
            here = self._in_place_of(contact, asked, now)
            if here is not None and (urgent or here.hours.is_open(now)):
                return Choice(here, now)
            later = later or self._at_opening(contact, here, asked, now)
        return later

    def _in_place_of(self, contact: int, asked: Collection[int], at: datetime) -> Candidate | None:
        """The contact, or whoever stands in for them at ``at``; None when that is nobody, or somebody asked already."""
        seen: set[int | None] = set()
        at_hand: int | None = contact
        while at_hand not in seen and at_hand not in asked:
            seen.add(at_hand)
            person = self.people.get(at_hand) if at_hand is not None else None
            if person is None or (absence := person.away(at)) is None:
                return person
            at_hand = absence.deputy if absence.deputy is not None else person.deputy
        return None

    def _at_opening(self, contact: int, here: Candidate | None, asked: Collection[int], now: datetime) -> Choice | None:
        """The contact when they open, if they are back by then, else whoever stands in now when those open."""
        for person in (self.people.get(contact), here):
            if person is None:
                continue
            opens = opening(person.hours, now)
            if opens is not None and person.away(opens) is None:
                return Choice(person, opens)
        return None


def opening(hours: WorkingTime, at: datetime) -> datetime | None:
    """``at`` itself in open time, else the next opening; None for hours that never open again."""
    try:
        return hours.next_open(at)
    except NeverOpen:
        return None


def after(hours: WorkingTime, start: datetime, seconds: int) -> datetime:
    """``seconds`` of open time after ``start``; by the clock on the wall where the hours never open again."""
    try:
        return hours.add(start, seconds)
    except NeverOpen:
        return start + timedelta(seconds=seconds)
