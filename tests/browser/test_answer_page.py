"""A contact answers on the telephone, by the link of the mail: 390 pixels wide, without script, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from madoguchi.consultations.models import Approach, Consultation, Remark
from tests.desk import Desk
from tests.web.answer.asked import asked, link
from tests.windows import OpenWindow, assert_accessible

WORDS = {
    "ja": {
        "answer": "回答する",
        "not me": "担当ではない",
        "decline": "担当ではないと伝える",
        "more time": "もう少し時間がほしい",
        "ask back": "聞き返す",
        "thanks": "ありがとうございます",
        "settled": "この照会は解決しました",
    },
    "en": {
        "answer": "Answer",
        "not me": "Not me",
        "decline": "Tell the desk that it is not me",
        "more time": "I need more time",
        "ask back": "Ask back",
        "thanks": "Thank you",
        "settled": "This question is settled",
    },
}


@pytest.mark.parametrize("language", ["ja", pytest.param("en", marks=pytest.mark.looks)])
def test_the_four_buttons_on_a_telephone_without_script(served: Desk, open_window: OpenWindow, language: str) -> None:
    words = WORDS[language]
    consultation = served.run(lambda: asked(served.cast).consultation)
    first, second = served.cast.accounting_first.name, served.cast.accounting_second.name

    def opened(name: str) -> Page:
        link = served.run(_link, consultation, name)
        page: Page = open_window(None, width=390, height=844, language=language, java_script_enabled=False)
        _on_a_slow_line(page)
        page.goto(link)
        return page

    page = opened(first)
    assert 4 * 1024 < _weight(page) < 30 * 1024
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.locator("textarea").fill("何月分ですか")
    page.get_by_role("button", name=words["ask back"]).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(words["thanks"])
    assert _kinds(served, consultation) == ["question", "ask_back"]

    page.get_by_role("link").last.click()
    page.get_by_text(words["more time"], exact=True).click()
    page.locator("button[value^='time 2']").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(words["thanks"])

    page.get_by_role("link").last.click()
    page.get_by_text(words["not me"], exact=True).click()
    page.locator("input[name=name]").fill("だれか")
    page.locator("input[name=name]").press("Enter")  # decides nothing
    page.locator("select[name=who]").select_option(label=second)
    page.get_by_role("button", name=words["decline"]).click()
    expect(page.locator("main")).to_contain_text(second)
    assert _kinds(served, consultation) == ["question", "ask_back", "needs_time", "decline", "question"]

    page = opened(second)
    page.locator("textarea").fill("25日に送りました")
    page.locator("input[type=file]").set_input_files(
        {"name": "8月分.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 ..."}
    )
    page.get_by_role("button", name=words["answer"], exact=True).dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text(words["thanks"])
    expect(page.locator("main")).to_contain_text("8月分.pdf")
    page.reload()
    page.go_back()
    assert _kinds(served, consultation)[-1] == "answer"
    assert _kinds(served, consultation).count("answer") == 1

    page = opened(first)
    expect(page.locator("main")).to_contain_text(words["settled"])
    expect(page.locator("main")).not_to_contain_text("25日に送りました")


@pytest.mark.looks
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_is_accessible_in_each_state(served: Desk, open_window: OpenWindow, language: str) -> None:
    consultation = served.run(lambda: asked(served.cast).consultation)
    link = served.run(_link, consultation, served.cast.accounting_first.name)
    page = open_window(None, link, width=390, height=844, language=language)
    for summary in page.locator("summary").all():
        summary.click()
    assert_accessible(page)
    page.locator("button[value=ask_back]").click()
    expect(page.locator("[aria-invalid]")).to_be_focused()
    assert_accessible(page)
    page.locator("textarea").fill("はい")
    page.locator("button[value=answer]").click()
    assert_accessible(page)
    page.get_by_role("link").last.click()
    assert_accessible(page)
    page.goto("/answer/nothing/")
    assert_accessible(page)


def _link(consultation: Consultation, name: str) -> str:
    return link(Approach.objects.get(consultation=consultation, name=name))


def _kinds(served: Desk, consultation: Consultation) -> list[str]:
    return served.run(lambda: list(Remark.objects.filter(consultation=consultation).values_list("kind", flat=True)))


def _on_a_slow_line(page: Page) -> None:
    """3G as it is at the edge of a warehouse: 400 kbit/s, and 400 ms until anything comes."""
    line = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", line)


def _weight(page: Page) -> int:
    """What comes over the line when the page is opened for the first time."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.reload(wait_until="networkidle")
    session.detach()
    return sum(sizes)
