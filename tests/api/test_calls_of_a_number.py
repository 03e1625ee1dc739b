"""Calls by the number of the other side, in any writing, from the API and on the page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from madoguchi.telephony.actions.recordings import delete_due
from tests.api.client import program_of
from tests.cast import Cast
from tests.web.board.day import answered, arrives, event, post

SignIn = Callable[..., Client]


@pytest.fixture
def calls(cast: Cast) -> list[str]:
    """Two calls of a number on two days, one to it, one of another; the ids of the first three, the newest first."""
    now = timezone.now()
    old = answered(now - timedelta(days=3), 5, number="0312345678")
    new = answered(now - timedelta(hours=1), 5, number="0312345678")
    out = arrives(now - timedelta(minutes=5), queue=None, direction="outbound", number="1001")
    out[0] |= {"to": {"number": "03-1234-5678"}, "agent": "1001"}
    dialled = post([*out, event("call.ended", now - timedelta(minutes=4), out[0]["call"], by="remote")])
    answered(now, 5, number="0399999999")
    return [dialled.call_id, new.call_id, old.call_id]


@pytest.mark.parametrize("written", ["0312345678", "03-1234-5678", "+81 3 1234 5678", "０３（１２３４）５６７８"])
def test_any_writing_finds_the_calls_from_and_to_a_number(cast: Cast, calls: list[str], written: str) -> None:
    program = program_of(cast.hayashi, "calls:read")
    answer = program.get(f"/calls?number={written.replace('+', '%2B')}&limit=2")
    assert [call["call_id"] for call in answer.body["items"]] == calls[:2]
    following = program.get(f"/calls?number=0312345678&limit=2&cursor={answer.body['next']}")
    assert [call["call_id"] for call in following.body["items"]] == calls[2:]
    assert following.body["next"] is None


def test_what_is_no_number_finds_nothing_and_partners_find_their_own(cast: Cast, calls: list[str]) -> None:
    assert program_of(cast.hayashi, "calls:read").get("/calls?number=hello").body["items"] == []
    assert program_of(cast.mori, "calls:read").get("/calls?number=0312345678").body["items"] == []


def test_the_page_finds_them_on_any_day(cast: Cast, sign_in: SignIn, calls: list[str]) -> None:
    page = sign_in(cast.hayashi).get("/board/calls/?number=03-1234-5678").content.decode()
    assert page.count('<tr id="contact-') == len(calls)
    assert 'value="03-1234-5678"' in page


def test_an_index_finds_them(cast: Cast, engine: str) -> None:
    if engine != "sqlite":
        pytest.skip("PostgreSQL chooses by what it counts")
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT call_id FROM interactions_interaction WHERE address = '+81312345678'"
            " ORDER BY started_at DESC, id DESC"
        )
        plan = " ".join(str(row[3]) for row in cursor.fetchall())
    assert "interactions_by_address" in plan
    assert "TEMP B-TREE" not in plan


def test_recordings_are_named_to_whom_they_may_be_played_as_long_as_they_are_kept(cast: Cast) -> None:
    now = timezone.now()
    call = answered(now, 5, agent="1001")
    post([event("recording.ready", now, call.call_id, url="https://pbx.example/a.wav", leg="l")])
    named = [{"url": "https://pbx.example/a.wav", "leg": "l"}]
    for who, heard in ((cast.hayashi, named), (cast.sato, named), (cast.suzuki, [])):
        program = program_of(who, "calls:read")
        assert program.get(f"/calls/{call.pk}").body["recordings"] == heard
        assert [one["recordings"] for one in program.get("/calls").body["items"]] == [heard]
    delete_due(now + timedelta(days=100), limit=9)
    assert program_of(cast.hayashi, "calls:read").get(f"/calls/{call.pk}").body["recordings"] == []
