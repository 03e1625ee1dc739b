import sqlite3
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.kept import one_line, paragraphs, storable

ANY = st.text(st.characters(codec=None, categories=["C", "L", "Z", "N"]) | st.sampled_from("\0\v\f\r\n\t \ud800\uffff"))


@given(ANY)
def test_what_is_kept_fits_into_database_and_xml_and_is_kept_as_it_is(written: str) -> None:
    for kept in (storable(written), one_line(written), paragraphs(written)):
        assert sqlite3.connect(":memory:").execute("SELECT ?", [kept]).fetchone() == (kept,)
        assert "\0" not in kept
        fromstring(f"<a>{kept.replace('&', '').replace('<', '')}</a>")
    assert one_line(one_line(written)) == one_line(written)
    assert paragraphs(paragraphs(written)) == paragraphs(written)


@pytest.mark.parametrize(
    ("written", "line", "lines"),
    [
        ("  a \0 b\x01\tc\r\n", "a b c", "a  b\tc"),
        ("一行目\v二行目\f三行目\r\n四行目", "一行目 二行目 三行目 四行目", "一行目\n二行目\n三行目\n四行目"),
        ("半\ud800分", "半分", "半分"),
    ],
)
def test_lines_stay_lines_and_words_stay_words(written: str, line: str, lines: str) -> None:
    assert one_line(written) == line
    assert paragraphs(written) == lines
