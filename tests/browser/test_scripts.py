"""A script is walked along with a call: by keyboard, out of it and in again, to a hand-over that is filled in."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from madoguchi.handoffs.models import Handoff
from madoguchi.scripts.models import Walk
from tests.desk import Desk
from tests.scripts.writing import in_force
from tests.web.workbench.calls import MOBILE, answers, rings
from tests.windows import OpenWindow, assert_accessible


@pytest.fixture(scope="module")
def served_environment() -> dict[str, str]:
    return {"MADOGUCHI_ENCODER": "off"}


def call(desk: Desk) -> None:
    """山田 calls, 佐藤 answers."""
    token = desk.token(desk.cast.admin, "calls:write")
    answer = httpx.post(
        f"{desk.url}/api/v1/calls/events",
        json=[*rings(desk.cast.sato, number=MOBILE), *answers(desk.cast.sato)],
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == 202, answer.text


def types(page: Page, item: str, words: str) -> None:
    """Answer the step that is asked, and go on with Enter."""
    field = page.locator(f".script-step [name='item.{item}']")
    expect(field).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def test_a_script_is_walked_abandoned_resumed_and_ends_in_a_hand_over(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    served.run(in_force, cast.mail_trouble, cast.kimura)
    page = open_window(cast.sato, "/workbench/")
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    call(served)
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    expect(page.locator(".who")).to_contain_text("はなこ")

    page.keyboard.press("Alt+c")
    page.keyboard.type("めーる")
    page.keyboard.press("Enter")
    expect(page.locator(".script-text")).to_have_text("山田 花子 様、佐藤が承ります。")
    page.screenshot(path="/tmp/s1.png")
    assert_accessible(page)
    page.keyboard.press("Enter")  # said
    expect(page.locator(".script-step [name='item.error_code']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".script-step [role=alert]")).to_contain_text("回答が必要")
    types(page, "error_code", "0x80042109")
    types(page, "since_when", "今朝9時から")
    expect(page.locator(".script-way")).to_contain_text("0x80042109")
    expect(page.locator(".script-text")).to_have_text("ブラウザー版メールにサインインできる")
    page.screenshot(path="/tmp/s2.png")

    # Out of the script: what was answered stands in the list, and more is answered there.
    page.keyboard.press("Alt+o")
    expect(page.locator(".script-left")).to_be_visible()
    expect(page.locator("#item-error_code")).to_have_value("0x80042109")
    page.locator("#item-steps_tried").fill("再起動した")
    page.screenshot(path="/tmp/s3.png")
    assert_accessible(page)
    page.keyboard.press("Alt+o")
    expect(page.locator(".script-text")).to_have_text("ブラウザー版メールにサインインできる")
    page.keyboard.press("Alt+x")
    expect(page.locator(".script-step [name='item.impact']")).to_be_focused()
    page.keyboard.type("本人のみ")
    page.keyboard.press("Alt+j")
    types(page, "callback_number", "090-1111-2222")  # what was tried is known, and skipped
    expect(page.locator(".script-step")).to_contain_text("手順では直りませんでした(0x80042109)。")
    assert_accessible(page)
    page.screenshot(path="/tmp/s4.png")

    # To any step and back again: nothing is lost.
    page.keyboard.press("Alt+l")
    page.get_by_role("button", name="尋ねる いつから").click()
    expect(page.locator(".script-step [name='item.since_when']")).to_have_value("今朝9時から")
    page.keyboard.press("Enter")
    expect(page.locator(".script-step")).to_contain_text("手順では直りませんでした")

    page.keyboard.press("Alt+m")
    page.keyboard.type("メールが送れない")
    page.keyboard.press("Alt+j")
    sheet = page.locator("#sheet")
    expect(sheet.locator("[name=reason]")).to_have_value("手順では直りませんでした(0x80042109)。")
    expect(sheet).to_contain_text("5/5")
    page.screenshot(path="/tmp/s5.png")
    page.keyboard.press("Alt+h")
    expect(page.locator("#messages")).to_contain_text("サービスデスク")
    with served.inside():
        handoff = Handoff.objects.get()
        assert handoff.to_team == cast.service_desk
        assert handoff.ticket.details["steps_tried"] == "再起動した"
        assert handoff.ticket.details["mail-web"] == "いいえ"
        walk = Walk.objects.get()
        assert (walk.outcome, walk.here) == ("handed_over", "to-desk")
        steps = [stay.step for stay in walk.trail.all()]
        assert steps == ["hello", "code", "since", "web", "web", "impact", "number", "to-desk", "since", "to-desk"]

    narrow = open_window(cast.sato, f"/workbench/?contact={walk.interaction_id}", width=390, height=844)
    narrow.get_by_role("tab", name="問い合わせ").click()
    expect(narrow.locator("#category-typed")).to_be_visible()
