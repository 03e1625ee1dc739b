"""When each kind of clock starts, stands still and ends."""

from datetime import date

import pytest
from django.utils import translation
from freezegun import freeze_time

from madoguchi.calendars.working_time import Version, WorkingTime
from madoguchi.clocks.reading import Kind, State
from madoguchi.clocks.words import sentence
from tests.clocks.desk_time import CALL_CENTRE, HOUR, MINUTE, NETWORK, SERVICE_DESK, TOKYO, Promises, Story, at


@pytest.fixture
def book() -> Promises:
    book = Promises()
    book.promise(Kind.FIRST_RESPONSE, 1)
    book.promise(Kind.NEXT_UPDATE, 4)
    book.promise(Kind.RESOLUTION, 8)
    book.promise(Kind.ACCEPTANCE, 0.5)
    book.promise(Kind.HOLDING, 4)
    book.promise(Kind.CALL_BACK, 0.5)
    book.promise(Kind.ANSWER, 8)
    return book


def test_the_first_public_answer_ends_the_first_response(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).answered(at(1, 9, 10), visibility="internal").answered(at(1, 9, 40))

    clock = story.clock(Kind.FIRST_RESPONSE)
    assert (clock.state, clock.ended_at, clock.due_at, clock.next_at) == (
        State.MET,
        at(1, 9, 40),
        at(1, 10, 0),
        at(1, 9, 30),
    )


def test_an_answer_after_the_time_is_a_breach_for_ever(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).answered(at(1, 10, 0, 1))

    assert story.clock(Kind.FIRST_RESPONSE).state is State.BREACHED


def test_an_answer_at_the_last_moment_is_in_time(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).answered(at(1, 10, 0))

    assert story.clock(Kind.FIRST_RESPONSE).state is State.MET


def test_a_ticket_raised_while_speaking_has_had_its_first_response(book: Promises) -> None:
    clock = Story(book).opened(at(1, 9, 0), spoken=True).clock(Kind.FIRST_RESPONSE)

    assert (clock.state, clock.elapsed_s(at(2, 9, 0)), clock.next_at) == (State.MET, 0, None)


def test_an_answer_to_be_told_by_telephone_is_none_until_it_was_told(book: Promises) -> None:
    story = (
        Story(book).opened(at(1, 9, 0)).tell("call_back.tied", at(1, 9, 20), call_back=5, team=CALL_CENTRE, due_at=None)
    )
    story.answered(at(1, 9, 20), delivery="call_back")
    assert story.clock(Kind.FIRST_RESPONSE).ended_at is None
    assert story.clock(Kind.CALL_BACK).due_at == at(1, 9, 50)

    story.tell("call_back.done", at(1, 9, 45), call_back=5, result="reached")
    assert story.clock(Kind.FIRST_RESPONSE).state is State.MET
    assert story.clock(Kind.CALL_BACK).state is State.MET


def test_the_next_update_starts_again_whenever_the_requester_heard_from_us(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0))
    assert story.clocks(Kind.NEXT_UPDATE) == []

    story.answered(at(1, 9, 30)).tell("interaction.linked", at(1, 11, 0), channel="phone", spoken=True)
    first, second = story.clocks(Kind.NEXT_UPDATE)
    assert (first.due_at, first.state) == (at(1, 14, 30), State.MET)
    assert (second.started_at, second.due_at, second.ended_at) == (at(1, 11, 0), at(1, 16, 0), None)


def test_the_next_update_rests_while_the_requester_is_asked(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).answered(at(1, 10, 0)).waits(at(1, 10, 0))
    assert story.clock(Kind.NEXT_UPDATE).state is State.PAUSED

    story.written(at(2, 9, 0))
    assert story.clock(Kind.NEXT_UPDATE).due_at == at(2, 14, 0)


def test_nothing_is_owed_after_the_resolution_until_it_is_reopened(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).answered(at(1, 9, 30)).resolved(at(1, 9, 30)).answered(at(1, 9, 31))
    assert [clock.state for kind in Kind for clock in story.clocks(kind)] == [State.MET] * 4

    story.reopened(at(2, 9, 0))
    assert story.clocks(Kind.NEXT_UPDATE)[-1].due_at == at(2, 14, 0)


def test_an_offer_returned_leaves_the_holders_clock_alone(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).offered(at(1, 9, 10), 1, NETWORK)
    story.returned(at(1, 9, 50), 1, CALL_CENTRE, after=False)

    assert story.clock(Kind.ACCEPTANCE).state is State.BREACHED
    assert story.clock(Kind.HOLDING).ended_at is None


def test_a_ticket_returned_after_acceptance_begins_a_new_stay(book: Promises) -> None:
    story = (
        Story(book).opened(at(1, 9, 0)).offered(at(1, 9, 10), 1, SERVICE_DESK).accepted(at(1, 9, 30), 1, SERVICE_DESK)
    )
    story.returned(at(1, 11, 0), 1, CALL_CENTRE, after=True)

    assert [(clock.team, clock.elapsed_s(at(1, 12, 0)) // MINUTE) for clock in story.clocks(Kind.HOLDING)] == [
        (CALL_CENTRE, 30),
        (SERVICE_DESK, 90),
        (CALL_CENTRE, 60),
    ]


def test_a_supervisor_who_takes_the_ticket_begins_a_stay_and_other_decisions_none(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).tell("routing.decided", at(1, 10, 0), kind="keep", team_id=None)
    story.tell("routing.decided", at(1, 11, 0), kind="take", team_id=NETWORK)

    assert [(clock.team, clock.state) for clock in story.clocks(Kind.HOLDING)] == [
        (CALL_CENTRE, State.MET),
        (NETWORK, State.RUNNING),
    ]


def test_a_promised_call_is_due_at_its_time_and_may_be_put_off(book: Promises) -> None:
    story = (
        Story(book)
        .opened(at(1, 9, 0))
        .tell("call_back.tied", at(1, 9, 0), call_back=5, team=CALL_CENTRE, due_at=at(3, 20, 0).isoformat())
    )
    assert story.clock(Kind.CALL_BACK).due_at == at(3, 20, 0)  # Saturday evening, if so promised

    story.tell("call_back.attempted", at(3, 20, 0), call_back=5, due_at=at(5, 10, 0).isoformat())
    assert story.clock(Kind.CALL_BACK).due_at == at(5, 10, 0)


def test_a_question_to_a_department_has_its_own_clock(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).tell("consultation.asked", at(1, 10, 0), consultation=3)
    assert story.clock(Kind.ANSWER).due_at == at(2, 10, 30)

    story.tell("consultation.answered", at(2, 9, 0), consultation=3)
    assert story.clock(Kind.ANSWER).state is State.MET


def test_nobody_owes_an_answer_once_the_ticket_is_solved(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).tell("consultation.asked", at(1, 10, 0), consultation=3)
    story.tell("ticket.resolved", at(1, 17, 0))
    assert story.clock(Kind.ANSWER).state is State.MET
    story.tell("consultation.answered", at(5, 9, 0), consultation=3)
    assert (story.clock(Kind.ANSWER).state, story.clock(Kind.ANSWER).ended_at) == (State.MET, at(1, 17, 0))


def test_the_answer_is_owed_again_when_the_ticket_comes_back(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).tell("consultation.asked", at(1, 10, 0), consultation=3)
    story.tell("ticket.resolved", at(1, 17, 0)).tell("ticket.reopened", at(1, 17, 10))
    assert story.clock(Kind.ANSWER).due_at == at(2, 10, 30)


def test_an_offer_to_whoever_is_on_duty_counts_around_the_clock_and_the_next_one_does_not(book: Promises) -> None:
    book.promise(Kind.ACCEPTANCE, 2)
    story = Story(book).opened(at(2, 17, 0))
    story.tell("handoff.offered", at(2, 20, 0), handoff=1, to_id=NETWORK, duty={"to": "伊藤 翔", "meant": ""})
    assert story.clock(Kind.ACCEPTANCE).due_at == at(2, 22, 0)
    assert story.clock(Kind.ACCEPTANCE).remaining_s(at(2, 23, 0)) == -HOUR

    story.tell("handoff.recalled", at(2, 23, 0), handoff=1)
    story.tell("handoff.offered", at(2, 23, 0), handoff=2, to_id=NETWORK)
    first, second = story.clocks(Kind.ACCEPTANCE)
    assert (first.state, second.due_at) == (State.BREACHED, at(5, 11, 0))


def test_waiting_for_a_date_ends_by_itself_where_the_policy_pauses_for_it() -> None:
    book = Promises()
    book.promise(Kind.RESOLUTION, 8, pauses_for=frozenset({"requester", "date"}))
    story = Story(book).opened(at(1, 9, 0)).waits(at(1, 10, 0), "date", until=at(5, 9, 0))

    clock = story.clock(Kind.RESOLUTION)
    assert clock.due_at == at(5, 17, 0)
    assert [clock.state_at(moment) for moment in (at(2, 9, 0), at(5, 10, 0))] == [State.PAUSED, State.RUNNING]


def test_what_was_told_of_one_target_is_told_again_of_another(book: Promises) -> None:
    book.promise(Kind.RESOLUTION, 4, priority="urgent")
    story = (
        Story(book)
        .opened(at(1, 9, 0))
        .tell("clock.warned", at(1, 14, 0), clock="resolution", subject=1, percent=50, target=str(8 * HOUR))
    )
    assert story.clock(Kind.RESOLUTION).next_mark == (at(1, 16, 24), 80)

    story.priority(at(1, 14, 5), "urgent")
    assert story.clock(Kind.RESOLUTION).next_mark == (at(1, 11, 0), 50)


def test_a_calendar_that_never_opens_has_no_deadline() -> None:
    book = Promises()
    book.promise(Kind.RESOLUTION, 1, calendar=WorkingTime(TOKYO, (Version(date(2020, 1, 1), ((),) * 7),)))

    clock = Story(book).opened(at(1, 9, 0)).clock(Kind.RESOLUTION)
    assert (clock.due_at, clock.next_at, clock.state_at(at(30, 0))) == (None, None, State.RUNNING)


@freeze_time(at(13, 10, 0))
def test_the_explanation_says_when_why_and_how_much(book: Promises) -> None:
    story = Story(book).opened(at(2, 17, 0)).waits(at(5, 10, 0)).goes_on(at(9, 17, 0))

    clock = story.clock(Kind.RESOLUTION)
    with translation.override("en"):
        assert sentence(clock, at(13, 10, 0)) == (
            "started 2 Oct (Fri) 17:00, paused 5 Oct (Mon) 10:00 – 9 Oct (Fri) 17:00, waiting for the requester, "
            "not counted: closed days, スポーツの日, target 8 h, used 3 h, 5 h left"
        )
    with translation.override("ja"):
        assert sentence(clock, at(13, 10, 0)) == (
            "10/2(金) 17:00 開始、10/5(月) 10:00〜10/9(金) 17:00 停止（連絡者の回答待ち）、"
            "除外: 休業日、スポーツの日、目標 8時間、経過 3時間、残り 5時間"
        )
