"""Addresses of a From, To or Cc field, however they were written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from madoguchi.mail.headers import clean, decode_words, raw_text

_WORD = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?(?:(?!\?=).){0,2000}\?=(?:\s+(?==\?))?", re.DOTALL)
_MASK = "\ue000{}\ue001"
_MASKED = re.compile("\ue000(\\d+)\ue001")
_ANGLE = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"[^\s<>()\[\],;:\"@]{1,256}@[^\s<>(),;:\"]{1,256}")
_PAIRS = {'"': '"', "(": ")", "<": ">"}
_PLAIN = re.compile(r"^[^\s@<>(),;:\"\\\x00-\x1f\x7f]{1,64}@[^\s@<>(),;:\"\\\x00-\x1f\x7f]{1,255}$")


@dataclass(frozen=True)
class Address:
    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name and self.address else self.name or self.address


def is_address(text: str) -> bool:
    """Whether a bare ``local@domain`` that mail can be sent to."""
    return bool(_PLAIN.match(text))


def parse_addresses(values: list[bytes], hint: str | None = None) -> list[Address]:
    """All addresses of these fields in order; groups are opened, comments serve as names."""
    found: list[Address] = []
    for value in values:
        words: list[str] = []

        def mask(word: re.Match[str], words: list[str] = words) -> str:
            words.append(word[0])
            return _MASK.format(len(words) - 1)

        text = raw_text(value, hint).replace("\ue000", "").replace("\ue001", "")
        for entry in _entries(_WORD.sub(mask, text)):
            address = _address(entry, words)
            if address.name or address.address:
                found.append(address)
    return found


def _entries(text: str) -> Iterator[str]:
    """Cut at commas and semicolons outside quotes, comments and angle brackets; drop the names of groups."""
    start = place = 0
    never_closed: set[str] = set()
    while place < len(text):
        char = text[place]
        if char in _PAIRS and char not in never_closed:
            end = _closed(text, place, _PAIRS[char])
            if end == place:
                never_closed.add(char)
            place = end
        elif char == ":" and "@" not in text[start:place]:
            start = place + 1
        elif char in ",;":
            yield text[start:place]
            start = place + 1
        place += 1
    yield text[start:]


def _closed(text: str, place: int, closing: str) -> int:
    """Where what opens at ``place`` ends; what is never closed does not open."""
    depth, opening, here = 1, text[place], place
    while depth and here + 1 < len(text):
        here += 1
        if text[here] == "\\":
            here += 1
        elif text[here] == closing:
            depth -= 1
        elif text[here] == opening and opening == "(":
            depth += 1
    return here if not depth else place


def _address(entry: str, words: list[str]) -> Address:
    def reveal(text: str) -> str:
        shown = decode_words(_MASKED.sub(lambda found: words[int(found[1])], text))
        return " ".join(clean(shown).split())

    angles = _ANGLE.findall(entry)
    if angles:
        address = angles[-1].strip()
        name = entry[: entry.rfind("<")]
        address = address.rpartition(":")[2] if address.startswith("@") else address
    else:
        bare = _BARE.search(entry)
        address = bare[0] if bare else ""
        name = entry.replace(address, " ", 1) if address else entry
    shown = reveal(_unquoted(name))
    address = "".join(reveal(address).split()) if "@" in reveal(address) else reveal(address)
    if not address and (inside := _ANGLE.search(shown) or _BARE.search(shown)):
        address = inside[1] if inside.re is _ANGLE else inside[0]
        shown = shown.replace(inside[0], "").strip()
    return Address("" if shown.strip("'\" ") == address else shown, address.strip("'\""))


def _unquoted(name: str) -> str:
    """A display name without its quotes; a comment is the name when there is no other."""
    name = name.strip()
    if comment := re.fullmatch(r"\((.*)\)", name, re.DOTALL):
        name = comment[1]
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = name[1:-1]
    elif '"' in name:
        name = name.replace('"', "") if name.count('"') == 2 else name
    return re.sub(r"\\(.)", r"\1", name).strip()
