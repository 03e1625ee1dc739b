"""What the reports count, and the tickets behind each figure: the same rows twice, on purpose."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept, decide_routing, return_
from madoguchi.handoffs.actions.offer import offer
from madoguchi.insight.reports.frame import Row, Table, period_of
from madoguchi.insight.reports.registry import REPORTS, grouping, table, tickets_behind
from madoguchi.people.access import access_of
from madoguchi.people.models import Staff, Team
from madoguchi.tickets.actions.link_tickets import merge
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def opened(cast: Cast, subject: str = "印刷できない", front: Team | None = None) -> Ticket:
    return open_ticket(
        subject=subject, body="紙が出ない", channel="phone", requester=cast.yamada, front_team=front, by=cast.sato
    )


def moved(ticket: Ticket, to: Team, *, sender: Staff, receiver: Staff) -> None:
    ticket.refresh_from_db()
    accept(offer(ticket, to_team=to, reason="専門外", by=sender), by=receiver)
    ticket.refresh_from_db()


@pytest.fixture
def story(cast: Cast) -> dict[str, Ticket]:
    """One solved where it came in, one moved once, one that went to the service desk and was returned,
    and one that the service desk handed back by an offer of its own."""
    solved = opened(cast, "その場で解決")
    resolve(solved, resolution="再起動", no_article_reason="記事なし", by=cast.sato)
    once = opened(cast, "一度だけ")
    moved(once, cast.network, sender=cast.sato, receiver=cast.ito)
    resolve(once, resolution="配線", no_article_reason="記事なし", by=cast.ito)
    returned = opened(cast, "差し戻し")
    moved(returned, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
    return_(returned.handoffs.get(), reason="wrong_team", by=cast.takahashi)
    handed = opened(cast, "引き継ぎで戻し")
    Ticket.objects.filter(pk=handed.pk).update(moves_granted=3)
    moved(handed, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
    moved(handed, cast.call_centre, sender=cast.takahashi, receiver=cast.sato)
    declined = opened(cast, "受け取り前に差し戻し")
    return_(offer(declined, to_team=cast.network, reason="誤り", by=cast.sato), reason="wrong_team", by=cast.ito)
    return {"solved": solved, "once": once, "returned": returned, "handed": handed, "declined": declined}


def made(name: str, by: str = "") -> Table:
    today = timezone.localdate()
    return table(name, first=today - timedelta(days=6), last=today, by=by, access=None)


def behind(name: str, figure: str, row: str | None = None, by: str = "") -> set[str]:
    today = timezone.localdate()
    found = tickets_behind(
        name, first=today - timedelta(days=6), last=today, by=by, row=row, figure=figure, access=None
    )
    return set(found.values_list("subject", flat=True))


def test_moves_are_counted_by_ticket(story: dict[str, Ticket]) -> None:
    figures = made("moves", "month").total.figures
    assert [figures[f"moves_{n}"] for n in range(4)] == [2, 1, 2, 0]
    assert figures["tickets"] == 5
    assert figures["average"] == pytest.approx(1.0)
    assert (figures["solved"], figures["solved_unmoved"], figures["solved_unmoved_share"]) == (2, 1, 0.5)
    assert behind("moves", "moves_2") == {"差し戻し", "引き継ぎで戻し"}


@pytest.mark.parametrize("by", ["team", "category", "month"])
@pytest.mark.parametrize("name", ["moves", "returns"])
def test_the_rows_add_up_to_the_total_and_every_count_opens_to_as_many_tickets(
    story: dict[str, Ticket], cast: Cast, name: str, by: str
) -> None:
    opened(cast, "パートナーの件", front=cast.partner)
    Ticket.objects.filter(pk=story["once"].pk).update(category=cast.wiring)
    found = made(name, by)
    for column in found.report.columns:
        if column.where is not None:
            assert sum(int(row.figures[column.key] or 0) for row in found.rows) == found.total.figures[column.key]
            for row in found.rows:
                assert len(behind(name, column.key, row.key, by)) == row.figures[column.key], (row.label, column.key)


def test_what_a_supervisor_gives_back_to_a_former_team_came_back_too(cast: Cast) -> None:
    back, on = opened(cast, "割り当てで戻し"), opened(cast, "割り当てで先へ")
    for ticket, to in ((back, cast.call_centre), (on, cast.network)):
        moved(ticket, cast.service_desk, sender=cast.sato, receiver=cast.takahashi)
        Ticket.objects.filter(pk=ticket.pk).update(frozen_at=timezone.now())
        decide_routing(ticket, kind="assign", team=to, note="決めた", by=cast.hayashi)
    away = opened(cast, "割り当てで離れて戻り")
    for to in (cast.network, cast.call_centre):
        Ticket.objects.filter(pk=away.pk).update(frozen_at=timezone.now())
        decide_routing(away, kind="assign", team=to, note="決めた", by=cast.hayashi)
    assert behind("returns", "sent_back") == {"割り当てで戻し", "割り当てで離れて戻り"}
    assert made("returns").total.figures["came_back"] == 2


def test_what_came_back_is_told_from_what_was_declined(story: dict[str, Ticket]) -> None:
    figures = made("returns").total.figures
    assert (figures["tickets"], figures["came_back"], figures["returned"], figures["sent_back"]) == (5, 2, 1, 1)
    assert figures["came_back_share"] == pytest.approx(0.4)
    assert behind("returns", "returned") == {"差し戻し"}
    assert behind("returns", "sent_back") == {"引き継ぎで戻し"}


def test_the_pair_of_teams_says_who_sent_and_who_gave_back(story: dict[str, Ticket], cast: Cast) -> None:
    found = made("ping-pong")
    pair = f"{cast.call_centre.key}>{cast.service_desk.key}"
    assert list(found.rows) == [
        Row(pair, "コールセンター ⇄ サービスデスク", {"times": 2, "returned": 1, "handed_back": 1})
    ]
    assert found.total.figures["times"] == 2
    assert behind("ping-pong", "times", pair) == {"差し戻し", "引き継ぎで戻し"}
    assert behind("ping-pong", "handed_back", pair) == {"引き継ぎで戻し"}
    assert behind("ping-pong", "times", f"{cast.service_desk.key}>{cast.call_centre.key}") == set()


def test_a_merged_ticket_counts_with_the_one_it_went_into(story: dict[str, Ticket], cast: Cast) -> None:
    merge(story["declined"], into=story["returned"], by=cast.sato)
    assert made("moves").total.figures["tickets"] == 4


def test_the_days_are_those_of_the_desk(cast: Cast) -> None:
    ticket = opened(cast)
    zone = timezone.get_default_timezone()
    late = datetime(2026, 4, 30, 23, 59, tzinfo=zone)
    Ticket.objects.filter(pk=ticket.pk).update(opened_at=late)
    april = table("moves", first=date(2026, 4, 30), last=date(2026, 4, 30), by="month", access=None)
    assert [(row.key, row.label) for row in april.rows] == [("2026-04", "2026年4月")]
    assert not table("moves", first=date(2026, 5, 1), last=date(2026, 5, 1), by="month", access=None).rows


def test_a_partner_sees_only_their_share(story: dict[str, Ticket], cast: Cast) -> None:
    opened(cast, "パートナーの件", front=cast.partner)
    today = timezone.localdate()
    report = REPORTS["moves"]
    rows, total = report.rows(period_of(today, today), grouping(report, ""), access_of(cast.mori))
    assert [row.key for row in rows] == [cast.partner.key]
    assert total["tickets"] == 1


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_an_empty_period_has_no_rows_and_divides_by_nothing(cast: Cast, name: str) -> None:
    found = table(name, first=date(2020, 1, 1), last=date(2020, 1, 31), access=None)
    assert not found.rows
    assert not any(found.total.figures.values())


def test_what_no_report_knows_is_refused(cast: Cast) -> None:
    today = timezone.localdate()
    for name, by, last, code in (
        ("nothing", "", today, "unknown_report"),
        ("moves", "weather", today, "unknown_by"),
        ("moves", "", today - timedelta(days=1), "period"),
        ("moves", "", today + timedelta(days=2000), "period"),
    ):
        with pytest.raises(Refused) as refusal:
            table(name, first=today, last=last, by=by, access=None)
        assert refusal.value.code == code
    with pytest.raises(Refused):
        tickets_behind("moves", first=today, last=today, by="", row=None, figure="nothing", access=None)
