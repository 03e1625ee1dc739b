"""Working hours on the pages: drawn, changed from a day on, tried; holidays taken in after a look."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from freezegun import freeze_time

from madoguchi.calendars import actions
from madoguchi.calendars.models import Calendar, CalendarVersion, NationalHoliday, SpecialDay
from madoguchi.journal.record import SYSTEM
from madoguchi.people.queries import calendar_of
from tests.cast import Cast

type SignIn = Callable[..., Client]
C = "/administration/calendars/"
NOW = "2026-11-25T03:00:00Z"  # Wednesday, noon in Tokyo
WEEK = {f"day_{place}": "9:00-12:00, 13:00-17:30" for place in range(5)}
OFFICIAL = "国民の祝日・休日月日,国民の祝日・休日名称\n2026/12/24,聖夜<script>\n2026/13/1,変な日\n".encode("cp932")


@pytest.fixture
def standard(cast: Cast) -> Calendar:
    actions.ensure_defaults(by=SYSTEM)
    return Calendar.objects.get(key="standard")


def csv(content: bytes) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("syukujitsu.csv", content)}


def test_every_week_is_drawn_with_its_hours_in_words(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    text = sign_in(cast.admin).get(C).text
    assert text.count("9:00-12:00, 13:00-18:00") == 5
    assert text.count("0:00-24:00") == 7
    assert 'x="37.5%"' in text


def test_more_calendars_cost_no_more_queries(
    cast: Cast, standard: Calendar, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for place in range(5):
        actions.add_calendar(key=f"c{place}", name="別", week=((),) * 6 + (((0, 60),),), by=SYSTEM)  # type: ignore[arg-type]
    client = sign_in(cast.admin)
    client.get(C)
    with django_assert_max_num_queries(7):
        client.get(C)


@freeze_time(NOW)
def test_a_calendar_is_made_and_chosen_for_a_team(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    answer = client.post(
        f"{C}new/", {"name": "夜間窓口", "key": "night", "zone": "Asia/Tokyo", "day_0": "22:00-翌6:00"}
    )
    night = Calendar.objects.get(key="night")
    assert answer.headers["Location"] == f"{C}{night.pk}/"
    page = client.get(f"/administration/teams/{cast.network.pk}/")
    assert "夜間窓口" in page.text
    team = {
        "name": "ネットワーク",
        "key": "network",
        "line": 2,
        "position": 100,
        "is_active": "on",
        "calendar": night.pk,
    }
    client.post(f"/administration/teams/{cast.network.pk}/", team)
    cast.network.refresh_from_db()
    assert calendar_of(cast.network) == night.pk


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "少なくとも1つの曜日"),
        ({"day_0": "9時ごろ"}, "時間として読み取れません"),
        ({"day_0": "9:00-17:00", "zone": "Asia/Edo"}, "タイムゾーンはありません"),
        ({"day_0": "9:00-17:00", "key": "standard"}, "すでに使われて"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    cast: Cast, standard: Calendar, sign_in: SignIn, typed: dict[str, str], said: str
) -> None:
    answer = sign_in(cast.admin).post(f"{C}new/", {"name": "夜間", "key": "night", "zone": "Asia/Tokyo", **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert Calendar.objects.count() == 2


@freeze_time(NOW)
def test_new_hours_hold_from_their_day_and_can_be_withdrawn_before(
    cast: Cast, standard: Calendar, sign_in: SignIn
) -> None:
    client = sign_in(cast.admin)
    address = f"{C}{standard.pk}/hours/"
    assert "9:00-12:00, 13:00-18:00" in client.get(address).text
    late = client.post(address, {**WEEK, "valid_from": "2026-11-24"})
    assert (late.status_code, "過ぎています" in late.text) == (422, True)
    assert client.post(address, {**WEEK, "valid_from": "2026-12-01"}).status_code == 302
    planned = CalendarVersion.objects.get(valid_from=date(2026, 12, 1))
    assert "13:00-17:30" in client.get(f"{C}{standard.pk}/").text
    client.post(f"{C}versions/{planned.pk}/withdraw/")
    assert "13:00-17:30" not in client.get(f"{C}{standard.pk}/").text


@freeze_time(NOW)
def test_a_deadline_is_tried_and_says_what_it_skipped(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    page = f"{C}{standard.pk}/?start=2026-11-20T17:00&hours=4&minutes=0"
    text = sign_in(cast.admin).get(page).text
    assert "営業時間で4時間" in text
    assert "期限：2026年11月24日(火) 12:00:00" in text
    assert "定休日1回、勤労感謝の日" in text


@freeze_time(NOW)
def test_the_year_names_its_holidays(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post(f"{C}0/days/new/", {"name": "年末年始休業", "first": "2026-12-29", "last": "2027-01-03"})
    text = client.get(f"{C}{standard.pk}/").text
    assert "勤労感謝の日" in text
    assert text.count('class="day special"') == 7  # six days and the key
    assert "12/29(火)〜1/3(日) 年末年始休業" in text
    assert SpecialDay.objects.filter(calendar=None).count() == 6
    client.post(f"{C}days/{SpecialDay.objects.all()[2].pk}/remove/")
    assert not SpecialDay.objects.exists()


@freeze_time(NOW)
def test_a_day_is_opened_once_and_removed_again(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post(f"{C}{standard.pk}/days/new/", {"name": "棚卸し", "first": "2026-11-28", "periods": "10:00-15:00"})
    [day] = SpecialDay.objects.all()
    assert day.periods == [[36000, 54000]]
    refused = client.post(f"{C}{standard.pk}/days/new/", {"name": "遅い", "first": "2026-11-01"})
    assert refused.status_code == 422
    client.post(f"{C}days/{day.pk}/remove/")
    assert not SpecialDay.objects.exists()


@freeze_time(NOW)
def test_the_official_list_is_looked_at_before_it_holds(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    looked = client.post(f"{C}holidays/", csv(OFFICIAL))
    assert "追加：聖夜&lt;script&gt;" in looked.text
    assert "3行目：存在しない日付です" in looked.text
    assert "祝日が少ない" in looked.text
    assert not NationalHoliday.objects.exists()
    signed = looked.text.partition('name="signed" value="')[2].partition('"')[0]
    client.post(f"{C}holidays/take-in/", {"signed": signed})
    assert NationalHoliday.objects.filter(day=date(2026, 12, 24)).exists()
    assert NationalHoliday.objects.filter(day=date(2026, 11, 3)).exists()  # it is over


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00", b"", b"a,b\n"])
def test_a_file_that_is_no_list_is_refused_on_the_page(
    cast: Cast, standard: Calendar, sign_in: SignIn, content: bytes
) -> None:
    answer = sign_in(cast.admin).post(f"{C}holidays/", csv(content))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_nobody_takes_in_a_list_that_was_not_looked_at(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    assert sign_in(cast.admin).post(f"{C}holidays/take-in/", {"signed": "1:abc"}).status_code == 409


def test_another_calendar_becomes_the_default(cast: Cast, standard: Calendar, sign_in: SignIn) -> None:
    always = Calendar.objects.get(key="always")
    client = sign_in(cast.admin)
    client.post(f"{C}{always.pk}/default/")
    assert Calendar.objects.get(is_default=True) == always
    client.post(f"{C}{standard.pk}/", {"name": "標準", "key": "standard"})
    assert not Calendar.objects.get(key="standard").is_active


@pytest.mark.parametrize(
    "words", ["start=x&hours=1", "start=2026-11-25T10:00&hours=-1", "start=9999-01-01T00:00&hours=1"]
)
def test_a_broken_trial_is_no_error(cast: Cast, standard: Calendar, sign_in: SignIn, words: str) -> None:
    assert sign_in(cast.admin).get(f"{C}{standard.pk}/?{words}").status_code in {200, 422}
