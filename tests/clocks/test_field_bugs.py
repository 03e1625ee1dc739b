"""What other systems have carried for years (business hours, pauses, transfers), each as a test named after the bug."""

from datetime import datetime

import pytest

from madoguchi.clocks.function import time_used
from madoguchi.clocks.history import facts_of
from madoguchi.clocks.reading import Kind, Reopen, State
from tests.clocks.desk_time import (
    CALL_CENTRE,
    DESK,
    HOUR,
    MINUTE,
    NETWORK,
    ROUND_THE_CLOCK,
    SERVICE_DESK,
    TICKET,
    Promises,
    Story,
    at,
)


@pytest.fixture
def book() -> Promises:
    book = Promises()
    book.promise(Kind.FIRST_RESPONSE, 2)
    book.promise(Kind.RESOLUTION, 16)
    book.promise(Kind.RESOLUTION, 4, priority="urgent")
    book.promise(Kind.HOLDING, 4)
    book.promise(Kind.ACCEPTANCE, 0.5)
    return book


def test_business_hours_are_counted_at_all(book: Promises) -> None:
    """osTicket 1168, Chatwoot 13392: a deadline that runs through the night and the weekend."""
    story = Story(book).opened(at(2, 17, 0))  # Friday

    assert story.clock(Kind.FIRST_RESPONSE).due_at == at(5, 10, 30)  # Monday


def test_lunch_is_no_working_time_and_a_day_has_two_periods(book: Promises) -> None:
    """Chatwoot 14009, Frappe 2212."""
    story = Story(book).opened(at(1, 11, 0))

    assert story.clock(Kind.FIRST_RESPONSE).due_at == at(1, 14, 0)


def test_a_national_holiday_is_no_working_day(book: Promises) -> None:
    story = Story(book).opened(at(9, 17, 0))  # Friday before the long weekend

    assert story.clock(Kind.FIRST_RESPONSE).due_at == at(13, 10, 30)


def test_time_spent_waiting_for_the_requester_is_credited_when_the_priority_goes_up(book: Promises) -> None:
    """GLPI 6902, 15605: the new deadline forgot the pauses that were taken under the old one."""
    story = Story(book).opened(at(1, 9, 0)).waits(at(1, 10, 0)).goes_on(at(5, 10, 0)).priority(at(5, 10, 30), "urgent")

    clock = story.clock(Kind.RESOLUTION)
    assert clock.target_s == 4 * HOUR
    assert clock.elapsed_s(at(5, 10, 30)) == 90 * MINUTE  # an hour before the pause, half an hour since
    assert clock.due_at == at(5, 14, 0)


def test_time_used_before_the_priority_went_up_counts(book: Promises) -> None:
    """ServiceNow's retroactive start: from when the requester asked, not from when the priority rose."""
    story = Story(book).opened(at(1, 9, 0)).priority(at(1, 16, 0), "urgent")

    assert story.clock(Kind.RESOLUTION).due_at == at(1, 14, 0)
    assert story.clock(Kind.RESOLUTION).state_at(at(1, 16, 0)) is State.BREACHED


def test_a_paused_ticket_does_not_become_late(book: Promises) -> None:
    """GLPI 24481: the time to resolve was violated while the ticket was pending."""
    story = Story(book).opened(at(1, 9, 0)).waits(at(1, 10, 0))

    clock = story.clock(Kind.RESOLUTION)
    assert (clock.state_at(at(30, 12, 0)), clock.due_at, clock.next_at) == (State.PAUSED, None, None)


def test_the_time_a_ticket_was_solved_is_no_waiting_for_the_requester(book: Promises) -> None:
    """GLPI 23359: on reopening, the time since the solution was counted as pending."""
    story = Story(book).opened(at(1, 9, 0)).resolved(at(1, 10, 0)).reopened(at(5, 9, 0))

    clock = story.clock(Kind.RESOLUTION)
    assert [(pause.start, pause.end, pause.why) for pause in clock.paused] == [(at(1, 10, 0), at(5, 9, 0), "solved")]
    assert clock.elapsed_s(at(5, 9, 0)) == HOUR
    assert clock.due_at == at(6, 17, 30)


@pytest.mark.parametrize(
    ("reopen", "due_at", "clocks"),
    [(Reopen.GOES_ON, at(6, 17, 30), 1), (Reopen.COUNTS, at(5, 10, 0), 1), (Reopen.ANEW, at(7, 10, 0), 2)],
)
def test_reopening_does_what_the_policy_says(reopen: Reopen, due_at: datetime, clocks: int) -> None:
    book = Promises()
    book.promise(Kind.RESOLUTION, 16, reopen=reopen)
    story = Story(book).opened(at(1, 9, 0)).resolved(at(1, 10, 0)).reopened(at(5, 9, 0))

    found = story.clocks(Kind.RESOLUTION)
    assert (found[-1].due_at, len(found)) == (due_at, clocks)
    if clocks == 2:
        assert found[0].state is State.MET


def test_the_second_team_has_its_own_time_from_acceptance(book: Promises) -> None:
    """GLPI 1911: the second group "has no time to resolve" because its clock started at creation."""
    story = (
        Story(book).opened(at(1, 9, 0)).offered(at(1, 10, 0), 1, SERVICE_DESK).accepted(at(1, 13, 0), 1, SERVICE_DESK)
    )

    first, second = story.clocks(Kind.HOLDING)
    assert (first.team, first.state, first.elapsed_s(at(30, 9, 0))) == (CALL_CENTRE, State.MET, 3 * HOUR)
    assert (second.team, second.started_at, second.due_at) == (SERVICE_DESK, at(1, 13, 0), at(1, 17, 0))
    assert story.clock(Kind.RESOLUTION).started_at == at(1, 9, 0)  # towards the requester nothing starts again


def test_a_group_that_an_escalation_gave_the_ticket_has_its_clock_too(book: Promises) -> None:
    """escalade 151: with the escalation plugin the time to own of the group that got the ticket never started."""
    story = Story(book).opened(at(1, 9, 0))
    story.tell("handoff.accepted", at(1, 10, 0), handoff=1, to_id=SERVICE_DESK, by_rule="規則")  # moved, never offered
    story.tell("routing.decided", at(1, 11, 0), team_id=NETWORK)  # given by a supervisor

    holding = story.clocks(Kind.HOLDING)
    assert [(clock.team, clock.started_at) for clock in holding[1:]] == [
        (SERVICE_DESK, at(1, 10, 0)),
        (NETWORK, at(1, 11, 0)),
    ]
    assert holding[-1].due_at == at(1, 16, 0)


def test_a_colleague_who_joins_changes_no_deadline(book: Promises) -> None:
    """GLPI 14423: the OLA was worked out anew when a technician was added."""
    story = Story(book).opened(at(1, 9, 0))
    before = [reading.due_at for kind in Kind for reading in story.clocks(kind)]
    story.tell("ticket.changed", at(1, 9, 30), fields=["assignee"])

    assert [reading.due_at for kind in Kind for reading in story.clocks(kind)] == before


def test_an_offer_waits_outside_the_receiving_teams_hours(book: Promises) -> None:
    story = Story(book).opened(at(2, 17, 0)).offered(at(2, 17, 20), 1, NETWORK)

    assert story.clock(Kind.ACCEPTANCE).due_at == at(5, 9, 20)


def test_waiting_for_a_department_stops_nothing(book: Promises) -> None:
    story = Story(book).opened(at(1, 9, 0)).waits(at(1, 9, 30), "department")

    assert story.clock(Kind.FIRST_RESPONSE).due_at == at(1, 11, 0)


def test_who_used_the_time_is_told_by_team(book: Promises) -> None:
    story = (
        Story(book).opened(at(1, 9, 0)).offered(at(1, 10, 0), 1, SERVICE_DESK).accepted(at(1, 11, 0), 1, SERVICE_DESK)
    )
    story.waits(at(1, 14, 0)).written(at(2, 9, 0)).resolved(at(2, 10, 0))

    used = time_used(facts_of(story.rows, TICKET), book, now=at(30, 0))
    assert used == [(CALL_CENTRE, 2 * HOUR), (SERVICE_DESK, 3 * HOUR)]
    assert sum(seconds for _, seconds in used) == story.clock(Kind.RESOLUTION).elapsed_s(at(30, 0))


def test_a_breach_that_was_told_is_told_again_of_the_later_deadline_of_other_hours() -> None:
    book = Promises()
    book.promise(Kind.RESOLUTION, 4, calendar=DESK)
    book.promise(Kind.RESOLUTION, 4, priority="urgent", calendar=ROUND_THE_CLOCK)
    story = Story(book).opened(at(2, 17, 0), priority="urgent").swept(at(2, 21, 1)).priority(at(2, 22, 0), "normal")

    clock = story.clock(Kind.RESOLUTION)
    assert (clock.due_at, clock.state, clock.next_mark) == (at(5, 13, 30), State.RUNNING, (at(5, 10, 30), 50))
    clock = story.swept(at(5, 13, 31)).clock(Kind.RESOLUTION)
    assert (clock.state, clock.next_mark) == (State.BREACHED, None)
    clock = story.priority(at(5, 14, 0), "urgent").clock(Kind.RESOLUTION)
    assert (clock.state, clock.next_mark) == (State.BREACHED, None)  # of that one, too, all was told


def test_an_urgent_ticket_may_have_another_calendar() -> None:
    book = Promises()
    book.promise(Kind.RESOLUTION, 8, calendar=DESK)
    book.promise(Kind.RESOLUTION, 4, priority="urgent", calendar=ROUND_THE_CLOCK)
    story = Story(book).opened(at(2, 17, 0)).priority(at(2, 17, 10), "urgent")

    assert story.clock(Kind.RESOLUTION).due_at == at(2, 21, 0)
