"""A question's course, whatever happens in whatever order. Pure: no database, hundreds of courses."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.calendars.working_time import ALWAYS, Period, Version, WorkingTime
from madoguchi.consultations.chain import Away, Candidate, Chain
from madoguchi.consultations.course import Course, Sending, moment_of
from madoguchi.consultations.models import OPEN, Approach, Consultation, State
from tests.clocks.desk_time import DESK, HOUR, TOKYO, at

A = Approach.State
MORNINGS = WorkingTime(TOKYO, (Version(date(2020, 1, 1), ((Period(9 * HOUR, 11 * HOUR),),) * 5 + ((), ())),))
NIGHTS = WorkingTime(TOKYO, (Version(date(2020, 1, 1), ((Period(22 * HOUR, 30 * HOUR),),) * 7),))
OUTSIDER = 99  # named by somebody, of no chain


@dataclass
class World:
    """A question and everything that happens to it, one thing after the other, as the acts have it."""

    chain: Chain
    consultation: Consultation
    now: datetime
    approaches: list[Approach] = field(default_factory=list)
    questions: Counter[tuple[int | None, str]] = field(default_factory=Counter)
    outcomes: list[State] = field(default_factory=list)

    def course(self) -> Course:
        return Course(self.consultation, self.approaches, self.chain, self.now)

    def begin(self, due_at: datetime | None, within: int) -> bool:
        course = self.course()
        begun = course.begin(due_at=due_at, answer_within_s=within)
        if begun:
            self.check(course)
        return begun

    def happens(self, what: str, who: int) -> None:
        course = self.course()
        approach = self.approaches[who % len(self.approaches)]
        before = self.consultation.state
        if what == "time passes":
            course.now = self.now = max(self.now, self.consultation.next_at or self.now)
        if what == "long time passes":
            course.now = self.now = self.now + timedelta(days=who)
        if self.can_happen(what, approach):
            HAPPENINGS[what](course, approach, who)
        if before in {State.ANSWERED, State.WITHDRAWN} and what != "read as none":
            assert self.consultation.state == before
            assert not course.sendings
        self.check(course)

    def can_happen(self, what: str, approach: Approach) -> bool:
        """Only who was asked says something; the acts look at the rest."""
        if what in {"answer", "decline", "name", "need time", "ask back"}:
            return approach.asked_at is not None
        if what == "read as none":
            return self.consultation.state == State.ANSWERED
        return what != "withdraw" or self.consultation.state in OPEN

    def check(self, course: Course) -> None:
        question = self.consultation
        assert (question.state in OPEN) == bool(course.live) == (question.ended_at is None)
        moments = [moment for approach in course.live if (moment := moment_of(approach)) is not None]
        assert question.next_at == min(moments, default=None)
        if course.outcome is not None:
            self.outcomes.append(course.outcome)
        contacts = [approach.contact_id for approach in self.approaches]
        assert len(contacts) == len(set(contacts))
        for sending, approach in course.sendings:
            if sending == Sending.QUESTION:
                self.questions[approach.contact_id, approach.channel] += 1
                if approach.channel == "mail":
                    self.questions[None, approach.address] += 1
                assert self.works(approach, self.now)
            if sending == Sending.SETTLED:
                assert approach.asked_at is not None
                assert approach.state not in {A.DECLINED, A.BOUNCED, A.ANSWERED}
        settled = [approach.contact_id for sending, approach in course.sendings if sending == Sending.SETTLED]
        assert len(settled) == len(set(settled))
        assert max(self.questions.values(), default=0) <= 1
        if course.outcome == State.EXHAUSTED:
            assert {one for one in self.chain.order if self.can_be_called(one)} <= {*contacts}
        assert question.urgent or self.in_hours(question.due_at)
        for approach in self.approaches:
            if approach.deadline_at is not None:
                assert approach.is_live
                assert self.works(approach, approach.deadline_at)
            assert approach.state not in {A.ASKED, A.NEEDS_TIME} or approach.deadline_at is not None

    def can_be_called(self, contact: int) -> bool:
        """Always there, with a telephone of their own, whatever became of a mailbox that they share."""
        person = self.chain.people[contact]
        return not person.absences and person.hours is ALWAYS and any(way[0] == "phone" for way in person.ways)

    def in_hours(self, moment: datetime) -> bool:
        """Whether the moment lies in somebody's hours, or ends them."""
        hours = [self.chain.hours, *(person.hours for person in self.chain.people.values())]
        return any(one.is_open(moment) or one.is_open(moment - timedelta(microseconds=1)) for one in hours)

    def works(self, approach: Approach, moment: datetime) -> bool:
        """Whether the moment lies in the contact's hours; what is used up at a closing ends with it."""
        hours = self.chain.people[approach.contact_id or 0].hours
        return self.consultation.urgent or hours.is_open(moment) or hours.is_open(moment - timedelta(microseconds=1))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    now = at(1, 0) + timedelta(minutes=draw(st.integers(0, 7 * 24 * 60)))
    size = draw(st.integers(1, 4))
    ways = st.permutations([("mail", "a@example.jp"), ("phone", "03")]).flatmap(
        lambda order: st.integers(1, 2).map(lambda many: tuple(order[:many]))
    )
    absences = st.lists(
        st.builds(
            lambda starts, days, deputy: Away(
                now + timedelta(days=starts), now + timedelta(days=starts + days) if days else None, deputy
            ),
            st.integers(-2, 3),
            st.integers(0, 3),
            st.none() | st.integers(1, 5),
        ),
        max_size=1,
    )
    person = st.tuples(ways, st.sampled_from([ALWAYS, DESK, MORNINGS, NIGHTS]), absences, st.none() | st.integers(1, 5))
    people = {}
    for number in [*range(1, 6), OUTSIDER]:
        reached, hours, away, deputy = draw(person)
        mailbox = draw(st.sampled_from([number, 0]))
        own = tuple((channel, f"{mailbox}{address}") for channel, address in reached)
        people[number] = Candidate(number, f"{number}", own, hours, tuple(away), deputy)
    chain = Chain(range(1, size + 1), people, DESK, draw(st.none() | st.just(5)))
    return World(chain, Consultation(state=State.WAITING, urgent=draw(st.booleans()), asked_at=now), now)


HAPPENINGS: dict[str, Callable[[Course, Approach, int], object]] = {
    "answer": lambda course, approach, _: course.answered(approach),
    "answer by somebody else": lambda course, *_: course.answered(None),
    "decline": lambda course, approach, _: course.declined(approach),
    "name": lambda course, approach, _: course.declined(approach, OUTSIDER),
    "need time": lambda course, approach, who: course.needs_time(approach, course.now + timedelta(hours=who * 7 + 1)),
    "ask back": lambda course, approach, _: course.asked_back(approach),
    "reply": lambda course, *_: course.replied(),
    "press": lambda course, *_: course.pressed(),
    "press one": lambda course, _approach, who: course.pressed(who % 5 + 1),
    "withdraw": lambda course, *_: course.withdrawn(),
    "bounce": lambda course, approach, _: course.bounced(approach),
    "away": lambda course, approach, _: course.away(approach),
    "time passes": lambda course, *_: course.due(),
    "long time passes": lambda course, *_: course.due(),
    "read as none": lambda course, *_: course.unanswered(
        next((approach for approach in course.approaches if approach.state == A.ANSWERED), None)
    ),
}
happenings = st.lists(st.tuples(st.sampled_from([*HAPPENINGS, "time passes"]), st.integers(0, 4)), max_size=16)
many = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(many, max_examples=100)


@many
@given(worlds(), st.none() | st.integers(1, 100), st.integers(1, 2 * HOUR), happenings)
def test_whatever_happens_the_question_stays_whole_and_left_alone_comes_to_one_outcome(
    world: World, due_in: int | None, within: int, story: list[tuple[str, int]]
) -> None:
    """Nobody is asked twice, nothing is due outside somebody's hours, what has ended rests, open means being asked."""
    if not world.begin(world.now + timedelta(hours=due_in) if due_in else None, within):
        return
    for what, who in story:
        world.happens(what, who)
    world.happens("reply", 0)
    open_still = world.consultation.state in OPEN
    before = len(world.outcomes)
    for _ in range(40):
        if world.consultation.state not in OPEN:
            break
        world.happens("time passes", 0)
    assert world.consultation.state not in OPEN
    assert len(world.outcomes) == before + open_still
    assert world.outcomes[-1] == world.consultation.state


@few
@given(worlds(), st.integers(1, 2 * HOUR), st.integers(0, 30))
def test_nobody_is_passed_over_who_was_not_reminded_however_long_nothing_ran(
    world: World, within: int, days: int
) -> None:
    if not world.begin(None, within):
        return
    for _ in range(40):
        world.happens("long time passes", days)
        for approach in world.approaches:
            assert approach.state != A.SILENT or approach.reminded_at is not None
        if world.consultation.state not in OPEN:
            break
        world.happens("time passes", 0)


CASES: list[tuple[dict[int, dict[str, Any]], datetime, tuple[int, datetime] | None]] = [
    # The first is closed, the second is there: the second. Nobody is: the first, when they open.
    ({1: {"hours": MORNINGS}, 2: {"hours": DESK}}, at(1, 15), (2, at(1, 15))),
    ({1: {"hours": MORNINGS}, 2: {"hours": DESK}}, at(1, 20), (1, at(2, 9))),
    # Away: the absence's deputy before the own one; without any the next. A deputy may be away as well.
    ({1: {"absences": (Away(at(1), None, 3),), "deputy": 2}, 2: {}, 3: {}}, at(1, 10), (3, at(1, 10))),
    ({1: {"absences": (Away(at(1), None),), "deputy": 3}, 2: {}, 3: {}}, at(1, 10), (3, at(1, 10))),
    ({1: {"absences": (Away(at(1), None),)}, 2: {}}, at(1, 10), (2, at(1, 10))),
    (
        {1: {"absences": (Away(at(1), None, 3),)}, 2: {}, 3: {"absences": (Away(at(1), None),), "deputy": 4}, 4: {}},
        at(1, 10),
        (4, at(1, 10)),
    ),
    # Stand-ins that name each other are nobody.
    ({1: {"absences": (Away(at(1), None),), "deputy": 1}}, at(1, 10), None),
    # Back in the morning: planned for then rather than for nobody.
    ({1: {"absences": (Away(at(1), at(2, 8)),)}}, at(1, 20), (1, at(2, 9))),
]


@pytest.mark.parametrize(("people", "now", "expected"), CASES)
def test_whose_turn_it_is(
    people: dict[int, dict[str, Any]], now: datetime, expected: tuple[int, datetime] | None
) -> None:
    known = {
        number: Candidate(number, "", (("mail", "a@example.jp"),), **({"hours": DESK} | more))
        for number, more in people.items()
    }
    order = [number for number in known if number < 3]
    choice = Chain(order, known, DESK).next(asked=(), now=now, urgent=False)
    assert (choice and (choice.candidate.contact, choice.send_at)) == expected


def test_an_urgent_question_is_sent_at_night_and_due_by_the_clock_on_the_wall() -> None:
    chain = Chain([1], {1: Candidate(1, "", (("mail", "a@example.jp"),), MORNINGS)}, DESK)
    question = Consultation(state=State.WAITING, urgent=True)
    course = Course(question, [], chain, at(3, 23))
    assert course.begin(due_at=None, answer_within_s=HOUR)
    assert (question.due_at, question.next_at) == (at(4, 0), at(4, 0))


def person(number: int, address: str = "", **more: Any) -> Candidate:
    return Candidate(number, f"{number}", (("mail", address or f"{number}@example.jp"),), ALWAYS, **more)


def begun(*people: Candidate) -> World:
    """A question that the first of these has."""
    question = Consultation(state=State.WAITING, urgent=False, asked_at=at(1, 10))
    order = [one.contact for one in people]
    world = World(Chain(order, {one.contact: one for one in people}, ALWAYS), question, at(1, 10))
    assert world.begin(None, HOUR)
    return world


def test_a_mailbox_that_two_contacts_share_is_asked_once() -> None:
    world = begun(person(1, "keiri@example.jp"), person(2, "keiri@example.jp"), person(3))
    world.course().declined(world.approaches[0])
    assert [approach.contact_id for approach in world.approaches] == [1, 3]


def test_a_mailbox_that_bounced_leaves_the_telephones_of_those_who_share_it() -> None:
    ways = (("mail", "keiri@example.jp"), ("phone", "03"))
    one, two = (Candidate(number, f"{number}", ways, ALWAYS) for number in (1, 2))
    world = begun(one, two)
    world.course().bounced(world.approaches[0])
    world.course().declined(world.approaches[0])
    assert [(one.contact_id, one.channel) for one in world.approaches] == [(1, "phone"), (2, "phone")]


@pytest.mark.parametrize(
    ("due_at", "patience", "due"),
    [
        (at(1, 23), HOUR, at(2, 10)),  # before they open again: their usual time
        (at(2, 20), 7 * HOUR + HOUR // 2, at(2, 17, 30)),  # after they close: the end of that day
        (at(2, 12), 3 * HOUR, at(2, 12)),
    ],
)
def test_a_deadline_outside_their_hours_means_the_end_of_those_before_it(
    due_at: datetime, patience: int, due: datetime
) -> None:
    chain = Chain([1], {1: Candidate(1, "", (("mail", "a@example.jp"),), DESK)}, DESK)
    question = Consultation(state=State.WAITING, urgent=False)
    assert Course(question, [], chain, at(1, 20)).begin(due_at=due_at, answer_within_s=HOUR)
    assert (question.patience_s, question.due_at) == (patience, due)


def test_whoever_has_another_address_by_now_gets_the_question_there_instead_of_a_reminder() -> None:
    world = begun(person(1), person(2))
    world.chain = Chain([1, 2], {1: person(1, "new@example.jp"), 2: person(2)}, ALWAYS)
    world.now += timedelta(hours=2)
    course = world.course()
    course.due()
    assert [(what, who.address) for what, who in course.sendings] == [(Sending.QUESTION, "new@example.jp")]


def test_while_the_ticket_is_solved_nobody_is_asked_and_then_they_are() -> None:
    world = begun(person(1), person(2))
    course = world.course()
    course.rests = True
    course.declined(world.approaches[0])
    assert (course.sendings, world.consultation.next_at, world.approaches[1].state) == ([], None, A.PLANNED)
    world.course().resumed()
    course = world.course()
    course.due()
    assert course.sendings == [(Sending.QUESTION, world.approaches[1])]


def test_whoever_was_passed_over_and_told_that_it_is_settled_hears_that_it_is_not() -> None:
    world = begun(person(1), person(2))
    world.course().pressed()
    first, second = world.approaches
    course = world.course()
    course.answered(second)
    assert (Sending.SETTLED, first) in course.sendings
    course = world.course()
    course.unanswered(second)
    assert (course.sendings, first.state) == ([(Sending.STILL_OPEN, first)], A.SILENT)
