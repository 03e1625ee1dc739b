"""The frame under a hand: keyboard, IME, refusals, sheets, autosave, phones."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

pytestmark = pytest.mark.looks


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_component_is_accessible_and_fits(
    served: Desk, open_window: OpenWindow, language: str, theme: str, width: int
) -> None:
    page = open_window(served.cast.admin, "/profile/", width=width, language=language)
    page.context.add_cookies([{"name": "madoguchi_theme", "value": theme, "url": served.url}])
    page.goto("/shell/components/")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert_accessible(page)


def test_enter_that_ends_a_composition_does_not_submit(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.sato, "/profile/")
    page.evaluate(
        "document.forms[document.forms.length - 1];"
        "document.addEventListener('submit', (event) => { event.preventDefault(); window.sent = true; }, true)"
    )
    page.locator("#field-given_name").focus()
    line = page.context.new_cdp_session(page)
    line.send("Input.imeSetComposition", {"text": "みさき", "selectionStart": 3, "selectionEnd": 3})
    line.send(
        "Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    )
    line.send("Input.insertText", {"text": "美咲"})
    expect(page.locator("#field-given_name")).to_have_value("美咲美咲")
    assert page.evaluate("window.sent") is None
    page.locator("#field-given_name").press("Enter")
    assert page.evaluate("window.sent") is True


def test_a_question_mark_lists_the_keys_but_not_while_typing(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, "/shell/components/")
    page.locator("#field-error_code").press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys")).to_contain_text("Alt+R")
    expect(page.locator("#keys")).to_contain_text("解決にする")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_j_and_k_move_through_the_list(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, "/shell/components/")
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("tr.focused")).to_contain_text("10482-6")
    page.keyboard.press("o")
    expect(page).to_have_url(f"{served.url}/shell/components/#10482-6")


def test_a_sheet_opens_over_the_page_and_asks_before_it_drops_what_was_typed(
    served: Desk, open_window: OpenWindow
) -> None:
    page = open_window(served.cast.admin, "/shell/components/")
    page.get_by_role("button", name="シートを開く").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_be_visible()
    assert_accessible(page)
    sheet.locator("textarea").fill("理由")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", stay)
    page.keyboard.press("Escape")
    expect(sheet).to_be_visible()
    assert asked == ["入力した内容を破棄しますか？"]
    page.once("dialog", lambda dialog: dialog.accept())
    sheet.get_by_role("button", name="閉じる").click()
    expect(sheet).to_be_hidden()


def test_a_refusal_stands_in_the_form_marks_the_field_and_keeps_the_text(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.suzuki, "/profile/")
    page.locator("#field-given_name").fill("残る")
    page.locator("#field-family_name").evaluate("(field) => { field.required = false; field.value = ''; }")
    page.get_by_role("button", name="保存する").click()
    expect(page.locator("form.form [data-refusal]")).to_contain_text("姓を入力してください。")
    expect(page.locator("#field-family_name")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-family_name")).to_be_focused()
    expect(page.locator("#field-given_name")).to_have_value("残る")


def test_the_theme_is_kept_without_a_flash(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.sato, "/profile/")
    page.locator("main theme-switch").get_by_role("button", name="ダーク").click()
    expect(page.locator("html")).to_have_css("background-color", "rgb(21, 23, 27)")
    assert 'data-theme="dark"' in page.request.get(f"{served.url}/profile/").text()


def test_what_was_typed_survives_a_crash(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, "/shell/components/")
    _make_draft(page, "no-such-address/")
    page.locator("#field-notes").fill("途中まで入力した内容")
    expect(page.locator("auto-save .saved.failed")).to_be_visible()
    page.reload()
    _make_draft(page, "")
    expect(page.locator("#field-notes")).to_have_value("途中まで入力した内容")
    expect(page.locator("auto-save .saved")).to_contain_text("復元")


def _make_draft(page: Page, url: str) -> None:
    page.evaluate(
        """(url) => {
          const element = document.createElement("auto-save");
          element.setAttribute("url", url);
          element.setAttribute("key", "test");
          element.innerHTML = '<span class="saved" role="status"></span>';
          document.getElementById("sample-form").append(element);
        }""",
        url,
    )


def test_on_a_phone_the_menu_opens_over_the_page(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, "/profile/", width=390)
    expect(page.locator("#menu")).to_be_hidden()
    page.get_by_role("button", name="メニュー").click()
    expect(page.locator("#menu")).to_be_visible()
