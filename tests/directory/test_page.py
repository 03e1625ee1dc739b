"""The page of the synchronization: an administrator looks, takes over, and confirms what would vanish."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.directory import sync
from madoguchi.directory.models import Run, RunChange
from madoguchi.people.models import Contact
from tests.cast import Cast
from tests.directory.slapd import Company

type SignIn = Callable[..., Client]
A = "/administration/directory-sync/"
HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def server(company: Company, settings: Any) -> Company:
    settings.LDAP = company.server
    return company


def test_an_administrator_looks_at_the_changes_takes_them_over_and_confirms_removals(
    cast: Cast, sign_in: SignIn, server: Company
) -> None:
    client = sign_in(cast.admin)
    everybody = [server.hire(f"a{n}", f"人 {n}", mobile="090-1111-2222") for n in range(4)]
    server.hire("bad", HOSTILE, department="")
    first = client.get(A).text
    assert "まだ何も反映していません" in first
    assert "今すぐ同期" not in first

    waiting = client.post(f"{A}start/", {"preview": "on"}, follow=True)
    assert "待機中" in waiting.text
    assert 'hx-trigger="every 2s"' in waiting.text
    assert sync.work_due()
    shown = client.get(waiting.request["PATH_INFO"]).text
    assert 'hx-trigger="every' not in shown
    assert all(word in shown for word in ("人 3", "090-1111-2222", "追加", "取り込めず", "部署がありません"))
    assert HOSTILE not in shown
    assert not Contact.objects.filter(name="人 0").exists()

    taken = client.post(f"{waiting.request['PATH_INFO']}take-over/", follow=True)
    assert sync.work_due()
    assert Contact.objects.filter(name="人 0").exists()
    assert "反映済み" in client.get(taken.request["PATH_INFO"]).text

    for dn in everybody[:3]:
        server.leave(dn)
    client.post(f"{A}start/", {"preview": "off"})
    assert sync.work_due()
    held = Run.objects.latest("id")
    text = client.get(f"{A}{held.pk}/").text
    assert "4 件のうち 3 件が削除されます" in text
    assert "3 件を削除して反映" in text
    removed = client.get(f"{A}{held.pk}/?kind=removed").text
    assert (removed.count('<td class="main">'), client.get(f"{A}{held.pk}/?kind=added").text.count("人 0")) == (3, 0)
    client.post(f"{A}{held.pk}/take-over/")
    assert sync.work_due()
    assert Contact.objects.filter(origin__startswith="ldap:", is_active=True).count() == 1
    assert "削除 3" in client.get(A).text
    assert "件を削除して反映" not in client.get(f"{A}{held.pk}/").text  # a newer run has ended


def test_what_hinders_stands_on_the_page(cast: Cast, sign_in: SignIn, server: Company, settings: Any) -> None:
    settings.LDAP = server.slapd.settings(server.base, port=1)
    client = sign_in(cast.admin)
    address = client.post(f"{A}start/", {"preview": "on"}, follow=True).request["PATH_INFO"]
    sync.work_due()
    text = client.get(address).text
    assert "読み取れません" in text
    assert "に再試行します" in text
    settings.LDAP = server.slapd.settings(server.base, password="old")
    assert client.post(f"{A}start/", {"preview": "on"}).status_code == 302  # instead of the one that waits
    sync.work_due()
    assert "拒否" in client.get(f"{A}{Run.objects.latest('id').pk}/").text
    assert "何も変更していません" in client.get(address).text


@pytest.mark.django_db
def test_without_a_server_the_page_says_how_to_set_one(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    assert "MADOGUCHI_LDAP_URL" in client.get(A).text
    refused = client.post(f"{A}start/", {"preview": "on"}, headers={"HX-Request": "true"})
    assert (refused.status_code, Run.objects.count()) == (422, 0)


@pytest.mark.parametrize("rows", [1, 40])
def test_more_runs_and_more_changes_cost_no_more_queries(
    cast: Cast, sign_in: SignIn, server: Company, django_assert_num_queries: Any, rows: int
) -> None:
    runs = [Run(asked_at=timezone.now(), asked_by=cast.admin, state=Run.State.DONE) for _ in range(rows)]
    run = Run.objects.bulk_create(runs)[-1]
    changes = [RunChange(run=run, kind="added", name=f"人 {n}", fields=[["email", "", "a@b"]]) for n in range(rows)]
    RunChange.objects.bulk_create(changes)
    client = sign_in(cast.admin)
    client.get(A)
    with django_assert_num_queries(6):
        client.get(A)
    with django_assert_num_queries(6):
        client.get(f"{A}{run.pk}/")
