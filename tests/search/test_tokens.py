import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.search import tokens


def matches(text: str, typed: str) -> bool:
    """Whether a document would be found, decided as both engines do."""
    terms = set(tokens.document_terms(text))

    def holds(wanted: tokens.Wanted) -> bool:
        return wanted.term in terms or (wanted.prefix and any(term.startswith(wanted.term) for term in terms))

    query = tokens.query(typed)
    return bool(query) and all(any(all(map(holds, terms_)) for terms_ in group) for group in query)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("プリンターで印刷できない", "ﾌﾟﾘﾝﾀｰ"),
        ("プリンターで印刷できない", "プリンタ"),
        ("プリンタで印刷できない", "プリンター"),
        ("プリンターで印刷できない", "プリン"),
        ("プリンターで印刷できない", "ぷりんたー"),
        ("メールが送れません", "めーる"),
        ("メールが送れません", "ﾒｰﾙ 送る"),
        ("メールの送信に失敗する", "そうしん"),
        ("サーバーにつながらない", "さーばー"),
        ("サーバに繋がらない", "サーバー つながらない"),
        ("Outlook が起動しない", "ＯＵＴＬＯＯＫ"),
        ("Outlook が起動しない", "outl"),
        ("髙橋様より入電", "高橋"),
        ("高橋様より入電", "髙橋"),
        ("引越しの手続き", "引っ越し"),
        ("パスワードを忘れた", "ぱすわーど"),
        ("エラー 0x800CCC0E が出る", "0X800ccc0e"),
        ("エラー 0x800CCC0E が出る", "０ｘ８００ＣＣＣ０Ｅ"),
        ("エラー 0x800CCC0E が出る", "800CCC0E"),
        ("エラー 0×800ccc0e が出る", "0x800CCC0E"),
        ("エラー 0x800CCC0E が出る", "0x 800CCC0E"),
        ("エラー 0x80070005 が出る", "80070005"),
        ("エラー 0x80070005 が出る", "８００７０００５"),
        ("受注番号は 80070005 です", "80070005"),
        ("以前の件 10482-6 です", "104826"),
        ("以前の件 104826 です", "１０４８２－６"),
        ("折り返しは 03-5000-0001 まで", "0350000001"),
        ("折り返しは +81 3-5000-0001 まで", "03（5000）0001"),
        ("ORA-00942 が出る", "ora00942"),
        ("斎藤様のパソコン", "齋藤"),
        ("齊藤様のパソコン", "斉藤"),
        ("渡邉様のパソコン", "渡辺"),
        ("渡邊様のパソコン", "渡邉"),
        ("サーバが落ちた", "ｻｰﾊﾞｰ"),
        ("ユーザーを追加したい", "ユーザ"),
        ("フォルダが開かない", "フォルダー"),
        ("打ち合わせの予定", "打合せ"),
        ("打合せの予定", "打ち合わせ"),
        ("問合せ窓口", "問い合わせ"),
        ("申込みの手続き", "申し込み"),
        ("見積もりの提出", "見積り"),
        ("メールが届かない", "メールが届"),
        ("共有フォルダーの権限", "共有フォル"),
        ("Ｗｉ‐Ｆｉ につながらない", "wi-fi"),
        ("エラー0x8007000Eが出る", "８００７０００Ｅ"),
        ("KB5034441 を入れた", "kb5034"),
        ("宛先は taro@example.jp", "taro@example.jp"),
        ("宛先は taro@example.jp", "example"),
    ],
)
def test_every_writing_of_a_word_finds_it(text: str, typed: str) -> None:
    assert matches(text, typed)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("エラー 0x800CCC0E が出る", "0x800CCC0F"),
        ("折り返しは 03-5000-0001 まで", "03-5000-0002"),
        ("以前の件 10482-6 です", "10483-5"),
        ("メールが送れません", "プリンター"),
        ("メールが送れません", "メール プリンター"),
    ],
)
def test_what_is_something_else_is_not_found(text: str, typed: str) -> None:
    assert not matches(text, typed)


@pytest.mark.parametrize("typed", ["", "   ", "、。", "\"'()*:&|!<->", "\x00", "ーー", "です", "を"])
def test_nothing_to_search_for_asks_for_nothing(typed: str) -> None:
    assert tokens.query(typed) == []


@given(st.text(max_size=300))
def test_any_text_gives_terms_of_letters_and_digits_only(text: str) -> None:
    for term in tokens.document_terms(text):
        assert term.isalnum() or "ー" in term
    for group in tokens.query(text):
        assert group
        assert all(wanted.term for terms in group for wanted in terms)


def test_half_surrogates_and_very_long_texts_pass() -> None:
    assert tokens.document_terms("\ud83d壊れた文字") == tokens.document_terms("壊れた文字")
    assert tokens.document_terms("メールが送れない。" * 20_000).count("送る") == 20_000


def test_threads_analyse_at_the_same_time() -> None:
    expected = tokens.document_terms("共有プリンターで印刷できません")
    results: list[list[str]] = []
    together = threading.Barrier(4)

    def analyse() -> None:
        together.wait()
        results.extend(tokens.document_terms("共有プリンターで印刷できません") for _ in range(50))

    threads = [threading.Thread(target=analyse) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 200
