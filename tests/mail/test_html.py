import pytest

from madoguchi.mail.html import clean_html, html_to_text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="https://evil.example/pixel.gif" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<form action="https://evil.example"><input name="password"></form>',
        '<style>body{background:url(https://evil.example)}</style><div style="position:fixed">x</div>',
        "<svg><script>alert(1)</script></svg><math><mtext><img src=x onerror=alert(1)>",
        '<iframe src="https://evil.example"></iframe><object data="x"></object><base href="https://evil.example">',
        '<p id="menu" class="danger" data-live="ticket:1" hx-get="/">x</p>',
        "<!--><script>alert(1)</script>-->",
    ],
)
def test_hostile_html_is_harmless_when_shown(hostile: str) -> None:
    shown = clean_html(hostile).lower()
    for sign in (
        "script",
        "onerror",
        "evil.example",
        "style",
        "<img",
        "hx-get",
        "data-live",
        "class=",
        "id=",
        "alert(1)<",
    ):
        assert sign not in shown


def test_what_a_mail_says_survives_cleaning() -> None:
    html = (
        '<p>見積は<b>①</b>です</p><table><tr><td colspan="2">A</td></tr></table><a href="https://example.com/">表</a>'
    )
    shown = clean_html(html)
    assert "<b>①</b>" in shown
    assert 'colspan="2"' in shown
    assert 'href="https://example.com/"' in shown
    assert "noopener" in shown


def test_scripts_and_styles_are_no_text() -> None:
    assert html_to_text("<style>p{}</style><script>alert(1)</script><p>本文</p><!-- x -->") == "本文"


def test_numbered_lists_and_nested_lists_keep_their_marks() -> None:
    assert html_to_text("<ol><li>一<ul><li>い</li></ul></li><li>二</li></ol>").split("\n") == [
        "1. 一",
        "  ・い",
        "2. 二",
    ]


def test_outlooks_paragraphs_do_not_drift_apart() -> None:
    html = '<body><p class="MsoNormal">一行目<o:p></o:p></p>'
    html += '<p class="MsoNormal"><o:p>&nbsp;</o:p></p><div>二行目<br>三行目</div></body>'
    assert html_to_text(html) == "一行目\n\n二行目\n三行目"


def test_html_that_never_ends_and_nests_without_limit_is_read() -> None:
    assert "終" in html_to_text("<div>" * 50_000 + "終")
    assert "終" in html_to_text("<blockquote>" * 200 + "終" + "<a href='" * 10)
