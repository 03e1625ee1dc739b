"""What the first line is shown: the right article in any writing, only what one may read, as of this moment."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from madoguchi.knowledge import article_index
from madoguchi.knowledge.actions import Content, change, create
from madoguchi.knowledge.models import Article, Audience, State
from madoguchi.knowledge.suggest import suggest
from madoguchi.people.access import Access, access_of
from madoguchi.search import meaning
from tests.cast import Cast

ARTICLES = {
    "print": ("プリンターで印刷できない", "電源を入れ直し、用紙を確かめてください。"),
    "send": ("メールが送信できない（エラー 0x800CCC0E）", "送信サーバーのポートを 587 に変えてください。"),
    "password": ("パスワードを忘れた", "ログイン画面の「再設定」を押してください。"),
    "vpn": ("自宅から VPN につながらない", "接続先を確かめ、アプリを入れ直してください。"),
    "phone": ("電話の転送を設定したい", "内線の設定画面で転送先を登録してください。"),
}


@pytest.fixture
def access(cast: Cast) -> Access:
    for key, (question, answer) in ARTICLES.items():
        create(Content(question=question, answer=answer), key=key, by=cast.kimura)
    return access_of(cast.sato)


def keys(text: str, access: Access | None, *, limit: int = 5) -> list[str]:
    return [found.article.key for found in suggest(text, access=access, limit=limit)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("プリンタで印刷ができません", "print"),
        ("ﾌﾟﾘﾝﾀｰの電源が入らない", "print"),
        ("いんさつできない", "print"),
        ("プリン", "print"),
        ("メールを送れない", "send"),
        ("めーるがおくれない", "send"),
        ("０ｘ８００ｃｃｃ０ｅ と出る", "send"),
        ("ぱすわーどをわすれた", "password"),
        ("PASSWORD を忘れました", "password"),
        ("ｖｐｎが繋がらない", "vpn"),
        ("電話を転送したいのですが", "phone"),
    ],
)
def test_any_writing_finds_the_article(access: Access, text: str, key: str) -> None:
    assert keys(text, access)[0] == key


def test_a_suggestion_says_by_which_words_it_was_found(access: Access) -> None:
    first = suggest("昨日から0x800CCC0Eでメールが送信できません", access=access)[0]
    assert set(first.words) == {"0x800ccc0e", "メール", "送信"}
    assert first.words[-1] == "メール" or first.words[0] == "0x800ccc0e"
    assert first.score > 0


def test_a_half_typed_code_finds_its_article_and_says_so(access: Access) -> None:
    first = suggest("エラー 0x800cc", access=access)[0]
    assert first.article.key == "send"
    assert "0x800cc" in first.words


@pytest.mark.parametrize("text", ["", " ", "です。", "\0", "!?"])
def test_nothing_to_go_by_suggests_nothing(access: Access, text: str) -> None:
    assert keys(text, access) == []


def test_no_more_than_asked_for(access: Access) -> None:
    assert len(keys("設定 メール 電話 パスワード", access, limit=2)) == 2
    assert keys("メール", access, limit=0) == []


def test_the_chosen_category_wins_between_equals(access: Access, cast: Cast) -> None:
    twin = Content(question="画面が映らない", answer="線を確かめてください。")
    create(twin, key="first", by=cast.kimura)
    create(replace(twin, category=cast.wiring), key="wired", by=cast.kimura)
    assert keys("画面が映らない", access)[:2] == ["first", "wired"]
    assert suggest("画面が映らない", access=access, category=cast.wiring)[0].article.key == "wired"


def test_only_what_one_may_read_is_suggested_however_far_down_it_stands(access: Access, cast: Cast) -> None:
    for place in range(40):
        create(
            Content(question="プリンター プリンター 印刷", answer=f"社内の手順 {place}", audience=Audience.STAFF),
            by=cast.kimura,
        )
    public = Content(question="紙が出ない", answer="印刷の前に。", audience=Audience.PUBLIC, state=State.VALIDATED)
    create(public, key="public", by=cast.kimura)
    assert keys("プリンター 印刷", access_of(cast.ogawa)) == ["print", "public"]
    assert keys("プリンター 印刷", None) == ["public"]
    assert keys("プリンター 印刷", access_of(cast.outsider)) == []


def test_the_index_of_each_process_follows_every_change(access: Access, cast: Cast) -> None:
    assert keys("蛍光灯", access) == []
    here = article_index.current()
    # What another process does reaches this one through the database alone.
    article = create(Content(question="蛍光灯が切れた", answer="総務へ。"), key="light", by=cast.kimura)
    there = article_index._read(article_index._version(), with_encoder=False)
    assert there.version != here.version
    assert keys("蛍光灯", access) == ["light"]
    assert article_index.current() is not here
    assert article_index.current() is article_index.current()
    change(article, Content(question="電球が切れた", answer="総務へ。"), by=cast.kimura)
    assert keys("蛍光灯", access) == []
    assert keys("電球", access) == ["light"]


def test_terms_of_an_older_analyser_are_made_anew(access: Access) -> None:
    Article.objects.update(terms={"v": 0})
    article_index.forget()
    assert keys("プリンター", access) == ["print"]


def test_a_desk_without_articles_answers(cast: Cast) -> None:
    assert keys("プリンター", access_of(cast.sato)) == []


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_it_fail(access: Access, text: str) -> None:
    assert len(suggest(text, access=access)) <= 5


@pytest.mark.skipif(not meaning._installed(), reason="the sentence encoder is not installed")
def test_the_encoder_finds_what_shares_no_word(access: Access, settings: object) -> None:
    settings.ENCODER = True  # type: ignore[attr-defined]
    article_index.forget()
    text = "暗証番号を思い出せない"
    found = suggest(text, access=access, wait=True)
    assert found[0].article.key == "password"
    assert found[0].words == ()
    stored = Article.objects.get(key="password").vectors
    assert stored is not None
    assert meaning.unpack(stored).shape == (2, meaning.DIMENSIONS)


@pytest.mark.skipif(not meaning._installed(), reason="the sentence encoder is not installed")
def test_a_changed_article_forgets_its_old_meaning(access: Access, cast: Cast, settings: object) -> None:
    settings.ENCODER = True  # type: ignore[attr-defined]
    article_index.current(wait=True)
    article = Article.objects.get(key="password")
    change(article, Content(question="食堂の営業時間", answer="11時から14時です。"), by=cast.kimura)
    assert Article.objects.get(key="password").vectors is None
    assert suggest("社員食堂は何時から開きますか", access=access, wait=True)[0].article.key == "password"


@pytest.mark.skipif(not meaning._installed(), reason="the sentence encoder is not installed")
def test_what_has_no_meaning_yet_is_found_by_its_words_and_the_rest_by_meaning(
    access: Access, cast: Cast, settings: object
) -> None:
    settings.ENCODER = True  # type: ignore[attr-defined]
    article_index.forget()
    suggest("暗証番号を思い出せない", access=access, wait=True)
    create(Content(question="蛍光灯が切れた", answer="総務へ。"), key="light", by=cast.kimura)
    index = article_index._read(article_index._version(), with_encoder=False)
    assert index.meanings is not None
    assert not index.is_complete
    assert not index.meanings.questions[-1].any()
    assert index.meanings.questions[0].any()
