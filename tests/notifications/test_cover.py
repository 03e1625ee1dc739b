"""Whoever stands in or is on duty is told once, in their working hours."""

from datetime import UTC, date, datetime, timedelta

from freezegun import freeze_time

from madoguchi.calendars.hours import read
from madoguchi.notifications.models import Notification
from madoguchi.people.actions import end_absence, note_absence, remove_duty, set_duty
from madoguchi.people.models import Staff
from tests.cast import Cast

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # Wednesday, 21:00 in Tokyo
NIGHT = {"first": date(2026, 11, 25), "periods": read("18:00-翌9:00")}


def words_to(staff: Staff) -> list[str]:
    return [row.words for row in Notification.objects.filter(staff=staff).order_by("id")]


@freeze_time(NOW)
def test_the_substitute_hears_from_when_to_when_and_when_it_is_over(cast: Cast) -> None:
    absence = note_absence(
        cast.sato, starts_at=NOW, ends_at=NOW + timedelta(days=2), substitute=cast.suzuki, by=cast.hayashi
    )
    end_absence(absence, by=cast.hayashi)
    assert words_to(cast.suzuki) == [
        "佐藤 美咲さんの代理です（21:00 から 11/27(金) 21:00 まで）。",
        "佐藤 美咲さんの代理は終わりました。",
    ]
    assert not words_to(cast.sato)
    [first, _second] = Notification.objects.order_by("id")
    assert first.deliver_at == datetime(2026, 11, 26, 0, tzinfo=UTC)  # 9:00


@freeze_time(NOW)
def test_everybody_of_a_team_that_stands_in_hears_of_it(cast: Cast) -> None:
    note_absence(cast.sato, starts_at=NOW, substitute_team=cast.network, by=cast.sato)
    assert words_to(cast.ito) == ["佐藤 美咲さんの代理です（21:00 から、終了は未定）。"]
    assert Notification.objects.count() == 1


@freeze_time(NOW)
def test_nobody_is_told_what_they_did_themselves_and_no_substitute_means_nobody(cast: Cast) -> None:
    note_absence(cast.sato, starts_at=NOW, substitute=cast.hayashi, by=cast.hayashi)
    note_absence(cast.suzuki, starts_at=NOW, by=cast.hayashi)
    assert not Notification.objects.exists()


@freeze_time(NOW)
def test_who_is_on_duty_hears_of_it_and_of_no_more_but_not_twice_of_the_same(cast: Cast) -> None:
    set_duty(cast.network, cast.ito, last=date(2026, 11, 25), by=cast.hayashi, **NIGHT)  # type: ignore[arg-type]
    duties = set_duty(cast.network, cast.ito, last=date(2026, 11, 27), by=cast.hayashi, **NIGHT)  # type: ignore[arg-type]
    set_duty(cast.network, cast.ito, last=date(2026, 11, 27), by=cast.hayashi, **NIGHT)  # type: ignore[arg-type]
    remove_duty(duties[2], by=cast.hayashi)
    assert words_to(cast.ito) == [
        "ネットワークの当番です（18:00 から 11/26(木) 09:00 まで）。",
        "ネットワークの当番が2回あります（11/26(木) 18:00 から 11/28(土) 09:00 まで）。",
        "11/27(金) 18:00 のネットワークの当番は取り消されました。",
    ]
