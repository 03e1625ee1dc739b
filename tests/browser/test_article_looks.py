"""The pages on which articles are written, compared and reviewed fit, in both sizes and languages."""

import pytest
from playwright.sync_api import expect

from madoguchi.knowledge.actions import Content, change, comment, create
from madoguchi.knowledge.actions.standing import content_of
from madoguchi.knowledge.models import Article, Audience, State
from tests.desk import Desk
from tests.windows import OpenWindow, assert_accessible

ANSWER = """## 確認すること

1. 送信サーバーのポートが **587** になっているか
2. 暗号化の方式が STARTTLS か
3. パスワードを入れ直しても送れないときは、エラーコード `0x800CCC0E` を控える

| 設定 | 値 |
|---|---|
| ポート | 587 |
| 暗号化 | STARTTLS |

手順書: [メールの設定](https://intra.example.jp/mail/settings)
"""
LOOKS = [(1440, "ja"), (1440, "en"), (390, "ja"), (390, "en")]


@pytest.fixture
def article(served: Desk) -> int:
    return served.run(_written, served)


def _written(desk: Desk) -> int:
    cast = desk.cast
    if (known := Article.objects.filter(key="mail-send").first()) is not None:
        return known.pk
    validated = Content(
        question="メールの受信はできるのに、送信しようとするとエラーになって送れないとき",
        answer=ANSWER,
        category=cast.mail_trouble,
        state=State.VALIDATED,
        owner_team=cast.service_desk,
    )
    article = create(validated, key="mail-send", by=cast.kimura)
    newer = ANSWER.replace("587", "465").replace("3. パスワード", "3. 端末を再起動する\n4. パスワード")
    article = change(article, _other(content_of(article), newer), by=cast.takahashi, note="新しいサーバーに合わせた")
    comment(article, kind="outdated", text="画面の名前が変わりました", by=cast.sato)
    Article.objects.filter(pk=article.pk).update(uses=128)
    for number, state in enumerate((State.WIP, State.NOT_VALIDATED), 1):
        create(Content(question=f"複合機の手順 {number}", answer="待つ", state=state), by=cast.sato)
    create(Content(question="社内の連絡先", answer="待つ", audience=Audience.STAFF), by=cast.kimura)
    return article.pk


def _other(content: Content, answer: str) -> Content:
    return Content(**{**content.__dict__, "answer": answer})


@pytest.mark.looks
@pytest.mark.parametrize(("width", "language"), LOOKS)
def test_editor_difference_and_review_fit_and_are_accessible(
    served: Desk, open_window: OpenWindow, article: int, width: int, language: str
) -> None:
    page = open_window(served.cast.kimura, "/knowledge/review/", width=width, language=language)
    for path, wanted in (
        ("/knowledge/review/", ".review li"),
        (f"/knowledge/{article}/edit/", "#preview table"),
        (f"/knowledge/{article}/history/", "#difference ins"),
    ):
        page.goto(path)
        expect(page.locator(wanted).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
        assert_accessible(page)
