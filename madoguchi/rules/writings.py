"""A word in all its writings as one regular expression that Python, SQLite and PostgreSQL read alike.

The pattern is widened, not the text: nothing has to be stored folded, and the same pattern finds the same texts in
memory and in both databases. What counts as the same writing is ``foundation.japanese.fold``.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain

from madoguchi.foundation.japanese import fold

LONGEST = 100
_BLANKS = "(?: |　|\t|\r|\n)+"
# Where characters stand that fold to another one: Latin, circled and squared, kana, width forms.
_RANGES = ((0x21, 0x250), (0x2460, 0x2500), (0x3040, 0x3100), (0x3200, 0x3400), (0xFF00, 0xFFF0))
_OLD = "髙﨑斎齋齊邉邊澤濱廣國櫻惠德槇嶋嶌"
_VOICED = "ﾞﾟ\u3099\u309a"


@cache
def _writings() -> dict[str, list[str]]:
    """Folded character → what folds to it, one or two characters long."""
    found: dict[str, list[str]] = {}
    singles = [chr(code) for code in chain(*(range(*span) for span in _RANGES))] + list(_OLD)
    kana = [char for char in singles if "ぁ" <= fold(char)[:1] <= "ゖ" and len(fold(char)) == 1]
    for writing in [*singles, *(char + mark for char in kana for mark in _VOICED)]:
        folded = fold(writing)
        if len(folded) == 1 and folded != writing:
            found.setdefault(folded, []).append(writing)
    return found


@lru_cache(maxsize=1000)
def pattern(word: str) -> str:
    """The regular expression of one word; blanks in it stand for any blanks.

    >>> bool(re.search(pattern("ｶﾞｽ 漏れ"), "ガス　漏れ"))
    True
    """
    return _BLANKS.join("".join(_of(char) for char in part) for part in fold(word).split())


def patterns(words: Iterable[str]) -> str:
    """Any of the words."""
    return "|".join(f"(?:{pattern(word)})" for word in words)


def found(words: Iterable[str], text: str) -> bool:
    """Whether one of the words stands in the text, in any writing."""
    return re.search(patterns(words), text) is not None


def _of(char: str) -> str:
    alike = [char, *_writings().get(char, [])]
    return f"(?:{'|'.join(_plain(writing) for writing in alike)})" if len(alike) > 1 else _plain(char)


def _plain(writing: str) -> str:
    return "".join(f"\\{char}" if char.isascii() and not char.isalnum() else char for char in writing)
