"""Somebody will be away: it is noted, what is open goes to the substitute in one press, and each trail says so."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from madoguchi.people.actions import set_roles
from madoguchi.people.models import Role
from madoguchi.tickets.actions.change import change
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.promise_call import promise_call
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible


def given(desk: Desk, subject: str) -> Ticket:
    cast = desk.cast
    ticket = open_ticket(subject=subject, body="エラー", channel="phone", requester=cast.yamada, by=cast.sato)
    return change(ticket, assignee=cast.sato, by=cast.hayashi)


@pytest.mark.looks
def test_an_absence_is_noted_and_nothing_waits_on_who_is_away(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    with served.inside():
        kept, given_away = given(served, "請求書の宛名"), given(served, "メールが送れない")
        promise_call(given_away, due_at=timezone.now() + timedelta(hours=1), staff=cast.sato, by=cast.sato)

    own = open_window(cast.sato, "/people/away/mine/")
    own.locator("#field-starts_at").fill("2026-01-05T09:00")
    own.locator("#field-substitute").select_option(label="鈴木 大輔")
    own.get_by_role("button", name="登録する").click()
    expect(own.locator("main")).to_contain_text("あなたを待っているものが3件あります")
    assert_accessible(own)

    lead = open_window(cast.hayashi, "/board/")
    lead.locator("#todo").get_by_role("link", name="不在の人を待っているもの").click()
    expect(lead.locator("h1")).to_have_text("不在の人を待っているもの")
    expect(lead.locator("tbody")).to_contain_text("代理：鈴木 大輔")
    assert_accessible(lead)
    lead.keyboard.press("j")
    lead.keyboard.press("o")
    expect(lead.locator("h1")).to_have_text("佐藤 美咲さんを待っているもの")
    expect(lead.locator(f"#field-to-{cast.call_centre.pk}")).to_have_value(str(cast.suzuki.pk))
    assert_accessible(lead)
    lead.get_by_role("checkbox", name="請求書の宛名").uncheck()
    lead.locator("#field-note").fill("急病")
    lead.get_by_role("button", name="チェックした件の担当を替える").click()
    expect(lead.locator("#messages")).to_contain_text("2件の担当を替えました（チケット 1、折り返し 1）")
    expect(lead.locator("tbody tr")).to_have_count(1)
    expect(lead.locator("tbody")).to_contain_text("請求書の宛名")

    lead.goto(f"/tickets/{given_away.number_shown}/")
    trail = lead.locator("#ticket .conversation")
    expect(trail).to_contain_text("担当者: 佐藤 美咲 → 鈴木 大輔")
    expect(trail).to_contain_text("佐藤 美咲さん不在のため · 急病")
    assert_accessible(lead)

    told = open_window(cast.suzuki, "/people/away/mine/", width=390, language="en")
    expect(told.locator("main")).to_contain_text("You stand in for")
    with served.inside():
        set_roles(cast.sato, [(Role.ENGINEER, cast.network)], by=cast.admin)
        assert Ticket.objects.get(assignee=cast.sato) == kept
    office = open_window(cast.admin, f"/administration/staff/{cast.sato.pk}/", language="en")
    office.get_by_role("button", name="Deactivate…").click()
    office.get_by_role("button", name="Deactivate", exact=True).click()
    expect(office.locator("h1")).to_have_text("Waiting on 佐藤 美咲")
    expect(office.locator("#messages")).to_contain_text("Something still waits on 佐藤 美咲")
    assert_accessible(office)
    office.get_by_role("button", name="Reassign what is ticked").click()
    expect(office.locator("main")).to_contain_text("Nothing waits here")
    assert_accessible(office)
