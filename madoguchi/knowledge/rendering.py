"""An answer as it is read: Markdown to HTML that is safe to show, whoever wrote it."""

import re

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {
    *("p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "strong", "em", "s", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# A line break in the text is one on the page: that is how people here write procedures.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def render(markdown: str) -> Markup:
    """Safe HTML; raw HTML in the text is shown as text, and links lead only to the web, mail and telephone."""
    html = nh3.clean(
        _MARKDOWN.render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(html)  # noqa: S704  cleaned in the line above


_MARKS = re.compile(r"\]\([^)\s]*\)|^\s*(?:[-+*>#]+|\d+\.)\s+|[*`|\[\]]+|-{3,}", re.MULTILINE)


def excerpt(markdown: str, length: int = 160) -> str:
    """The beginning of an answer without its marks, on one line, for lists."""
    plain = " ".join(_MARKS.sub(" ", markdown[: 3 * length]).split())
    return plain if len(plain) <= length else plain[:length].rstrip() + "…"
