"""Gap list, gap page and glossary as they look: nothing cut, nothing beside the screen, accessible; empty ones, too."""

import pytest
from playwright.sync_api import Page

from madoguchi.insight.gaps.models import Gap
from madoguchi.insight.gaps.work import step
from madoguchi.knowledge.glossary.actions import Entry, add
from tests.desk import Desk
from tests.insight.gaps.desk import handed, searched, solved
from tests.windows import OpenWindow, assert_accessible

LONG = "社外からVPNに接続すると証明書の期限切れの警告が出て、共有フォルダーもメールも開けなくなる(エラー 0x800CCC0E)"
SIZES = [(1440, "ja"), (390, "ja"), (1440, "en"), (390, "en")]


def _looked_at(page: Page, name: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert_accessible(page)


@pytest.mark.looks
def test_gaps_and_glossary_fit_every_screen(served: Desk, open_window: OpenWindow) -> None:
    cast = served.cast
    for width, language in SIZES:
        page = open_window(cast.kimura, "/knowledge/gaps/", width=width, language=language)
        for name in ("gaps", "terms"):
            page.goto(f"/knowledge/{name}/")
            assert page.locator(".empty").count() == 1
            _looked_at(page, f"{name}-empty-{width}-{language}")
    with served.inside():
        for subject in (LONG, LONG, "請求書の再発行", "請求書を再発行してほしい"):
            handed(cast, subject)
        solved(cast, "請求書の再発行")
        searched(cast.suzuki, "請求書 再発行")
        add(
            Entry(name="SMTP", reading="えすえむてぃーぴー", also=("送信サーバー",), explanation=LONG * 3),
            by=cast.kimura,
        )
        while step():
            pass
        gap = Gap.objects.get(title=LONG).pk
    for width, language in SIZES:
        page = open_window(cast.kimura, "/knowledge/gaps/", width=width, language=language)
        for name in ("gaps/", f"gaps/{gap}/", "terms/"):
            page.goto(f"/knowledge/{name}")
            _looked_at(page, f"{name}{width}-{language}".replace("/", "-"))
