"""The frame of every page, through a real desk and a real browser."""

import pytest
from playwright.sync_api import expect

from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible


def test_staff_sign_in_with_address_and_password_and_out_again(served: Desk, open_window: OpenWindow) -> None:
    password = served.set_password(served.cast.sato)
    page = open_window(None, "/profile/")
    expect(page).to_have_url(f"{served.url}/accounts/login/?next=/profile/")
    assert_accessible(page)
    page.locator("input[name=login]").fill("SATO@example.jp")
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    expect(page).to_have_url(f"{served.url}/profile/")
    expect(page.locator("body")).to_contain_text("佐藤")


@pytest.mark.looks
def test_a_wrong_password_says_so_and_does_not_sign_in(served: Desk, open_window: OpenWindow) -> None:
    served.set_password(served.cast.suzuki)
    page = open_window(None, "/accounts/login/")
    page.locator("input[name=login]").fill("suzuki@example.jp")
    page.locator("input[name=password]").fill("something else")
    page.locator("input[name=password]").press("Enter")
    expect(page.locator("[aria-invalid=true], [role=alert], .errorlist").first).to_be_visible()
    page.goto("/profile/")
    expect(page).to_have_url(f"{served.url}/accounts/login/?next=/profile/")


@pytest.mark.looks
def test_a_page_speaks_the_language_of_its_reader(served: Desk, open_window: OpenWindow) -> None:
    japanese = open_window(served.cast.sato, "/profile/")
    expect(japanese.locator("html")).to_have_attribute("lang", "ja")
    english = open_window(served.cast.takahashi, "/profile/", language="en")
    expect(english.locator("html")).to_have_attribute("lang", "en")
