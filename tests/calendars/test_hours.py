import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.calendars.hours import read, write
from madoguchi.calendars.words import working_span
from madoguchi.calendars.working_time import DAY, Period
from madoguchi.foundation.refusal import Refused

HOUR = 3600


@pytest.mark.parametrize(
    "written",
    [
        "9:00-12:00, 13:00-17:30",
        "9:00〜12:00、13:00〜17:30",
        "９：００～１２：００　１３：００～１７：３０",
        "09:00 - 12:00 / 13:00 – 17:30",
        "13時から17時30分、9時から12時",
    ],
)
def test_hours_are_read_however_they_are_written(written: str) -> None:
    assert read(written) == (Period(9 * HOUR, 12 * HOUR), Period(13 * HOUR, 17 * HOUR + 1800))


@pytest.mark.parametrize("written", ["22:00-6:00", "22:00-翌6:00", "22:00-30:00"])
def test_a_night_ends_on_the_next_day(written: str) -> None:
    assert read(written) == (Period(22 * HOUR, 30 * HOUR),)


@pytest.mark.parametrize("written", ["", "休み", " - ", "closed"])
def test_a_closed_day_has_no_hours(written: str) -> None:
    assert read(written) == ()


@pytest.mark.parametrize("written", ["24時間", "終日", "0:00-24:00", "24h"])
def test_a_whole_day_is_open(written: str) -> None:
    assert read(written) == (Period(0, DAY),)


@pytest.mark.parametrize(
    "written",
    ["9", "9:00", "9:00-25:99", "9時半-12時", "12:00-13:00, 12:30-14:00", "26:00-28:00", "22:00-6:00, 5:00-6:00 x"],
)
def test_what_cannot_be_hours_is_said_with_what_was_written(written: str) -> None:
    with pytest.raises(Refused) as refused:
        read(written)
    assert refused.value.code == "hours"
    assert written[:20] in str(refused.value)


def test_a_night_must_end_before_the_next_one_begins() -> None:
    with pytest.raises(Refused):
        read("5:00-6:00, 22:00-29:30")


@given(st.lists(st.integers(0, 1439), min_size=2, max_size=6, unique=True).map(sorted))
def test_what_is_written_can_be_read_again(minutes: list[int]) -> None:
    periods = tuple(Period(a * 60, b * 60) for a, b in zip(minutes[::2], minutes[1::2], strict=False))
    assert read(write(periods)) == periods


@pytest.mark.parametrize(
    ("seconds", "said", "in_english"),
    [
        (30, "30秒", "30 s"),
        (45 * 60, "45分", "45 min"),
        (8 * HOUR, "8時間", "8 h"),
        (30 * HOUR + 90, "30時間1分", "30 h 1 min"),
    ],
)
def test_working_time_is_said_in_hours_and_never_in_days(seconds: int, said: str, in_english: str) -> None:
    assert working_span(seconds) == said
    with translation.override("en"):
        assert working_span(seconds) == in_english
