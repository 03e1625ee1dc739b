"""What questions to a department came to: by whom they were answered, how fast, and what that says of its directory."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import ALWAYS, WorkingTime
from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import outline
from madoguchi.consultations.models import Approach, Consultation, Remark, State
from madoguchi.people.access import Access
from madoguchi.people.models import Contact, ContactChannel, Department, Topic, TopicContact

LOOKED_BACK = timedelta(days=365)
LOOKED_AT = 1_000  # of the latest questions
_USUAL = 20  # of a contact's latest answers
ENOUGH = 5  # questions somebody must have had before history says where they belong
OFTEN = 1 / 3  # of their questions, at least so many of which are declined


# Of a contact on the telephone: a call that was noted. Who was never called was not silent.
_heard = Remark.objects.filter(
    approach=OuterRef("pk"),
    kind__in=[Remark.Kind.NOTE, Remark.Kind.ANSWER, Remark.Kind.NEEDS_TIME, Remark.Kind.ASK_BACK],
)


class Came(StrEnum):
    """What came of a contact's turn. Who was away, never reached or called, or spared by another had no fair one."""

    ANSWERED = "answered"
    DECLINED = "declined"
    SILENT = "silent"


@dataclass(frozen=True)
class Turn:
    """One contact was asked: what came of it after how many seconds of the department's working time."""

    contact: int
    topic: int | None
    came: Came
    seconds: int


@dataclass(frozen=True)
class Question:
    """One question; ``seconds`` of the department's working time until its answer, None without one."""

    topic: int | None
    category: int | None
    state: str
    seconds: int | None


@dataclass
class Figures:
    """How often somebody was asked, what came of it, and after how many seconds answers came."""

    answers: list[int] = field(default_factory=list)
    declined: int = 0
    silent: int = 0
    spent_s: int = 0  # until the answer or until the question went on, all turns together

    @property
    def asked(self) -> int:
        return len(self.answers) + self.declined + self.silent

    @property
    def share(self) -> float | None:
        """Of the questions, those that were answered."""
        return len(self.answers) / self.asked if self.asked else None

    @property
    def median_s(self) -> int | None:
        """Half of the answers came within this time."""
        return _rank(self.answers, 0.5)

    @property
    def p90_s(self) -> int | None:
        """Nine of ten answers came within this time."""
        return _rank(self.answers, 0.9)

    @property
    def cost_s(self) -> float | None:
        """The waiting that one answer takes, questions that went on included; None: no answer came."""
        return self.spent_s / len(self.answers) if self.answers else None

    @property
    def is_enough(self) -> bool:
        """Whether they were asked often enough to judge by it."""
        return self.asked >= ENOUGH

    @property
    def declines_often(self) -> bool:
        return self.is_enough and self.declined / self.asked >= OFTEN

    def add_turn(self, turn: Turn) -> None:
        """One more turn of a contact."""
        self.spent_s += turn.seconds
        if turn.came == Came.ANSWERED:
            self.answers.append(turn.seconds)
        elif turn.came == Came.DECLINED:
            self.declined += 1
        else:
            self.silent += 1

    def add_question(self, question: Question) -> None:
        """One more question, as the department's; one that still runs or was withdrawn does not count."""
        if question.seconds is not None:
            self.answers.append(question.seconds)
        elif question.state == State.DECLINED:
            self.declined += 1
        elif question.state == State.EXHAUSTED:
            self.silent += 1


@dataclass(frozen=True)
class Gap:
    """Questions about tickets of one category that no topic covers, or that were asked without a topic."""

    category: Category | None
    questions: int
    without_topic: int
    is_covered: bool


@dataclass(frozen=True)
class Order:
    """A chain as it stands and as history has it, with the figures behind it by contact id."""

    topic: Topic | None
    today: Sequence[Contact]
    proposed: Sequence[Contact]
    figures: Mapping[int, Figures]

    @property
    def differs(self) -> bool:
        return [one.pk for one in self.today] != [one.pk for one in self.proposed]

    @property
    def is_judged(self) -> bool:
        """Whether there is enough history to compare at least two of them."""
        return sum(one.pk in self.figures and self.figures[one.pk].is_enough for one in self.today) > 1


@dataclass(frozen=True)
class Past:
    """A department's latest questions (``LOOKED_AT`` at most, a year back) and the turns of its contacts in them."""

    department: Department
    questions: Sequence[Question]
    turns: Sequence[Turn]

    def by_contact(self) -> dict[int, Figures]:
        """Figures by contact id, the most asked first."""
        found = figures_of(self.turns)
        return dict(sorted(found.items(), key=lambda item: (-item[1].asked, item[0])))

    def by_topic(self) -> dict[int | None, Figures]:
        """Figures of the questions by topic id, the most asked first."""
        found: dict[int | None, Figures] = defaultdict(Figures)
        for question in self.questions:
            found[question.topic].add_question(question)
        kept = [(topic, figures) for topic, figures in found.items() if figures.asked]
        return dict(sorted(kept, key=lambda item: (-item[1].asked, item[0] is None, item[0] or 0)))

    def whole(self) -> Figures:
        """Figures of all questions."""
        figures = Figures()
        for question in self.questions:
            figures.add_question(question)
        return figures

    def gaps(self) -> list[Gap]:
        """What the department is asked about and has no topic for, the most frequent first."""
        linked = Category.objects.filter(topics__department=self.department, topics__is_active=True)
        covering = set(linked.values_list("pk", flat=True))
        covered = {one.id for one in outline() if covering.intersection((*one.above, one.id))}
        questions, without = Counter[int | None](), Counter[int | None]()
        for question in self.questions:
            if question.topic is None or (question.category is not None and question.category not in covered):
                questions[question.category] += 1
                without[question.category] += question.topic is None
        rows = Category.objects.in_bulk([key for key in questions if key is not None])
        return [
            Gap(rows.get(key or 0), count, without[key], key in covered)
            for key, count in sorted(questions.items(), key=lambda item: (-item[1], item[0] is None, item[0] or 0))
        ]

    def orders(self) -> list[Order]:
        """The department's chain and each topic's own, as they are and as they would ask best."""
        department = Contact.objects.filter(department=self.department, is_active=True, position__isnull=False)
        topics = Topic.objects.filter(department=self.department, is_active=True).order_by("position", "id")
        own: dict[int, list[Contact]] = defaultdict(list)
        links = TopicContact.objects.filter(topic__in=topics, contact__is_active=True).select_related("contact")
        for link in links.order_by("position", "id"):
            own[link.topic_id].append(link.contact)
        shared = [turn for turn in self.turns if turn.topic not in own]
        orders = [order_by(None, list(department.order_by("position", "id")), figures_of(shared))]
        for topic in topics:
            if topic.pk in own:
                turns = [turn for turn in self.turns if turn.topic == topic.pk]
                orders.append(order_by(topic, own[topic.pk], figures_of(turns)))
        return orders


def past_of(department: Department, *, at: datetime) -> Past:
    """What the figures are worked out from; the same queries, however many questions there were."""
    asked = Consultation.objects.filter(department=department, asked_at__gte=at - LOOKED_BACK).order_by("-id")
    rows: list[Any] = list(
        asked.values_list("id", "topic", "ticket__category", "state", "urgent", "asked_at", "answer__at")[:LOOKED_AT]
    )
    hours = working_time(department.calendar_id)
    questions = [
        Question(
            topic, category, state, _between(hours, start, answered, urgent=urgent) if answered is not None else None
        )
        for _id, topic, category, state, urgent, start, answered in rows
    ]
    return Past(department, questions, _turns(department, rows[-1][0], hours) if rows else [])


def _turns(department: Department, first: int, hours: WorkingTime) -> list[Turn]:
    answers = Remark.objects.filter(approach=OuterRef("pk"), kind=Remark.Kind.ANSWER).order_by("id").values("at")
    approaches = Approach.objects.filter(
        consultation__department=department, consultation__gte=first, asked_at__isnull=False, contact__isnull=False
    ).exclude(~Exists(_heard), state=Approach.State.SILENT, channel=ContactChannel.PHONE)
    rows = approaches.order_by("id").values_list(
        "contact",
        "consultation__topic",
        "consultation__urgent",
        "state",
        "asked_at",
        "reminded_at",
        "ended_at",
        Subquery(answers[:1]),
    )
    found = []
    for contact, topic, urgent, state, start, reminded, ended, answered in rows:
        if answered is not None:
            came, until = Came.ANSWERED, answered
        elif state == Approach.State.DECLINED and ended is not None:
            came, until = Came.DECLINED, ended
        elif state == Approach.State.SILENT and reminded is not None and ended is not None:
            came, until = Came.SILENT, ended
        else:
            continue
        found.append(Turn(contact, topic, came, _between(hours, start, until, urgent=urgent)))
    return found


def usual_s(contact: Contact) -> int | None:
    """Half of the contact's latest answers came within so many seconds of the department's working time.

    None with fewer than ``ENOUGH`` of them. Select ``department``; two queries.
    """
    answered = Approach.objects.filter(contact=contact, state=Approach.State.ANSWERED, asked_at__isnull=False)
    rows = answered.order_by("-id").values_list("consultation__urgent", "asked_at", "ended_at")[:_USUAL]
    hours = working_time(contact.department.calendar_id)
    spans = [_between(hours, start, end, urgent=urgent) for urgent, start, end in rows if start and end]
    return _rank(spans, 0.5) if len(spans) >= ENOUGH else None


def figures_of(turns: Iterable[Turn]) -> dict[int, Figures]:
    """What came of the turns of each contact, by contact id."""
    found: dict[int, Figures] = defaultdict(Figures)
    for turn in turns:
        found[turn.contact].add_turn(turn)
    return dict(found)


def order_by(topic: Topic | None, today: Sequence[Contact], figures: Mapping[int, Figures]) -> Order:
    """Those with enough history in the order in which an answer takes the least waiting; the others keep their place.

    Asking by ``cost_s`` (time spent with a contact ÷ their answers), the smallest first, has the shortest expected wait
    for the first answer of all orders. Who answers equally fast stays in today's order.
    """
    known = [one for one in today if one.pk in figures and figures[one.pk].is_enough]
    best = iter(sorted(known, key=lambda one: _cost(figures[one.pk])))
    return Order(topic, today, [next(best) if one in known else one for one in today], figures)


def _cost(figures: Figures) -> tuple[bool, float]:
    """Who never answered comes last; of several, whoever takes the longest to say so."""
    cost = figures.cost_s
    return (True, figures.spent_s / figures.asked) if cost is None else (False, cost)


@dataclass(frozen=True)
class Known:
    """Somebody outside a chain who speaks for being in it: ``named`` by colleagues and ``answered`` so often."""

    contact: Contact
    named: int
    answered: int


def known_besides(department: Department, people: Sequence[Contact]) -> dict[int | None, list[Known]]:
    """Of ``people``, who was named by a colleague or has answered: by topic id, and under None for the department.

    Who was only named and could not be asked (no address, or a stranger's) is known to the department. One query.
    """
    by_id = {contact.pk: contact for contact in people}
    named, answered = Counter[tuple[int | None, int]](), Counter[tuple[int | None, int]]()
    came = Q(why=Approach.Why.NAMED) | Q(state=Approach.State.ANSWERED)
    rows = Approach.objects.filter(came, contact__in=by_id, consultation__department=department)
    for contact, asked_about, why, state in rows.order_by("-id").values_list(
        "contact", "consultation__topic", "why", "state"
    )[:LOOKED_AT]:
        for topic in {None, asked_about}:
            named[topic, contact] += why == Approach.Why.NAMED
            answered[topic, contact] += state == Approach.State.ANSWERED
    keys = set(named) | {(None, contact.pk) for contact in people if not contact.is_confirmed}
    found: dict[int | None, list[Known]] = defaultdict(list)
    for topic, contact in sorted(keys, key=lambda key: (-answered[key], -named[key], key[1])):
        if named[topic, contact] or answered[topic, contact] or topic is None:
            found[topic].append(Known(by_id[contact], named[topic, contact], answered[topic, contact]))
    return found


def questions_to(
    department: Department,
    access: Access,
    *,
    contact: int | None = None,
    topic: int | None = None,
    category: int | None = None,
) -> QuerySet[Consultation]:
    """The department's questions that this person may see; 0 for those without a topic or a category."""
    rows = Consultation.objects.visible_to(access).filter(department=department)
    if contact is not None:
        rows = rows.filter(pk__in=Approach.objects.filter(contact=contact).values("consultation"))
    if topic is not None:
        rows = rows.filter(topic=topic or None)
    if category is not None:
        rows = rows.filter(ticket__category=category or None)
    return rows.select_related("ticket__category", "topic", "answer__approach")


def waited_s(consultation: Consultation, hours: WorkingTime) -> int | None:
    """Seconds of ``hours`` from the question until its answer."""
    if consultation.answer is None:
        return None
    return _between(hours, consultation.asked_at, consultation.answer.at, urgent=consultation.urgent)


def _between(hours: WorkingTime, start: datetime, end: datetime, *, urgent: bool) -> int:
    """Working seconds; an urgent question is answered by the clock on the wall."""
    return (ALWAYS if urgent else hours).between(start, max(start, end))


def _rank(values: Sequence[int], share: float) -> int | None:
    return sorted(values)[ceil(share * len(values)) - 1] if values else None
