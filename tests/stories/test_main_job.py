"""The main job in two windows: a call rings, is handed over, solved by the second line, told by the front, and closed.

中川 of みなと商事 has no mail, so the answer goes ready to the front, which calls back; the caller meets one face.
"""

import httpx
from playwright.sync_api import Page, expect

from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.telephony.models import Call
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.web.workbench.calls import answers, ends, rings
from tests.windows import OpenWindow, assert_accessible


def telephone(desk: Desk, *events: dict[str, object]) -> None:
    answer = httpx.post(
        f"{desk.url}/api/v1/calls/events",
        json=list(events),
        headers={"Authorization": f"Bearer {desk.token(desk.cast.admin, 'calls:write')}"},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text


def live(page: Page) -> Page:
    """The page once its live line is open."""
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    return page


def test_from_the_ringing_call_to_the_closed_ticket(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    seat = live(open_window(cast.sato, "/workbench/"))
    inbox = live(open_window(cast.takahashi, "/handoffs/"))

    # 1. A call rings: two people may be calling from the main number, and the operator chooses.
    telephone(served, *rings(cast.sato))
    expect(seat.locator(".candidate")).to_have_count(2)
    telephone(served, *answers(cast.sato))
    expect(seat.locator("#now .now-word")).to_contain_text("通話中")
    seat.locator(".candidate", has_text="中川").click()
    expect(seat.locator("#now")).to_contain_text("なかがわ")
    for known in ("株式会社みなと商事", "有効", "高橋 健", "太田 誠"):
        expect(seat.locator("#now")).to_contain_text(known)

    # 2. Intake while talking.
    seat.keyboard.press("Alt+c")
    seat.keyboard.type("めーる")
    seat.keyboard.press("Enter")
    expect(seat.locator("#hearing")).to_contain_text("0/5")
    for heard in ("0x800CCC0E", "今朝から", "営業部の全員", "再起動", "03-5000-1234"):
        seat.keyboard.press("Tab")
        seat.keyboard.type(heard)
    seat.keyboard.press("Alt+m")
    seat.keyboard.type("メールが送信できない")

    # 4. Handed over: proposed with its reason, complete, and seen by the receiving team without reloading.
    seat.keyboard.press("Alt+h")
    sheet = seat.locator("#sheet")
    expect(sheet).to_contain_text("5/5")
    sheet.locator("[name=reason]").fill("サーバー側の設定確認が必要")
    seat.keyboard.press("Alt+h")
    expect(sheet).to_be_hidden()
    row = inbox.locator("#inbox tbody tr").first
    expect(row).to_contain_text("メールが送信できない")
    telephone(served, *ends())
    row.get_by_role("button", name="受け取る").click()
    expect(inbox.locator("#inbox")).not_to_contain_text("メールが送信できない")
    with served.inside():
        ticket = Ticket.objects.select_related("holder_team", "assignee", "front_staff", "requester").get()
        assert (ticket.holder_team, ticket.assignee, ticket.front_staff) == (
            cast.service_desk,
            cast.takahashi,
            cast.sato,
        )
        assert (ticket.requester, ticket.moves) == (cast.nakagawa, 1)

    # 5. The second line answers; the first line watches the same ticket live.
    address = f"/tickets/{ticket.number_shown}/"
    front = live(open_window(cast.sato, address))
    engineer = live(open_window(cast.takahashi, address))
    engineer.locator("#field-body").fill("送信ポートを587に変更してください。")
    engineer.keyboard.press("Control+Enter")
    expect(front.locator("#conversation")).to_contain_text("送信ポートを587に変更してください。")
    assert_accessible(front)

    # The answer stands ready on the front's list; the front calls back and resolves.
    seat.reload()
    owed = seat.locator("#lists .row-open", has_text="中川")
    expect(owed).to_contain_text("回答")
    owed.click()
    expect(sheet).to_contain_text("送信ポートを587に変更してください。")
    sheet.locator("[name=resolve]").check()
    sheet.locator("[name=no_article]").select_option(index=1)
    sheet.locator("#call-back button.primary").click()
    expect(sheet).to_be_hidden()
    expect(seat.locator("#lists")).not_to_contain_text("中川")
    with served.inside():
        ticket.refresh_from_db()
        assert ticket.status == "resolved"
        assert not ticket.resolved_at_first_line
        call_back = CallBack.objects.get()
        assert call_back.result == "reached"
        assert call_back.outbound is not None
        assert call_back.outbound.direction == "outbound"
        assert Call.objects.get().outcome == "answered"
        assert not Interaction.objects.unsettled().exists()

    engineer.reload()
    engineer.get_by_role("button", name="クローズ").click()
    expect(engineer.locator(".ticket-title")).to_contain_text("クローズ")
    with served.inside():
        ticket.refresh_from_db()
        assert ticket.status == "closed"
