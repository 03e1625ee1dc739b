"""The board on a screen: it changes by itself, turns red by itself, fills a wall, and everybody can read it."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Request, expect

from madoguchi.notices.actions import end_notice, post_notice
from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.models import Call
from tests.desk import Desk
from tests.web.board.day import answered, arrives, event, gave_up, post
from tests.windows import ARTIFACTS, OpenWindow, assert_accessible


def test_a_call_appears_ages_turns_red_and_goes_without_reloading(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.hayashi, "/board/")
    page.evaluate("window.same = true")
    waiting = page.locator("#calls .board-figure").first.locator(".board-value")
    expect(waiting).to_have_text("0")
    with served.inside():
        call = post(arrives(timezone.now() - timedelta(seconds=17), number="0312345678"))
    row = page.locator(f"#waiting-{call.pk}")
    expect(row).to_contain_text("03-1234-5678")
    expect(waiting).to_have_text("1")
    expect(row).to_have_attribute("data-late", "")  # the browser's own clock: nothing was asked again
    with served.inside():
        post([event("agent.joined", timezone.now(), call.call_id, agent="1001", leg="l")])
    expect(row).to_have_count(0)
    expect(page.locator("#calls .board-rows.quiet")).to_contain_text("03-1234-5678")
    expect(page.locator("#operators")).to_contain_text("佐藤 美咲")
    expect(page.locator("#operators")).to_contain_text("通話中")
    with served.inside():
        post([event("call.ended", timezone.now(), call.call_id, by="caller")])
    expect(page.locator("#todo .board-rows").first).to_contain_text("0")
    expect(page.locator("#calls")).to_contain_text("通話中の人はいません。")
    assert page.evaluate("window.same")


def test_a_busy_desk_asks_for_all_that_rang_in_one_request(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.hayashi, "/board/")
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/board/" in request.url:
            asked.append(request.url)

    page.on("request", note)
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    with served.inside(), transaction.atomic():
        set_operator_state(served.cast.takahashi, "available", by=served.cast.takahashi)
        for number in range(12):
            set_operator_state(served.cast.suzuki, "paused", f"休憩{number}", by=served.cast.suzuki)
        call = post(arrives(timezone.now() - timedelta(seconds=70), number="0312340099"))
    rows = page.locator("#operator-rows")
    expect(rows).to_contain_text("休憩11")
    free, paused = (page.locator(f"#operator-{staff.pk}") for staff in (served.cast.takahashi, served.cast.suzuki))
    expect(free).to_have_count(1)
    expect(paused).to_have_count(1)  # each once, who can take a call before who cannot
    expect(page.locator(f"#operator-{served.cast.takahashi.pk} ~ #operator-{served.cast.suzuki.pk}")).to_have_count(1)
    expect(page.locator("#alarm-waiting")).to_be_visible()
    assert 1 <= len(asked) <= 3
    assert all("/board/live/?parts=" in url for url in asked)
    with served.inside():
        set_operator_state(served.cast.takahashi, "logged_off", by=served.cast.takahashi)
        post([event("call.ended", timezone.now(), call.call_id, by="caller")])
    expect(free).to_have_count(0)
    expect(paused).to_have_count(1)
    expect(page.locator("#alarm-waiting")).to_have_count(0)


@pytest.mark.looks
def test_the_key_f_leaves_only_the_board_and_the_address_remembers_it(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.watanabe, "/board/")
    expect(page.locator(".top")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator(".top")).to_be_hidden()
    expect(page).to_have_url(re.compile("#wall$"))
    page.reload()
    expect(page.locator(".top")).to_be_hidden()
    page.keyboard.press("f")
    expect(page.locator(".top")).to_be_visible()
    page.locator("#search").press("f")
    expect(page.locator(".top")).to_be_visible()


@pytest.fixture(scope="module")
def busy(served: Desk) -> None:
    """Something stands in every region."""
    now = timezone.now()
    with served.inside():
        set_operator_state(served.cast.suzuki, "available", by=served.cast.suzuki)
        set_operator_state(served.cast.takahashi, "paused", "会議", by=served.cast.takahashi)
        post(arrives(now - timedelta(seconds=90), number=None))  # an alarm stands, too
        answered(now - timedelta(minutes=3), 9, agent="2101", talk=None)
        answered(now - timedelta(minutes=9), 9, agent="2101", talk=60)
        gave_up(now - timedelta(minutes=40), 30, number="0312340040")  # nobody else's, who might be answered later
        post_notice(title="計画停電", body="", gravity=2, by=served.cast.hayashi)
        assert Call.objects.filter(is_live=True).exists()


@pytest.mark.looks
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("width", "language", "themes"),
    [(1920, "ja", ["light", "dark"]), (1440, "en", ["light"]), (390, "ja", ["light", "dark"])],
)
def test_it_is_accessible_and_fits(
    served: Desk, open_window: OpenWindow, width: int, language: str, themes: list[str]
) -> None:
    page = open_window(served.cast.hayashi, "/profile/", width=width, language=language)
    for theme in themes:
        page.context.add_cookies([{"name": "madoguchi_theme", "value": theme, "url": served.url}])
        for path in ("/board/", "/board/calls/", "/notices/", "/notices/new/"):
            page.goto(path)
            expect(page.locator(".notice-strip")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == width, (path, theme)
            assert_accessible(page)


# Each part of the board, its rectangle, and whether something in it is cut off.
PARTS_SEEN = """() => [...document.querySelectorAll(".board-grid > section")].filter((part) => part.offsetHeight)
  .map((part) => {
    const { left, top, right, bottom } = part.getBoundingClientRect();
    return { id: part.id, left, top, right, bottom, cut: part.scrollWidth > part.clientWidth + 1 };
  })"""
SMALLEST = """(found) => Math.min(...[...document.querySelectorAll(found)].map((one) =>
  parseFloat(getComputedStyle(one).fontSize)))"""


@pytest.mark.looks
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_big_screen_shows_the_whole_board_in_one_picture(
    served: Desk, open_window: OpenWindow, theme: str, language: str
) -> None:
    page = open_window(served.cast.hayashi, "/board/", width=1920, height=1080, language=language)
    page.context.add_cookies([{"name": "madoguchi_theme", "value": theme, "url": served.url}])
    page.goto("/board/#wall")
    page.reload()
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator("#operators .board-row").first).to_be_visible()
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"board-wall-{language}-{theme}.png")
    whole = page.evaluate("(({ scrollWidth: w, scrollHeight: h }) => [w, h])(document.documentElement)")
    assert whole == [1920, 1080], "nothing has to be scrolled to"
    parts = page.evaluate(PARTS_SEEN)
    assert {part["id"] for part in parts} >= {"calls", "operators", "todo", "service", "teams"}
    for part in parts:
        assert not part["cut"], part
        assert 0 <= part["left"] < part["right"] <= 1920, part
        assert 0 <= part["top"] < part["bottom"] <= 1080, part
        for other in parts:
            apart = other["left"] >= part["right"] or other["top"] >= part["bottom"]
            assert apart or other["right"] <= part["left"] or other["bottom"] <= part["top"] or other is part
    assert page.evaluate(SMALLEST, ".board-figure .board-value") >= 56, "figures are read from across the room"
    assert page.evaluate(SMALLEST, ".board-calls .board-row, .board-operators .board-row") >= 18
    assert_accessible(page)


@pytest.mark.looks
@pytest.mark.usefixtures("busy")
def test_a_contact_is_settled_from_the_list(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.hayashi, "/board/calls/?show=abandoned")
    row = page.locator("tbody tr", has_text="03-1234-0040")
    row.get_by_role("button", name="処理する").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_be_visible()
    assert_accessible(page, within="#sheet")
    sheet.get_by_label("理由").select_option("called_back")
    sheet.get_by_role("button", name="チケットなしで処理済みにする").click()
    expect(row).to_have_count(0)


# Rows of which a part is in the picture and a part is not; and how many are in it.
ROWS_SEEN = """() => {
  const seen = [...document.querySelectorAll(".board-rows")].filter((list) => list.offsetHeight).map((list) => {
    const box = list.getBoundingClientRect();
    const rows = [...list.querySelectorAll(".board-row")].map((row) => row.getBoundingClientRect());
    const inside = rows.filter((row) => row.left < box.right);
    const low = Math.min(box.bottom, list.closest("section[data-live]").getBoundingClientRect().bottom) + 1;
    return { all: rows.length, inside: inside.length, cut: inside.some((row) => row.bottom > low) };
  });
  return seen;
}"""


@pytest.mark.looks
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(("width", "height", "language"), [(1440, 900, "en"), (1440, 900, "ja"), (1920, 1080, "en")])
def test_a_wall_full_of_calls_keeps_its_bottom_row_and_cuts_no_row_in_two(
    served: Desk, open_window: OpenWindow, width: int, height: int, language: str
) -> None:
    now = timezone.now()
    with served.inside():
        waiting = [
            post(arrives(now - timedelta(seconds=100 + place), number=f"03123411{place:02}")) for place in range(9)
        ]
        for place in range(4):
            answered(now - timedelta(minutes=4 + place), 9, agent="1001", talk=None)
    page = open_window(served.cast.hayashi, "/board/", width=width, height=height, language=language)
    page.goto("/board/#wall")
    page.reload()
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator(f"#waiting-{waiting[-1].pk}")).to_be_visible()
    expect(page.locator("#alarm-waiting")).to_be_visible()
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"board-wall-full-{language}-{width}.png")
    whole = page.evaluate("(({ scrollWidth: w, scrollHeight: h }) => [w, h])(document.documentElement)")
    assert whole == [width, height], "nothing has to be scrolled to"
    for part in page.evaluate(PARTS_SEEN):
        assert 0 <= part["top"] < part["bottom"] <= height, part
    seen = page.evaluate(ROWS_SEEN)
    assert any(one["inside"] < one["all"] for one in seen), "the test needs more calls than find room"
    assert all(one["inside"] and not one["cut"] for one in seen), seen
    assert_accessible(page)


@pytest.mark.looks
def test_a_notice_comes_and_goes_on_every_page(served: Desk, open_window: OpenWindow) -> None:
    page = open_window(served.cast.sato, "/tickets/")
    with served.inside():
        notice = post_notice(title="基幹システム停止", body="", gravity=3, by=served.cast.hayashi)
    expect(page.locator(".notice-strip")).to_contain_text("基幹システム停止")
    with served.inside():
        end_notice(notice, by=served.cast.hayashi)
    expect(page.locator("#notices")).not_to_contain_text("基幹システム停止")
