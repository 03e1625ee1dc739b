"""An address with a number that no row can have is not found, on either database, for people as for programs."""

from collections.abc import Callable

import pytest
from django.test import Client

from madoguchi.people.models import Staff
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/knowledge/scripts/%s/", "/people/%s/", "/workbench/call-backs/%s/", "/api/v1/handoffs/%s"]
)
@pytest.mark.parametrize("number", ["9" * 18, "9" * 19, "1" * 23, "9" * 400])
def test_a_number_with_too_many_digits_is_not_found(
    cast: Cast, sign_in: Callable[[Staff], Client], address: str, number: str
) -> None:
    answer = sign_in(cast.admin if "call-backs" not in address else cast.sato).get(address % number)
    assert answer.status_code == (401 if "/api/" in address and len(number) == 18 else 404)
