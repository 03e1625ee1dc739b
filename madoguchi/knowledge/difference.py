"""What differs between two texts, to be read by people: by line and, within a changed line, by word. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

type Piece = tuple[str, bool]
"""A stretch of a line, and whether it differs."""

# Latin words, numbers and katakana words stay whole; kanji and hiragana stand without spaces: one by one.
_WORD = re.compile(r"[A-Za-z]+|[0-9]+|[ァ-ヺー]+|\s+|.", re.DOTALL)
_CONTEXT = 2  # lines that stay visible around a change
_MOST = 4_000_000  # pairs of lines, and of characters in lines, that are compared: a second or two at worst
_ALIKE = 0.35  # below this two lines are not one that was changed, but one that went and one that came
_CRUMB = 2  # an unchanged stretch this short between two changes only makes them harder to read


@dataclass(frozen=True)
class Line:
    """``gone`` and ``came`` have pieces; ``same`` has one; of ``skipped`` only ``count`` is told."""

    kind: Literal["same", "gone", "came", "skipped"]
    pieces: tuple[Piece, ...] = ()
    count: int = 0


def difference(former: str, latter: str) -> list[Line]:
    """The lines of both texts in reading order; long unchanged stretches are told by their length."""
    before, after = former.split("\n"), latter.split("\n")
    lines: list[Line] = []
    left = _MOST
    blocks = _blocks(before, after)
    for place, (kind, start, end, start_after, end_after) in enumerate(blocks):
        if kind == "equal":
            lines += _same(before[start:end], first=place == 0, last=place == len(blocks) - 1)
        else:
            changed, left = _changed(before[start:end], after[start_after:end_after], left)
            lines += changed
    return lines


def _blocks(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """(kind, start, end, start after, end after) of the stretches that are equal or not.

    Of very many lines only those at the beginning and at the end are found equal.
    """
    if len(before) * len(after) <= _MOST:
        return list(SequenceMatcher(None, before, after).get_opcodes())
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    ends = len(before) - tail, len(after) - tail
    stretches = [
        ("equal", 0, head, 0, head),
        ("replace", head, ends[0], head, ends[1]),
        ("equal", ends[0], len(before), ends[1], len(after)),
    ]
    return [one for one in stretches if one[1] < one[2] or one[3] < one[4]]


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _same(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[Line]:
    head, tail = (0 if first else _CONTEXT), (0 if last else _CONTEXT)
    hidden = len(lines) - head - tail
    shown = [Line("same", ((line, False),)) for line in lines]
    if hidden < 3:
        yield from shown
        return
    yield from shown[:head]
    yield Line("skipped", count=hidden)
    yield from shown[len(shown) - tail :]


def _changed(before: Sequence[str], after: Sequence[str], left: int) -> tuple[list[Line], int]:
    """Lines that stand in the same place are compared by word, as long as pairs are ``left`` for it; what is left over
    went or came as a whole.
    """
    lines: list[Line] = []
    for gone, came in zip_longest(before, after):
        cost = len(gone or "") * len(came or "")
        if gone is None or came is None or cost > left:
            lines += _whole(gone, came)
        else:
            lines += _by_word(gone, came)
            left -= cost
    return lines, left


def _whole(gone: str | None, came: str | None) -> Iterator[Line]:
    if gone is not None:
        yield Line("gone", ((gone, True),))
    if came is not None:
        yield Line("came", ((came, True),))


def _by_word(gone: str, came: str) -> Iterator[Line]:
    before, after = _WORD.findall(gone), _WORD.findall(came)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        yield from _whole(gone, came)
        return
    left: list[Piece] = []
    right: list[Piece] = []
    blocks = matcher.get_opcodes()
    for place, (kind, start, end, start_after, end_after) in enumerate(blocks):
        piece_before, piece_after = "".join(before[start:end]), "".join(after[start_after:end_after])
        crumb = kind == "equal" and 0 < place < len(blocks) - 1 and len(piece_before) <= _CRUMB
        differs = kind != "equal" or crumb
        _add(left, piece_before, differs)
        _add(right, piece_after, differs)
    yield Line("gone", tuple(left))
    yield Line("came", tuple(right))


def _add(pieces: list[Piece], text: str, differs: bool) -> None:
    if not text:
        return
    if pieces and pieces[-1][1] == differs:
        pieces[-1] = (pieces[-1][0] + text, differs)
    else:
        pieces.append((text, differs))
