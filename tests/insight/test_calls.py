"""The report of calls: any day, by the board's own definitions, and every figure opens to as many calls."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from freezegun import freeze_time

from madoguchi.foundation.refusal import Refused
from madoguchi.insight.reports.frame import Table, Unit, period_of
from madoguchi.insight.reports.registry import REPORTS, calls_behind, table, tickets_behind
from madoguchi.people.access import access_of
from madoguchi.telephony.models import Call
from madoguchi.web.board.figures import call_day
from tests.api.client import program_of
from tests.cast import Cast
from tests.web.board.day import answered, arrives, gave_up, post

SignIn = Callable[..., Client]
# 10:00 in Tokyo.
FRIDAY = datetime(2026, 8, 21, 1, 0, tzinfo=UTC)
DAY = date(2026, 8, 21)


@pytest.fixture(autouse=True)
def days(cast: Cast) -> None:
    """A Friday with a queue, the Thursday before without one."""
    with freeze_time(FRIDAY + timedelta(hours=2)):
        answered(FRIDAY, 5, talk=30)
        answered(FRIDAY + timedelta(minutes=29), 25, talk=90)
        answered(FRIDAY + timedelta(minutes=31), 10, talk=None, queue="sales")
        gave_up(FRIDAY + timedelta(minutes=32), 40)
        gave_up(FRIDAY + timedelta(minutes=33), 2)
        gave_up(FRIDAY + timedelta(minutes=34), 90, reason="timeout")
        answered(FRIDAY + timedelta(minutes=35), 1, queue=None)  # no queue where others have one: not offered
        post(arrives(FRIDAY + timedelta(minutes=36)))  # still waits: nothing is decided
        answered(FRIDAY - timedelta(days=1), 3, queue=None, talk=60)


def made(by: str = "", first: date = DAY) -> Table:
    return table("calls", first=first, last=DAY, by=by, access=None)


def test_the_day_has_the_figures_that_the_board_had(cast: Cast) -> None:
    figures = made().total.figures
    board = call_day(access_of(cast.hayashi), FRIDAY + timedelta(hours=2)).total
    assert [figures[key] for key in ("offered", "answered", "lost", "abandoned", "short")] == [6, 3, 2, 2, 1]
    assert (figures["offered"], figures["answered"], figures["short"]) == (board.offered, board.answered, board.short)
    assert (figures["answer_rate"], figures["service_level"]) == (board.answer_rate, board.service_level)
    assert figures["service_level"] == pytest.approx(2 / 5)
    assert figures["wait_mean_s"] == pytest.approx(40 / 3, abs=0.001)
    assert figures["talk_mean_s"] == pytest.approx(60)  # the one that still talks has no length yet


def test_rows_are_half_hours_days_weeks_months_and_queues() -> None:
    both = DAY - timedelta(days=1)
    assert [(row.key, row.figures["offered"]) for row in made("half_hour", both).rows] == [("10:00", 3), ("10:30", 4)]
    assert [(row.key, row.figures["offered"]) for row in made("day", both).rows] == [
        ("2026-08-20", 1),
        ("2026-08-21", 6),
    ]
    assert [(row.key, row.figures["offered"]) for row in made("week", both).rows] == [("2026-08-17", 7)]
    assert [(row.key, row.figures["offered"]) for row in made("month", both).rows] == [("2026-08", 7)]
    assert [(row.key, row.figures["offered"]) for row in made("queue", both).rows] == [
        ("", 1),
        ("desk", 5),
        ("sales", 1),
    ]


@pytest.mark.parametrize("by", ["half_hour", "day", "week", "month", "queue"])
def test_every_count_opens_to_as_many_calls(by: str) -> None:
    first = DAY - timedelta(days=1)
    found = made(by, first)
    for row in (*found.rows, None):
        for column in found.report.columns:
            calls = calls_behind(
                "calls", first=first, last=DAY, by=by, row=row.key if row else None, figure=column.key, access=None
            )
            if column.unit is Unit.COUNT:
                assert calls.count() == (row or found.total).figures[column.key], (by, row, column.key)


def test_a_partner_would_count_only_its_own_calls(cast: Cast) -> None:
    _rows, total = REPORTS["calls"].rows(period_of(DAY, DAY), "day", access_of(cast.mori))
    assert total["offered"] == 0
    assert Call.objects.count() == 9


def test_a_report_of_calls_has_no_tickets_and_one_of_tickets_no_calls() -> None:
    asked = {"first": DAY, "last": DAY, "by": "", "row": None, "access": None}
    with pytest.raises(Refused):
        tickets_behind("calls", figure="offered", **asked)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        calls_behind("moves", figure="tickets", **asked)  # type: ignore[arg-type]


def test_the_page_leads_to_the_calls_and_the_program_reads_the_same(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    page = client.get(f"/insight/calls/?from={DAY}&to={DAY}&by=half_hour").content.decode()
    assert "10:30" in page
    assert (
        f"/insight/calls/calls/?from={DAY}&amp;to={DAY}&amp;by=half_hour&amp;row=10%3A30&amp;figure=abandoned" in page
    )
    listed = client.get(f"/insight/calls/calls/?from={DAY}&to={DAY}&by=half_hour&row=10:30&figure=abandoned")
    assert listed.content.decode().count('<td class="tight">') == 2
    answer = program_of(cast.hayashi, "reports:read").get(f"/reports/calls?from={DAY}&to={DAY}&by=half_hour")
    assert answer.body["total"]["figures"]["offered"] == 6
    assert client.get("/insight/calls/tickets/?figure=offered").status_code == 404
    assert "10:30" in b"".join(client.get(f"/insight/calls/csv/?from={DAY}&to={DAY}&by=half_hour")).decode("utf-8-sig")


@pytest.mark.parametrize("who", ["sato", "ogawa", "mori", "kimura"])
def test_who_may_not_watch_the_board_sees_no_calls_behind_it(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    assert client.get("/insight/calls/calls/?figure=offered").status_code == 403


def test_the_list_behind_a_figure_costs_the_same_for_any_number_of_calls(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Callable[[int], object]
) -> None:
    client = sign_in(cast.hayashi)
    address = f"/insight/calls/calls/?from={DAY}&to={DAY}&by=queue&figure=offered"
    client.get(address)
    with django_assert_num_queries(6):  # type: ignore[attr-defined]
        client.get(f"{address}&row=sales")
    with django_assert_num_queries(6):  # type: ignore[attr-defined]
        client.get(f"{address}&row=desk")
