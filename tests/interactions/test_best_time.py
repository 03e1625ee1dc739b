"""The best time to call: the two hours in which most calls were answered, said only when there are enough."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.interactions.best_time import LEAST, BestTime, best_time, best_times
from madoguchi.interactions.models import CallBack
from madoguchi.telephony.models import Call
from tests.cast import Cast


def at(*hours: int) -> list[datetime]:
    day = datetime(2026, 8, 3, tzinfo=timezone.get_default_timezone())
    return [day + timedelta(days=place, hours=hour, minutes=59) for place, hour in enumerate(hours)]


@pytest.mark.parametrize(
    ("hours", "best"),
    [
        ((), None),
        ((9, 9), None),
        ((9, 9, 9), BestTime(9, 11, 3, 3)),
        ((9, 10, 15), BestTime(9, 11, 2, 3)),
        ((9, 12, 15), None),
        ((9, 10, 16, 17), BestTime(9, 11, 2, 4)),
        ((8, 10, 12, 14, 16, 17), BestTime(16, 18, 2, 6)),
        ((8, 10, 12, 14, 16, 17, 20), None),
        ((23, 23, 0), BestTime(23, 25, 2, 3)),
    ],
)
def test_the_two_hours_with_most_answered_calls(hours: tuple[int, ...], best: BestTime | None) -> None:
    assert best_time(at(*hours)) == best


@given(st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)), max_size=30))  # noqa: DTZ001
def test_what_is_said_is_true(moments: list[datetime]) -> None:
    best = best_time(moments)
    if best is None:
        return
    inside = [moment for moment in moments if best.first <= timezone.localtime(moment).hour < best.last]
    assert (best.fits, best.calls) == (len(inside), len(moments))
    assert best.calls >= LEAST
    assert best.fits * 3 >= best.calls


@pytest.mark.django_db
def test_a_main_line_hides_no_other_number(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("madoguchi.interactions.best_time._MOST", 3)
    now = timezone.now()
    calls = [("+81350001234", hours) for hours in range(1, 13)] + [("+819011112222", 24 * day) for day in (20, 21, 22)]
    for place, (number, hours) in enumerate(calls):
        at = now - timedelta(hours=hours)
        Call.objects.create(
            sender="pbx", call_id=str(place), direction="inbound", caller_number=number, started_at=at, answered_at=at
        )
    due = now + timedelta(hours=1)
    rows = [CallBack.objects.create(number=number, due_at=due, team=cast.call_centre) for number in dict(calls)]
    best = best_times(rows)
    assert best[rows[1].pk].calls == 3
    assert all(one.calls <= 3 for one in best.values())
