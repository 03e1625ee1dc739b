import pytest
from freezegun import freeze_time

from madoguchi.clocks.actions import make_default_policies
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.api.client import program_of
from tests.cast import Cast
from tests.clocks.desk_time import at

pytestmark = pytest.mark.django_db


def test_a_program_reads_deadlines_with_their_explanation(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        make_default_policies()
        ticket = open_ticket(subject="件名", body="本文", channel="mail", by=cast.sato)
    with freeze_time(at(1, 10, 0)):
        answer = program_of(cast.sato).get(f"/tickets/{ticket.number}/clocks")
        whole = program_of(cast.sato).get(f"/tickets/{ticket.number}").body

    assert answer.status == 200
    assert answer.body["next"] is None
    first = answer.body["items"][0]
    assert (first["kind"], first["state"], first["due_at"]) == (
        "first_response",
        "running",
        "2026-10-01T14:00:00+09:00",
    )
    assert (first["target_s"], first["elapsed_s"], first["remaining_s"]) == (14400, 3600, 10800)
    assert first["explanation"] == "09:00 開始、目標 4時間、経過 1時間、残り 3時間"
    assert [item["kind"] for item in answer.body["items"]] == ["first_response", "holding", "resolution"]
    assert answer.body["time_used"] == [{"team": "call-centre", "seconds": 3600}]
    assert (whole["next_due_at"], whole["next_due_kind"]) == (first["due_at"], "first_response")


def test_a_partners_program_knows_only_their_share(cast: Cast) -> None:
    ticket = open_ticket(subject="件名", body="本文", channel="mail", by=cast.sato)

    assert program_of(cast.ogawa).get(f"/tickets/{ticket.number}/clocks").status == 404
