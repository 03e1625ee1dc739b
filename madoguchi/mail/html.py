"""HTML of mails: as text that keeps its structure, and cleaned for showing."""

import re
from html import escape
from html.parser import HTMLParser

import nh3

_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "dl", "form", "pre", "figure", "fieldset"}
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_TAG_NAMES = (
    "a abbr b blockquote br caption center code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i ins kbd"
    " li ol p pre q rp rt ruby s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul"
)
_TAGS = set(_TAG_NAMES.split())
_HIDDEN = {"script", "style", "title", "template", "noscript", "object", "svg", "math", "iframe", "xml"}
_LINES = {"div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "address", "center", "caption"}
_READ_TAGS = _TAGS | _LINES | {"img", "form", "figure", "fieldset"}
_READ_ATTRIBUTES = {"a": {"href"}, "img": {"alt"}}
_NESTING = re.compile(
    r"<(/?)(?!(?:p|li|td|th|tr|dt|dd|br|hr|img|meta|link|input|col|option|o:p|wbr|area|base)\b)[a-z]", re.IGNORECASE
)
_ANY_TAG = re.compile(r"<[^<>]{0,1000}>")
_EMPTY_LINES = re.compile(r"\n\s*\n")
_DEEPEST_NESTING = 500
_DEEPEST = 10
_LONGEST_LINE = 10_000
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}}


def clean_html(html: str) -> str:
    """What may be shown: text, lists, tables and links; no script, style, form, picture or anything that is fetched."""
    if _too_deep(html):
        return f"<pre>{escape(_stripped(html))}</pre>"
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        clean_content_tags={"script", "style", "title", "svg", "math", "iframe", "object", "template", "noscript"},
        link_rel="noopener noreferrer nofollow",
    )


def html_to_text(html: str) -> str:
    """Plain text with paragraphs, lists, table rows, quotes (``>``) and the addresses of links."""
    if _too_deep(html):
        return _stripped(html)
    writer = _Writer()
    # The parser below is slow on broken HTML; cleaned HTML is never broken.
    writer.feed(nh3.clean(html, tags=_READ_TAGS, attributes=_READ_ATTRIBUTES, clean_content_tags=_HIDDEN))
    writer.close()
    return writer.text()


def _too_deep(html: str) -> bool:
    """Whether tags stand in each other as no program writes them; cleaning takes quadratic time then."""
    depth = 0
    for tag in _NESTING.finditer(html):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > _DEEPEST_NESTING:
            return True
    return False


def _stripped(html: str) -> str:
    """The bare words, for HTML that is made to do harm."""
    return _EMPTY_LINES.sub("\n\n", _ANY_TAG.sub(" ", html)).strip()


class _Writer(HTMLParser):
    """Writes lines while tags pass; never keeps a tree, so that no nesting is too deep."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line = ""
        self.quote = 0
        self.pre = 0
        self.lists: list[int | None] = []
        self.link: tuple[str, int] | None = None
        self.cells = 0

    def text(self) -> str:
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in self.lines)).strip("\n")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag in _LINES or tag in {"blockquote", "hr", "br"}:
            self._begin_line(tag)
        elif tag in {"td", "th"}:
            self.line += "\t" if self.cells else ""
            self.cells += 1
        elif tag == "a":
            self.link = (dict(attributes).get("href") or "", len(self.line))
        elif tag == "img":
            self.line += dict(attributes).get("alt") or ""

    def _begin_line(self, tag: str) -> None:
        nested = tag in {"ul", "ol"} and bool(self.lists)
        if tag == "blockquote" or (tag in _BLOCKS and not nested):
            self._gap()
        else:
            self._end_line(force=tag == "br")
        if tag == "hr":
            self.lines.append(self._quotes() + "-" * 40)
        elif tag == "li":
            self._bullet()
        elif tag in {"ul", "ol"}:
            self.lists.append(1 if tag == "ol" else None)
        self.quote += tag == "blockquote"
        self.pre += tag == "pre"
        self.cells = 0

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote":
            self._end_line()
            self.quote = max(0, self.quote - 1)
            self._gap()
        elif tag == "a" and self.link:
            (address, start), self.link = self.link, None
            shown = self.line[start:].strip()
            if address.startswith(("http://", "https://")) and shown and shown.rstrip("/") not in address:
                self.line += f" <{address}>"
        elif tag in _BLOCKS:
            self.pre = max(0, self.pre - (tag == "pre"))
            if tag in {"ul", "ol"} and self.lists:
                self.lists.pop()
            self._gap() if not (tag in {"ul", "ol"} and self.lists) else self._end_line()
        elif tag in _LINES:
            self._end_line()

    def handle_data(self, data: str) -> None:
        if len(self.line) > _LONGEST_LINE:
            self._end_line()
        if self.pre:
            first, *others = data.replace("\r\n", "\n").split("\n")
            self.line += first
            for other in others:
                self._end_line(force=True)
                self.line = other
            return
        words = _BLANKS.sub(" ", data)
        self.line += words.lstrip(" ") if not self.line or self.line.endswith((" ", "\t")) else words

    def _bullet(self) -> None:
        number = self.lists[-1] if self.lists else None
        indent = "  " * min(max(0, len(self.lists) - 1), _DEEPEST)
        if number is None:
            self.line = f"{indent}・"
        else:
            self.lists[-1] = number + 1
            self.line = f"{indent}{number}. "

    def _end_line(self, force: bool = False) -> None:
        if self.line.strip() or force:
            line = self.line.replace("\xa0", " ")
            self.lines.append(self._quotes() + (line if self.pre else line.rstrip()))
        self.line = ""

    def _quotes(self) -> str:
        return "> " * min(self.quote, _DEEPEST)

    def _gap(self) -> None:
        self._end_line()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(self._quotes())
