"""Addresses in messages."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from madoguchi.web.shell.links import linked


def _addresses(text: str) -> list[str]:
    return [Markup(address).unescape() for address in re.findall(r'href="([^"]*)"', linked(text))]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("手順は https://help.example/mail?a=1&b=2 です。", "https://help.example/mail?a=1&b=2"),
        ("手順はhttps://help.example/mailの図のとおり", "https://help.example/mail"),
        ("See https://help.example/mail.", "https://help.example/mail"),
        ("(https://help.example/mail)", "https://help.example/mail"),
        ("https://help.example/a_(b)", "https://help.example/a_(b)"),
        ("http://10.0.0.1:8080/", "http://10.0.0.1:8080/"),
    ],
)
def test_an_address_is_a_link_without_the_sentence_around_it(text: str, address: str) -> None:
    assert _addresses(text) == [address]


@pytest.mark.parametrize("text", ["https://", "javascript://alert(1)", "ftp://example.com/a", "mailto:a@example.com"])
def test_nothing_else_is_a_link(text: str) -> None:
    assert linked(text) == escape(text)


@given(
    st.lists(st.sampled_from(["https://a.example/x", '"', "<b>", "'", "&", ">", "。", " ", "onclick=", "()"])).map(
        "".join
    )
)
def test_what_was_written_is_all_there_and_nothing_of_it_is_markup(text: str) -> None:
    html = linked(text)
    assert re.sub(r"</?a\b[^<>]*>", "", html) == escape(text)
