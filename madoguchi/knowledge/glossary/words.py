"""How a word of a text is compared with a term: width, case and old characters are evened out, kana are not.

Katakana and hiragana stay apart, or every らん would be a LAN.
"""

import unicodedata
from functools import lru_cache

from madoguchi.foundation.japanese import new_characters, to_hiragana

ROWS = ("あ", "か", "さ", "た", "な", "は", "ま", "や", "ら", "わ")
OTHER = "#"
_BEGINNINGS = {
    "あ": "あいうえおぁぃぅぇぉゔ",
    "か": "かきくけこがぎぐげごゕゖ",
    "さ": "さしすせそざじずぜぞ",
    "た": "たちつてとだぢづでどっ",
    "な": "なにぬねの",
    "は": "はひふへほばびぶべぼぱぴぷぺぽ",
    "ま": "まみむめも",
    "や": "やゆよゃゅょ",
    "ら": "らりるれろ",
    "わ": "わゐゑをんゎ",
}
_ROW_OF = {letter: row for row, letters in _BEGINNINGS.items() for letter in letters}


@lru_cache(maxsize=20_000)
def even(written: str) -> str:
    """A character, or a whole word, as it is compared; usually, but not always, as long as it was."""
    return new_characters(unicodedata.normalize("NFKC", written).lower())


def row_of(reading: str) -> str:
    """The kana row that a reading begins in."""
    return _ROW_OF.get(to_hiragana(reading)[:1], OTHER)
