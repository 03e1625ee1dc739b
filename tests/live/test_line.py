"""The live line of a served desk: what rings, what is replayed, who may hear what."""

from contextlib import ExitStack

import httpx
import pytest
from django.contrib.sessions.models import Session

from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.desk import Desk
from tests.live.lines import happen, line


def test_a_ring_carries_topic_name_and_id_and_nothing_else(served: Desk) -> None:
    sato = served.cast.sato
    with line(served, sato, f"staff:{sato.pk}") as heard:
        assert next(heard)[0] == "ready"
        entry = happen(served, "call.offered", sato)
        kind, _place, data = next(heard)
    assert (kind, data) == ("ring", {"topic": f"staff:{sato.pk}", "name": "call.offered", "id": entry})


def test_a_returning_browser_hears_exactly_what_it_missed(served: Desk) -> None:
    sato = served.cast.sato
    topic = f"staff:{sato.pk}"
    with line(served, sato, topic) as heard:
        next(heard)
        happen(served, "call.offered", sato)
        _kind, place, _data = next(heard)
    missed = [happen(served, f"call.missed_{number}", sato) for number in range(5)]
    happen(served, "call.offered", served.cast.suzuki)
    with line(served, sato, topic, after=place) as heard:
        assert next(heard)[0] == "ready"
        assert [next(heard)[2]["id"] for _ in missed] == missed
        later = happen(served, "call.ended", sato)
        assert next(heard)[2]["id"] == later


def test_a_line_cut_between_two_rings_of_an_entry_hears_the_entry_again(served: Desk) -> None:
    sato, team = served.cast.sato, served.cast.call_centre
    topics = f"staff:{sato.pk},team:{team.pk}"
    with line(served, sato, topics) as heard:
        _kind, before, _data = next(heard)
        entry = happen(served, "call.offered", sato, team)
        _kind, place, _data = next(heard)  # the first of two rings: its place is still the one before
    assert place == before
    with line(served, sato, topics, after=place) as heard:
        next(heard)
        assert {next(heard)[2]["topic"] for _ in range(2)} == set(topics.split(","))
    assert entry > 0


@pytest.mark.parametrize("after", ["999999999999.999999999999", "garbage", "-1.5", "1.2.3", "１.２"])
def test_a_place_that_this_journal_does_not_have_makes_the_browser_refresh_everything(served: Desk, after: str) -> None:
    with line(served, served.cast.sato, "*:call", after=after) as heard:
        assert [next(heard)[0], next(heard)[0]] == ["ready", "stale"]


def test_a_browser_that_missed_more_than_is_replayed_refreshes_everything(served: Desk) -> None:
    with line(served, served.cast.sato, "*:call") as heard:
        _kind, place, _data = next(heard)
    for _ in range(1001):
        happen(served, "interaction.noted", served.cast.suzuki)
    with line(served, served.cast.sato, "*:call") as heard:
        next(heard)
        happen(served, "call.offered", served.cast.suzuki)
        next(heard)  # by now the desk itself has read them all
    with line(served, served.cast.sato, "*:call", after=place) as heard:
        assert [next(heard)[0], next(heard)[0]] == ["ready", "stale"]


def test_staff_hear_their_own_phone_only(served: Desk) -> None:
    sato, suzuki = served.cast.sato, served.cast.suzuki
    with line(served, sato, f"staff:{sato.pk},staff:{suzuki.pk}") as heard:
        assert next(heard)[2]["refused"] == [f"staff:{suzuki.pk}"]


def test_a_partner_hears_only_their_team_and_the_tickets_they_may_see(served: Desk) -> None:
    cast = served.cast
    ticket = served.run(open_ticket, subject="社内の話", body="…", by=cast.sato, channel="phone")
    asked = [
        f"team:{cast.partner.pk}",
        f"team:{cast.call_centre.pk}",
        f"ticket:{ticket.pk}",
        "*:call",
        "call:1",
        "person:1",
    ]
    with line(served, cast.ogawa, ",".join(asked)) as heard:
        assert set(next(heard)[2]["refused"]) == set(asked) - {f"team:{cast.partner.pk}"}
        happen(served, "call.offered", ticket, cast.call_centre)
        entry = happen(served, "handoff.offered", cast.partner)
        assert next(heard)[2]["id"] == entry


def test_an_account_without_any_role_hears_nothing_of_the_desk(served: Desk) -> None:
    asked = {"*:call", "ticket:1", "team:1", "notice:1"}
    with line(served, served.cast.outsider, ",".join(asked)) as heard:
        assert set(next(heard)[2]["refused"]) == asked


@pytest.mark.parametrize(
    "topic",
    [
        "'; drop table x",
        "*:*",
        "*",
        "ticket:",
        "ticket:1e9",
        "ticket:-1",
        "ticket:１",
        "ticket:" + "9" * 400,
        "\r\nid: 5",
    ],
)
def test_a_hostile_topic_is_refused_and_breaks_nothing(served: Desk, topic: str) -> None:
    sato = served.cast.sato
    with line(served, sato, f"{topic},staff:{sato.pk}") as heard:
        kind, _place, data = next(heard)
        assert kind == "ready"
        assert data["refused"] == [topic[:100]]
        assert next_after(served, heard) == "ring"


def next_after(desk: Desk, heard: object) -> str:
    happen(desk, "call.offered", desk.cast.sato)
    return next(heard)[0]  # type: ignore[call-overload, no-any-return]


def test_nobody_hears_anything_without_signing_in(served: Desk) -> None:
    for cookies in ({}, {"sessionid": "0" * 32}, {"sessionid": "' or 1=1"}):
        assert httpx.get(f"{served.url}/live?topics=*:call", cookies=cookies).status_code == 401


def test_a_session_that_ends_closes_its_line_within_a_minute(served: Desk) -> None:
    cookies = served.session(served.cast.suzuki)
    with httpx.stream("GET", f"{served.url}/live?topics=*:none", cookies=cookies, timeout=60) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        served.run(Session.objects.filter(pk=cookies["sessionid"]).delete)
        for _ in pieces:
            pass  # ends: the desk closed it


def test_two_hundred_lines_hear_the_same_ring(served: Desk) -> None:
    sato = served.cast.sato
    with ExitStack() as stack:
        lines = [stack.enter_context(line(served, sato, f"staff:{sato.pk}")) for _ in range(200)]
        for heard in lines:
            assert next(heard)[0] == "ready"
        entry = happen(served, "call.offered", sato)
        assert {next(heard)[2]["id"] for heard in lines} == {entry}
