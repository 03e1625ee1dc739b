"""A supervisor who has never seen the page writes a rule, tries it, switches it on, and sees it fire."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from madoguchi.calendars.models import Calendar
from madoguchi.people.models import Team
from madoguchi.rules.models import Rule
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

SAID = "営業時間で30分、誰も受け取っていないとき、優先度が「緊急」なら、担当チームのスーパーバイザーに知らせる。"


def raised(desk: Desk, subject: str, *, ago: timedelta, priority: str = "urgent") -> Ticket:
    return desk.run(
        open_ticket,
        subject=subject,
        body="昨日から使えません",
        channel="phone",
        priority=priority,
        requester=desk.cast.yamada,
        by=desk.cast.sato,
        at=timezone.now() - ago,
    )


def past(desk: Desk) -> Ticket:
    """A week with three urgent tickets; the team works round the clock, so that the story holds at any hour."""
    for days in (2, 3, 5):
        ticket = raised(desk, f"基幹システムに入れない {days}", ago=timedelta(days=days))
        desk.run(resolve, ticket, resolution="再起動", by=desk.cast.sato)
    raised(desk, "印刷できない", ago=timedelta(days=4), priority="low")
    return raised(desk, "受注システムが停止", ago=timedelta(minutes=45))


def round_the_clock(desk: Desk) -> None:
    always = Calendar.objects.create(key="always", name="24時間", name_en="Always", zone="Asia/Tokyo")
    always.versions.create(valid_from="2020-01-01", week=[[[0, 86_400]]] * 7, national_holidays=False)
    Team.objects.update(calendar=always)


def test_a_supervisor_writes_tries_and_switches_on_a_rule_and_sees_it_fire(
    served: Desk, open_window: OpenWindow
) -> None:
    served.run(round_the_clock, served)
    stuck = past(served)
    page = open_window(served.cast.hayashi, "/rules/")
    expect(page.locator("main")).to_contain_text("ルールはまだありません")
    assert_accessible(page)
    page.get_by_role("link", name="最初のルールを作る").click()
    _write_by_keyboard(page)
    expect(page.locator("h1")).to_have_text("緊急の放置")
    assert_accessible(page)

    page.get_by_role("button", name="試す").click()
    expect(page.locator(".rule-figures")).to_contain_text("空振り")
    expect(page.locator("#trial table")).to_contain_text("受注システムが停止")
    expect(page.locator("#trial table")).not_to_contain_text("印刷できない")
    assert_accessible(page)
    page.get_by_role("button", name="オンにする…").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("いま対応中のチケット1件")
    assert_accessible(page)
    sheet.get_by_role("button", name="オンにする").click()
    expect(page.locator("#messages")).to_contain_text("ルールをオンにしました")

    with served.inside():
        assert Rule.objects.get().state == "on"
    page.goto(f"/tickets/{stuck.number_shown}/")
    expect(page.locator("#conversation")).to_contain_text("ルール「緊急の放置」が働きました。", timeout=60_000)
    expect(page.locator("#conversation")).to_contain_text("林 直子に知らせました")

    _write_in_english(open_window(served.cast.hayashi, "/rules/", language="en"))


def _write_by_keyboard(page: Page) -> None:
    """P1 not accepted in 30 working minutes: tell the supervisor. From nothing, and without a mouse."""
    page.locator("#field-name").focus()
    page.keyboard.type("緊急の放置")
    _press(page, "remove-c0", gone="c0.kind")
    _press(page, "remove-a0", gone="a0.kind")
    expect(page.locator("#sentence")).to_contain_text("実行: ")
    page.locator("#state").select_option(label="誰も受け取っていない")
    page.locator("#working").select_option(label="チームの営業時間で")
    page.locator("#length").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("30")
    page.locator("#unit").select_option(label="分")
    _press(page, "add-condition", focused="c0.kind")
    # Chosen already: choosing it again is no change for a person, but for Playwright, and would draw the form anew.
    expect(page.locator("[id='c0.kind'] option:checked")).to_have_text("優先度")
    expect(page.locator("#sentence")).to_contain_text("条件1: 値を一つ以上")
    page.locator("input[name='c0.one_of'][value='urgent']").focus()
    page.keyboard.press("Space")
    _press(page, "add-action", focused="a0.kind")
    page.locator("[id='a0.kind']").select_option(label="知らせる")
    expect(page.locator("#sentence p")).to_have_text(SAID)
    assert_accessible(page)
    _group_by_keyboard(page)
    page.keyboard.press("Control+Enter")


def _group_by_keyboard(page: Page) -> None:
    """A group of conditions within the others, and away again."""
    _press(page, "add-group", focused="c1.match")
    page.locator("input[name='c1-0.one_of'][value='low']").focus()
    page.keyboard.press("Space")
    _press(page, "add-condition-c1", focused="c1-1.kind")
    page.locator("[id='c1-1.kind']").select_option("line")
    expect(page.locator("#sentence")).to_contain_text(
        "優先度が「緊急」、かつ（優先度が「低」、または一次対応にある）なら"
    )
    assert_accessible(page)
    _press(page, "remove-c1", gone="c1.match")
    expect(page.locator("#sentence p")).to_have_text(SAID)


def _press(page: Page, button: str, *, focused: str = "", gone: str = "") -> None:
    """Enter on a button, and the form as it is drawn anew."""
    page.locator(f"[id='{button}']").focus()
    page.keyboard.press("Enter")
    if focused:
        expect(page.locator(f"[id='{focused}']")).to_be_focused()
    if gone:
        expect(page.locator(f"[id='{gone}']")).to_have_count(0)


def _write_in_english(page: Page) -> None:
    """The same, as short as it is for somebody who takes the example that stands there."""
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name", exact=False).first.fill("P1 not accepted")
    expect(page.locator("#sentence p")).to_have_text(
        "When nobody has accepted it for 30 working minutes, and the priority is “Urgent”: "
        "tell the supervisors of the team that holds it."
    )
    page.get_by_role("button", name="Save as a draft").click()
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#trial table")).to_contain_text("受注システムが停止")
    page.get_by_role("button", name="Switch on…").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("On the last 30 days it would have fired on 4 tickets")
    sheet.get_by_role("button", name="Switch on").click()
    expect(page.locator("#messages")).to_contain_text("The rule is on.")
    assert_accessible(page)
