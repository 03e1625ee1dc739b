"""The terms in the memory of this process: which of them stands at a place of a text.

``matcher_for()`` asks the database with one small query whether anything changed and reads anew when it did, so each
process follows the glossary at once. What somebody may not read is not in their matcher.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Sum, Window

from madoguchi.foundation.prepared import Prepared
from madoguchi.knowledge.glossary.models import Term
from madoguchi.knowledge.glossary.words import even
from madoguchi.knowledge.models import Audience
from madoguchi.people.access import Access, Capability

type Version = tuple[int, int | None, datetime | None]


@dataclass(frozen=True)
class Matcher:
    """Writings by their first character, the longest first: (evened writing, id of its term)."""

    writings: dict[str, tuple[tuple[str, int], ...]]

    def at(self, text: str, place: int) -> tuple[int, int] | None:
        """(length, id) of the longest term that stands at ``place`` of an evened text as a word; None: no term does."""
        for written, term in self.writings.get(text[place], ()):
            end = place + len(written)
            if text.startswith(written, place):
                # サーバ is サーバー, too.
                if _is_katakana(written[-1]) and text[end : end + 1] == "ー":
                    end += 1
                if _begins(text, place) and _ends(text, end):
                    return end - place, term
        return None


def matcher_of(writings: Iterable[tuple[str, int]]) -> Matcher:
    """A matcher for (writing, id of its term)."""
    found: dict[str, dict[str, int]] = {}
    for written, term in writings:
        word = even(written).strip()
        if word:
            found.setdefault(word[0], {}).setdefault(word, term)
    return Matcher(
        {first: tuple(sorted(words.items(), key=lambda one: -len(one[0]))) for first, words in found.items()}
    )


def _begins(text: str, place: int) -> bool:
    return place == 0 or not _one_word(text[place - 1], text[place])


def _ends(text: str, end: int) -> bool:
    return end >= len(text) or not _one_word(text[end - 1], text[end])


def _one_word(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word: letters and digits, or katakana. Japanese has no blanks elsewhere."""
    if left.isascii() and right.isascii():
        return left.isalnum() and right.isalnum()
    return _is_katakana(left) and _is_katakana(right)


def _is_katakana(letter: str) -> bool:
    return "ァ" <= letter <= "ヺ" or letter == "ー"


_NOTHING = Matcher({})
_held: tuple[Version, dict[frozenset[str], Matcher]] | None = None
_EVERYBODY = frozenset({Audience.PUBLIC.value})
_DESK = _EVERYBODY | {Audience.FIRST_LINE.value}
_STAFF = _DESK | {Audience.STAFF.value}
_version = Prepared(
    lambda: (
        Term.objects.order_by()
        .annotate(count=Window(Count("id")), sum=Window(Sum("version")), last=Window(Max("updated_at")))
        .values_list("count", "sum", "last")[:1]
    )
)


def matcher_for(access: Access | None) -> Matcher:
    """The terms that ``access`` may read; None: what anybody may read. One query while nothing changed."""
    if access is None:
        return _current(_EVERYBODY)
    if not access.can(Capability.READ_KNOWLEDGE):
        return _NOTHING
    return _current(_DESK if access.is_partner else _STAFF)


def _current(audiences: frozenset[str]) -> Matcher:
    global _held  # noqa: PLW0603  one for the process is the point
    rows = _version.all()
    version: Version = rows[0] if rows else (0, None, None)
    held = _held
    if held is None or held[0] != version:
        held = _held = (version, _read())
    return held[1][audiences]


def _read() -> dict[frozenset[str], Matcher]:
    terms = list(Term.objects.order_by("id").values_list("id", "name", "also", "audience"))
    return {audiences: _matcher(terms, audiences) for audiences in (_EVERYBODY, _DESK, _STAFF)}


def _matcher(terms: Sequence[tuple[int, str, list[str], str]], audiences: frozenset[str]) -> Matcher:
    return matcher_of(
        (written, term) for term, name, also, audience in terms if audience in audiences for written in (name, *also)
    )


def forget() -> None:
    """Drop what is held, as a new process would start."""
    global _held  # noqa: PLW0603  see above
    _held = None
