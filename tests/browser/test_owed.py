"""Who gave up is called back from the list, and a contact past the desk is written down: by keyboard alone."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from madoguchi.interactions.models import CallBack, Interaction
from madoguchi.people.models import Organization
from tests.desk import Desk
from tests.web.workbench.calls import MOBILE, happen, told
from tests.windows import OpenWindow, assert_accessible


def give_up(number: str) -> None:
    """Somebody waited for 40 seconds and hung up."""
    call = uuid.uuid4().hex
    happen(
        told("call.started", call, 100, direction="inbound", **{"from": {"number": number}}),
        told("queue.entered", call, 100, queue="call-centre"),
        told("queue.left", call, 60, queue="call-centre", reason="abandoned"),
        told("call.ended", call, 60, by="caller"),
        call=call,
    )


@pytest.fixture
def owed(served: Desk) -> CallBack:
    """山田 gave up."""
    with served.inside():
        CallBack.objects.all().delete()
        Interaction.objects.filter(state="open").update(state="dismissed", dismissed_reason="test")
        give_up(MOBILE)
        return CallBack.objects.get()


def test_who_gave_up_is_called_back_from_the_list_by_keyboard(
    served: Desk, open_window: OpenWindow, owed: CallBack
) -> None:
    page = open_window(served.cast.sato, "/workbench/call-backs/")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    assert_accessible(page)
    page.keyboard.press("j")
    page.keyboard.press("o")
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("090-1111-2222")
    expect(sheet).to_contain_text("入電、応答前に切断")
    expect(sheet.get_by_label("お話しできた")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(sheet.get_by_label("不在、かけ直す")).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(sheet).not_to_be_visible()
    expect(page.locator("#rows tbody")).to_contain_text("応答なし")

    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(sheet.get_by_label("お話しできた")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#rows")).to_contain_text("折り返しの予定はありません")
    with served.inside():
        owed.refresh_from_db()
        assert (owed.result, owed.done_by, owed.attempts) == ("reached", served.cast.sato, 1)
        assert Interaction.objects.get(owed__call_back=owed).dismissed_reason == "called_back"


def test_it_is_called_back_from_the_seat_as_well(served: Desk, open_window: OpenWindow, owed: CallBack) -> None:
    page = open_window(served.cast.sato, "/workbench/")
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    row = page.locator("#lists .row-open", has_text="山田").first
    row.focus()
    served.run(give_up, "+81312345678")
    expect(page.locator("#lists")).to_contain_text("03-1234-5678")
    expect(row).to_be_focused()  # the list was drawn anew below the hands
    page.keyboard.press("Enter")
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("090-1111-2222")
    sheet.get_by_role("button", name="自分が折り返す").press("Enter")
    expect(sheet).not_to_be_visible()
    expect(page.locator("#lists")).to_contain_text("佐藤 美咲")
    row.press("Enter")
    expect(sheet.get_by_role("button", name="引き受けを取り消す")).to_be_visible()
    expect(sheet.get_by_label("お話しできた")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(row).to_have_count(0)
    with served.inside():
        owed.refresh_from_db()
        assert (owed.result, owed.done_by) == ("reached", served.cast.sato)


class Typist:
    """Counts the keys that are pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = 0

    def types(self, text: str) -> None:
        self.keys += len(text)
        self.page.keyboard.type(text)

    def presses(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)


def test_a_bypass_is_written_down_with_few_keys(served: Desk, open_window: OpenWindow) -> None:
    with served.inside():
        for unit in Organization.objects.all():
            unit.refresh_search()
            unit.save()
    page = open_window(served.cast.sato, "/workbench/bypass/")
    expect(page.locator("#field-who")).to_be_focused()
    assert_accessible(page)
    hands = Typist(page)
    hands.types("やまだ")
    expect(page.locator("#who-options [role=option]").first).to_be_visible()
    assert_accessible(page)
    hands.presses("Tab")
    expect(page.locator("#field-who")).to_have_value("山田 花子")
    hands.types("taka")
    expect(page.locator("#reached-options [role=option]").first).to_be_visible()
    hands.presses("Tab")
    expect(page.locator("#field-reached_name")).to_have_value("高橋 健")
    hands.types("VPNがつながらない")
    hands.presses("Control+Enter")
    page.wait_for_url("**/workbench/")
    assert hands.keys <= 30  # three keys a second are ten seconds
    with served.inside():
        contact = Interaction.objects.latest("id")
        assert (contact.channel, contact.person, contact.staff) == ("bypass", served.cast.yamada, served.cast.takahashi)
        assert contact.summary == "VPNがつながらない"


def test_somebody_unknown_is_written_as_free_text(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.sato, "/workbench/bypass/", width=390)
    page.keyboard.type("やま")
    expect(page.locator("#who-options [role=option]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#who-options")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.locator("#field-who")).to_have_value("やま")
    expect(page.locator("#field-reached_name")).to_have_value("佐藤 美咲")
    page.keyboard.press("Tab")
    page.keyboard.type("廊下で聞かれた")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/workbench/")
    with served.inside():
        contact = Interaction.objects.latest("id")
        assert (contact.contact_name, contact.person, contact.staff) == ("やま", None, served.cast.sato)
