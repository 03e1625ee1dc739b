"""A word in an article is explained at hand: by keyboard, by touch, and without the page moving."""

import pytest
from playwright.sync_api import expect

from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.glossary.actions import Entry, add
from madoguchi.knowledge.glossary.models import Term
from madoguchi.knowledge.models import Article
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

ANSWER = (
    "# 送信できないとき\n\n1. SMTP のサーバー名を確かめる\n2. VPN につないでいるかを聞く\n\n" + "本文が続く。\n\n" * 40
)


def _written(desk: Desk) -> int:
    with desk.inside():
        if not Term.objects.exists():
            by = desk.cast.kimura
            add(
                Entry(
                    name="SMTP",
                    reading="えすえむてぃーぴー",
                    also=("送信サーバー",),
                    explanation="メールを送るときの通信のしくみ。送信できないときは、まずサーバー名とポート番号を確かめます。",
                    explanation_en="How mail is sent.",
                    category=desk.cast.mail_trouble,
                ),
                by=by,
            )
            add(Entry(name="VPN", reading="ぶいぴーえぬ", explanation="社外からの通路。"), by=by)
            add(Entry(name="稟議", reading="りんぎ", also=("稟議書",), explanation="書類を順に回す。"), by=by)
            create(Content(question="メールが送れない", answer=ANSWER), by=by)
        return Article.objects.get().pk


@pytest.mark.looks
def test_a_word_is_explained_by_keyboard_and_the_focus_goes_back(served: Desk, open_window: OpenWindow) -> None:
    article = _written(served)
    page = open_window(served.cast.sato, f"/knowledge/{article}/")
    words = page.locator(".rendered .term")
    expect(words).to_have_text(["SMTP", "VPN"])
    before = page.locator(".rendered").bounding_box()
    words.first.focus()
    page.keyboard.press("Enter")
    card = page.locator("#term-card")
    expect(card).to_be_visible()
    expect(card).to_contain_text("通信のしくみ")
    expect(card).to_be_focused()
    expect(words.first).to_have_attribute("aria-expanded", "true")
    assert page.locator(".rendered").bounding_box() == before
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(card).not_to_be_visible()
    expect(words.first).to_be_focused()
    words.nth(1).click()
    expect(card).to_contain_text("社外からの通路")
    words.nth(1).click()
    expect(card).not_to_be_visible()


@pytest.mark.looks
def test_the_glossary_is_kept_and_read_on_the_telephone(served: Desk, open_window: OpenWindow) -> None:
    article = _written(served)
    page = open_window(served.cast.kimura, "/knowledge/terms/")
    expect(page.locator(".glossary > li")).to_have_count(3)
    page.get_by_role("link", name="ら", exact=True).click()
    expect(page.locator(".glossary > li")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.locator("#field-explanation").fill("書類を関係者に順に回して決裁を得る。")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".glossary")).to_contain_text("決裁を得る")
    assert_accessible(page)
    phone = open_window(
        served.cast.kimura, f"/knowledge/{article}/", width=390, height=844, has_touch=True, language="en"
    )
    phone.locator(".term").first.tap()
    expect(phone.locator("#term-card")).to_contain_text("How mail is sent.")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.goto("/knowledge/terms/")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(phone)
