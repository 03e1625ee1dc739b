"""An answer as it is read: Markdown to HTML that is safe to show, whoever wrote it."""

import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType
from markupsafe import Markup, escape

_TAGS = {
    *("p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "strong", "em", "s", "a"),
    "img",
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "img": {"src", "alt", "loading"}}
_PICTURE = re.compile(r"picture:([0-9a-f]{24})")
DESK_PICTURES = "/knowledge/pictures/"
# A line break in the text is one on the page: that is how people here write procedures.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def _image(_renderer: object, tokens: Sequence[Token], place: int, _options: object, env: EnvType) -> str:
    """A picture of ours; a picture from elsewhere is only its words, since it would tell who reads what."""
    token = tokens[place]
    words = escape(token.content)
    named = _PICTURE.fullmatch(str(token.attrs.get("src", "")))
    return f'<img src="{env["pictures"]}{named[1]}/" alt="{words}" loading="lazy">' if named else str(words)


_MARKDOWN.add_render_rule("image", _image)


def render(markdown: str, *, pictures: str = DESK_PICTURES) -> Markup:
    """Safe HTML; raw HTML in the text is shown as text, and links lead only to the web, mail and telephone.

    Only our own pictures are shown, at addresses that begin with ``pictures``: whose door they come by.
    """

    def ours(tag: str, attribute: str, value: str) -> str | None:
        return None if (tag, attribute) == ("img", "src") and not value.startswith(pictures) else value

    html = nh3.clean(
        _MARKDOWN.render(markdown, {"pictures": pictures}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=ours,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(html)  # noqa: S704  cleaned in the line above


def parsed(markdown: str) -> Sequence[Token]:
    """The same reading, for those who write something else of it."""
    return _MARKDOWN.parse(markdown)


_MARKS = re.compile(r"!\[|\]\([^)\s]*\)|^\s*(?:[-+*>#]+|\d+\.)\s+|[*`|\[\]]+|-{3,}", re.MULTILINE)


def excerpt(markdown: str, length: int = 160) -> str:
    """The beginning of an answer without its marks, on one line, for lists."""
    plain = " ".join(_MARKS.sub(" ", markdown[: 3 * length]).split())
    return plain if len(plain) <= length else plain[:length].rstrip() + "…"
