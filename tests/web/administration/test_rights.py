"""Only administrators come in: every address of the segment, for every role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from madoguchi.web.administration.urls import urlpatterns
from tests.cast import Cast

type SignIn = Callable[..., Client]
PATTERNS = urlpatterns
NOBODY = ["sato", "takahashi", "hayashi", "kimura", "watanabe", "ogawa", "mori", "outsider"]


def address_of(cast: Cast, pattern: URLPattern) -> str:
    rows: dict[str, Any] = {
        "staff_id": cast.sato.pk,
        "token_id": 1,
        "team_id": cast.network.pk,
        "category_id": cast.mail_trouble.pk,
        "item_id": cast.mail_trouble.items.all()[0].pk,
        "organization_id": cast.minato.pk,
        "number_id": cast.minato.phones.all()[0].pk,
        "contract_id": cast.contract.pk,
        "problem_id": "7K3MQ9TD",
        "mail_id": 1,
        "calendar_id": 0,
        "policy_id": 1,
        "version_id": 1,
        "day_id": 1,
        "run_id": 1,
    }
    wanted = pattern.pattern.regex.groupindex if hasattr(pattern.pattern, "regex") else {}
    return reverse(f"administration:{pattern.name}", kwargs={name: rows[name] for name in wanted})


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_everybody_but_administrators_stands_before_a_closed_door(
    cast: Cast, sign_in: SignIn, pattern: URLPattern
) -> None:
    address = address_of(cast, pattern)
    for who in NOBODY:
        client = sign_in(getattr(cast, who))
        assert client.get(address).status_code == 403, who
        assert client.post(address, {"up": "1"}).status_code == 403, who
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_an_administrator_opens_every_page(cast: Cast, sign_in: SignIn, pattern: URLPattern) -> None:
    """Only acts answer a GET with 405; what does not exist is 404."""
    answer = sign_in(cast.admin).get(address_of(cast, pattern))
    absent = pattern.name in {
        *("problem", "original", "written", "calendar", "calendar_hours", "policy"),
        *("directory_run", "reconciliation"),
    }
    assert answer.status_code in ({404} if absent else {200, 405})
