import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.mail.charsets import canonical
from madoguchi.mail.decode import decode_text
from tests.mail.samples import outlook_jis

TEXT = "①㈱髙橋様　日本語の本文です～。Ⅳ №㎡ 﨑 纊"


@pytest.mark.parametrize(
    "declared", ["iso-2022-jp", "ISO-2022-JP-2", "us-ascii", "utf-8", "iso-8859-1", None, "x-unknown"]
)
def test_outlooks_characters_read_right_whatever_was_declared(declared: str | None) -> None:
    read = decode_text(outlook_jis(TEXT), declared)
    assert (read.text, read.charset) == (TEXT, "iso-2022-jp-ms")


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b(I6@2J\x1b(B",
        b"\x0e6@2J\x0f",
        b"\xb6\xc0\xb2\xca",
        b"\x1b(J\xb6\xc0\xb2\xca\x1b(B",
        b"\x1b(I\xb6\xc0\xb2\xca",
    ],
    ids=["escape", "shift-out", "8-bit", "8-bit after Roman", "8-bit after escape"],
)
def test_half_width_kana_read_right_in_all_their_ways(data: bytes) -> None:
    assert decode_text(data, "iso-2022-jp").text == "ｶﾀｲﾊ"


@pytest.mark.parametrize("declared", ["utf-8", "us-ascii", "iso-2022-jp", None])
@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
def test_a_missing_or_wrong_charset_is_found_out(declared: str | None, codec: str) -> None:
    text = "いつもお世話になっております。メールが届きません。"
    assert decode_text(text.encode(codec), declared).text == text


def test_utf_8_that_says_shift_jis_is_utf_8() -> None:
    read = decode_text("日本語です".encode(), "Shift_JIS")
    assert (read.text, read.charset) == ("日本語です", "utf-8")
    assert read.warnings


def test_shift_jis_that_says_latin_1_is_shift_jis() -> None:
    assert decode_text("お疲れさまです①".encode("cp932"), "iso-8859-1").text == "お疲れさまです①"


def test_western_text_is_not_taken_for_japanese() -> None:
    assert decode_text("Café déjà vu, Frösche".encode("latin-1"), None).text == "Café déjà vu, Frösche"
    assert decode_text("Die Frösche".encode("latin-1"), "iso-8859-1").text == "Die Frösche"


def test_utf_8_that_was_cut_in_a_character_keeps_the_rest() -> None:
    read = decode_text("いつもお世話になっております".encode()[:-1], "utf-8")
    assert read.text.startswith("いつもお世話になっておりま")
    assert any("undecodable" in warning for warning in read.warnings)


def test_the_nec_row_reads_right_in_euc_jp() -> None:
    assert decode_text(b"\xad\xa1\xad\xea\xc6\xfc\xcb\xdc", "euc-jp").text == "①㈱日本"


def test_a_line_that_forgets_to_return_to_ascii_harms_no_other() -> None:
    assert decode_text(b"\x1b$BF|K\\\r\nplain\r\n", "iso-2022-jp").text == "日本\r\nplain\r\n"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("x-sjis", "cp932"),
        ("Shift-JIS", "cp932"),
        ("windows-31j", "cp932"),
        ("cp-850", "cp850"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("iso-2022-jp-2", "iso-2022-jp-ms"),
        ("GB2312", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("utf-8*ja", "utf-8"),
        ('"UTF-8"', "utf-8"),
        ("base64", None),
        ("unicode_escape", None),
        ("no-such-charset", None),
        ("x\x00", None),
    ],
)
def test_charset_names_mean_what_senders_mean(name: str, meant: str | None) -> None:
    assert canonical(name) == meant


@given(
    st.binary(max_size=300),
    st.one_of(
        st.none(),
        st.text(max_size=20),
        st.sampled_from(
            ["iso-2022-jp", "utf-8", "euc-jp", "cp932", "utf-7", "utf-16", "hz", "gb2312", "big5", "cp1252"]
        ),
    ),
)
def test_any_bytes_give_a_text(data: bytes, declared: str | None) -> None:
    assert isinstance(decode_text(data, declared).text, str)


@given(
    st.text(
        alphabet=st.characters(codec="cp932", exclude_categories=["Cc", "Co"], exclude_characters="¢£¬‖−〜"),
        max_size=60,
    )
)
def test_what_outlook_can_write_can_be_read(text: str) -> None:
    known = "".join(
        char for char in text if char.isascii() or (len(char.encode("cp932")) == 2 and char.encode("cp932")[0] < 0xF0)
    )
    assert decode_text(outlook_jis(known), "iso-2022-jp").text.encode("cp932") == known.encode("cp932")
