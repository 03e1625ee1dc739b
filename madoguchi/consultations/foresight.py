"""How a question will go on if nobody says anything: the same course, run ahead in memory. Nothing is written."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from madoguchi.consultations.course import Course, Sending
from madoguchi.consultations.models import Approach, Consultation, State
from madoguchi.consultations.queries import chain_for, chains_for
from madoguchi.people.models import Contact, Department, Topic

_MOST_STEPS = 40


class Move(StrEnum):
    """What happens next."""

    ASK = "ask"
    REMIND = "remind"
    END = "end"  # nobody is left; the supervisors are told


@dataclass(frozen=True)
class Step:
    """At ``at``, ``move`` concerns this contact (none at the end), reached by ``channel`` at ``address``.

    ``contact`` is the id of whoever is asked.
    """

    at: datetime
    move: Move
    name: str = ""
    channel: str = ""
    address: str = ""
    why: str = ""
    contact: int | None = None


@dataclass(frozen=True)
class Plan:
    """Who would be asked, who would be asked after them, and by when the first one is to answer."""

    steps: tuple[Step, ...]
    due_at: datetime

    @property
    def first(self) -> Step:
        return self.steps[0]


def plan_of(
    department: Department,
    topic: Topic | None,
    *,
    urgent: bool,
    due_at: datetime | None = None,
    contact: Contact | None = None,
    now: datetime,
) -> Plan | None:
    """What ``ask`` would set going at ``now`` with the same arguments; None when there is nobody to ask."""
    consultation = Consultation(
        department=department, topic=topic, state=State.WAITING, urgent=urgent, asked_at=now, due_at=now, patience_s=1
    )
    also = [contact.pk] if contact else []
    course = Course(consultation, [], chain_for(department, topic, at=now, also=also), now)
    if not course.begin(
        due_at=due_at, answer_within_s=department.seconds_for(topic), contact=contact.pk if contact else None
    ):
        return None
    due = consultation.due_at
    first = course.approaches[0]
    steps = [_asking(first), *_ahead(course, first)]
    return Plan(tuple(steps), due)


def outlook(rows: Iterable[Consultation], now: datetime) -> dict[int, list[Step]]:
    """For each open question with its approaches: what happens if nobody answers, up to the next contact or the end.

    As many queries for one as for many.
    """
    waiting = [row for row in rows if row.next_at is not None]
    asked = [(row.department, row.topic) for row in waiting]
    also = {approach.contact_id for row in waiting for approach in row.approaches.all()}
    chains = chains_for(asked, at=now, also=also)
    found = {}
    for row, chain in zip(waiting, chains, strict=True):
        approaches = [copy(approach) for approach in row.approaches.all()]
        course = Course(copy(row), approaches, chain, now)
        steps: list[Step] = []
        for step in _ahead(course):
            steps.append(step)
            if step.move != Move.REMIND:
                break
        found[row.pk] = steps
    return found


def _ahead(course: Course, *told: Approach) -> Iterator[Step]:
    """One step after the other, as the sweep will take them; that somebody of ``told`` is asked is known."""
    known = list(told)
    for _turn in range(_MOST_STEPS):
        if (moment := course.consultation.next_at) is None:
            return
        course.now = max(course.now, moment)
        course.sendings.clear()
        course.moved_to.clear()
        course.due()
        for approach in course.approaches:
            if (Sending.REMINDER, approach) in course.sendings:
                yield Step(course.now, Move.REMIND, approach.name, approach.channel, approach.address)
            elif approach not in known and (
                approach in course.moved_to or (Sending.QUESTION, approach) in course.sendings
            ):
                known.append(approach)
                yield _asking(approach)
        if course.outcome is not None:
            yield Step(course.now, Move.END)


def _asking(approach: Approach) -> Step:
    """``send_at`` is when it leaves, or left."""
    who = approach.contact_id
    return Step(approach.send_at, Move.ASK, approach.name, approach.channel, approach.address, approach.why, who)
