from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.place import place_after, place_of

JAPAN = timezone(timedelta(hours=9))


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, JAPAN])),  # noqa: DTZ001
    st.integers(0, 10**18 - 1),
)
def test_a_place_is_read_as_it_was_written(at: datetime, row: int) -> None:
    assert place_of(place_after(at, row)) == (at, row)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "_",
        "x_1",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00_1",  # of no zone
        "2026-01-01T00:00:00+00:00_-1",
        "2026-01-01T00:00:00+00:00_１",
        "2026-01-01T00:00:00+00:00_" + "9" * 30,
        "0001-01-01T00:00:00+14:00_1",  # before the first moment that there is in UTC
        "9999-12-31T23:59:59-12:00_1",
    ],
)
def test_what_names_no_place_is_none(cursor: str) -> None:
    assert place_of(cursor) is None
