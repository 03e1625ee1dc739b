"""Absences and duty on the pages: one's own for everybody, all of them for supervisors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from freezegun import freeze_time

from madoguchi.people import actions
from madoguchi.people.models import Absence, Duty
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.cast import Cast

type SignIn = Callable[..., Client]
NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)  # noon in Tokyo
A = "/people/away/"


@freeze_time(NOW)
def test_everybody_notes_the_own_absence_with_a_substitute(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    assert "不在の登録はありません" in client.get(f"{A}mine/").text
    typed = {"starts_at": "2026-11-26T00:00", "ends_at": "2026-11-28T09:00", "substitute": f"staff:{cast.suzuki.pk}"}
    assert client.post(f"{A}mine/", typed).headers["Location"] == f"{A}mine/"
    absence = Absence.objects.get()
    assert (absence.staff, absence.substitute) == (cast.sato, cast.suzuki)
    assert absence.starts_at == datetime(2026, 11, 25, 15, tzinfo=UTC)
    assert "代理：鈴木 大輔" in client.get(f"{A}mine/").text
    client.post(f"{A}{absence.pk}/end/")
    assert not Absence.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"ends_at": "2026-11-24T09:00"}, "現在より後"),
        ({"substitute": "staff:999999"}, "field-substitute-error"),
        ({"starts_at": "soon"}, "field-starts_at-error"),
    ],
)
@freeze_time(NOW)
def test_what_is_wrong_stands_beside_its_field(cast: Cast, sign_in: SignIn, typed: dict[str, str], said: str) -> None:
    answer = sign_in(cast.sato).post(f"{A}mine/", {"starts_at": "2026-11-26T00:00", "note": "休暇", **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert "休暇" in answer.text


@freeze_time(NOW)
def test_a_supervisor_sees_everybodys_absences_and_plans_the_duty(cast: Cast, sign_in: SignIn) -> None:
    actions.note_absence(cast.takahashi, starts_at=NOW, substitute_team=cast.network, note="研修", by=cast.takahashi)
    client = sign_in(cast.hayashi)
    client.post(A, {"staff": cast.ito.pk, "starts_at": "2026-11-27T09:00", "substitute": ""})
    duty = {
        "team": cast.network.pk,
        "staff": cast.ito.pk,
        "first": "2026-11-25",
        "last": "2026-11-26",
        "periods": "9-翌8",
    }
    client.post(f"{A}duty/", duty)
    text = client.get(A).text
    for words in ("高橋 健", "代理：ネットワーク", "研修", "伊藤 翔", "チームで対応", "当番中"):
        assert words in text
    assert Duty.objects.count() == 2
    client.post(f"{A}duty/{Duty.objects.all()[0].pk}/remove/")
    assert Duty.objects.count() == 1


@freeze_time(NOW)
def test_duty_of_somebody_outside_the_team_is_refused_beside_the_field(cast: Cast, sign_in: SignIn) -> None:
    duty = {"team": cast.network.pk, "staff": cast.sato.pk, "first": "2026-11-25", "periods": "夜"}
    answer = sign_in(cast.hayashi).post(f"{A}duty/", duty)
    assert (answer.status_code, "時間として読み取れません" in answer.text) == (422, True)
    answer = sign_in(cast.hayashi).post(f"{A}duty/", {**duty, "periods": "18:00-22:00"})
    assert "duty-staff-error" in answer.text
    assert not Duty.objects.exists()


@pytest.mark.parametrize("who", ["sato", "takahashi", "kimura", "watanabe", "ogawa", "mori", "outsider"])
def test_only_supervisors_open_the_page_of_all(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    assert client.get(A).status_code == 403
    assert client.post(f"{A}duty/", {}).status_code == 403
    assert client.get(f"{A}mine/").status_code == 200


def test_nobody_ends_the_absence_of_a_colleague(cast: Cast, sign_in: SignIn) -> None:
    absence = actions.note_absence(cast.takahashi, starts_at=datetime.now(UTC), by=cast.takahashi)
    assert sign_in(cast.sato).post(f"{A}{absence.pk}/end/").status_code == 403
    assert Absence.objects.exists()


def test_a_partner_is_offered_only_their_own_colleagues(cast: Cast, sign_in: SignIn) -> None:
    text = sign_in(cast.ogawa).get(f"{A}mine/").text
    assert "森 隆" in text
    assert "佐藤 美咲" not in text
    assert "佐藤 美咲" not in sign_in(cast.outsider).get(f"{A}mine/").text


def test_more_absences_cost_no_more_queries(cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any) -> None:
    now = datetime.now(UTC)
    client = sign_in(cast.hayashi)
    client.get(A)
    for staff in (cast.sato, cast.suzuki, cast.ito, cast.takahashi):
        actions.note_absence(staff, starts_at=now, substitute=cast.kimura, by=cast.hayashi)
        actions.note_absence(
            cast.kimura, starts_at=now + timedelta(days=1), by=cast.hayashi
        ) if staff == cast.sato else None
    with django_assert_max_num_queries(18):
        client.get(A)


def test_the_trail_says_who_is_away(cast: Cast, sign_in: SignIn) -> None:
    ticket = open_ticket(subject="不通", body="つながらない", channel="phone", requester=cast.yamada, by=cast.sato)
    actions.note_absence(cast.suzuki, starts_at=datetime.now(UTC), substitute=cast.sato, by=cast.suzuki)
    change(ticket, assignee=cast.suzuki, by=cast.hayashi)
    assert "鈴木 大輔さんは不在のため、佐藤 美咲へ" in sign_in(cast.sato).get(f"/tickets/{ticket.number}/").text
