from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from freezegun import freeze_time

from madoguchi.foundation.dates import clock, duration, long_time, short_date, short_time

NOON = "2026-08-21T03:00:00Z"  # Friday, 12:00 in Tokyo


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(("language", "shown"), [("ja", "8/21(金)"), ("en", "21 Aug (Fri)")])
def test_a_day_is_short(language: str, shown: str) -> None:
    with translation.override(language):
        assert short_date(date(2026, 8, 21)) == shown


@freeze_time(NOON)
@pytest.mark.parametrize(
    ("at", "japanese", "english"),
    [
        (moment(2026, 8, 21, 5, 5), "14:05", "14:05"),
        (moment(2026, 8, 20, 15, 0), "00:00", "00:00"),  # the desk's day begins at 15:00 UTC
        (moment(2026, 8, 20, 14, 59), "8/20(木) 23:59", "20 Aug (Thu) 23:59"),
        (moment(2026, 8, 22, 0, 0), "8/22(土) 09:00", "22 Aug (Sat) 09:00"),
        (moment(2025, 12, 31, 14, 59), "2025/12/31(水) 23:59", "31 Dec 2025 23:59"),
        (moment(2025, 12, 31, 15, 0), "1/1(木) 00:00", "1 Jan (Thu) 00:00"),
    ],
)
def test_a_time_tells_as_much_as_is_needed(at: datetime, japanese: str, english: str) -> None:
    assert short_time(at) == japanese
    with translation.override("en"):
        assert short_time(at) == english


def test_a_long_time_tells_everything() -> None:
    at = moment(2026, 8, 21, 5, 5, 12)
    assert long_time(at) == "2026年8月21日(金) 14:05:12"
    with translation.override("en"):
        assert long_time(at) == "Fri 21 August 2026 14:05:12"


@pytest.mark.parametrize(
    ("span", "japanese", "english"),
    [
        (0, "0秒", "0 s"),
        (59.9, "59秒", "59 s"),
        (60, "1分", "1 min"),
        (3599, "59分", "59 min"),
        (3600, "1時間", "1 h"),
        (7800, "2時間10分", "2 h 10 min"),
        (86400, "1日", "1 d"),
        (timedelta(days=3, hours=4, minutes=59), "3日4時間", "3 d 4 h"),
        (timedelta(days=6, hours=23), "6日23時間", "6 d 23 h"),
        (timedelta(days=79, hours=22), "79日", "79 d"),
        (-90, "-1分", "-1 min"),
        (timedelta(minutes=-10), "-10分", "-10 min"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(span: timedelta | float, japanese: str, english: str) -> None:
    assert duration(span) == japanese
    with translation.override("en"):
        assert duration(span) == english


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "00:00"), (42, "00:42"), (725.9, "12:05"), (3723, "1:02:03"), (-5, "00:00"), (360000, "100:00:00")],
)
def test_a_running_clock_counts_up(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
