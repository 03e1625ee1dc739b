"""Occupancy and utilisation: every second counted once, in its own state, day and half hour."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.insight.reports.frame import Figure
from madoguchi.insight.reports.operators import figures_of
from madoguchi.insight.reports.registry import table
from madoguchi.people.models import Staff
from madoguchi.telephony.actions.wrapup import end_wrapup
from madoguchi.telephony.models import OperatorState
from madoguchi.telephony.operators import change, locked_states
from tests.api.client import program_of
from tests.cast import Cast
from tests.telephony.lines import NINE, event, post, queue_call

pytestmark = pytest.mark.django_db
LATE = datetime(2026, 8, 20, 13, 40, tzinfo=UTC)  # 22:40 of the desk's zone
DAY = LATE.date()
STATES = ["available", "ringing", "talking", "wrapup", "paused", "away", "training", "unreachable", "logged_off"]
type Day = list[tuple[str, int]]  # states, one after the other, and how many seconds each lasted


def lives(staff: Staff, day: Day, *, since: datetime = LATE) -> datetime:
    """``staff`` goes through these states from ``since`` on; the moment up to which the last, still lasting, counts."""
    now = since
    row = locked_states([staff.pk], now=now)[staff.pk]
    for state, seconds in day:
        change(row, state, "", staff=staff, source="madoguchi", now=now, by=staff)
        now += timedelta(seconds=seconds)
    return now


def second_by_second(day: Day, key: str, *, since: datetime = LATE) -> dict[str, Counter[str]]:
    """The naive way: look at every second and ask what it was."""
    found: dict[str, Counter[str]] = {}
    now = timezone.localtime(since)
    for state, seconds in day:
        for second in range(seconds):
            moment = now + timedelta(seconds=second)
            half = f"{moment:%H}:{moment.minute // 30 * 30:02}"
            if state != "logged_off":
                found.setdefault(moment.date().isoformat() if key == "day" else half, Counter())[state] += 1
        now += timedelta(seconds=seconds)
    return found


@given(
    sato=st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 5000)), min_size=1, max_size=6),
    suzuki=st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 5000)), max_size=3),
    by=st.sampled_from(["day", "half_hour"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_report_is_what_a_count_second_by_second_gives(cast: Cast, sato: Day, suzuki: Day, by: str) -> None:
    with transaction.atomic():
        lives(cast.sato, sato)
        end = LATE + timedelta(seconds=sum(seconds for _state, seconds in sato))
        suzuki = [*suzuki, ("logged_off", 1)]
        lives(cast.suzuki, suzuki)
        with freeze_time(end):
            found = table("operators", first=DAY, last=DAY + timedelta(days=2), by=by, access=None)
        naive = second_by_second(sato, by)
        for key, seconds in second_by_second(suzuki, by).items():
            naive[key] = naive.get(key, Counter()) + seconds
        assert {row.key: row.figures for row in found.rows} == {
            key: pytest.approx(figures_of(seconds)) for key, seconds in naive.items()
        }
        assert found.total.figures == pytest.approx(figures_of(sum(naive.values(), Counter())))
        transaction.set_rollback(True)


def test_occupancy_and_utilisation_by_their_definitions(cast: Cast) -> None:
    end = lives(cast.sato, [("available", 300), ("ringing", 60), ("talking", 420), ("wrapup", 180), ("paused", 240)])
    with freeze_time(end):
        found = table("operators", first=DAY, last=DAY, by="staff", access=None)
    (row,) = found.rows
    assert row.label == cast.sato.name
    assert row.figures["occupancy"] == pytest.approx(600 / 960)
    assert row.figures["utilisation"] == pytest.approx(960 / 1200)


def test_nobody_logged_in_divides_by_nothing(cast: Cast) -> None:
    OperatorState.objects.create(staff=cast.sato)
    found = table("operators", first=DAY, last=DAY, access=None)
    assert found.rows == []
    assert found.total.figures["occupancy"] is None


def test_a_team_is_the_sum_of_those_whose_first_team_it_is(cast: Cast) -> None:
    end = max(lives(cast.sato, [("talking", 100)]), lives(cast.suzuki, [("talking", 50), ("logged_off", 50)]))
    end = max(end, lives(cast.takahashi, [("training", 30), ("logged_off", 70)]))
    with freeze_time(end):
        found = table("operators", first=DAY, last=DAY, by="team", access=None)
    assert {row.key: row.figures["logged_in_s"] for row in found.rows} == {"call-centre": 150, "service-desk": 30}


def test_the_mean_handling_time_is_talk_hold_and_wrap_up_of_each_handled_call(cast: Cast) -> None:
    with freeze_time(NINE, tz_offset=0) as clock:
        for call, agent, wrapup in (("c-1", "1001", 34), ("c-2", "1001", 14), ("c-3", "1002", 4)):
            start = datetime.now(UTC)
            for posted in queue_call(call, at=start, agent=agent):
                clock.move_to(posted.moment)
                post([posted])
            clock.tick(timedelta(seconds=wrapup))
            row = OperatorState.objects.get(staff__extension=agent)
            assert row.call is not None
            end_wrapup(row.call, row.staff, by=row.staff)
        # Nobody outside is spoken to in a call that rang and in ten minutes between ourselves.
        rung = datetime.now(UTC)
        post(queue_call("c-4", at=rung)[:3])
        post([event("call.ended", 3, call="c-4", at=rung, by="caller")])
        inside = {"direction": "internal", "from_": {"number": "1001"}, "to": {"number": "1002"}, "agent": "1001"}
        post([event("call.started", 4, call="c-5", at=rung, **inside)])
        post([event("agent.joined", 4, call="c-5", at=rung, agent="1002")])
        clock.tick(timedelta(seconds=600))
        post([event("call.ended", 604, call="c-5", at=rung)])
        # Of a call that still runs nobody knows how long it takes.
        start = datetime.now(UTC)
        post(queue_call("c-6", at=start)[:6])

    def found(by: str) -> dict[str, list[Figure]]:
        rows = table("operators", first=NINE.date(), last=NINE.date(), by=by, access=None)
        return {row.key: [row.figures["handled"], row.figures["aht_s"]] for row in (*rows.rows, rows.total)}

    # Talk and hold are 26 s each.
    assert found("staff")[str(cast.sato.pk)] == [3, 42.0]  # wrap-up of 48 s for three
    assert found("staff")[str(cast.suzuki.pk)] == [1, 30.0]
    assert found("team")["call-centre"] == [4, 39.0]
    assert found("half_hour")["09:00"] == found("day")["2026-08-21"] == [4, 39.0]
    answer = program_of(cast.hayashi, "reports:read").get("/reports/operators?from=2026-08-21&to=2026-08-21&by=team")
    assert answer.body["total"]["figures"]["aht_s"] == 39.0
