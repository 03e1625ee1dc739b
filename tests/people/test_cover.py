"""Nobody waits on somebody who is not there."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.calendars.hours import read
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.people import actions
from madoguchi.people.models import Absence, Duty, Staff
from madoguchi.people.standing_in import absence_of, available, on_duty, substitute_of
from tests.cast import Cast

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)  # Wednesday, noon in Tokyo
DAY = timedelta(days=1)


def away(staff: Staff, substitute: Staff | None = None, **fields: Any) -> Absence:
    values: dict[str, Any] = {"starts_at": NOW, "ends_at": NOW + 3 * DAY, **fields}
    return actions.note_absence(staff, substitute=substitute, by=staff, **values)


@freeze_time(NOW)
def test_somebody_is_away_from_the_first_moment_until_before_the_last(cast: Cast) -> None:
    away(cast.takahashi)
    assert available(cast.takahashi, NOW - timedelta(seconds=1))
    assert not available(cast.takahashi, NOW)
    assert not available(cast.takahashi, NOW + 3 * DAY - timedelta(seconds=1))
    assert available(cast.takahashi, NOW + 3 * DAY)


@freeze_time(NOW)
def test_an_absence_without_end_lasts_until_it_is_ended(cast: Cast) -> None:
    absence = away(cast.takahashi, ends_at=None)
    assert not available(cast.takahashi, NOW + 900 * DAY)
    with freeze_time(NOW + 5 * DAY):
        actions.end_absence(absence, by=cast.takahashi)
    assert not available(cast.takahashi, NOW + 4 * DAY)
    assert available(cast.takahashi, NOW + 5 * DAY)


@freeze_time(NOW)
def test_what_lies_ahead_is_dropped_whole(cast: Cast) -> None:
    actions.end_absence(away(cast.takahashi, starts_at=NOW + DAY), by=cast.takahashi)
    assert not Absence.objects.exists()


@freeze_time(NOW)
def test_who_stands_in_is_named_with_the_way_there(cast: Cast) -> None:
    away(cast.takahashi, cast.ito)
    away(cast.ito, cast.suzuki, ends_at=NOW + 9 * DAY)
    stand_in = substitute_of(cast.takahashi, NOW)
    assert stand_in is not None
    assert (stand_in.staff, stand_in.team) == (cast.suzuki, None)
    assert stand_in.told() == {"away": "高橋 健、伊藤 翔", "to": "鈴木 大輔", "until": "2026-11-28T03:00:00+00:00"}
    assert substitute_of(cast.suzuki, NOW) is None


@freeze_time(NOW)
def test_two_who_stand_in_for_each_other_are_nobody(cast: Cast) -> None:
    away(cast.takahashi, cast.ito)
    away(cast.ito, cast.takahashi)
    stand_in = substitute_of(cast.takahashi, NOW)
    assert stand_in is not None
    assert (stand_in.staff, stand_in.team) == (None, None)


@freeze_time(NOW)
def test_a_team_stands_in_when_it_is_named(cast: Cast) -> None:
    away(cast.takahashi, substitute_team=cast.network)
    stand_in = substitute_of(cast.takahashi, NOW)
    assert stand_in is not None
    assert (stand_in.staff, stand_in.team) == (None, cast.network)


@freeze_time(NOW)
def test_whoever_left_is_stood_in_for_by_nobody(cast: Cast) -> None:
    actions.deactivate_staff(cast.takahashi, by=cast.admin)
    stand_in = substitute_of(cast.takahashi, NOW)
    assert stand_in is not None
    assert stand_in.away == ("高橋 健",)
    assert not available(cast.takahashi, NOW)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ends_at": NOW}, "over"),
        ({"starts_at": NOW - 9 * DAY, "ends_at": NOW - DAY}, "over"),
        ({"substitute": "takahashi"}, "substitute"),
        ({"substitute": "ito", "substitute_team": "network"}, "two_substitutes"),
    ],
)
@freeze_time(NOW)
def test_an_absence_that_makes_no_sense_is_refused(cast: Cast, fields: dict[str, Any], code: str) -> None:
    given = {name: getattr(cast, value) if isinstance(value, str) else value for name, value in fields.items()}
    with pytest.raises(Refused) as refused:
        away(cast.takahashi, **given)
    assert refused.value.code == code


@freeze_time(NOW)
def test_two_absences_never_overlap(cast: Cast) -> None:
    away(cast.takahashi)
    away(cast.takahashi, starts_at=NOW + 3 * DAY, ends_at=NOW + 4 * DAY)
    with pytest.raises(Refused) as refused:
        away(cast.takahashi, starts_at=NOW + 2 * DAY, ends_at=None)
    assert refused.value.code == "twice"
    found = absence_of(cast.takahashi, NOW + 3 * DAY)
    assert found is not None
    assert found.ends_at == NOW + 4 * DAY


@freeze_time(NOW)
def test_colleagues_do_not_send_each_other_away_but_supervisors_do(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        actions.note_absence(cast.takahashi, starts_at=NOW, by=cast.sato)
    assert refused.value.status == 403
    absence = actions.note_absence(cast.takahashi, starts_at=NOW, substitute=cast.ito, by=cast.hayashi)
    assert Entry.objects.get(kind="absence.noted").data["substitute"] == "伊藤 翔"
    with pytest.raises(Refused):
        actions.end_absence(absence, by=cast.sato)


@freeze_time(NOW)
def test_the_duty_rota_says_who_is_on_duty_at_a_moment(cast: Cast) -> None:
    nights = {"first": date(2026, 11, 25), "last": date(2026, 11, 27), "periods": read("18:00-翌9:00")}
    actions.set_duty(cast.network, cast.ito, by=cast.hayashi, **nights)  # type: ignore[arg-type]
    actions.set_duty(cast.network, cast.ito, by=cast.hayashi, **nights)  # type: ignore[arg-type]
    assert Duty.objects.count() == 3
    assert on_duty(cast.network, datetime(2026, 11, 25, 9, tzinfo=UTC)) == [cast.ito]  # 18:00 in Tokyo
    assert on_duty(cast.network, datetime(2026, 11, 26, 0, tzinfo=UTC)) == []  # 9:00
    assert on_duty(cast.service_desk, datetime(2026, 11, 25, 9, tzinfo=UTC)) == []


@freeze_time(NOW)
def test_whoever_is_away_is_not_on_duty_and_the_colleague_of_the_team_is(cast: Cast) -> None:
    night = {"first": date(2026, 11, 25), "last": date(2026, 11, 25), "periods": read("18:00-翌9:00")}
    actions.set_duty(cast.network, cast.ito, by=cast.hayashi, **night)  # type: ignore[arg-type]
    absence = away(cast.ito, cast.sato)  # of another team
    assert on_duty(cast.network, datetime(2026, 11, 25, 10, tzinfo=UTC)) == []
    actions.end_absence(absence, by=cast.ito)
    away(cast.ito, cast.hayashi, starts_at=timezone.now() + timedelta(minutes=1))
    assert on_duty(cast.network, datetime(2026, 11, 25, 10, tzinfo=UTC)) == [cast.hayashi]


@freeze_time(NOW)
def test_duty_is_planned_by_supervisors_for_people_of_the_team(cast: Cast) -> None:
    night = {"first": date(2026, 11, 25), "last": date(2026, 11, 25), "periods": read("18:00-翌9:00")}
    for staff, by, code in [
        (cast.ito, cast.ito, "not_allowed"),
        (cast.sato, cast.hayashi, "staff"),
        (cast.ito, cast.mori, "not_allowed"),
    ]:
        with pytest.raises(Refused) as refused:
            actions.set_duty(cast.network, staff, by=by, **night)  # type: ignore[arg-type]
        assert refused.value.code == code
    [duty] = actions.set_duty(cast.network, cast.ito, by=cast.hayashi, **night)  # type: ignore[arg-type]
    actions.remove_duty(duty, by=cast.hayashi)
    assert not Duty.objects.exists()
