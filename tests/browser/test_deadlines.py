"""A promise is written down, passes, and whoever leads hears of it: policy, sweep, bell, explanation."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from madoguchi.clocks import book
from madoguchi.clocks.models import PolicyVersion
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible


def _as_if_made_yesterday() -> None:
    yesterday = timezone.now() - timedelta(days=1)
    PolicyVersion.objects.update(valid_from=yesterday, tell_from=yesterday)
    book.changed()


@pytest.mark.looks
def test_the_seat_shows_what_is_due_next_and_the_keyboard_opens_it(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    seat = open_window(cast.sato, "/workbench/")
    expect(seat.locator("html")).to_have_attribute("data-line", "connected")
    expect(seat.locator("#due")).to_contain_text("近い期限はありません")

    def raised(subject: str, minutes: int) -> Ticket:
        with transaction.atomic():
            ticket = open_ticket(subject=subject, body="至急", channel="mail", requester=cast.yamada, by=cast.yamada)
            due_at = timezone.now() + timedelta(minutes=minutes)
            Ticket.objects.filter(pk=ticket.pk).update(next_due_at=due_at, next_due_kind="resolution")
        return ticket

    late = served.run(raised, "もう過ぎた件", -5)
    expect(seat.locator("#due li")).to_have_count(1)  # by itself
    call_back = served.run(
        promise_call_back,
        number="03-5000-1234",
        due_at=timezone.now() + timedelta(minutes=20),
        team=cast.call_centre,
        staff=cast.sato,
        name="中川",
        by=cast.sato,
    )
    rows = seat.locator("#due li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("もう過ぎた件")
    expect(rows.first.locator(".due")).to_have_attribute("data-state", "late")
    assert_accessible(seat)
    seat.keyboard.press("j")
    with seat.context.expect_page() as opened:
        seat.keyboard.press("o")
    expect(opened.value).to_have_url(f"{served.url}/tickets/{late.number_shown}/")
    seat.keyboard.press("j")
    seat.keyboard.press("o")
    expect(seat.locator("#sheet")).to_contain_text("03-5000-1234")
    seat.keyboard.press("Escape")
    served.run(finish_call_back, call_back, result="withdrawn", by=cast.sato)
    expect(rows).to_have_count(1)


def test_a_promise_that_nobody_kept_reaches_the_supervisor(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    office = open_window(cast.admin, "/administration/policies/")
    expect(office.locator("main")).to_contain_text("期限の約束はまだありません")
    assert_accessible(office)
    office.keyboard.press("Alt+c")
    expect(office.locator("h1")).to_have_text("新しいポリシー")
    office.locator("#field-kind").select_option(label="初回応答")
    office.locator("#field-name").fill("緊急の初回応答")
    office.get_by_label("緊急", exact=True).check()
    expect(office.locator("#fitting")).to_contain_text("当てはまるものはありません")
    office.locator("#field-amount").fill("30")
    office.locator("#field-unit").select_option(label="分")
    office.locator("#field-calendar").select_option(label="24時間365日")
    office.locator("#field-tell").select_option(label="チームのスーパーバイザー")
    office.get_by_label("営業時間外でもすぐに知らせる").check()
    assert_accessible(office)
    office.keyboard.press("Control+Enter")
    expect(office.locator("#messages")).to_contain_text("ポリシーを作成しました")

    leader = open_window(cast.hayashi, "/notifications/")
    expect(leader.locator("html")).to_have_attribute("data-line", "connected")
    expect(leader.locator("main")).to_contain_text("通知はまだありません")
    served.run(_as_if_made_yesterday)
    ticket = served.run(
        open_ticket,
        subject="全員がつながらない",
        body="至急",
        channel="mail",
        requester=cast.yamada,
        priority="urgent",
        by=cast.yamada,
        at=timezone.now() - timedelta(hours=2),
    )

    expect(leader.locator("#bell .count")).to_contain_text("3", timeout=60_000)  # two warnings and the breach
    leader.locator("#bell").click()
    rows = leader.locator(".notifications li")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("初回応答")
    assert_accessible(leader)
    leader.get_by_role("link", name="に期限を過ぎました").click()
    expect(leader.locator("h1")).to_have_text("全員がつながらない")
    expect(leader.locator(".next-due")).to_contain_text("1時間30分 超過")
    expect(leader.locator("#conversation")).to_contain_text("に期限を過ぎました")

    leader.locator(".next-due").click()
    sheet = leader.locator("#sheet")
    expect(sheet).to_contain_text("緊急の初回応答")
    expect(sheet).to_contain_text("目標 30分")
    assert_accessible(leader)
    leader.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    leader.goto(leader.url.split("/tickets/")[0] + "/tickets/?due=late&order=due")
    expect(leader.locator("#rows")).to_contain_text(ticket.number_shown)
    assert_accessible(leader)
