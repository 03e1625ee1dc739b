"""Keys for comparing Japanese text: width, case, kana and old characters are evened out; originals stay as written."""

import unicodedata

import jaconv

_OLD_CHARACTERS = str.maketrans("髙﨑斎齋齊邉邊澤濱廣國櫻惠德槇嶋嶌", "高崎斉斉斉辺辺沢浜広国桜恵徳槙島島")


def fold(text: str) -> str:
    """A key that is equal for all writings of a word: NFKC, lower case, katakana → hiragana, old → new characters.

    >>> fold("ﾔﾏﾀﾞ ﾊﾅｺ") == fold("やまだ　はなこ")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text)).lower()
    return jaconv.kata2hira(folded).translate(_OLD_CHARACTERS)


def new_characters(text: str) -> str:
    """Old and variant characters of names in their usual form: 髙 → 高, 齋 → 斉."""
    return text.translate(_OLD_CHARACTERS)


def search_key(*parts: str) -> str:
    """The folded parts without any blanks, for matching names by prefix or inside."""
    return "".join("".join(fold(part).split()) for part in parts)


def to_hiragana(text: str) -> str:
    """A reading as it is stored: hiragana, whatever kana it was typed in."""
    return jaconv.kata2hira(unicodedata.normalize("NFKC", text)).strip()


def split_name(name: str) -> tuple[str, str]:
    """Family and given name of one field; without a blank between them all of it is the family name."""
    family, _, given = " ".join(name.split()).partition(" ")
    return family, given


def listed(written: str, marks: str = "、，,") -> list[str]:
    """Words as people list them: between any of the marks, or one a line; blanks within a word are one."""
    lines = written.translate(str.maketrans(marks, "\n" * len(marks))).splitlines()
    return [word for line in lines if (word := " ".join(line.split()))]
