"""Whom to ask, found by keyboard; what a department's past proposes; its chain put in order by keys and by dragging."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from madoguchi.consultations.history import ENOUGH
from madoguchi.consultations.models import Approach
from madoguchi.people.actions import add_contact, add_department, add_topic, order_chain
from madoguchi.people.models import Department
from madoguchi.people.queries import chain_of
from tests.consultations.past import asked_before
from tests.consultations.questions import raised
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

WORDS = {
    "ja": {"history": "これまでの照会", "accept": "この順番にする", "often": "辞退が多い", "saved": "保存済み"},
    "en": {"history": "From history", "accept": "Ask in this order", "often": "declines often", "saved": "Saved"},
}


def past(desk: Desk, key: str) -> Department:
    """Of three contacts the first always says “not me”; the second answers, also for a topic of its own."""
    cast = desk.cast
    department = add_department(key=key, name=f"物流部 {key}", name_en=f"Logistics {key}", about="出荷", by=cast.admin)
    first, second, _third = (
        add_contact(department, name=name, kana=kana, email=f"{key}@example.jp", by=cast.admin)
        for name, kana in (("出荷 窓口", "しゅっか"), ("岡田 部長", "おかだ"), ("三浦 沙織", f"みうら {key}"))
    )
    topic = add_topic(department, key="invoice", name="請求書", name_en="Invoices", words="インボイス", by=cast.admin)
    order_chain(department, [second], topic=topic, by=cast.admin)
    ticket = raised(cast, category=cast.mail_trouble)
    for day in range(ENOUGH):
        asked_before(
            ticket,
            department,
            (first, Approach.State.DECLINED, timedelta(hours=1)),
            (second, Approach.State.ANSWERED, timedelta(hours=2)),
            at=timezone.now() - timedelta(days=day + 2),
            urgent=True,
        )
    return department


def order(desk: Desk, department: Department) -> list[str]:
    return [contact.name for contact in desk.run(chain_of, department)]


@pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.looks)])
def test_whom_to_ask_is_found_and_the_chain_is_ordered_by_history_keys_and_drag(
    served: Desk, open_window: OpenWindow, language: str
) -> None:
    words = WORDS[language]
    department = served.run(past, served, language)
    page = open_window(served.cast.hayashi, "/departments/", language=language)
    expect(page.locator("main input[type=search]")).to_be_focused()
    page.keyboard.type(f"みうら {language}")
    expect(page.locator(".hit")).to_have_count(1)
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    expect(page.locator("main [data-open]")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/departments/*/")
    assert_accessible(page)

    page.get_by_role("link", name=words["history"]).click()
    expect(page.locator("#contacts")).to_contain_text(words["often"])
    expect(page.locator("#asked tbody tr")).to_have_count(ENOUGH)
    assert_accessible(page)
    page.get_by_role("button", name=words["accept"]).click()
    expect(page.get_by_role("button", name=words["accept"])).to_have_count(0)
    assert order(served, department) == ["岡田 部長", "出荷 窓口", "三浦 沙織"]

    page.goto(f"/departments/{department.pk}/")
    _by_keys(page, words["saved"])
    assert order(served, department) == ["出荷 窓口", "三浦 沙織", "岡田 部長"]
    _by_dragging(page, words["saved"])
    assert order(served, department) == ["三浦 沙織", "出荷 窓口", "岡田 部長"]


def _by_keys(page: Page, saved: str) -> None:
    """The first row goes down by the keys, and once more by its button before the first move has been saved."""
    rows, held = page.locator("#chain li"), list[Route]()
    page.route("**/chain/", lambda route: held.append(route), times=1)  # noqa: PLW0108  it marks what it is given
    rows.first.focus()
    with page.expect_request("**/chain/"):
        page.keyboard.press("Alt+ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    expect(rows.nth(1)).to_contain_text("岡田 部長")
    rows.nth(1).locator("button[value$=':down']").click()
    with page.expect_request("**/chain/"):
        held[0].continue_()
    expect(page.locator("#chain .saved")).to_contain_text(saved)
    expect(rows.nth(2)).to_contain_text("岡田 部長")
    expect(rows.nth(2)).to_be_focused()


def _by_dragging(page: Page, saved: str) -> None:
    """The second row is dropped over the upper half of the first."""
    rows = page.locator("#chain li")
    rows.nth(1).drag_to(rows.first, source_position={"x": 60, "y": 10}, target_position={"x": 60, "y": 3})
    expect(rows.first).to_contain_text("三浦 沙織")
    expect(page.locator("#chain .saved")).to_have_count(0)
    expect(page.locator("#chain .saved")).to_contain_text(saved)
