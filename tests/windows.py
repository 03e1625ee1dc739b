"""Browser windows: Debian's Chromium, driven by Playwright; a failed test leaves pictures in ``.artifacts``."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from madoguchi.people.models import Staff
from tests.desk import Desk

ARTIFACTS = Path(__file__).resolve().parent.parent / ".artifacts"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

type OpenWindow = Callable[..., Page]
failed_key = pytest.StashKey[bool]()
PATIENCE = 30_000  # milliseconds: a busy machine is no failure
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each window has its own context."""
    executable = shutil.which("chromium") or "/usr/bin/chromium"
    # Playwright's loop runs in this thread, where Django would refuse the tests' own plain queries.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS, headless=True)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_window(browser: Browser, served: Desk, request: pytest.FixtureRequest) -> Iterator[OpenWindow]:
    """``open_window(staff, "/board/", width=390)``: a window of its own, signed in (None: nobody), on the running desk.

    Errors of our scripts and violations of the content security policy fail the test at its end.
    """
    contexts: list[tuple[BrowserContext, Page]] = []
    wrong: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            wrong.append(message.text)

    def open_one(
        staff: Staff | None,
        path: str = "/",
        *,
        width: int = 1440,
        height: int = 900,
        language: str = "ja",
        **options: Any,
    ) -> Page:
        locale = {"ja": "ja-JP", "en": "en-GB"}[language]
        context = browser.new_context(
            base_url=served.url,
            viewport={"width": width, "height": height},
            locale=locale,
            timezone_id="Asia/Tokyo",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE)
        if staff is not None:
            if staff.language != language:
                served.run(Staff.objects.filter(pk=staff.pk).update, language=language)
            context.add_cookies([{"name": n, "value": v, "url": served.url} for n, v in served.session(staff).items()])
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", listen)
        contexts.append((context, page))
        page.goto(path)
        return page

    yield open_one
    if request.node.stash.get(failed_key, False):
        _keep(request.node.nodeid, [page for _, page in contexts], served)
    for context, _ in contexts:
        context.close()
    assert wrong == [], f"the browser complained: {wrong}"


def _keep(test: str, pages: list[Page], desk: Desk) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    base = re.sub(r"[^\w.-]+", "-", test)[-150:]
    for number, page in enumerate(pages, start=1):
        if not page.is_closed():
            page.screenshot(path=ARTIFACTS / f"{base}-{number}.png", full_page=True)
            (ARTIFACTS / f"{base}-{number}.html").write_text(page.content(), encoding="utf-8")
    (ARTIFACTS / f"{base}.log").write_text(desk.log, encoding="utf-8")


def assert_accessible(page: Page, *, within: str | None = None) -> None:
    """axe finds nothing against WCAG 2.2 AA in the page, or in what the selector ``within`` matches."""
    results = Axe().run(page, context=within, options={"runOnly": WCAG, "resultTypes": ["violations"]})
    found = [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n    "
        + "\n    ".join(node["html"][:200] for node in violation["nodes"][:5])
        for violation in results.response["violations"]
    ]
    assert found == [], f"{page.url}\n" + "\n".join(found)
