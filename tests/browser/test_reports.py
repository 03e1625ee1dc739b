"""A report is opened, its period and grouping changed, a figure followed to its tickets, the whole taken along."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.insight.test_reports import moved, opened
from tests.windows import OpenWindow, assert_accessible

WORDS = {
    "ja": {
        "report": "チケットごとの移動回数",
        "total": "合計",
        "none": "数えるものがありません",
        "head": "分類",
        "team": "ネットワーク",
        "unmoved": "移動なし",
    },
    "en": {
        "report": "Moves per ticket",
        "total": "Total",
        "none": "Nothing to count",
        "head": "Category",
        "team": "Network",
        "unmoved": "No move",
    },
}


def _told(desk: Desk) -> None:
    cast = desk.cast
    with desk.inside():
        if not Ticket.objects.exists():
            went = opened(cast, "動いた件")
            moved(went, cast.network, sender=cast.sato, receiver=cast.ito)
            for subject in ("窓口の件", "よその件"):
                opened(cast, subject, front=cast.network if subject == "よその件" else None)


@pytest.mark.looks
@pytest.mark.parametrize(("language", "width"), [("ja", 1440), ("en", 390)])
def test_a_report_answers_what_is_asked_of_it(
    served: Desk, open_window: OpenWindow, language: str, width: int, tmp_path: Path
) -> None:
    _told(served)
    words = WORDS[language]
    page = open_window(served.cast.hayashi, "/insight/", language=language, width=width)
    assert_accessible(page)
    page.get_by_role("link", name=words["report"]).click()
    expect(page.locator("h1")).to_have_text(words["report"])
    expect(page.locator("tfoot")).to_contain_text(words["total"])
    expect(page.locator(".chart li")).to_have_count(2)
    expect(page.locator(".chart")).to_contain_text(words["team"])
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.locator("[name=by]").select_option("category")
    expect(page.locator("table.report thead")).to_contain_text(words["head"])
    expect(page).to_have_url(re.compile("by=category"))
    page.locator("[name=by]").select_option("team")
    expect(page.locator("table.report tbody tr")).to_have_count(2)
    link = page.locator("table.report tfoot td").nth(1).get_by_role("link")
    expect(link).to_have_text("2")
    link.click()
    expect(page.locator("h1")).to_have_text(words["unmoved"])
    expect(page.locator("#rows")).to_contain_text("窓口の件")
    expect(page.locator("#rows")).not_to_contain_text("動いた件")
    assert_accessible(page)
    page.get_by_role("link", name=words["report"]).click()
    expect(page).to_have_url(re.compile("by=team"))

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    file = tmp_path / "report.csv"
    download.value.save_as(file)
    assert words["total"] in file.read_text(encoding="utf-8-sig")
    long_ago = (timezone.localdate() - timedelta(days=900)).isoformat()
    page.locator("[name=from]").fill(long_ago)
    page.locator("[name=to]").fill(long_ago)
    expect(page.locator("#rows")).to_contain_text(words["none"])
