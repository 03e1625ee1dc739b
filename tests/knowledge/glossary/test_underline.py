"""Terms in texts: every word where it should be, and nothing else of the text changed."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from madoguchi.knowledge.glossary.matcher import matcher_of
from madoguchi.knowledge.glossary.underline import underlined
from madoguchi.knowledge.rendering import render
from madoguchi.web.shell.links import linked

WORDS = ["VPN", "VPN接続", "SMTP", "IP", "LAN", "サーバ", "メール", "稟議", "R&D", "髙島", "C++", "エスカレーション"]
MATCHER = matcher_of((word, number) for number, word in enumerate(WORDS, start=1))
MARKED = re.compile(r'<span class="term"[^>]*data-term="(\d+)">(.*?)</span>')


def marked(text: str | Markup) -> list[tuple[str, str]]:
    return [(WORDS[int(number) - 1], written) for number, written in MARKED.findall(underlined(text, MATCHER))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("VPNにつながらない", [("VPN", "VPN")]),
        ("VPN接続が切れる", [("VPN接続", "VPN接続")]),  # the longest
        ("ｖｐｎ と vpn", [("VPN", "ｖｐｎ")]),  # any width and case, the first occurrence
        ("VPNVPN", []),  # no word of its own
        ("USE SMTP/IP", [("SMTP", "SMTP"), ("IP", "IP")]),
        ("ZIPファイル", []),
        ("メールサーバー", []),  # katakana on both sides is one word
        ("サーバーが落ちた", [("サーバ", "サーバー")]),  # with its long vowel
        ("ｻｰﾊﾞが", [("サーバ", "ｻｰﾊﾞ")]),
        ("らんがつながらない", []),  # kana of another kind is another word
        ("稟議書と稟議", [("稟議", "稟議")]),
        ("R&Dの担当", [("R&D", "R&amp;D")]),
        ("高島さん", [("髙島", "高島")]),
        ("C++で", [("C++", "C++")]),
        ("", []),
    ],
)
def test_a_term_is_found_where_it_is_a_word(text: str, found: list[tuple[str, str]]) -> None:
    assert marked(text) == found


def test_links_code_and_headings_are_left_alone() -> None:
    answer = render("# VPN\n\n[SMTP](https://a.example/VPN) `LAN`\n\n    IP\n\n稟議を **VPN** で")
    assert marked(answer) == [("稟議", "稟議"), ("VPN", "VPN")]
    assert marked(linked("https://a.example/VPN を見る")) == []


def test_what_was_escaped_stays_escaped() -> None:
    assert underlined("<VPN>", MATCHER).startswith("&lt;<span")
    assert "<script" not in underlined("<script>VPN</script>", MATCHER)
    assert underlined(Markup('<p title="a > VPN">x</p>'), MATCHER) == Markup('<p title="a > VPN">x</p>')


def test_without_terms_a_text_is_only_escaped() -> None:
    assert underlined("<b>VPN", matcher_of([])) == escape("<b>VPN")


class Read(HTMLParser):
    """The text of a page, and whether every tag that was opened is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.open, self.wrong = "", list[str](), False
        self.feed(page)
        self.close()
        self.wrong = self.wrong or bool(self.open)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.wrong = self.wrong or not self.open or self.open.pop() != tag

    def handle_data(self, data: str) -> None:
        self.text += data


PIECES = st.lists(
    st.sampled_from(
        [*WORDS, "ｖｐｎ", "ﾒｰﾙ", "**", "`", "# ", "\n\n", "[", "](https://a.example/VPN)", "<b>", "&amp;", "㍿"]
    )
    | st.text(max_size=6),
    max_size=14,
).map("".join)


@settings(max_examples=120, deadline=None)
@given(PIECES)
def test_the_text_stays_what_it_was_whatever_was_written(text: str) -> None:
    for safe in (render(text), linked(text), escape(text)):
        after = underlined(safe, MATCHER)
        assert MARKED.sub(r"\2", after) == safe
        before, shown = Read(str(safe)), Read(str(after))
        assert (shown.text, shown.wrong) == (before.text, before.wrong)
    assert html.unescape(MARKED.sub(r"\2", underlined(text, MATCHER))) == html.unescape(str(escape(text)))
