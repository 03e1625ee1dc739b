"""Addresses in what people wrote become links; everything else stays text."""

import re

from markupsafe import Markup, escape

_ADDRESS = re.compile(r"https?://[!-;=?-~]+")  # ASCII without < and >: Japanese may follow without a blank
_LINK = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>')


def linked(text: str) -> Markup:
    """The text, escaped, with its ``http`` and ``https`` addresses as links that open beside the page.

    A full stop, comma, bracket or quotation mark behind an address belongs to the sentence, as does a closing
    bracket that the address never opened.
    """
    if "://" not in text:
        return escape(text)
    parts: list[Markup] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        address = _without_sentence(found.group())
        if address.endswith("//"):
            continue
        parts += escape(text[end : found.start()]), _LINK.format(address)
        end = found.start() + len(address)
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _without_sentence(address: str) -> str:
    while True:
        shorter = address.rstrip(".,;:!?'\"")
        for opening, closing in ("()", "[]", "{}"):
            if shorter.endswith(closing) and shorter.count(closing) > shorter.count(opening):
                shorter = shorter[:-1]
        if shorter == address:
            return address
        address = shorter
