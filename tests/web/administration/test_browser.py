"""Administration and people in a browser: accessible, and nothing wider than the window."""

import pytest
from playwright.sync_api import expect

from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

PAGES = [
    "/administration/",
    "/administration/staff/",
    "/administration/staff/{sato}/",
    "/administration/categories/{mail}/",
    "/administration/organizations/{minato}/",
    "/administration/organizations/contracts/{contract}/",
    "/administration/settings/",
    "/people/",
    "/people/{yamada}/",
    "/people/new/",
]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_pages_are_accessible_and_fit(served: Desk, open_window: OpenWindow, width: int, language: str) -> None:
    cast = served.cast
    window = open_window(cast.admin, "/profile/", width=width, language=language)
    for page in PAGES:
        window.goto(
            page.format(
                sato=cast.sato.pk,
                mail=cast.mail_trouble.pk,
                minato=cast.minato.pk,
                contract=cast.contract.pk,
                yamada=cast.yamada.pk,
            )
        )
        assert window.evaluate("document.documentElement.scrollWidth") == width, page
        assert_accessible(window)


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, "/administration/staff/new/")
    page.locator("#field-family_name").fill("西田")
    page.locator("#field-email").fill("suzuki@example.jp")
    page.locator("#main .verbs button").click()
    expect(page.locator("#field-email-error")).to_be_visible()
    expect(page.locator("#field-family_name")).to_have_value("西田")
    page.locator("#field-email").fill("nishida@example.jp")
    page.locator("#main .verbs button").click()
    expect(page.locator("h1")).to_have_text("西田")
    page.get_by_role("button", name="パスワードを設定する").click()
    expect(page.locator("#secret")).to_be_visible()


def test_the_last_administrator_is_refused_in_the_dialog(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.admin, f"/administration/staff/{served.cast.admin.pk}/")
    page.locator("[data-opens=deactivate]").click()
    page.locator("#deactivate button.danger").click()
    expect(page.locator("#deactivate [data-refusal]")).to_contain_text("最後の管理者")


def test_people_are_found_while_typing(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.sato, "/people/")
    page.locator("#main input[name=q]").press_sequentially("ナカガワ")
    expect(page.locator("#rows td.main")).to_have_count(1)
    expect(page.locator("#rows td.main")).to_contain_text("中川 太郎")
