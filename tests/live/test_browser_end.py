"""The browser's end: one line for all tabs, and elements that wake."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.desk import Desk
from tests.live.lines import happen
from tests.windows import PATIENCE, OpenWindow

WATCH = """topic => {
    const element = document.createElement("div");
    element.id = "watched";
    element.dataset.live = topic;
    element.dataset.rings = "";
    element.addEventListener("live", event => element.dataset.rings += " " + event.detail.name);
    document.body.append(element);
}"""


def _rings(page: Page, *names: str) -> None:
    expect(page.locator("#watched")).to_have_attribute("data-rings", "".join(f" {name}" for name in names))


def _line_is(page: Page, state: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-line", state)


def _open_lines(desk: Desk) -> int:
    text = httpx.get(f"{desk.url}/metrics").text
    match = re.search(r"^madoguchi_live_connections\S* (\d+)$", text, re.MULTILINE)
    assert match
    return int(match[1])


def test_two_tabs_share_one_line_and_both_wake(served: Desk, open_window: OpenWindow) -> None:
    sato = served.cast.sato
    first = open_window(sato, "/tickets/")
    second = first.context.new_page()
    second.goto("/tickets/")
    for page in (first, second):
        page.evaluate(WATCH, f"staff:{sato.pk}")
        _line_is(page, "connected")
    happen(served, "call.offered", sato)
    for page in (first, second):
        _rings(page, "call.offered")
    assert _open_lines(served) == 1


def test_what_happens_while_the_desk_is_down_wakes_the_element_afterwards(
    served: Desk, open_window: OpenWindow
) -> None:
    sato = served.cast.sato
    page = open_window(sato, "/tickets/")
    page.evaluate(WATCH, f"staff:{sato.pk}")
    _line_is(page, "connected")
    happen(served, "call.offered", sato)
    _rings(page, "call.offered")
    served.stop()
    _line_is(page, "reconnecting")
    happen(served, "call.missed", sato)
    served.start()
    expect.set_options(timeout=2 * PATIENCE)  # the line tries again ever more rarely, up to every 30 s
    try:
        _rings(page, "call.offered", "call.missed")
    finally:
        expect.set_options(timeout=PATIENCE)
