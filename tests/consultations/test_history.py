"""What the past of a department says: figures in working time, missing topics, and a better order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.models import Category
from madoguchi.consultations.actions.hear import answer, decline
from madoguchi.consultations.actions.name import Named
from madoguchi.consultations.actions.read import note
from madoguchi.consultations.history import (
    ENOUGH,
    Came,
    Figures,
    Turn,
    figures_of,
    known_besides,
    order_by,
    past_of,
)
from madoguchi.consultations.models import Approach, Remark
from madoguchi.people.actions import add_contact, add_topic, change_contact, order_chain
from madoguchi.people.models import Contact
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.past import asked_before
from tests.consultations.questions import asked

A = Approach.State
EVENING = datetime(2026, 11, 25, 8, tzinfo=UTC)  # Wednesday, 17:00 in Tokyo
NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)

outcomes = st.lists(
    st.tuples(st.sampled_from(list(Came)), st.integers(1, 36_000)), min_size=ENOUGH, max_size=12
).filter(lambda turns: any(came == Came.ANSWERED for came, _s in turns))


def expected_wait(order: tuple[int, ...], figures: dict[int, Figures]) -> float:
    """Mean time until the first answer or until all were asked in vain, each contact doing as they always did."""
    reached, wait = 1.0, 0.0
    for contact in order:
        known = figures[contact]
        wait += reached * known.spent_s / known.asked
        reached *= 1 - (known.share or 0)
    return wait


@settings(max_examples=200)
@given(st.lists(outcomes, min_size=2, max_size=5))
def test_no_other_order_has_a_shorter_expected_wait(past: list[list[tuple[Came, int]]]) -> None:
    figures = figures_of(Turn(who, None, came, s) for who, turns in enumerate(past, start=1) for came, s in turns)
    today = [Contact(pk=who, name=str(who)) for who in figures]
    proposed = tuple(one.pk for one in order_by(None, today, figures).proposed)
    best = min(expected_wait(order, figures) for order in permutations(figures))
    assert expected_wait(proposed, figures) <= best * (1 + 1e-9)


@settings(max_examples=500)
@given(st.lists(st.lists(st.sampled_from(list(Came)), max_size=ENOUGH + 2), min_size=1, max_size=7))
def test_nobody_is_lost_and_who_has_too_little_history_keeps_the_place(past: list[list[Came]]) -> None:
    figures = figures_of(Turn(who, None, came, 60) for who, turns in enumerate(past, start=1) for came in turns)
    today = [Contact(pk=who, name=str(who)) for who in range(1, len(past) + 1)]
    order = order_by(None, today, figures)
    assert sorted(one.pk for one in order.proposed) == [one.pk for one in today]
    for before, after in zip(order.today, order.proposed, strict=True):
        if len(past[before.pk - 1]) < ENOUGH:
            assert after == before


def test_time_counts_while_the_department_works_and_an_urgent_question_by_the_clock_on_the_wall(
    cast: Cast, ticket: Ticket
) -> None:
    overnight = [(cast.accounting_first, A.ANSWERED, timedelta(hours=17))]  # 17:00 until 10:00
    asked_before(ticket, cast.accounting, *overnight, at=EVENING)
    asked_before(ticket, cast.accounting, *overnight, at=EVENING, urgent=True)
    always = Calendar.objects.create(key="all-hours", name="終日", zone="Asia/Tokyo")
    always.versions.create(valid_from="2020-01-01", week=[[[0, 86_400]]] * 7, national_holidays=False)
    change_contact(cast.accounting_first, calendar=always, by=cast.admin)  # one clock for all of the department
    past = past_of(cast.accounting, at=NOW)
    assert sorted(past.by_contact()[cast.accounting_first.pk].answers) == [2 * 3600, 17 * 3600]
    assert sorted(question.seconds or 0 for question in past.questions) == [2 * 3600, 17 * 3600]


def test_only_turns_that_were_fair_count(cast: Cast, ticket: Ticket) -> None:
    first, second = cast.accounting_first, cast.accounting_second
    for state in (A.AWAY, A.BOUNCED, A.SETTLED):
        asked_before(ticket, cast.accounting, (first, state, HOUR), (second, A.ANSWERED, HOUR), at=EVENING - HOUR * 3)
    asked_before(ticket, cast.accounting, (first, A.SILENT, HOUR), (second, A.DECLINED, HOUR), at=EVENING - HOUR * 3)
    pressed = asked_before(ticket, cast.accounting, (first, A.SILENT, HOUR), at=EVENING - HOUR * 3)
    pressed.approaches.update(reminded_at=None)
    uncalled, called = (
        asked_before(ticket, cast.accounting, (first, A.SILENT, HOUR), at=EVENING - HOUR * 3) for _ in range(2)
    )
    Approach.objects.filter(consultation__in=[uncalled, called]).update(channel="phone")
    note(called, body="電話、離席中", by=cast.sato)
    Remark.objects.filter(consultation=called).update(approach=called.approaches.get())
    by_contact = past_of(cast.accounting, at=NOW).by_contact()
    assert (by_contact[first.pk].asked, by_contact[first.pk].silent) == (2, 2)
    assert (by_contact[second.pk].asked, by_contact[second.pk].declined, by_contact[second.pk].median_s) == (4, 1, 3600)


def test_a_late_answer_is_an_answer_of_its_contact(cast: Cast, ticket: Ticket) -> None:
    question = asked(cast, ticket)
    approach = question.approaches.get()
    answer(question, body="部長から", name="岡田 部長", by=cast.sato)
    assert past_of(cast.accounting, at=question.asked_at + HOUR).by_contact() == {}
    answer(question, body="発行済みです", approach=approach, by=cast.sato)
    assert (
        len(past_of(cast.accounting, at=question.asked_at + HOUR).by_contact()[cast.accounting_first.pk].answers) == 1
    )


def test_missing_topics_are_counted_by_category(cast: Cast, ticket: Ticket) -> None:
    topic = add_topic(cast.accounting, key="invoice", name="請求書", by=cast.admin)
    cast.mail_trouble.topics.add(topic)
    below = Category.objects.create(key="mail-send", name="送信", parent=cast.mail_trouble)
    turn = (cast.accounting_first, A.ANSWERED, HOUR)

    def gaps(**question: object) -> list[tuple[str, int, int, bool]]:
        asked_before(ticket, cast.accounting, turn, at=EVENING, **question)  # type: ignore[arg-type]
        found = past_of(cast.accounting, at=NOW).gaps()
        return [(str(gap.category), gap.questions, gap.without_topic, gap.is_covered) for gap in found]

    assert gaps(topic=topic, category=below) == []
    Ticket.objects.update(category=None)
    assert gaps(topic=topic) == []
    assert gaps() == [("None", 1, 1, False)]
    assert gaps(topic=topic, category=cast.wiring) == [(str(cast.wiring), 4, 1, False)]


def test_a_topic_with_its_own_chain_is_judged_by_its_own_questions(cast: Cast, ticket: Ticket) -> None:
    topic = add_topic(cast.accounting, key="invoice", name="請求書", by=cast.admin)
    first, second = cast.accounting_first, cast.accounting_second
    order_chain(cast.accounting, [first, second], topic=topic, by=cast.admin)
    for _ in range(ENOUGH):
        asked_before(
            ticket,
            cast.accounting,
            (first, A.DECLINED, HOUR / 2),
            (second, A.ANSWERED, HOUR / 4),
            at=EVENING,
            topic=topic,
        )
    department, own = past_of(cast.accounting, at=NOW).orders()
    assert (department.topic, department.differs, department.is_judged) == (None, False, False)
    assert (own.topic, list(own.proposed), own.is_judged) == (topic, [second, first], True)


def test_whoever_was_named_is_known_and_proposed_even_by_name_alone(cast: Cast, ticket: Ticket) -> None:
    question = asked(cast, ticket)
    decline(question, named=Named(name="三浦 さくら"), by=cast.sato)
    miura = Contact.objects.get(name="三浦 さくら")
    assert (miura.department, miura.is_confirmed, miura.position) == (cast.accounting, False, None)
    question.refresh_from_db()
    decline(question, named=Named(name="加藤 学", email="kato@example.jp"), by=cast.sato)
    kato = Contact.objects.get(name="加藤 学")
    answer(question, body="発行済みです", by=cast.sato)
    known = known_besides(cast.accounting, [miura, kato])
    assert [(one.contact, one.named, one.answered) for one in known[None]] == [(kato, 1, 1), (miura, 0, 0)]
    order_chain(cast.accounting, [cast.accounting_first, kato], by=cast.admin)
    kato.refresh_from_db()
    assert kato.is_confirmed
    assert add_contact(cast.accounting, name="四番", by=cast.admin).position == 3
