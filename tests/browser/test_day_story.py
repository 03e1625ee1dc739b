"""The operator's telephone day by keyboard: a mandatory wrap-up, a transfer with its ticket, a quiet alarm."""

import pytest
from playwright.sync_api import expect

from madoguchi.interactions.models import Difficulty, IntakeDraft, Interaction
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.actions.set_wrapup_policy import set_wrapup_policy
from madoguchi.telephony.models import Call, OperatorState, WrapupPolicy
from madoguchi.tickets.models import Ticket
from tests.browser.test_call_story import Telephone, seat
from tests.desk import Desk
from tests.web.workbench.calls import MAIN, MOBILE, answers, ends, rings, told
from tests.windows import OpenWindow, assert_accessible


@pytest.fixture(scope="module")
def telephone(served: Desk) -> Telephone:
    return Telephone(served)


@pytest.fixture(autouse=True)
def _nothing_left_over(served: Desk, telephone: Telephone) -> None:
    with served.inside():
        left = list(Call.objects.filter(is_live=True).values_list("call_id", flat=True))
    for name in left:
        telephone.says(*ends(call=name))
    with served.inside():
        IntakeDraft.objects.all().delete()
        WrapupPolicy.objects.all().delete()
        Interaction.objects.filter(state="open").update(state="dismissed", dismissed_reason="test", staff=None)
        OperatorState.objects.update(state="available", call=None, until=None, unfinished=[])


def test_from_the_ring_to_the_disposition_without_a_mouse(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    with served.inside():
        set_wrapup_policy(cast.call_centre, mode="mandatory", seconds=None, by=cast.admin)
    page = seat(open_window, served)
    telephone.says(*rings(cast.sato, call="m-1", number=MOBILE))
    expect(page.locator("#now .now-word")).to_contain_text("入電中")
    telephone.says(*answers(cast.sato, call="m-1"))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    page.keyboard.press("Alt+z")
    page.keyboard.press("1")
    expect(page.locator(".difficult-mark")).to_contain_text("苦情")
    telephone.says(*ends(call="m-1"))
    expect(page.locator("#now .now-word")).to_contain_text("後処理")
    expect(page.locator("#wrapup")).to_contain_text("必須")
    assert_accessible(page)
    page.keyboard.press("Alt+f")
    expect(page.locator("#wrapup [data-refusal]")).to_contain_text("チケット不要の理由")
    expect(page.locator("#field-reason")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+f")
    expect(page.locator("#now")).to_contain_text("通話なし")
    with served.inside():
        contact = Interaction.objects.get(call__call_id="m-1")
        assert (contact.state, contact.dismissed_reason) == ("dismissed", "wrong_number")
        assert OperatorState.objects.get(staff=cast.sato).state == "available"


def test_a_second_call_leads_back_to_the_wrap_up_that_it_broke_off(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    with served.inside():
        set_wrapup_policy(cast.call_centre, mode="mandatory", seconds=None, by=cast.admin)
    page = seat(open_window, served)
    state, now = page.locator("#now .now-word"), page.locator("#now")

    def says_why() -> None:
        page.keyboard.press("Alt+f")
        expect(page.locator("#field-reason")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Alt+f")

    telephone.says(*rings(cast.sato, call="s-1", number=MOBILE), *answers(cast.sato, call="s-1"))
    expect(state).to_contain_text("通話中")
    page.keyboard.press("Alt+m")
    page.keyboard.type("一人目の用件")
    telephone.says(*ends(call="s-1"))
    expect(state).to_contain_text("後処理")
    telephone.says(*rings(cast.sato, call="s-2", number=MAIN), *answers(cast.sato, call="s-2"))
    chip = page.locator(".call-chip")
    expect(chip).to_contain_text("03-5000-1234")
    expect(page.locator("#field-notes")).to_have_value("一人目の用件")
    chip.press("Enter")
    expect(state).to_contain_text("通話中")
    telephone.says(*ends(call="s-2"))
    expect(state).to_contain_text("後処理")
    says_why()
    expect(now).to_contain_text("090-1111-2222")
    expect(state).to_contain_text("後処理")
    expect(page.locator("#field-notes")).to_have_value("一人目の用件")
    says_why()
    expect(now).to_contain_text("通話なし")
    with served.inside():
        for name in ("s-1", "s-2"):
            assert Interaction.objects.get(call__call_id=name).dismissed_reason == "wrong_number"
        assert OperatorState.objects.get(staff=cast.sato).state == "available"


def test_the_receiver_sees_the_ticket_before_picking_up(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    with served.inside():
        set_operator_state(cast.suzuki, "available", by=cast.suzuki)
    page = seat(open_window, served)
    receiver = open_window(cast.suzuki, "/workbench/")
    expect(receiver.locator("html")).to_have_attribute("data-line", "connected")
    telephone.says(*rings(cast.sato, call="t-1", number=MOBILE), *answers(cast.sato, call="t-1"))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    page.keyboard.press("Alt+m")
    page.keyboard.type("請求書の宛名が違う")
    page.keyboard.press("Alt+t")
    sheet = page.locator("#sheet")
    expect(sheet.locator("#field-to_staff")).to_be_focused()
    expect(sheet.locator("#field-to_staff option:checked")).to_contain_text("鈴木 大輔")
    assert_accessible(page, within="#sheet")
    sheet.locator("[name=note]").fill("お急ぎです")
    page.keyboard.press("Alt+t")
    expect(sheet).to_be_hidden()
    expect(page.locator("#messages")).to_contain_text("1002")
    expect(receiver.locator("#now")).to_contain_text("佐藤 美咲さんからの転送")
    expect(receiver.locator("#now")).to_contain_text("請求書の宛名が違う")
    telephone.says(told("agent.offered", "t-1", agent="1002", leg="t-1-t"))
    expect(receiver.locator("#now .now-word")).to_contain_text("入電中")
    expect(receiver.locator("#now .passed-on")).to_contain_text("お急ぎです")
    with served.inside():
        assert Ticket.objects.get(subject="請求書の宛名が違う").number_shown in receiver.locator("#now").inner_text()
    assert_accessible(receiver)


def test_the_supervisor_is_called_without_a_sound_or_a_word(
    served: Desk, open_window: OpenWindow, telephone: Telephone
) -> None:
    cast = served.cast
    page = seat(open_window, served)
    board = open_window(cast.hayashi, "/board/")
    expect(board.locator("html")).to_have_attribute("data-line", "connected")
    telephone.says(*rings(cast.sato, call="q-1", number=MOBILE), *answers(cast.sato, call="q-1"))
    expect(page.locator("#now .now-word")).to_contain_text("通話中")
    page.keyboard.press("Alt+z")
    page.keyboard.press("3")
    row = board.locator("#alarms .board-alarm")
    expect(row).to_contain_text("佐藤 美咲")
    expect(page.locator("#now")).not_to_contain_text("応援要請")
    expect(page.locator("#messages")).to_have_text("")
    row.get_by_role("button").click()
    board.locator("#sheet [name=text]").fill("聞いています")
    assert_accessible(board, within="#sheet")
    board.locator("#sheet").get_by_role("button", name="メモを保存").click()
    expect(row).to_have_count(0)
    expect(page.locator("#now .difficult-keys")).to_contain_text("林")
    with served.inside():
        assert Difficulty.objects.get(interaction__call__call_id="q-1").answered_by == cast.hayashi
