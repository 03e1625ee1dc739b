"""While the caller talks: an article used, another put away, the category taken, by the keyboard alone."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.models import Audience, Showing, State
from madoguchi.search.index import drain
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.browser.test_call_story import Telephone, seat
from tests.desk import Desk
from tests.web.workbench.calls import MOBILE, answers, rings
from tests.windows import OpenWindow, assert_accessible


@pytest.mark.looks
def test_an_article_is_used_another_put_away_and_the_category_taken(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    for question, answer in (
        ("メールが送信できない(0x800CCC0E)", "送信ポートを **587** に変える。"),
        ("メールの添付ファイルが送信できない", "共有フォルダーに置く。"),
    ):
        content = Content(
            question, answer, category=cast.mail_trouble, state=State.VALIDATED, audience=Audience.FIRST_LINE
        )
        served.run(create, content, by=cast.kimura)
    for _turn in range(3):
        served.run(
            open_ticket,
            subject="メールが送信できない",
            body="0x800CCC0E と出る",
            channel="phone",
            category=cast.mail_trouble,
            by=cast.suzuki,
        )
    served.run(drain)
    page = seat(open_window, served)
    telephone = Telephone(served)
    telephone.says(*rings(cast.sato, call="c-suggest", number=MOBILE), *answers(cast.sato, call="c-suggest"))
    notes = page.locator("#field-notes")
    expect(notes).to_be_visible()
    notes.fill("メールを送信できず 0x800CCC0E")
    known = page.locator("#known")
    expect(known.locator(".suggestions li")).to_have_count(2)
    expect(known.locator(".say-the-same")).to_contain_text("から3件")
    expect(known.locator(".similar li").first).to_contain_text("0x800ccc0e")
    if folder := os.environ.get("MADOGUCHI_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / "suggestions.png")
        page.set_viewport_size({"width": 390, "height": 900})
        page.screenshot(path=Path(folder) / "suggestions-390.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})

    page.keyboard.press("Alt+Digit0")
    with page.expect_popup() as opened:
        page.keyboard.press("Digit2")
    expect(opened.value.locator("h1")).to_contain_text("添付ファイル")
    opened.value.close()
    page.keyboard.press("Alt+Digit7")
    with page.expect_popup() as opened:
        page.keyboard.press("Alt+Digit1")
    expect(opened.value.locator("body")).to_contain_text("メールが送信できない")
    opened.value.close()
    page.keyboard.press("Alt+Digit8")
    page.keyboard.press("Digit3")
    expect(page.locator("#tab-intake")).to_contain_text("と同じ件")
    expect(notes).to_have_value("メールを送信できず 0x800CCC0E")
    expect(known.locator(".similar li.taken")).to_have_count(1)

    page.keyboard.press("Alt+Shift+Digit2")
    expect(known.locator(".suggestions li")).to_have_count(1)
    expect(known.locator(".put-away")).to_contain_text("添付ファイル")
    page.keyboard.press("Alt+9")
    expect(page.locator("#category-typed")).to_have_value("すべて › メールの不具合")
    expect(known.locator(".likely")).to_have_count(0)
    page.keyboard.press("Alt+1")
    expect(page.locator("#field-resolution")).to_have_value("送信ポートを 587 に変える。")
    expect(known.locator(".suggestions li.taken")).to_have_count(1)
    assert_accessible(page)
    with served.inside():
        assert set(Showing.objects.filter(kind="interaction").values_list("outcome", flat=True)) == {
            "dismissed",
            "used",
        }
    page.keyboard.press("Alt+Shift+Digit0")
    expect(known.locator(".suggestions li")).to_have_count(2)
