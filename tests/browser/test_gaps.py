"""A gap is found in the list, taken, an article written from it, closed; its page says whether that helped."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from madoguchi.insight.gaps.models import Evidence, Gap
from madoguchi.insight.gaps.work import step
from madoguchi.knowledge.models import Article
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.insight.gaps.desk import handed, searched, solved
from tests.windows import OpenWindow, assert_accessible


def _asked(desk: Desk) -> None:
    """Six tickets over the last weeks and a search about the VPN; one about invoices."""
    cast = desk.cast
    with desk.inside():
        if not Evidence.objects.filter(text__startswith="VPN").exists():
            for days, subject in enumerate(["VPNに接続できない"] * 3 + ["VPN接続ができない"] * 3, start=1):
                row = handed(cast, subject)
                Ticket.objects.filter(pk=row.pk).update(opened_at=timezone.now() - timedelta(days=6 * days))
            searched(cast.suzuki, "VPN 接続できない")
            solved(cast, "請求書の再発行")
        while step():
            pass


def _later(desk: Desk) -> None:
    """Three weeks after the article was written: two tickets of the kind, solved with it at first line."""
    with desk.inside():
        gap = Gap.objects.get(state="written")
        for days in (5, 12):
            row = solved(desk.cast, "VPNがつながらない", article=gap.article)
            Ticket.objects.filter(pk=row.pk).update(opened_at=timezone.now() - timedelta(days=days))
        Gap.objects.filter(pk=gap.pk).update(written_at=timezone.now() - timedelta(days=22))


def test_a_gap_is_taken_written_and_its_effect_shown(served: Desk, open_window: OpenWindow) -> None:
    _asked(served)
    page = open_window(served.cast.kimura, "/knowledge/gaps/")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("VPN")
    assert_accessible(page)
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator("h1")).to_contain_text("VPN")
    expect(page.locator(".gap-evidence tbody tr")).to_have_count(7)
    page.locator("#field-due_on").fill((timezone.localdate() + timedelta(days=7)).isoformat())
    page.keyboard.press("Alt+t")
    expect(page.locator(".article-facts")).to_contain_text("対応中")
    expect(page.locator(".article-facts")).to_contain_text("木村 優")
    assert_accessible(page)
    there = page.url
    page.keyboard.press("Alt+w")
    expect(page.locator("#field-question")).to_have_value("VPNに接続できない")
    page.locator("#field-answer").fill("1. 証明書の期限を見る")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_have_text("VPNに接続できない")
    page.goto(there)
    expect(page.locator(".article-facts")).to_contain_text("記事化済み")
    expect(page.get_by_text("まだ判断できません")).to_be_visible()
    _later(served)
    page.reload()
    expect(page.locator(".effect-table")).to_contain_text("100% (2/2)")
    expect(page.get_by_text("まだ判断できません")).to_have_count(0)
    assert_accessible(page)
    page.keyboard.press("Alt+c")
    expect(page.locator(".article-facts")).to_contain_text("終了")
    expect(page.locator(".article-facts")).to_contain_text("記事で答えられる")
    expect(page.locator(".effect-table")).to_contain_text("100% (2/2)")
    expect(page.get_by_role("button", name="もう一度開く")).to_be_visible()
    assert_accessible(page)
    with served.inside():
        assert Article.objects.get(question="VPNに接続できない").texts.count() >= 3
    phone = open_window(served.cast.watanabe, there, width=390, height=844, language="en")
    expect(phone.locator(".effect-table")).to_contain_text("Solved by the first line")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(phone)
    phone.locator(".page-actions a").first.click()
    expect(phone.locator(".link-tabs [aria-current]")).to_have_text("Gaps")
    expect(phone.locator(".link-tabs [aria-current]")).to_be_in_viewport(ratio=0.9)
    assert phone.evaluate("scrollY") == 0
