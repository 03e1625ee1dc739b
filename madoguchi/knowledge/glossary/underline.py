"""Terms in a text that is shown: marked, so that their explanation opens beside them.

A function of safe HTML and a matcher, without database: text content stays as it was, tags stay well-formed, and
nothing that was escaped is unescaped. It is put on where a text is shown, never on what is stored, sent or exported.
"""

import html
import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from madoguchi.knowledge.glossary.matcher import Matcher
from madoguchi.knowledge.glossary.words import even

# A tag (its attributes may hold anything between quotation marks), a comment, or a declaration.
_TAG = re.compile(r"<!--.*?-->|<(/?)([a-zA-Z][^\s/>]*)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|<![^>]*>", re.DOTALL)
# One character as it is written: an entity, or a letter with the voicing marks that follow it.
_CHARACTER = re.compile(r"(?:&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);|.)[ﾞﾟ\u3099\u309a]*", re.DOTALL)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CODE = ("code", "kbd", "pre", "samp")
_PRESSED = ("a", "button", "summary")
_UNSEEN = ("option", "script", "select", "style", "svg", "textarea", "title")
_LEFT_ALONE = frozenset({*_HEADINGS, *_CODE, *_PRESSED, *_UNSEEN, "dfn", "mark"})
_MARK = '<span class="term" role="button" tabindex="0" aria-haspopup="dialog" data-term="{}">{}</span>'


def underlined(text: str | Markup, matcher: Matcher) -> Markup:
    """The text with the first occurrence of each term marked; plain text is escaped first.

    The longest term wins; none is marked within links, code, headings, buttons and what is not shown as text.
    """
    safe = escape(text)
    if not matcher.writings:
        return safe
    seen: set[int] = set()
    closed_to: list[str] = []
    parts: list[str] = []
    for piece, closing, tag in _pieces(str(safe)):
        if tag:
            name = tag.lower()
            if name in _LEFT_ALONE and not piece.endswith("/>"):
                if not closing:
                    closed_to.append(name)
                elif name in closed_to:
                    del closed_to[len(closed_to) - 1 - closed_to[::-1].index(name) :]
        parts.append(piece if tag or closed_to or piece.startswith("<") else _marked(piece, matcher, seen))
    return Markup("".join(parts))  # noqa: S704  what was safe, with marks of our own around parts of its text


def _pieces(safe: str) -> Iterator[tuple[str, bool, str]]:
    """(piece, whether it closes, tag name) of every tag and, without a name, of every text between them."""
    end = 0
    for found in _TAG.finditer(safe):
        if found.start() > end:
            yield safe[end : found.start()], False, ""
        yield found[0], bool(found[1]), found[2] or ""
        end = found.end()
    if end < len(safe):
        yield safe[end:], False, ""


def _marked(text: str, matcher: Matcher, seen: set[int]) -> str:
    """One text between tags. ``sources`` maps each evened character to where it stands in what is written."""
    letters: list[str] = []
    sources: list[tuple[int, int]] = []
    for found in _CHARACTER.finditer(text):
        written = found[0]
        for letter in even(html.unescape(written) if written[0] == "&" else written):
            letters.append(letter)
            sources.append(found.span())
    evened = "".join(letters)
    parts: list[str] = []
    place = written_to = 0
    while place < len(evened):
        hit = matcher.at(evened, place) if evened[place] in matcher.writings else None
        if hit is None:
            place += 1
            continue
        length, term = hit
        start, end = sources[place][0], sources[place + length - 1][1]
        # A character that stands for several (㍿) is marked whole or not at all.
        whole = (place == 0 or sources[place - 1][1] <= start) and (
            place + length == len(evened) or sources[place + length][0] >= end
        )
        if whole and term not in seen:
            seen.add(term)
            parts += text[written_to:start], _MARK.format(term, text[start:end])
            written_to = end
        place += length
    parts.append(text[written_to:])
    return "".join(parts)
