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
    page.get_by_role("link", name="ルールへ戻る").click()

    page.get_by_role("button", name="オンにする…").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("いま対応中のチケット1件")
    assert_accessible(page)
    sheet.get_by_role("button", name="オンにする").click()
    expect(page.locator("#messages")).to_contain_text("ルールをオンにしました")

    with served.inside():
        assert Rule.objects.get().state == "on"
    page.goto(f"/tickets/{stuck.number_shown}/")
    expect(page.locator("#conversation")).to_contain_text("ルール「緊急の放置」が働きました。", timeout=20_000)
    expect(page.locator("#conversation")).to_contain_text("林 直子に知らせました")


def _write_by_keyboard(page: Page) -> None:
    """Priority urgent, not accepted for thirty working minutes, tell the supervisors: without a mouse."""
    expect(page.locator("#sentence")).to_contain_text("スーパーバイザーに知らせる")
    page.locator("#field-name").focus()
    page.keyboard.type("緊急の放置")
    page.locator("#length").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("45")
    expect(page.locator("#sentence")).to_contain_text("営業時間で45分")
    page.locator("#length").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("30")
    page.locator("#add-condition").focus()
    page.keyboard.press("Enter")
    row = page.locator("[id='c1.kind']")
    expect(row).to_be_focused()
    row.select_option("line")
    expect(page.locator("#sentence")).to_contain_text("一次対応にある")
    expect(row).to_be_focused()
    assert_accessible(page)
    page.locator("#remove-c1").focus()
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)
    expect(page.locator("#sentence p")).to_have_text(
        "営業時間で30分、誰も受け取っていないとき、優先度が「緊急」なら、担当チームのスーパーバイザーに知らせる。"
    )
    page.keyboard.press("Control+Enter")
