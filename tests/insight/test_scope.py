"""対応範囲: what is declared for a category against what the first line did, and the tickets behind it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.catalog.actions import change_category
from madoguchi.catalog.models import Category
from madoguchi.foundation.refusal import Refused
from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.insight.reports.frame import period_of
from madoguchi.insight.reports.registry import REPORTS, grouping, table, tickets_behind
from madoguchi.people.access import access_of
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from tests.cast import Cast


def solved(cast: Cast, category: Category | None, subject: str, *, handed_over: bool = False) -> None:
    details = dict.fromkeys(("error_code", "since_when", "impact", "steps_tried", "callback_number"), "0312345678")
    ticket = open_ticket(
        subject=subject,
        body="困った",
        channel="phone",
        requester=cast.yamada,
        category=category,
        details=details,
        by=cast.sato,
    )
    by = cast.sato
    if handed_over:
        accept(offer(ticket, to_team=cast.service_desk, reason="専門外", by=cast.sato), by=cast.takahashi)
        ticket.refresh_from_db()
        by = cast.takahashi
    resolve(ticket, resolution="直した", no_article_reason="no_article", by=by)


@pytest.fixture
def month(cast: Cast) -> None:
    change_category(cast.mail_trouble, scope="collects", by=cast.admin)
    change_category(cast.general, scope="solves", by=cast.admin)
    solved(cast, cast.mail_trouble, "集めて渡した", handed_over=True)
    solved(cast, cast.mail_trouble, "その場で直した")
    solved(cast, cast.general, "案内で済んだ")
    solved(cast, None, "分類なし")


def days() -> dict[str, object]:
    today = timezone.localdate()
    return {"first": today - timedelta(days=2), "last": today}


@pytest.mark.usefixtures("month")
def test_each_category_says_what_is_declared_and_what_was_done() -> None:
    found = table("scope", by="category", access=None, **days())  # type: ignore[arg-type]
    rows = {row.key: row for row in found.rows}
    assert rows["mail-trouble"].label == "メールの不具合 – 聞き取って引き継ぎ"
    mail = rows["mail-trouble"].figures
    assert (mail["solved"], mail["first_line"], mail["as_declared"], mail["as_declared_share"]) == (2, 1, 1, 0.5)
    assert rows["general"].figures["as_declared_share"] == 1
    assert rows[""].figures["as_declared_share"] is None
    total = found.total.figures
    assert (total["solved"], total["declared"], total["as_declared"]) == (4, 3, 2)


@pytest.mark.usefixtures("month")
@pytest.mark.parametrize("by", ["category", "scope", "month"])
def test_every_figure_opens_to_the_tickets_it_counts(by: str) -> None:
    found = table("scope", by=by, access=None, **days())  # type: ignore[arg-type]
    for row in found.rows:
        for column in found.report.columns:
            rows = tickets_behind("scope", by=by, row=row.key, figure=column.key, access=None, **days())  # type: ignore[arg-type]
            counted = column.share_of[0] if column.share_of else column.key
            assert rows.count() == row.figures[counted], (row.key, column.key)


@pytest.mark.usefixtures("month")
def test_partners_see_their_share_alone(cast: Cast) -> None:
    report, today = REPORTS["scope"], timezone.localdate()
    period = period_of(today - timedelta(days=2), today)
    _rows, total = report.rows(period, grouping(report, ""), access_of(cast.ogawa))
    assert total["tickets"] == 0


def test_only_what_exists_can_be_declared(cast: Cast) -> None:
    with pytest.raises(Refused):
        change_category(cast.general, scope="sometimes", by=cast.admin)
