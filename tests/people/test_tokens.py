from datetime import timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.people import tokens
from madoguchi.people.models import ApiToken
from tests.cast import Cast


def test_an_issued_token_finds_its_owner_and_scopes(cast: Cast) -> None:
    text = tokens.issue(staff=cast.sato, scopes=["tickets:read"], name="CTI")
    token = tokens.find(text)
    assert token is not None
    assert (token.staff, token.name) == (cast.sato, "CTI")
    assert token.allows("tickets:read")
    assert not token.allows("tickets:write")


def test_a_token_for_everything_allows_every_scope(cast: Cast) -> None:
    token = tokens.find(tokens.issue(staff=cast.admin, scopes=["admin"]))
    assert token is not None
    assert all(token.allows(scope) for scope in tokens.SCOPES)


def test_the_text_of_a_token_is_nowhere_in_the_database(cast: Cast) -> None:
    text = tokens.issue(staff=cast.sato, scopes=["admin"])
    row = ApiToken.objects.values().get()
    assert not any(text in str(value) or text.removeprefix("mdg_") in str(value) for value in row.values())


def test_no_two_tokens_are_alike(cast: Cast) -> None:
    issued = {tokens.issue(staff=cast.sato, scopes=[]) for _ in range(20)}
    assert len(issued) == 20


@pytest.mark.parametrize("text", ["", "mdg_", "mdg_x", "Bearer x", "\x00", "あ" * 500])
def test_an_unknown_text_finds_nothing(cast: Cast, text: str) -> None:
    tokens.issue(staff=cast.sato, scopes=["admin"])
    assert tokens.find(text) is None


def test_a_token_ends_at_its_hour(cast: Cast) -> None:
    with freeze_time("2026-08-21T00:00:00Z") as clock:
        text = tokens.issue(staff=cast.sato, scopes=[], expires_at=timezone.now() + timedelta(hours=1))
        assert tokens.find(text) is not None
        clock.tick(timedelta(minutes=59, seconds=59))
        assert tokens.find(text) is not None
        clock.tick(timedelta(seconds=1))
        assert tokens.find(text) is None


def test_a_revoked_token_finds_nothing(cast: Cast) -> None:
    text = tokens.issue(staff=cast.sato, scopes=["admin"])
    ApiToken.objects.update(revoked_at=timezone.now())
    assert tokens.find(text) is None


def test_the_token_of_someone_who_has_left_finds_nothing(cast: Cast) -> None:
    text = tokens.issue(staff=cast.sato, scopes=["admin"])
    cast.sato.is_active = False
    cast.sato.save(update_fields=["is_active"])
    assert tokens.find(text) is None
