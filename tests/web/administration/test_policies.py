from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from madoguchi.clocks.actions import Promise, make_default_policies, promise
from madoguchi.clocks.models import Clock, Kind, Policy, PolicyVersion
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db
type SignIn = Callable[..., Client]
WRITTEN: dict[str, Any] = {
    "kind": "acceptance",
    "name": "P1の受け取り",
    "amount": "30",
    "unit": "60",
    "calendar": "team",
    "priorities": ["urgent"],
    "warn_at": "50、80%",
    "tell": "supervisors",
    "at_once": "on",
    "pauses_for": ["requester"],
    "reopen": "goes_on",
}


def test_p1_not_accepted_in_thirty_working_minutes_is_told_to_the_supervisor(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.admin).post("/administration/policies/new/", WRITTEN)

    version = PolicyVersion.objects.get()
    assert answer["Location"] == f"/administration/policies/{version.policy_id}/"
    assert (version.target_s, version.priorities, version.calendar_of) == (1800, ["urgent"], "team")
    assert (version.warn_at, version.tell, version.at_once) == ([50, 80], "supervisors", True)


def test_the_list_tells_conditions_in_words_in_the_order_of_precedence(cast: Cast, sign_in: SignIn) -> None:
    promise(Promise(Kind.RESOLUTION, "ふつう", 3600), by=cast.admin)
    promise(Promise(Kind.RESOLUTION, "緊急", 3600, priorities=["urgent"]), by=cast.admin)
    promise(
        Promise(Kind.RESOLUTION, "契約と緊急", 3600, priorities=["urgent", "high"], service_class="標準"), by=cast.admin
    )
    promise(Promise(Kind.RESOLUTION, "メールの件", 3600, category=cast.mail_trouble), by=cast.admin)

    page = sign_in(cast.admin).get("/administration/policies/").content.decode()
    places = [page.index(f">{name}</a>") for name in ("契約と緊急", "メールの件", "緊急", "ふつう")]
    assert places == sorted(places)
    assert "契約区分 標準、優先度 高または緊急" in page
    assert "分類 メールの不具合 以下" in page


def test_saving_again_makes_a_version_and_the_same_again_none(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    client.post("/administration/policies/new/", WRITTEN)
    row = Policy.objects.get()
    address = f"/administration/policies/{row.pk}/"
    client.post(address, WRITTEN)
    assert row.versions.count() == 1

    client.post(address, WRITTEN | {"amount": "20"})
    assert list(row.versions.order_by("number").values_list("number", "target_s")) == [(1, 1800), (2, 1200)]
    page = client.get(address).content.decode()
    assert "第1版" in page
    assert "第2版" in page


def test_what_cannot_be_read_is_said_beside_its_field(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.admin).post("/administration/policies/new/", WRITTEN | {"warn_at": "120", "name": ""})

    assert answer.status_code == 422
    assert "1〜99の数字で入力してください" in answer.content.decode()
    assert not Policy.objects.exists()


def test_the_preview_names_the_open_tickets_that_a_policy_would_be_best_for(cast: Cast, sign_in: SignIn) -> None:
    make_default_policies()
    urgent = open_ticket(subject="緊急の件", body="本文", channel="mail", priority="urgent", by=cast.sato)
    open_ticket(subject="ふつうの件", body="本文", channel="mail", by=cast.sato)

    page = sign_in(cast.admin).post("/administration/policies/fitting/", WRITTEN).content.decode()
    assert f"{urgent.number_shown} 緊急の件" not in page  # the policy that is there is older and wins
    narrower = WRITTEN | {"team": str(cast.call_centre.pk)}
    page = sign_in(cast.admin).post("/administration/policies/fitting/", narrower).content.decode()
    assert f"{urgent.number_shown} 緊急の件" in page
    assert "ふつうの件" not in page


def test_an_ended_policy_promises_nothing_more(cast: Cast, sign_in: SignIn) -> None:
    version = promise(Promise(Kind.RESOLUTION, "解決", 3600), by=cast.admin)
    before = open_ticket(subject="前", body="本文", channel="mail", by=cast.sato)
    sign_in(cast.admin).post(f"/administration/policies/{version.policy_id}/end/")
    after = open_ticket(subject="後", body="本文", channel="mail", by=cast.sato)

    assert Clock.objects.filter(ticket=before).exists()
    assert not Clock.objects.filter(ticket=after).exists()
    assert "終了" in sign_in(cast.admin).get("/administration/policies/").content.decode()
