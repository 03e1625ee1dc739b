"""Clocks over random histories: against a second way to count, minute by minute, and against themselves."""

import itertools
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.clocks.function import read, time_used
from madoguchi.clocks.history import facts_of
from madoguchi.clocks.reading import DUE, Kind, Reopen, State
from madoguchi.clocks.spending import spent
from tests.clocks.desk_time import DESK, MINUTE, ROUND_THE_CLOCK, TICKET, Promises, Story, at

START = at(1, 8, 0)
MINUTES = 5 * 24 * 60


def _open_minutes() -> list[bool]:
    """Whether the desk is open in each minute since START; worked out by hand, not by the calendar's code."""
    found = []
    for minute in range(MINUTES):
        moment = START + timedelta(minutes=minute)
        time = moment.hour * 60 + moment.minute
        works = moment.weekday() < 5
        found.append(works and (540 <= time < 720 or 780 <= time < 1050))
    return found


OPEN = _open_minutes()
ACTS = ("wait", "wait_department", "go_on", "written", "answer", "resolve", "reopen", "urgent", "normal", "hand_over")
histories = st.lists(
    st.tuples(st.integers(1, MINUTES - 1), st.sampled_from(ACTS)), max_size=14, unique_by=lambda step: step[0]
).map(sorted)


def book(reopen: Reopen = Reopen.GOES_ON) -> Promises:
    book = Promises()
    for kind, hours in ((Kind.FIRST_RESPONSE, 1), (Kind.NEXT_UPDATE, 4), (Kind.RESOLUTION, 12), (Kind.HOLDING, 6)):
        book.promise(kind, hours, reopen=reopen)
        book.promise(kind, hours / 2, priority="urgent", reopen=reopen)
    return book


def moment(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def tell(steps: list[tuple[int, str]], promises: Promises) -> Story:
    """A story in which impossible acts are left out, as the acts themselves would refuse them."""
    story, solved, waiting, team = Story(promises).opened(START), False, "", 1
    for minute, act in steps:
        when = moment(minute)
        if act == "reopen" and solved:
            story.reopened(when)
            solved = False
        elif act == "resolve" and not solved:
            story.resolved(when)
            solved, waiting = True, ""
        elif act in {"urgent", "normal"}:
            story.priority(when, act)
        elif act == "answer":
            story.answered(when)
        elif act == "sweep":
            story.swept(when)
        elif solved:
            continue
        elif act in {"wait", "wait_department"}:
            waiting = "requester" if act == "wait" else "department"
            story.waits(when, waiting)
        elif act == "go_on" and waiting:
            story.goes_on(when)
            waiting = ""
        elif act == "written":
            story.written(when)
        elif act == "hand_over":
            team += 1
            story.accepted(when, team, team)
    return story


def counted(steps: list[tuple[int, str]], until: int, reopen: Reopen) -> int:
    """Minutes of the resolution clock until ``until``, counted one by one along the same steps."""
    acts = dict(steps)
    solved, waiting, minutes = False, "", 0
    for minute in range(until):
        act = acts.get(minute)
        if act == "reopen" and solved:
            solved = False
        elif act == "resolve" and not solved:
            solved, waiting = True, ""
        elif not solved and act in {"wait", "wait_department"}:
            waiting = "requester" if act == "wait" else "department"
        elif (not solved and act == "go_on") or (not solved and act == "written" and waiting == "requester"):
            waiting = ""
        pausing = waiting == "requester" or (solved and reopen is Reopen.GOES_ON)
        minutes += OPEN[minute] and not pausing
    return minutes


@settings(max_examples=500, deadline=None)
@given(steps=histories, until=st.integers(0, MINUTES), reopen=st.sampled_from([Reopen.GOES_ON, Reopen.COUNTS]))
def test_the_resolution_clock_counts_what_a_stopwatch_would(
    steps: list[tuple[int, str]], until: int, reopen: Reopen
) -> None:
    steps = [step for step in steps if step[0] < until]
    story = tell(steps, book(reopen))
    clock = story.clock(Kind.RESOLUTION)
    end = clock.ended_at or moment(until)
    last = int((end - START).total_seconds()) // 60

    assert clock.elapsed_s(moment(until)) == counted(steps, last, reopen) * MINUTE
    assert clock.elapsed_s(moment(until)) + clock.remaining_s(moment(until)) == clock.target_s


@settings(max_examples=500, deadline=None)
@given(steps=histories, until=st.integers(1, MINUTES), reopen=st.sampled_from(list(Reopen)))
def test_every_clock_of_every_history_agrees_with_itself(
    steps: list[tuple[int, str]], until: int, reopen: Reopen
) -> None:
    steps = [step for step in steps if step[0] < until]
    promises, now = book(reopen), moment(until)
    story = tell(steps, promises)
    facts = facts_of(story.rows, TICKET)
    readings = read(facts, promises)

    assert read(facts, promises) == readings
    assert len({(reading.kind, reading.subject) for reading in readings}) == len(readings)
    for reading in readings:
        reached = reading.reaches(DUE)
        if reached is not None:
            assert reading.elapsed_s(reached) == reading.target_s
            assert reading.due_at == reached
        if reading.ended_at is not None:
            assert (reading.state is State.MET) == (reached is None)
            assert reading.elapsed_s(now) == reading.elapsed_s(reading.ended_at)
        elif reading.is_paused:
            assert reading.elapsed_s(now) == reading.elapsed_s(now + timedelta(days=30))
        else:
            assert reading.due_at is not None
        marks = [at for percent in (50, 80, DUE) if (at := reading.reaches(percent))]
        assert marks == sorted(marks)
        assert reading.next_at == min(marks, default=None)
        spans = sorted([*reading.running, *reading.paused])
        assert all(one.end is not None and one.end <= two.start for one, two in itertools.pairwise(spans))
    if reopen is not Reopen.COUNTS:
        assert sum(seconds for _, seconds in time_used(facts, promises, now=now)) == sum(
            reading.elapsed_s(now) for reading in readings if reading.kind is Kind.RESOLUTION
        )


@settings(max_examples=500, deadline=None)
@given(steps=histories, until=st.integers(1, MINUTES))
def test_the_time_that_teams_used_is_that_of_holding_clocks_even_where_none_was_promised(
    steps: list[tuple[int, str]], until: int
) -> None:
    story = tell([step for step in steps if step[0] < until], book())
    facts = facts_of(story.rows, TICKET)
    over = {
        row.subject: row.worked_s
        for row in spent(TICKET, facts, lambda _team, _at: DESK, book())
        if row.kind == Kind.HOLDING
    }
    clocks = [reading for reading in read(facts, book()) if reading.kind is Kind.HOLDING and reading.ended_at]

    assert over == {clock.subject: clock.elapsed_s(moment(until)) for clock in clocks}


@settings(max_examples=500, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(1, MINUTES - 1), st.sampled_from([*ACTS, "sweep", "urgent", "normal"])),
        max_size=14,
        unique_by=lambda step: step[0],
    ).map(sorted)
)
def test_whatever_was_told_before_a_sweep_tells_all_that_was_reached_and_leaves_nothing_untold(
    steps: list[tuple[int, str]],
) -> None:
    """Urgent tickets have the same target, but of all hours: to tell of the one deadline tells nothing of the other."""
    promises = book()
    for kind, hours in ((Kind.FIRST_RESPONSE, 1), (Kind.RESOLUTION, 12)):
        promises.promise(kind, hours, priority="urgent", calendar=ROUND_THE_CLOCK)
    now = moment(MINUTES)
    story = tell(steps, promises).swept(now)
    told = len(story.rows)

    for reading in read(facts_of(story.rows, TICKET), promises):
        reached = [at for percent in (50, 80, DUE) if (at := reading.reaches(percent))]
        assert reading.state is reading.state_at(now)
        assert reading.next_at == min((at for at in reached if at >= now), default=None)
    assert len(story.swept(now).rows) == told


@settings(max_examples=500, deadline=None)
@given(steps=histories, later=st.integers(0, MINUTES))
def test_what_happens_later_changes_nothing_that_a_clock_said_before(steps: list[tuple[int, str]], later: int) -> None:
    """Whatever comes, time that was used stays used: no act can take back what a stopwatch showed."""
    steps = [step for step in steps if step[1] not in {"urgent", "normal"}]
    promises = book()
    then = tell([step for step in steps if step[0] <= later], promises)
    whole = {
        (reading.kind, reading.subject): reading
        for reading in read(facts_of(tell(steps, promises).rows, TICKET), promises)
    }
    for reading in read(facts_of(then.rows, TICKET), promises):
        now = whole[reading.kind, reading.subject]
        assert now.elapsed_s(moment(later)) == reading.elapsed_s(moment(later))
        if (reached := reading.reaches(DUE)) is not None and reached < moment(later):
            assert now.reaches(DUE) == reached
