"""What a ticket taught becomes an article: proposed by the operator, complained about, corrected, validated, public."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from madoguchi.knowledge.models import Article, State
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

# The smallest picture there is: one grey point.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e366"
    "0000000049454e44ae426082"
)


def raised(desk: Desk) -> Ticket:
    return open_ticket(
        subject="スキャンが届かない",
        category=desk.cast.mail_trouble,
        requester=desk.cast.yamada,
        body="スキャンがメールで来ません。",
        channel="mail",
        by=desk.cast.sato,
    )


def connected(page: Page) -> Page:
    expect(page.locator("html")).to_have_attribute("data-line", "connected")
    return page


def test_from_the_ticket_to_the_public(served: Desk, open_window: OpenWindow, tmp_path: Path) -> None:
    cast = served.cast
    ticket = served.run(raised, served)

    # The operator resolves by keyboard, and goes on to the article.
    page = connected(open_window(cast.sato, f"/tickets/{ticket.number_shown}/"))
    page.keyboard.press("Alt+r")
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("Alt+r")
    expect(page.locator("#sheet [data-refusal]")).to_contain_text("解決内容")
    expect(page.locator("#sheet [data-refusal]")).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("解決内容")).to_be_focused()
    page.keyboard.type("山田様の宛先を登録し直した。")
    page.get_by_label("続けて記事にする").check()
    page.keyboard.press("Alt+r")
    page.wait_for_url("**/knowledge/new/**")
    expect(page.get_by_label("質問")).to_have_value("スキャンが届かない")
    expect(page.locator("#preview")).to_contain_text("氏名")
    page.get_by_label("回答").fill("1. 複合機の宛先表を開く\n2. 宛先を登録し直す")
    page.get_by_label("問い合わせた人の言葉").fill("スキャンがメールで来ません。")
    expect(page.locator("#preview ol li")).to_have_count(2)
    expect(page.locator("#preview")).not_to_contain_text("氏名")
    assert_accessible(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/knowledge/*/")
    expect(page.locator(".badge", has_text="作成中")).to_be_visible()
    with served.inside():
        article = Article.objects.get(source=f"ticket:{ticket.pk}")
        assert Ticket.objects.get(pk=ticket.pk).article == article

    # Another operator misses a step.
    other = connected(open_window(cast.suzuki, f"/knowledge/{article.pk}/", width=390))
    other.get_by_role("button", name="間違いを知らせる").click()
    sheet = other.locator("#sheet")
    sheet.get_by_text("手順が足りない").click()
    sheet.get_by_label("ひとことで").fill("電源の入れ直しが要ります")
    assert_accessible(other, within="#sheet")
    sheet.get_by_role("button", name="管理チームに送る").click()
    expect(other.locator("#comments")).to_contain_text("電源の入れ直し")

    # The keeper finds it in the review, corrects it with a picture, and looks at what differs.
    keeper = connected(open_window(cast.kimura, "/knowledge/review/"))
    assert_accessible(keeper)
    keeper.keyboard.press("j")
    keeper.keyboard.press("o")
    keeper.wait_for_url(f"**/knowledge/{article.pk}/")
    connected(keeper)
    keeper.keyboard.press("Alt+e")
    keeper.wait_for_url("**/edit/")
    answer = keeper.get_by_label("回答", exact=True)
    answer.fill("1. 複合機の宛先表を開く\n2. 宛先を登録し直す\n3. 電源を入れ直す\n")
    picture = tmp_path / "screen.png"
    picture.write_bytes(PNG)
    keeper.locator("article-pictures input[type=file]").set_input_files(picture)
    expect(answer).to_have_value(re.compile(r"!\[screen\]\(picture:[0-9a-f]{24}\)"))
    keeper.keyboard.type("宛先表の画面")
    expect(keeper.locator("#preview img")).to_have_attribute("alt", "宛先表の画面")
    keeper.get_by_label("対象").select_option("public")
    keeper.get_by_label("変更した点とその理由").fill("電源の手順を足した")
    keeper.keyboard.press("Control+Enter")
    keeper.wait_for_url(f"**/knowledge/{article.pk}/")
    keeper.goto(f"/knowledge/{article.pk}/history/")
    expect(keeper.locator("#difference ins").first).to_be_visible()
    expect(keeper.locator(".versions")).to_contain_text("電源の手順を足した")
    assert_accessible(keeper)

    # The comment is answered, the article validated: now the public reads it.
    assert keeper.request.get(f"/faq/{article.key}/").status == 404
    connected(keeper)
    keeper.goto("/knowledge/comments/")
    keeper.get_by_text("回答", exact=True).first.click()
    keeper.get_by_label("鈴木 大輔さんへのひとこと").fill("足しました。ありがとうございます。")
    assert_accessible(keeper)
    keeper.get_by_role("button", name="反映する", exact=True).click()
    keeper.wait_for_url(f"**/knowledge/{article.pk}/**")
    connected(keeper)
    keeper.keyboard.press("Alt+v")
    keeper.locator("#validate").get_by_role("button", name="確認済みにする").click()
    expect(keeper.locator(".badge", has_text="確認済み")).to_be_visible()
    with served.inside():
        assert Article.objects.get(pk=article.pk).state == State.VALIDATED

    public = open_window(None, "/faq/", width=390)
    public.get_by_label("よくある質問を検索").fill("スキャン")
    public.keyboard.press("Enter")
    public.get_by_role("link", name="スキャンが届かない").click()
    expect(public.locator(".rendered ol li")).to_have_count(3)
    expect(public.get_by_alt_text("宛先表の画面")).to_be_visible()
    assert_accessible(public)
    public.get_by_role("button", name="はい").click()
    expect(public.locator("#helped")).to_contain_text("ありがとうございます")
    with served.inside():
        assert Article.objects.get(pk=article.pk).helped == 1
