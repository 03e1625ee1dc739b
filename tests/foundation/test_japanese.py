import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.japanese import fold, listed, search_key, split_name, to_hiragana


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﾔﾏﾀﾞ ﾊﾅｺ", "やまだ　はなこ"),
        ("ヤマダ", "やまだ"),
        ("ＡＢＣ", "abc"),
        ("①", "1"),
        ("㈱みなと", "(株)みなと"),
        ("㍿", "株式会社"),
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("齋藤", "斉藤"),
        ("渡邊", "渡辺"),
        ("ｶﾞｷﾞｸﾞ", "ガギグ"),
        ("がぎぐ", "ガギグ"),
    ],
)
def test_writings_of_one_word_are_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("はは", "ばば"), ("びょういん", "びよういん"), ("高橋", "高梁")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(min_codepoint=0x30A1, max_codepoint=0x30F4), max_size=20))
def test_katakana_and_hiragana_are_one(katakana: str) -> None:
    hiragana = "".join(chr(ord(character) - 0x60) for character in katakana)
    assert fold(katakana) == fold(hiragana)


@given(st.lists(st.text(max_size=20), max_size=4))
def test_a_search_key_has_no_blanks(parts: list[str]) -> None:
    key = search_key(*parts)
    assert key == "".join(key.split())


def test_a_search_key_joins_folded_parts() -> None:
    assert search_key("山田　花子", "ﾔﾏﾀﾞ ﾊﾅｺ") == "山田花子やまだはなこ"


def test_a_reading_is_hiragana_whatever_was_typed() -> None:
    assert to_hiragana(" ﾔﾏﾀﾞ ") == to_hiragana("ヤマダ") == to_hiragana("やまだ") == "やまだ"


@pytest.mark.parametrize(
    ("written", "family", "given_name"),
    [
        ("山田 花子", "山田", "花子"),
        ("山田　花子", "山田", "花子"),
        ("山田花子", "山田花子", ""),
        ("John Ronald Smith", "John", "Ronald Smith"),
        ("", "", ""),
        ("  ", "", ""),
    ],
)
def test_a_name_in_one_field_is_split_at_the_blank(written: str, family: str, given_name: str) -> None:
    assert split_name(written) == (family, given_name)


def test_a_list_is_read_by_its_marks_and_its_lines() -> None:
    assert listed(" 端末、PC ，ノート　型,\r\n\n、パソコン") == ["端末", "PC", "ノート 型", "パソコン"]
    assert listed("a,b;c", ";") == ["a,b", "c"]
