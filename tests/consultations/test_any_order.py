"""Whatever is said, comes back or stays away, in whatever order, through the acts and the mails of real life."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from madoguchi.calendars.actions import add_calendar
from madoguchi.calendars.models import Calendar
from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import Period, WorkingTime
from madoguchi.consultations.actions.hear import answer, ask_back, decline, need_time
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.actions.read import read_as
from madoguchi.consultations.actions.steer import next_contact, reply, withdraw
from madoguchi.consultations.models import OPEN, Approach, Consultation, Remark, State
from madoguchi.consultations.sweep import advance_due
from madoguchi.foundation.prepared import Prepared
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM
from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.people.models import Contact, ContactAbsence
from madoguchi.problems.models import Problem
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket, WaitingFor
from tests.cast import Cast, found
from tests.clocks.desk_time import HOUR, Hand, at
from tests.consultations.letters import by_mail, failed
from tests.consultations.questions import asked, raised

A, Kind = Approach.State, Remark.Kind
QUESTION = Prepared(lambda key: Consultation.objects.select_related("ticket", "department", "answer").filter(pk=key))
ASKED = Prepared(lambda key: Approach.objects.select_related("contact").filter(consultation=key).order_by("id"))
type Hours = Mapping[int | None, WorkingTime]


class Day:
    """One question, and what happens to it by name; what cannot be is refused and changes nothing."""

    def __init__(self, cast: Cast, hand: Hand, hours: Hours, consultation: Consultation) -> None:
        self.cast, self.hand, self.hours = cast, hand, hours
        self.question, self.asked = consultation, list[Approach]()
        self.look()

    def look(self) -> None:
        """How it stands now."""
        key = self.question.pk
        (self.question,) = QUESTION.all(key)
        self.asked = ASKED.all(key)

    def whom(self, who: int) -> Approach:
        """One of those who were asked."""
        rows = [row for row in self.asked if row.asked_at is not None]
        if not rows:
            raise Refused("nobody was asked")
        return rows[who % len(rows)]

    def letter(self, who: int) -> OutgoingMail:
        """The question as one of them has it in the mailbox."""
        letter = OutgoingMail.objects.filter(thread__approach=self.whom(who)).order_by("id").first()
        if letter is None:
            raise Refused("nothing was sent")
        return letter

    def later(self, who: int) -> datetime:
        return self.hand.now + timedelta(hours=who * 7 + 1)

    def happens(self, what: str, who: int) -> None:
        with suppress(Refused):
            HAPPENINGS[what](self, who)
            self.look()
            self.check()

    def passes(self, moment: datetime) -> None:
        """Time passes; the worker has one turn."""
        self.hand.now = max(self.hand.now, moment)
        advance_due()

    def check(self) -> None:
        """It is open while somebody is asked; then time runs or the desk owes a reply, and in nobody's night."""
        question, ticket = self.question, self.question.ticket
        live = [approach for approach in self.asked if approach.is_live]
        is_open = question.state in OPEN
        assert is_open == (question.ended_at is None) == bool(live)
        if is_open and ticket.is_active:
            assert question.next_at is not None or question.state == State.ASKED_BACK
        assert is_open or ticket.waiting_for != WaitingFor.DEPARTMENT
        for approach in live:
            moment = approach.send_at if approach.state == A.PLANNED else approach.deadline_at
            assert moment is not None or approach.state == A.ASKED_BACK
            assert moment is None or question.urgent or self.in_hours(approach, moment)

    def in_hours(self, approach: Approach, moment: datetime) -> bool:
        """Whether the moment lies in the contact's hours; what is used up at a closing ends with it."""
        assert approach.contact is not None
        hours = self.hours[approach.contact.calendar_id]
        return hours.is_open(moment) or hours.is_open(moment - timedelta(microseconds=1))

    def ends(self) -> None:
        """The story is over: what must be true of all of it."""
        self.check_outcome(self.question)
        self.check_asked(self.question)
        assert not IncomingMail.objects.exclude(error="").exists()
        assert not Problem.objects.exists()

    def check_outcome(self, question: Consultation) -> None:
        """One outcome, that of the trail: an answer or a withdrawal stays, unless the desk reads it again."""
        entries = Entry.objects.filter(kind__startswith="consultation.").order_by("id")
        trail = list(entries.values_list("kind", "data__state"))
        for (_, before), (kind, after) in pairwise(trail):
            assert before != State.WITHDRAWN or after == before, trail
            assert before != State.ANSWERED or after == before or kind == "consultation.reread", trail
        assert trail[-1][1] == question.state
        assert (question.state == State.ANSWERED) == (question.answer is not None)
        if question.answer is not None:
            assert (question.answer.kind, question.answer.late) == (Kind.ANSWER, False)

    def check_asked(self, question: Consultation) -> None:
        """Nobody is asked twice, by no way."""
        contacts = [approach.contact_id for approach in self.asked]
        assert len(contacts) == len(set(contacts))
        # A mail that was taken back before it left has asked nobody.
        questions = question.remarks.filter(kind=Kind.QUESTION).exclude(outgoing__state=OutgoingMail.State.DROPPED)
        asked = questions.values_list("approach", "outgoing")
        by_approach, by_mail = Counter(row for row, _ in asked), Counter(row for row, mail in asked if mail)
        assert max(by_mail.values(), default=0) <= 1
        for approach in self.asked:
            assert len(approach.tried) == len(set(approach.tried)) >= by_approach[approach.pk]


def read_again(day: Day, who: int) -> None:
    """The desk reads the last thing that was said as something else."""
    remark = day.question.remarks.filter(kind__in=[Kind.ANSWER, Kind.DECLINE, Kind.ASK_BACK]).last()
    if remark is not None:
        kind = (Kind.ANSWER, Kind.DECLINE, Kind.NEEDS_TIME, Kind.ASK_BACK, Kind.NOTE)[who]
        read_as(remark, kind, until=day.later(who), by=day.cast.sato)


def out_of_office(day: Day, who: int) -> None:
    by_mail(day.letter(who), "休暇をいただいております", headers={"Auto-Submitted": "auto-replied"})


NAMED = (
    Named(name="岡田 部長"),
    Named(name="新人", email="shinjin@example.jp"),
    Named(name="他社", email="x@elsewhere.example"),
    Named(name="経理 窓口"),
    Named(name="松本", phone="03-5000-9999"),
)
HAPPENINGS: dict[str, Callable[[Day, int], object]] = {
    "answer by mail": lambda day, who: by_mail(day.letter(who), "発行済みです"),
    "answer": lambda day, who: answer(day.question, body="済み", approach=day.whom(who), by=SYSTEM),
    "answer by telephone": lambda day, _: answer(day.question, body="済み", name="だれか", by=day.cast.sato),
    "decline": lambda day, who: decline(day.question, approach=day.whom(who), by=SYSTEM),
    "name": lambda day, who: decline(day.question, approach=day.whom(who), named=NAMED[who], by=day.cast.sato),
    "need time": lambda day, who: need_time(day.question, until=day.later(who), approach=day.whom(who), by=SYSTEM),
    "ask back": lambda day, who: ask_back(day.question, body="何月分", approach=day.whom(who), by=SYSTEM),
    "reply": lambda day, _: reply(day.question, body="8月分", by=day.cast.sato),
    "press": lambda day, _: next_contact(day.question, by=day.cast.sato),
    "press one": lambda day, who: next_contact(
        day.question, contact=Contact.objects.order_by("id")[who % Contact.objects.count()], by=day.cast.sato
    ),
    "withdraw": lambda day, _: withdraw(day.question, by=day.cast.sato),
    "bounce": lambda day, who: failed(day.letter(who)),
    "out of office": out_of_office,
    "read again": read_again,
    "solve": lambda day, _: resolve(day.question.ticket, resolution="済み", by=day.cast.sato),
    "open again": lambda day, _: reopen(day.question.ticket, by=day.cast.sato),
    "time passes": lambda day, _: day.passes(day.question.next_at or day.hand.now),
    "days pass": lambda day, who: day.passes(day.hand.now + timedelta(days=who, hours=5)),
}
happenings = st.lists(
    st.tuples(st.sampled_from([*HAPPENINGS, "time passes", "time passes"]), st.integers(0, 4)), min_size=1, max_size=4
)


@st.composite
def departments(draw: st.DrawFn) -> Callable[[Cast, Calendar], None]:
    """Who is asked by which ways and hours, who is away, who manages."""
    ways = st.sampled_from([["mail"], ["mail", "phone"], ["phone", "mail"]])
    first, second, mornings = draw(ways), draw(ways), draw(st.integers(0, 3))
    away, manages, deputy = draw(st.integers(0, 3)), draw(st.booleans()), draw(st.booleans())

    def arrange(cast: Cast, calendar: Calendar) -> None:
        boss = found(Contact(department=cast.accounting, name="部長", email="bucho@example.jp", channels=["mail"]))
        for place, (contact, reached) in enumerate([(cast.accounting_first, first), (cast.accounting_second, second)]):
            fields = {"channels": reached, "calendar": calendar if mornings & 1 << place else None}
            Contact.objects.filter(pk=contact.pk).update(**fields, phone="0350002000", deputy=boss if deputy else None)
        if away < 2:
            contact = (cast.accounting_first, cast.accounting_second)[away]
            ContactAbsence.objects.create(contact=contact, starts_at=at(1), ends_at=at(3))
        cast.accounting.manager = boss if manages else None
        cast.accounting.save(update_fields=["manager"])

    return arrange


def test_whatever_happens_there_is_one_outcome_and_nobody_is_asked_twice(
    cast: Cast, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", hand := Hand())
    ticket = raised(cast)
    mornings = add_calendar(
        key="mornings", name="午前", week=[[Period(9 * HOUR, 11 * HOUR)]] * 5 + [[], []], by=cast.admin
    )
    hours = {calendar: working_time(calendar) for calendar in (None, mornings.pk)}

    @settings(
        max_examples=150 if engine == "sqlite" else 30,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(departments(), st.integers(0, 7 * 24), st.booleans(), st.integers(1, 2 * HOUR), happenings)
    def holds(
        arrange: Callable[[Cast, Calendar], None],
        hour: int,
        urgent: bool,
        within: int,
        story: list[tuple[str, int]],
    ) -> None:
        with transaction.atomic():
            arrange(cast, mornings)
            cast.accounting.answer_within_s = within
            cast.accounting.save(update_fields=["answer_within_s"])
            hand.now = at(1) + timedelta(hours=hour, minutes=hour * 7 % 60)
            day = Day(cast, hand, hours, asked(cast, Ticket.objects.get(pk=ticket.pk), urgent=urgent))
            day.check()
            for what, who in story:
                hand.now += timedelta(minutes=who)
                day.happens(what, who)
            day.ends()
            transaction.set_rollback(True)

    holds()
