"""Deadlines as a pure function: facts, policies and calendars in, every clock of the ticket out.

What each kind means:

``first_response``  From the opening until the requester first hears from us: a public answer leaves, somebody speaks
    with them, or an answer is told by telephone. A ticket raised while speaking with them has had it. Without any
    answer it ends when the ticket is resolved.
``next_update``  From each moment at which the requester heard from us (and from a reopening) until they hear the next
    time or the ticket is resolved. Each stretch is a clock of its own.
``resolution``  From the opening until the ticket is resolved, closed or merged.
``acceptance``  From an offer until it is accepted, returned or recalled; the receiving team's. Of an offer that went
    to whoever is on duty, since the team was closed, every hour counts, whatever the policy's calendar.
``holding``  From the moment a team has the ticket until it has it no more or the ticket is resolved. Each stay is a
    clock of its own, whoever of the team works on it; an earlier stay keeps its time.
``answer``  From a question to a department until it is answered, withdrawn or everybody was asked in vain.
``call_back``  From the promise until the call was made (or is no longer needed), due at the promised time; an answer
    that is ready to be told has the policy's time.

A rule may set a ``next_update`` or ``resolution`` for one ticket alone, beside what policies promise: it begins when
the rule fires, has the rule's time, and ends by what ends every clock of its kind.

Time counts in the policy's calendar. ``first_response``, ``next_update``, ``resolution`` and ``holding`` stand still
while the ticket waits for whom the policy names (the requester; never a department, whose question has its own clock).
A clock that is running has the policy that fits the ticket *now*, and is judged by it from its start: time used before
the priority rose counts, pauses taken before are credited. A clock that has ended keeps what fitted at its end.

A clock's ``subject`` names it among those of its kind on the ticket: the hand-off, consultation or call-back, else the
journal entry that started it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

from madoguchi.calendars.working_time import ALWAYS, WorkingTime
from madoguchi.clocks.history import CALL_BACK, OFFER, QUESTION, Demanded, Fact
from madoguchi.clocks.life import SOLVED, Circumstances, Life, Span, Thing
from madoguchi.clocks.reading import PAUSABLE, Kind, Policy, Reading, Reopen

_OWED = {OFFER: Kind.ACCEPTANCE, QUESTION: Kind.ANSWER, CALL_BACK: Kind.CALL_BACK}


class Book(Protocol):
    """All policies, with their versions in time."""

    def choose(
        self, kind: Kind, now: Circumstances, *, started_at: datetime, ended_at: datetime | None
    ) -> Policy | None:
        """The one that fits best, as the book stood when the clock started; None: nothing is promised."""
        ...

    def hours_of(self, team: int, at: datetime) -> WorkingTime:
        """When a team works, as it was at that moment."""
        ...


def read(facts: Sequence[Fact], book: Book) -> list[Reading]:
    """Every clock that ran or runs on the ticket, the ended ones too, in the order of their kinds and beginnings; those
    that rules set come last.

    ``facts`` are all of one ticket; without an opening there is nothing to count.
    """
    life = Life.of(facts)
    if life is None:
        return []
    return [*_towards_the_requester(life, book), *_holding(life, book), *_owed(life, book), *_demanded(life, book)]


def time_used(facts: Sequence[Fact], book: Book, *, now: datetime) -> list[tuple[int, int]]:
    """Who used the time promised to the requester: (team, seconds of the resolution clocks), stay by stay, in order."""
    life = Life.of(facts)
    if life is None:
        return []
    clocks = list(_resolution(life, book))
    used = []
    for team, _entry, start, end in life.stays:
        seconds = sum(
            reading.policy.calendar.between(max(start, span.start), max(start, min(end or now, span.end or now, now)))
            for reading in clocks
            for span in reading.running
            if span.start < (end or now) and (span.end is None or span.end > start)
        )
        used.append((team, seconds))
    return used


class _Case(NamedTuple):
    """What a clock is about and when, before it is known what is promised for it."""

    kind: Kind
    subject: int
    team: int
    start: datetime
    end: datetime | None = None
    promised_at: datetime | None = None
    on_duty: bool = False


def _towards_the_requester(life: Life, book: Book) -> Iterator[Reading]:
    opened = life.opened
    answered = life.heard[0][1] if life.heard else life.solved_at
    yield from _reading(life, book, _Case(Kind.FIRST_RESPONSE, opened.entry, opened.team, opened.at, answered))
    yield from _updates(life, book)
    yield from _resolution(life, book)


def _updates(life: Life, book: Book) -> Iterator[Reading]:
    begins = sorted([*life.heard, *life.reopenings], key=lambda moment: (moment[1], moment[0]))
    for place, (entry, start) in enumerate(begins):
        if any(span.start < start and (span.end is None or start < span.end) for span in life.solved):
            continue  # said after it was solved: nothing more is owed
        ends = [span.start for span in life.solved if span.start >= start][:1]
        ends += [moment for _, moment in begins[place + 1 : place + 2]]
        case = _Case(Kind.NEXT_UPDATE, entry, life.opened.team, start, min(ends, default=None))
        yield from _reading(life, book, case)


def _resolution(life: Life, book: Book) -> Iterator[Reading]:
    opened = life.opened
    yield from _rounds(life, book, _Case(Kind.RESOLUTION, opened.entry, opened.team, opened.at))


def _holding(life: Life, book: Book) -> Iterator[Reading]:
    for team, entry, start, end in life.stays:
        yield from _rounds(life, book, _Case(Kind.HOLDING, entry, team, start, end))


def _rounds(life: Life, book: Book, whole: _Case) -> Iterator[Reading]:
    """The clock, cut into several where the ticket is reopened and the policy says: anew."""
    case, end = whole, whole.end
    for reopening, at in life.reopenings:
        if at <= case.start or (end is not None and at >= end):
            continue
        policy = book.choose(case.kind, life.at(at, case.team), started_at=case.start, ended_at=at)
        if policy is not None and policy.reopen is Reopen.ANEW:
            solved = max(span.start for span in life.solved if span.start <= at)
            yield from _reading(life, book, case._replace(end=max(case.start, solved)))
            case = case._replace(subject=reopening, start=at)
    stop = min((moment for moment in (end, life.solved_at) if moment is not None), default=None)
    yield from _reading(life, book, case._replace(end=None if stop is None else max(case.start, stop)))


def _owed(life: Life, book: Book) -> Iterator[Reading]:
    for thing in life.things.values():
        team = thing.team if thing.team is not None else life.opened.team
        end = _owed_until(life, thing) if thing.what == QUESTION else thing.end
        case = _Case(_OWED[thing.what], thing.ref, team, thing.start, end, thing.due_at, thing.on_duty)
        yield from _reading(life, book, case)


def _owed_until(life: Life, question: Thing) -> datetime | None:
    """Once the ticket is solved, nobody waits for the answer: what comes then is not late."""
    for solved in life.solved:
        while_solved = solved.end is None or (question.end is not None and question.end <= solved.end)
        if while_solved and solved.start >= question.start:
            return min(solved.start, question.end or solved.start)
    return question.end


def _demanded(life: Life, book: Book) -> Iterator[Reading]:
    """What rules set for this ticket. A next update is owed whatever the ticket waits for; a resolution pauses."""
    for demand in life.demands:
        kind, start = Kind(demand.kind), demand.at
        if kind is Kind.RESOLUTION:
            end, pauses_for = life.solved_at, frozenset({"requester"})
        else:
            ends = [moment for entry, moment in life.heard if entry > demand.entry][:1]
            ends += [span.start for span in life.solved if span.start >= start][:1]
            end, pauses_for = min(ends, default=None), frozenset[str]()
        calendar = book.hours_of(demand.team, start) if demand.working else ALWAYS
        policy = Policy(None, kind, demand.target_s, calendar, warn_at=(80,), pauses_for=pauses_for)
        yield _clock(life, policy, _Case(kind, demand.entry, demand.team, start, end), demand)


def _reading(life: Life, book: Book, case: _Case) -> Iterator[Reading]:
    """The clock, if any policy promises something for it."""
    policy = book.choose(case.kind, life.at(case.end, case.team), started_at=case.start, ended_at=case.end)
    if policy is not None:
        yield _clock(life, replace(policy, calendar=ALWAYS) if case.on_duty else policy, case)


def _clock(life: Life, policy: Policy, case: _Case, demand: Demanded | None = None) -> Reading:
    kind, subject, team, start, end, promised_at, on_duty = case
    stops = policy.pauses_for if policy.reopen is Reopen.COUNTS else policy.pauses_for | {SOLVED}
    pauses = life.pauses(stops, start, end) if kind in PAUSABLE else []
    return Reading(
        kind,
        subject,
        team,
        policy,
        start,
        end,
        tuple(gaps(pauses, start, end)),
        tuple(pauses),
        promised_at,
        life.told.get((kind, subject), {}),
        on_duty,
        demand,
    )


def gaps(pauses: Iterable[Span], start: datetime, end: datetime | None) -> Iterator[Span]:
    """What is left between ``start`` and ``end`` when the pauses (in order, perhaps overlapping) are taken out."""
    at: datetime | None = start
    for pause in pauses:
        if at is None:
            return
        if pause.start > at:
            yield Span(at, pause.start)
        at = None if pause.end is None else max(at, pause.end)
    if at is not None and (end is None or at < end):
        yield Span(at, end)
