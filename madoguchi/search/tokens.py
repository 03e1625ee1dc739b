"""From Japanese text to the terms that are indexed and looked for: for tickets and articles, on both databases.

NFKC → usual characters → SudachiPy (mode A, core dictionary) → normalised forms of the content words but stop words.
Beside each word stands its reading in katakana, so that words typed in kana, half or wholly, still match.
Error codes, ticket numbers, phone numbers, host names and the like are one exact term, however they are written.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import jaconv
from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import new_characters

VERSION = 1  # raise it when the same text gives other terms: what was stored is then made anew
_LONGEST_TERM = 60
_LONGEST_PIECE = 4_000  # Sudachi refuses more than 49,149 bytes at once
_LONGEST_LOANWORD = 10
_MOST_GROUPS = 16

_CONTENT = frozenset({"名詞", "動詞", "形容詞", "形状詞", "副詞", "代名詞", "接頭辞", "接尾辞", "感動詞"})
_STOP = frozenset(
    [
        "為る",
        "有る",
        "居る",
        "成る",
        "出来る",
        "事",
        "物",
        "者",
        "此れ",
        "其れ",
        "何れ",
        "此処",
        "其処",
        "何処",
        "何方",
        "其方",
        "此方",
        "何",
        "何故",
        "如何",
        "何時",
        "様",
        "因る",
        "付く",
        "於く",
        "下さる",
        "頂く",
        "致す",
        "御座る",
        "思う",
        "言う",
        "知る",
        "教える",
        "方",
        "為",
        "時",
        "所",
        "御",
        "さん",
        "ます",
        "です",
        "です",
    ]
)

_DASHES = re.compile(r"(?<=[0-9a-z])[‐‑‒–—―−ー](?=[0-9a-z])")
_HEX = re.compile(r"(?<![0-9a-z])0[x×][0-9a-f]{2,16}(?![0-9a-z])")
_SPLIT_HEX = re.compile(r"(?<![0-9a-z])0[x×] (?=[0-9a-f]{4,16}(?![0-9a-z]))")
_BARE_CODE = re.compile(r"[0-9]{8}")  # of an error code, if it is one: in a text it may be any number
_BARE_HEX = re.compile(r"(?<![0-9a-z])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8}(?![0-9a-z])")
_PHONE = re.compile(r"(?<![0-9a-z.\-])(?:\+\d|0)[\d\-() ]{7,15}\d(?![0-9a-z\-])")
_JOINED = re.compile(r"[0-9a-z]+(?:[-_.@/:+#&=?]{1,3}[0-9a-z]+)+|[a-z]+[0-9][0-9a-z]*")
_HIRAGANA = re.compile(r"[ぁ-ゖー]+")
_KATAKANA = re.compile(r"[ァ-ヺー]+")
_LATIN = re.compile(r"[a-z]+")
_KANA_RUN = re.compile(r"[ぁ-ゖー]{3,}")
_KANA_ALONE = re.compile(r"(?<!\w)[ぁ-ゖー]{3,}(?!\w)")
_KANJI_OR_KATAKANA = re.compile(r"[\u3400-\u9fff々ァ-ヺ]")


@dataclass(frozen=True)
class Token:
    """A content word: ``term`` and ``reading`` are what is indexed, ``surface`` what was written (width evened out).

    ``spoken`` says that the writing tells less than the sound: kana, Latin letters, or a word that no dictionary has.
    """

    term: str
    reading: str
    surface: str
    end: int
    spoken: bool
    unknown: bool


@dataclass(frozen=True)
class Wanted:
    """One term of a query; with ``prefix`` every term that begins with it matches."""

    term: str
    prefix: bool = False


type Group = tuple[tuple[Wanted, ...], ...]
type Query = list[Group]
"""All groups must match; a group matches by any of its alternatives; an alternative needs all of its terms."""


def clean(text: str) -> str:
    """The text as the analyser reads it: NFKC, lower case, usual characters, plain dashes."""
    sound = text.encode("utf-8", "replace").decode()
    even = unicodedata.normalize("NFKC", sound).replace("\u3099", "").replace("\u309a", "")
    return _DASHES.sub("-", new_characters(even.lower()).replace("\0", " "))


@dataclass(frozen=True)
class Exact:
    """A code or number found in a cleaned text; ``written`` is analysed as words too (empty: it means only itself)."""

    start: int
    end: int
    term: str
    written: str = ""


def exact_terms(text: str) -> tuple[list[Exact], str]:
    """Codes and numbers of a cleaned text, and the text that is left for the analyser, at the same length."""
    found: list[Exact] = []

    def code(match: re.Match[str]) -> str:
        found.append(Exact(*match.span(), "0x" + match[0].replace("×", "x").removeprefix("0x")))
        return " " * len(match[0])

    def number(match: re.Match[str]) -> str:
        normal = phone.normalise(match[0])
        if not normal.startswith("+"):
            return match[0]
        found.append(Exact(*match.span(), "tel" + normal[1:]))
        return " " * len(match[0])

    rest = _PHONE.sub(number, _BARE_HEX.sub(code, _HEX.sub(code, text)))
    for match in _JOINED.finditer(rest):
        found.append(Exact(*match.span(), re.sub(r"[^0-9a-z]", "", match[0])[:_LONGEST_TERM], match[0]))
    return found, rest


def words(cleaned: str) -> Iterator[Token]:
    """The content words of a cleaned text, in order."""
    tokenizer = _tokenizer()
    offset = 0
    for piece in _pieces(cleaned):
        for morpheme in tokenizer.tokenize(piece):
            kind = morpheme.part_of_speech()
            if kind[0] not in _CONTENT or kind[1] == "助動詞語幹":
                continue
            normal = morpheme.normalized_form()
            if normal in _STOP:
                continue
            surface = morpheme.surface()
            term = _term(normal)
            if term:
                unknown = morpheme.is_oov()
                spoken = unknown or bool(_HIRAGANA.fullmatch(surface) or _LATIN.fullmatch(surface))
                reading = _reading(morpheme, unknown) if kind[0] == "名詞" else ""
                yield Token(term, reading, surface, offset + morpheme.end(), spoken, unknown)
        offset += len(piece)


def document_terms(text: str) -> list[str]:
    """Everything a text may be found by, doubles included: exact terms, words, and readings unlike the word."""
    exact, rest = exact_terms(clean(text))
    terms = [one.term for one in exact]
    for word in words(rest):
        terms.append(word.term)
        if word.reading and word.reading != word.term:
            terms.append(word.reading)
        if word.surface != word.term and _LATIN.fullmatch(word.surface):
            terms.append(word.surface[:_LONGEST_TERM])
    return terms


def query(text: str) -> Query:
    """What a typed search asks for: every word of it, in any writing, the last one possibly half typed."""
    cleaned = heard(_whole_codes(clean(text[:500])))
    exact, rest = exact_terms(cleaned)
    typing = len(cleaned) if cleaned and cleaned[-1].isalnum() else -1
    placed: list[tuple[int, Group]] = []
    for one in exact:
        placed.append((one.start, _exact_group(one, half_typed=one.end == typing)))
        rest = rest[: one.start] + " " * (one.end - one.start) + rest[one.end :]
    for word in words(rest):
        placed.append((word.end - len(word.surface), _word_group(word, half_typed=word.end == typing)))
    for run in _KANA_ALONE.finditer(rest):
        inside = [one for one in placed if run.start() <= one[0] < run.end()]
        if inside:
            group = _kana_group(run[0], [group for _, group in inside], half_typed=run.end() == typing)
            placed = [one for one in placed if one not in inside] + [(run.start(), group)]
    return [group for _, group in sorted(placed, key=lambda one: one[0])][:_MOST_GROUPS]


def _exact_group(one: Exact, *, half_typed: bool) -> Group:
    """The code itself, or all the words it is made of."""
    whole = (Wanted(one.term, prefix=half_typed),)
    parts = tuple(Wanted(word.term) for word in words(one.written))
    return (whole, parts) if parts else (whole,)


def _word_group(word: Token, *, half_typed: bool) -> Group:
    """The word, its sound where the writing tells less, and what it may become when typed on."""
    terms = [word.term, word.reading] if word.spoken else [word.term]
    if _BARE_CODE.fullmatch(word.surface):
        terms.append(f"0x{word.surface}")
    alternatives = [(Wanted(term),) for term in terms if term]
    if half_typed:
        typed = _term(word.surface)
        for term in (typed, word.term, _term(jaconv.hira2kata(typed))):
            if len(term) > 1 or not _HIRAGANA.fullmatch(term):
                alternatives.append((Wanted(term, prefix=True),))
    return tuple(dict.fromkeys(alternatives))


def _kana_group(run: str, pieces: list[Group], *, half_typed: bool) -> Group:
    """Kana between blanks may be one word that the analyser cut (そうしん): its pieces, or its whole sound."""
    whole = (Wanted(_term(jaconv.hira2kata(run)), prefix=half_typed),)
    cut = pieces[0] if len(pieces) == 1 else (tuple(group[0][0] for group in pieces),)
    return (*cut, whole)


def heard(cleaned: str) -> str:
    """The text with words from abroad in katakana where they were typed in hiragana: めーる → メール.

    Only in a text that has no katakana of its own, and at the same length.
    """
    if _KANJI_OR_KATAKANA.search(cleaned) and "ー" not in cleaned:
        return cleaned
    return _KANA_RUN.sub(lambda run: _loanwords(run[0]), cleaned)


def asked(text: str) -> list[Token]:
    """The words of a question in natural language and its exact terms, in order, for a search that weighs them."""
    exact, rest = exact_terms(heard(_whole_codes(clean(text))))
    found = [Token(one.term, "", one.written or one.term, one.end, spoken=False, unknown=False) for one in exact]
    for word in words(rest):
        found.append(word)
        if _BARE_CODE.fullmatch(word.surface):
            found.append(replace(word, term=f"0x{word.surface}", reading=""))
    return sorted(found, key=lambda token: token.end)


def _whole_codes(cleaned: str) -> str:
    """``0x 800ccc0e`` is one code; the text keeps its length."""
    return _SPLIT_HEX.sub(" 0x", cleaned)


def sound(text: str) -> list[str]:
    """The katakana trigrams of how a text is read aloud, particles included."""
    read = reading(text)
    return [read[place : place + 3] for place in range(len(read) - 2)]


def reading(text: str) -> str:
    """How a text is read aloud, in katakana, particles included."""
    return "".join(
        _reading(morpheme, morpheme.is_oov())
        for piece in _pieces(clean(text))
        for morpheme in _tokenizer().tokenize(piece)
        if morpheme.part_of_speech()[0] not in {"補助記号", "空白"}
    )


def is_only_kana(text: str) -> bool:
    """Whether a question has hiragana but neither kanji nor katakana."""
    cleaned = clean(text)
    return not _KANJI_OR_KATAKANA.search(cleaned) and _KANA_RUN.search(cleaned) is not None


def _loanwords(run: str) -> str:
    """A run of hiragana, the longest words from abroad in it turned into katakana."""
    written, place = "", 0
    katakana = jaconv.hira2kata(run)
    # Where the analyser knows a long word as it is written, it is one: つながら is no ツナ.
    native = {
        letter
        for morpheme in _tokenizer().tokenize(run)
        if morpheme.end() - morpheme.begin() >= 3 and not morpheme.is_oov()
        for letter in range(morpheme.begin(), morpheme.end())
    }
    while place < len(run):
        for end in range(min(len(run), place + _LONGEST_LOANWORD), place + 2, -1):
            if native.isdisjoint(range(place, end)) and _is_loanword(katakana[place:end]):
                written, place = written + katakana[place:end], end
                break
        else:
            written, place = written + run[place], place + 1
    return written


@lru_cache(maxsize=20_000)
def _is_loanword(katakana: str) -> bool:
    return any(
        found.part_of_speech()[:2] == ("名詞", "普通名詞") and _KATAKANA.fullmatch(found.normalized_form())
        for found in _dictionary().lookup(katakana)
    )


def _reading(morpheme: Morpheme, unknown: bool) -> str:
    return _katakana(morpheme.surface() if unknown else morpheme.reading_form())


@lru_cache(maxsize=20_000)
def _katakana(word: str) -> str:
    return _term(jaconv.hira2kata(word))


@lru_cache(maxsize=20_000)
def _term(word: str) -> str:
    """Letters and digits only, as the engines store them; a long vowel at the end of a katakana word is not written."""
    term = "".join(letter for letter in word.lower() if letter.isalnum())[:_LONGEST_TERM]
    return term[:-1] if len(term) > 3 and term[-1] == "ー" and _KATAKANA.fullmatch(term) else term


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that end at a line or a sentence where there is one."""
    start = 0
    while start < len(text):
        end = min(start + _LONGEST_PIECE, len(text))
        if end < len(text):
            cut = max(text.rfind("\n", start, end), text.rfind("。", start, end), text.rfind(" ", start, end))
            end = cut + 1 if cut > start else end
        yield text[start:end]
        start = end


@cache
def _dictionary() -> Dictionary:
    return Dictionary(dict="core")


_local = threading.local()
_loading = threading.Lock()


def _tokenizer() -> Tokenizer:
    """This thread's tokenizer over the one dictionary (70 MB, mapped from disk on the first use)."""
    tokenizer: Tokenizer | None = getattr(_local, "tokenizer", None)
    if tokenizer is None:
        with _loading:
            tokenizer = _local.tokenizer = _dictionary().tokenizer(SplitMode.A)
    return tokenizer
