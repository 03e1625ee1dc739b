"""An answer in plain text, for mails and for whoever reads it aloud: what the marks mean stays, the marks go. Pure."""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from markdown_it.token import Token

from madoguchi.knowledge.rendering import parsed

_SCHEMES = ("http://", "https://", "mailto:", "tel:")


def plain(markdown: str) -> str:
    """Steps keep their numbers, other lists get ・, a link its address behind its words, a row of a table its heads."""
    tokens = parsed(markdown)
    lines: list[str] = []
    end = 0
    for first, last, text in _blocks(tokens):
        if lines and first > end:
            lines.append("")
        lines += text.split("\n")
        end = last
    return "\n".join(line.rstrip() for line in lines).strip()


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """(first line in the source, line behind it, text) of each block."""
    marks: list[str] = []  # of the lists around the place, the innermost last; blanks once it is written
    heads: list[str] = []
    cells: list[str] | None = None
    first = last = 0
    for token in tokens:
        first, last = token.map or (first, last)
        match token.type:
            case "list_item_open":
                marks.append(f"{token.info}{token.markup} " if token.info else "・")
            case "list_item_close":
                marks.pop()
            case "tr_open":
                cells = []
            case "tr_close" if cells is not None:
                if heads:
                    yield first, last, _marked(_row(heads, cells), marks)
                heads, cells = heads or cells, None
            case "table_close":
                heads = []
            case "inline" if cells is not None:
                cells.append(_words(token.children or []).replace("\n", " "))
            case "inline":
                yield first, last, _marked(_words(token.children or []), marks)
            case "fence" | "code_block":
                yield first, last, _marked(token.content.rstrip("\n"), marks)


def _marked(text: str, marks: list[str]) -> str:
    """The lines behind the mark of their list, the later ones as far in."""
    lead = "".join(marks)
    marks[:] = [_blank(mark) for mark in marks]
    return lead + text.replace("\n", "\n" + "".join(marks))


def _blank(mark: str) -> str:
    return "　" if mark == "・" else " " * len(mark)


def _row(heads: list[str], cells: list[str]) -> str:
    """「ポート: 587 / 暗号: STARTTLS」."""
    pairs = zip(heads, cells, strict=False)
    return " / ".join(f"{head}: {cell}" if head else cell for head, cell in pairs if cell)


def _words(children: Sequence[Token]) -> str:
    text, address, begun = "", "", 0
    for token in children:
        match token.type:
            case "softbreak" | "hardbreak":
                text += "\n"
            case "link_open":
                address, begun = _address(str(token.attrs.get("href", ""))), len(text)
            case "link_close":
                text = text[:begun] + _link(text[begun:], address)
            case "image" | "text" | "code_inline":
                text += token.content
    return text


def _address(href: str) -> str:
    if not href.startswith(_SCHEMES):
        return ""
    return href if href.startswith("http") else unquote(href.partition(":")[2])


def _link(words: str, address: str) -> str:
    if not address or address.rstrip("/") == words.strip().rstrip("/") or unquote(address) == words.strip():
        return words
    if not words.strip():
        return address
    return f"{words} ({address})" if words.isascii() else f"{words}（{address}）"
