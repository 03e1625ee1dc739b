"""Who used the time: of every ticket, promised or not, in each team's own hours."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.calendars.models import Calendar, CalendarVersion
from madoguchi.clocks.actions import Promise, promise
from madoguchi.clocks.book import current_book
from madoguchi.clocks.function import time_used
from madoguchi.clocks.history import facts_of
from madoguchi.clocks.models import Kind, PolicyVersion, Spent
from madoguchi.clocks.queries import rows_of
from madoguchi.handoffs.actions.decide import accept, recall
from madoguchi.handoffs.actions.offer import offer
from madoguchi.insight.reports.frame import Figure
from madoguchi.insight.reports.registry import table, tickets_behind
from madoguchi.people.models import Team
from madoguchi.tickets.actions.change import go_on, wait
from madoguchi.tickets.actions.resolve import reopen, resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.insight.test_reports import opened

MONDAY = datetime(2026, 11, 16, tzinfo=timezone.get_default_timezone())
HOUR = 3600


def at(hour: float) -> AbstractContextManager[object]:
    """On Monday; a desk that has no calendar yet works from 9 to 12 and from 13 to 18."""
    return freeze_time(MONDAY + timedelta(hours=hour))


def moved(ticket: Ticket, to: Team, cast: Cast, *, offered: float, accepted: float) -> None:
    with at(offered):
        ticket.refresh_from_db()
        handoff = offer(ticket, to_team=to, reason="専門外", by=cast.sato)
    with at(accepted):
        accept(handoff, by=cast.admin)
    ticket.refresh_from_db()


def solved(ticket: Ticket, cast: Cast, hour: float) -> None:
    with at(hour):
        resolve(ticket, resolution="配線", no_article_reason="なし", by=cast.admin)


def figures() -> dict[str, dict[str, Figure]]:
    with at(23):
        found = table("time-by-team", first=MONDAY.date(), last=MONDAY.date(), access=None)
    return {row.key: dict(row.figures) for row in (*found.rows, found.total)}


@pytest.fixture
def went(cast: Cast) -> Ticket:
    """Two hours at the call centre, one of them while an offer waited, then at the network team."""
    with at(9):
        ticket = opened(cast, "回線")
    moved(ticket, cast.network, cast, offered=10, accepted=11)
    return ticket


def test_every_stay_and_every_offer_counts_without_any_policy(cast: Cast, went: Ticket) -> None:
    solved(went, cast, 15)
    found = figures()
    assert found["call-centre"] == {
        "stays": 1,
        "held_s": 2 * HOUR,
        "held_share": 0.4,
        "held_mean_s": 2 * HOUR,
        "held_late": 0,
        "promised_s": 0,
        "offers": 0,
        "waited_mean_s": None,
        "waited_late": 0,
    }
    assert (found["network"]["held_s"], found["network"]["held_share"]) == (3 * HOUR, 0.6)
    assert (found["network"]["offers"], found["network"]["waited_mean_s"]) == (1, HOUR)
    assert found["total"]["held_s"] == 5 * HOUR


def test_waiting_for_the_requester_the_noon_and_the_night_are_nobodys_time(cast: Cast, went: Ticket) -> None:
    with at(14):
        wait(went, waiting_for="requester", by=cast.ito)
    with at(16):
        went.refresh_from_db()
        go_on(went, by=cast.ito)
    solved(went, cast, 24 + 10)
    assert figures()["network"]["held_s"] == (1 + 1 + 2 + 1) * HOUR  # 11–12, 13–14, 16–18, 9–10 the next day


def test_a_reopened_ticket_goes_on_with_its_stay(cast: Cast, went: Ticket) -> None:
    solved(went, cast, 14)
    with at(15):
        reopen(went, by=cast.ito)
    assert "network" not in {key for key, row in figures().items() if row["stays"]} - {"total"}
    solved(went, cast, 16)
    assert (figures()["network"]["stays"], figures()["network"]["held_s"]) == (1, 3 * HOUR)


def test_a_recalled_offer_has_waited_and_moved_nothing(cast: Cast) -> None:
    with at(9):
        ticket = opened(cast)
    with at(10):
        handoff = offer(ticket, to_team=cast.network, reason="専門外", by=cast.sato)
    with at(10.5):
        recall(handoff, by=cast.sato)
    found = figures()["network"]
    assert (found["offers"], found["waited_mean_s"], found["stays"]) == (1, HOUR / 2, 0)


def test_each_team_counts_in_its_own_hours(cast: Cast, went: Ticket) -> None:
    calendar = Calendar.objects.create(key="late", name="夜", zone="Asia/Tokyo")
    CalendarVersion.objects.create(calendar=calendar, valid_from=MONDAY.date(), week=[[[13 * HOUR, 22 * HOUR]]] * 7)
    Team.objects.filter(pk=cast.network.pk).update(calendar=calendar)
    solved(went, cast, 14)
    assert figures()["network"]["held_s"] == HOUR


def test_what_took_longer_than_promised_is_counted_and_opens_to_its_tickets(cast: Cast) -> None:
    with at(8):
        promise(Promise("holding", "担当", HOUR, calendar_of="always", team=cast.network), by=cast.admin)
    for subject, end in (("遅い件", 16), ("早い件", 12.5)):
        with at(9):
            ticket = opened(cast, subject)
        moved(ticket, cast.network, cast, offered=11, accepted=12)
        solved(ticket, cast, end)
    assert (figures()["network"]["stays"], figures()["network"]["held_late"]) == (2, 1)
    asked: dict[str, Any] = {
        "first": MONDAY.date(),
        "last": MONDAY.date(),
        "by": "team",
        "row": cast.network.key,
        "access": None,
    }
    assert [ticket.subject for ticket in tickets_behind("time-by-team", figure="held_late", **asked)] == ["遅い件"]
    assert len(tickets_behind("time-by-team", figure="held_s", **asked)) == 2
    assert Spent.objects.count() == 6


def test_the_promised_time_is_split_as_on_the_tickets_page(cast: Cast) -> None:
    what = Promise(Kind.RESOLUTION, "解決", 8 * HOUR, calendar_of=PolicyVersion.CalendarOf.ALWAYS)
    with at(8):
        promise(what, by=None)
    with at(9):
        ticket = opened(cast, "回線")
    moved(ticket, cast.network, cast, offered=10, accepted=11)
    assert figures()["network"]["promised_s"] == 0
    solved(ticket, cast, 15)
    found = figures()
    used = time_used(facts_of(rows_of(ticket.pk), ticket.pk), current_book(), now=MONDAY + timedelta(hours=23))
    assert used == [(cast.call_centre.pk, 2 * HOUR), (cast.network.pk, 4 * HOUR)]
    assert [found[key]["promised_s"] for key in ("call-centre", "network")] == [
        2 * HOUR,
        4 * HOUR,
    ]  # the lunch hour, too
    with at(16):
        ticket.refresh_from_db()
        reopen(ticket, by=cast.admin)
    assert figures()["network"]["promised_s"] == 0
