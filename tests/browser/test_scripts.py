"""A script is walked along with a call: by keyboard, out of it and in again, to a hand-over that is filled in."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from madoguchi.handoffs.models import Handoff
from madoguchi.interactions.actions.contacts import open_interaction, save_draft
from madoguchi.scripts.actions.walk import begin, go
from madoguchi.scripts.models import Script, ScriptVersion, Walk
from tests.cast import Cast
from tests.desk import Desk
from tests.scripts.writing import in_force
from tests.web.workbench.calls import MOBILE, answers, rings
from tests.windows import OpenWindow, assert_accessible


def call(desk: Desk) -> None:
    """山田 calls, 佐藤 answers."""
    token = desk.token(desk.cast.admin, "calls:write")
    answer = httpx.post(
        f"{desk.url}/api/v1/calls/events",
        json=[*rings(desk.cast.sato, number=MOBILE), *answers(desk.cast.sato)],
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
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
    page.keyboard.press("Enter")  # said
    expect(page.locator(".script-step [name='item.error_code']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".script-step [role=alert]")).to_contain_text("回答が必要")
    types(page, "error_code", "0x80042109")
    types(page, "since_when", "今朝9時から")
    expect(page.locator(".script-way")).to_contain_text("0x80042109")
    expect(page.locator(".script-text")).to_have_text("ブラウザー版メールにサインインできる")

    # Out of the script: what was answered stands in the list, and more is answered there.
    page.keyboard.press("Alt+o")
    expect(page.locator(".script-left")).to_be_visible()
    expect(page.locator("#item-error_code")).to_have_value("0x80042109")
    page.locator("#item-steps_tried").fill("再起動した")
    page.keyboard.press("Alt+o")
    expect(page.locator(".script-text")).to_have_text("ブラウザー版メールにサインインできる")
    page.keyboard.press("Alt+x")
    expect(page.locator(".script-step [name='item.impact']")).to_be_focused()
    page.keyboard.type("本人のみ")
    page.keyboard.press("Alt+j")
    types(page, "callback_number", "090-1111-2222")  # what was tried is known, and skipped
    expect(page.locator(".script-step")).to_contain_text("手順では直りませんでした(0x80042109)。")
    expect(page.locator(".hearing-all [data-count]")).to_have_text("5/5")
    assert_accessible(page)

    # To any step and back again: nothing is lost.
    page.keyboard.press("Alt+l")
    expect(page.locator(".script-all")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator(".script-all")).not_to_have_attribute("open", "")
    page.keyboard.press("Alt+l")
    page.get_by_role("button", name="尋ねる いつから").click()
    expect(page.locator(".script-step [name='item.since_when']")).to_have_value("今朝9時から")
    expect(page.locator(".script-step [name='item.since_when']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".script-step")).to_contain_text("手順では直りませんでした")

    page.keyboard.press("Alt+m")
    page.keyboard.type("メールが送れない")
    page.keyboard.press("Alt+j")
    sheet = page.locator("#sheet")
    expect(sheet.locator("[name=reason]")).to_have_value("手順では直りませんでした(0x80042109)。")
    expect(sheet).to_contain_text("5/5")
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


@pytest.mark.looks
def test_a_keeper_writes_a_script_sees_what_is_wrong_switches_it_on_and_tries_it(
    served: Desk, open_window: OpenWindow
) -> None:
    page = open_window(served.cast.kimura, "/knowledge/scripts/")
    page.keyboard.press("Alt+c")
    page.get_by_label("分類").select_option(label="すべて › 配線")
    page.get_by_role("button", name="書く").click()
    expect(page.locator(".script-row")).to_have_count(2)

    # By keyboard: something is asked and something verified between the greeting and the hand-over.
    page.locator("#add-0").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[id='s1.kind']")).to_be_focused()
    page.locator("[id='s1.kind']").select_option(label="尋ねる")
    page.locator("[id='s1.item']").select_option(label="このスクリプトだけの質問")
    page.locator("[id='s1.q_name']").fill("フロア")
    page.locator("[id='s1.q_kind']").select_option("choice")
    expect(page.locator(".script-verdict")).to_contain_text("直すところがあと1件")
    expect(page.locator(".script-row").nth(1)).to_contain_text("選択肢が二つ以上必要です")
    page.locator("[id='s1.q_choices']").fill("1階\n2階")
    expect(page.locator(".script-verdict")).to_contain_text("問題ありません")
    page.locator("#add-1").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[id='s2.kind']")).to_be_focused()
    page.locator("[id='s2.kind']").select_option(label="分岐")
    page.locator("[id='s2.w0.c0.item']").select_option(label="フロア")
    page.locator("[name='s2.w0.c0.one_of'][value='1階']").check()
    page.locator("#add-3").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[id='s4.kind']")).to_be_focused()
    page.locator("[id='s4.kind']").select_option(label="解決")
    expect(page.locator(".script-row").nth(4)).to_contain_text("このステップへ行く道筋がありません")
    page.locator("[id='s2.w0.next']").select_option(label="5. 解決")
    expect(page.locator(".script-verdict")).to_contain_text("問題ありません")
    page.locator("#down-0").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#down-1")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Alt+t")

    # Without a call: both ways, and nothing is recorded.
    expect(page.locator("h1")).to_contain_text("試す")
    expect(page.get_by_label("フロア")).to_be_focused()
    page.get_by_label("フロア").select_option("1階")
    page.keyboard.press("Enter")
    expect(page.locator(".script-text")).to_contain_text("お電話ありがとうございます")
    page.keyboard.press("Alt+j")
    expect(page.locator(".script-step")).to_contain_text("解決です")
    page.keyboard.press("Alt+o")
    expect(page.get_by_label("フロア")).to_be_focused()
    page.get_by_label("フロア").select_option("2階")
    page.keyboard.press("Enter")
    expect(page.locator(".script-text")).to_contain_text("お電話ありがとうございます")
    page.keyboard.press("Alt+j")
    expect(page.locator(".script-step")).to_contain_text("現地対応へ引き継ぎ")
    page.get_by_role("link", name="スクリプトへ戻る").click()
    page.get_by_role("button", name="使い始める…").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("進行中の応対は、始めたときの版のまま")
    assert_accessible(page, within="#sheet")
    sheet.get_by_role("button", name="使い始める").click()
    expect(page.locator("#messages")).to_contain_text("第1版を使い始めます")
    expect(page.locator(".script-standing")).to_contain_text("使用中")


@pytest.mark.looks
@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "ja")])
def test_the_pages_of_scripts_fit_and_are_accessible(
    served: Desk, open_window: OpenWindow, width: int, language: str
) -> None:
    cast = served.cast

    def fits(page: Page, shown: str) -> None:
        expect(page.locator(shown).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width, page.url
        assert_accessible(page)

    served.run(Script.objects.all().delete)
    keeper = open_window(cast.kimura, "/knowledge/scripts/", width=width, language=language)
    fits(keeper, ".empty")
    served.run(in_force, cast.mail_trouble, cast.kimura)
    address = f"/knowledge/scripts/{cast.mail_trouble.pk}/"
    for path, shown in (
        ("/knowledge/scripts/", "tbody tr"),
        (address, ".script-lines"),
        (f"{address}edit/", ".script-row"),
        (f"{address}1/try/", ".script-step"),
    ):
        keeper.goto(path)
        fits(keeper, shown)
    contact = served.run(walked_to_the_check, cast)
    seat = open_window(cast.sato, f"/workbench/?contact={contact}", width=width, language=language)
    if width == 390:  # the script stands behind the tab beside the contact's own
        seat.locator("#tab-intake-button").click()
    fits(seat, ".script-step")


def walked_to_the_check(cast: Cast) -> int:
    """A contact whose script has come to something to verify; its id."""
    contact = open_interaction(channel="phone", by=cast.sato, staff=cast.sato, contact_name="山田")
    details = {"error_code": "0x80042109", "since_when": "今朝9時から"}
    save_draft(contact, data={"round": 0, "category": str(cast.mail_trouble.pk), "details": details}, by=cast.sato)
    go(
        begin(contact, version=ScriptVersion.objects.get(), here="hello", by=cast.sato),
        to="web",
        passed=["hello"],
        by=cast.sato,
    )
    return contact.pk
