"""引き継ぎ in several windows at once: offered, seen live, taken, returned, frozen, decided."""

import pytest
from playwright.sync_api import Page, expect

from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.handoffs.actions.shift_notes import post_shift_note
from madoguchi.notifications.models import Notification
from madoguchi.people.models import Department, Team
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.web.handoffs.test_frozen import frozen
from tests.windows import OpenWindow, assert_accessible

ANSWERS = {
    "error_code": "0x800CCC0E",
    "since_when": "今朝から",
    "impact": "営業部の全員",
    "steps_tried": "再起動",
    "callback_number": "03-5000-1234",
}


def raised(desk: Desk, subject: str, details: dict[str, str] | None = None) -> Ticket:
    return desk.run(
        open_ticket,
        subject=subject,
        body="送信するとエラーが出ます",
        channel="phone",
        category=desk.cast.mail_trouble,
        requester=desk.cast.yamada,
        details=details or {},
        by=desk.cast.sato,
    )


def live(page: Page) -> Page:
    """The page once its live line is open."""
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    return page


def under_the_head(page: Page) -> bool:
    """Whether the sheet's head, which stays, leaves the message free."""
    return bool(
        page.evaluate(
            "() => document.querySelector('#sheet .message').getBoundingClientRect().top"
            " >= document.querySelector('#sheet .sheet-head').getBoundingClientRect().bottom"
        )
    )


def test_a_ticket_goes_over_comes_back_freezes_and_is_decided(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    ticket = raised(served, "メールが送れない", {key: text for key, text in ANSWERS.items() if key != "impact"})
    inbox = live(open_window(cast.takahashi, "/handoffs/"))
    expect(inbox.locator("#inbox")).to_contain_text("受け取り待ちの引き継ぎはありません")
    assert_accessible(inbox)

    front = live(open_window(cast.sato, f"/tickets/{ticket.number_shown}/"))
    front.keyboard.press("Alt+h")
    sheet = front.locator("#sheet")
    expect(sheet.locator("#field-to_team")).to_have_value(str(cast.service_desk.pk))
    assert_accessible(front)
    front.set_viewport_size({"width": 1280, "height": 640})
    sheet.locator("#field-reason").focus()
    # The page under the sheet may have a field of that name, as the work after a call has.
    front.evaluate("document.querySelector('main').insertAdjacentHTML('afterbegin', '<i id=field-reason></i>')")
    front.keyboard.press("Alt+h")
    refusal = sheet.locator("[data-refusal] .message")
    expect(refusal).to_contain_text("影響範囲")
    expect(refusal).to_contain_text("理由")
    expect(refusal).to_be_in_viewport(ratio=1)
    assert under_the_head(front)
    expect(sheet.locator("#field-reason")).to_have_attribute("aria-invalid", "true")
    front.evaluate("document.querySelector('i#field-reason').remove()")
    sheet.locator("#field-reason").fill("設定の確認が必要")
    front.keyboard.press("Alt+h")
    expect(refusal).not_to_contain_text("理由")
    expect(refusal).to_be_in_viewport(ratio=1)
    wanted = sheet.locator('[name="item.impact"]')
    expect(wanted).to_be_focused()
    assert_accessible(front)
    wanted.fill("営業部の全員")
    wanted.press("Tab")
    expect(sheet.locator("#offer-preview")).to_contain_text("5/5")
    front.keyboard.press("Alt+h")
    expect(sheet).to_be_hidden()
    expect(front.locator("#ticket")).to_contain_text("設定の確認が必要")

    row = inbox.locator("#inbox tbody tr").first
    expect(row).to_contain_text("メールが送れない")
    expect(row).to_contain_text("5/5")
    assert_accessible(inbox)
    inbox.keyboard.press("j")
    inbox.keyboard.press("Alt+a")
    expect(inbox.locator("#messages")).to_contain_text("サービスデスクで受け取りました")
    expect(front.locator(".ticket-facts")).to_contain_text("サービスデスク")
    expect(front.locator(".ticket-facts")).to_contain_text("1/3")

    back = live(open_window(cast.takahashi, f"/tickets/{ticket.number_shown}/"))
    back.get_by_role("button", name="差し戻す").click()
    back.locator("#sheet").get_by_role("button", name="差し戻す").click()
    expect(back.locator("#sheet [data-refusal]")).to_contain_text("差し戻す理由")
    back.locator("#sheet").get_by_text("情報が足りない", exact=True).click()
    back.locator("#sheet #field-note").fill("発生時刻を確認してください")
    assert_accessible(back)
    back.locator("#sheet").get_by_role("button", name="差し戻す").click()
    expect(back.locator("#sheet")).to_be_hidden()
    expect(front.locator("#ticket")).to_contain_text("発生時刻を確認してください")
    expect(front.locator(".ticket-facts")).to_contain_text("2/3")

    front.get_by_role("button", name="引き継ぐ").click()
    sheet.locator("#field-reason").fill("もう一度お願いします")
    sheet.get_by_role("button", name="引き継ぐ").click()
    expect(sheet.locator("[data-refusal]")).to_contain_text("凍結")
    expect(front.locator("#ticket .banner.bad")).to_contain_text("凍結")
    lead = live(open_window(cast.hayashi, "/handoffs/frozen/"))
    assert_accessible(lead)
    lead.get_by_role("link", name="判断する").click()
    expect(lead.locator(".stops")).to_contain_text("発生時刻を確認してください")
    assert_accessible(lead)
    lead.locator("#field-team").select_option(str(cast.service_desk.pk))
    lead.get_by_role("button", name="判断する").click()
    expect(lead.locator("form.decide [data-refusal]")).to_contain_text("判断の理由")
    lead.locator("#field-note").fill("設定の権限はサービスデスクにあるため")
    lead.get_by_role("button", name="判断する").click()
    expect(lead).to_have_url(f"{served.url}/tickets/{ticket.number_shown}/")
    expect(lead.locator(".stops li")).to_have_count(4)
    expect(front.locator(".ticket-facts")).to_contain_text("3/")
    expect(front.locator("#ticket")).to_contain_text("設定の権限はサービスデスクにあるため")


@pytest.mark.looks
@pytest.mark.parametrize(("language", "width"), [("ja", 1440), ("en", 390)])
def test_a_supervisor_asks_takes_over_and_assigns_each_in_one_step(
    served: Desk, open_window: OpenWindow, language: str, width: int
) -> None:
    cast = served.cast
    asked, given = (served.run(frozen, cast, subject) for subject in ("聞いてから引き取る件", "割り当てる件"))

    def decide(ticket: Ticket, kind: str, whom: Team | Department | None = None) -> Page:
        page.goto(f"/handoffs/frozen/{ticket.number_shown}/")
        expect(page.locator(".stops > li")).to_have_count(3)
        page.locator(f"[name=kind][value={kind}]").check()
        for field, of in (("team", Team), ("department", Department)):
            expect(page.locator(f"#field-{field}")).to_be_visible(visible=isinstance(whom, of))
            if isinstance(whom, of):
                page.locator(f"#field-{field}").select_option(str(whom.pk))
        expect(page.locator(f".decide-{kind.replace('_', '-')}")).to_be_visible()
        page.locator("#field-note").fill("設定は正しかったですか")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Alt+s")
        return page

    page = open_window(cast.hayashi, "/handoffs/frozen/", language=language, width=width)
    expect(page.locator("#frozen")).to_contain_text("割り当てる件")
    assert_accessible(page)
    expect(decide(asked, "ask", cast.service_desk).locator("#messages")).to_contain_text(
        cast.service_desk.name_en if language == "en" else cast.service_desk.name
    )
    expect(decide(asked, "ask_department", cast.accounting).locator("#messages")).to_contain_text(
        cast.accounting.name_en if language == "en" else cast.accounting.name
    )
    expect(page.locator(".asked-notes")).to_contain_text("設定は正しかったですか")
    with served.inside():  # the bell rings in their working hours
        assert "設定は正しかったですか" in Notification.objects.filter(staff=cast.takahashi).latest("id").words
    expect(decide(asked, "take")).to_have_url(f"{served.url}/tickets/{asked.number_shown}/")
    expect(page.locator("#ticket .banner.bad")).to_have_count(0)
    expect(page.locator(".ticket-facts")).to_contain_text("林")
    expect(decide(given, "assign", cast.service_desk)).to_have_url(f"{served.url}/tickets/{given.number_shown}/")
    engineer = open_window(cast.takahashi, f"/tickets/{given.number_shown}/", language=language, width=width)
    expect(engineer.get_by_role("button", name="引き継ぐ" if language == "ja" else "Hand over")).to_be_visible()
    returning = engineer.get_by_role("button", name="差し戻す" if language == "ja" else "Return", exact=True)
    expect(returning).to_have_count(0)  # whoever was given it must take it


@pytest.mark.looks
def test_changing_the_destination_asks_its_items_and_keeps_what_was_typed(
    served: Desk, open_window: OpenWindow
) -> None:
    cast = served.cast
    ticket = raised(served, "回線が遅い")
    page = live(open_window(cast.sato, f"/tickets/{ticket.number_shown}/"))
    page.get_by_role("button", name="引き継ぐ").click()
    sheet = page.locator("#sheet")
    first = sheet.locator(".offer-item").first
    expect(first.locator(".offer-lacks")).to_be_visible()
    sheet.locator('[name="item.error_code"]').fill("なし")
    expect(first.locator(".offer-lacks")).to_be_hidden()
    expect(sheet.locator("#field-to_staff")).to_contain_text("高橋")
    sheet.locator("#field-to_staff").select_option(str(cast.takahashi.pk))
    sheet.locator("#field-to_team").select_option(str(cast.network.pk))
    expect(sheet.locator("#field-to_staff")).to_contain_text("伊藤")
    expect(sheet.locator("#field-to_staff")).to_have_value("")
    expect(sheet.locator('[name="item.error_code"]')).to_have_value("なし")
    sheet.locator("#field-reason").fill("回線の調査")
    expect(sheet.locator("#field-urgent_because")).to_be_hidden()
    sheet.get_by_label("緊急で渡す").check()
    sheet.locator("#field-urgent_because").fill("役員会議が始まる")
    sheet.get_by_role("button", name="引き継ぐ").click()
    expect(sheet).to_be_hidden()
    inbox = open_window(cast.ito, "/handoffs/")
    expect(inbox.locator("#inbox tbody tr").first).to_contain_text("役員会議が始まる")
    expect(inbox.locator("#inbox tbody tr").first).to_contain_text("1/5")


@pytest.mark.looks
def test_a_row_decided_elsewhere_stays_in_its_place_while_the_pointer_is_there(
    served: Desk, open_window: OpenWindow
) -> None:
    cast = served.cast
    handoffs = [
        served.run(
            offer, raised(served, subject), to_team=cast.field_service, reason="現地へ", details=ANSWERS, by=cast.sato
        )
        for subject in ("先の件", "後の件")
    ]
    page = live(open_window(cast.admin, f"/handoffs/?team={cast.field_service.pk}"))
    page.get_by_text("後の件").hover()
    served.run(accept, handoffs[0], by=cast.hayashi)
    gone = page.locator("tr.gone")
    expect(gone).to_contain_text("先の件")
    expect(gone).to_contain_text("対応済み")
    expect(page.locator("#inbox tbody tr").nth(1)).to_contain_text("後の件")
    page.mouse.move(5, 5)
    expect(gone).to_have_count(0)


@pytest.mark.looks
def test_a_note_reaches_the_next_shift_and_is_ticked(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    reader = live(open_window(cast.suzuki, "/handoffs/notes/"))
    expect(reader.locator("#notes-list")).to_contain_text("申し送りはありません")
    assert_accessible(reader)
    writer = live(open_window(cast.sato, "/handoffs/notes/"))
    writer.locator("#field-body").fill("明朝6時から停止あり")
    writer.get_by_role("button", name="申し送りを残す").click()
    expect(writer.locator("#field-body")).to_have_value("")
    note = reader.locator(".shift-note").first
    expect(note).to_contain_text("明朝6時から停止あり")
    expect(note).to_contain_text("未読")
    assert_accessible(reader)
    note.get_by_role("button", name="確認しました").click()
    expect(writer.locator(".shift-note").first).to_contain_text("確認済み: 鈴木 大輔")
    expect(note.get_by_role("button", name="確認しました")).to_have_count(0)
    writer.get_by_role("button", name="完了にする").click()
    expect(reader.locator("#notes-list")).to_contain_text("申し送りはありません")
    served.run(post_shift_note, team=cast.service_desk, body="よそのチームの話", by=cast.takahashi)
    writer.reload()
    expect(writer.locator("#notes-list")).not_to_contain_text("よそのチームの話")
