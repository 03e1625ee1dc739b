"""The list of words that mean the same, kept by people: in a search each of them also asks for the others.

It counts both ways within a row and never from row to row, so that no chain or circle of rows grows: of ``PC =
パソコン`` and ``パソコン = 端末``, "PC" finds パソコン, and パソコン both. A word found in place of another weighs
``WEIGHT`` of it. Texts are indexed as they are, so a change counts from the next search on.
"""

import csv
import io
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.foundation.decoding import decoded
from madoguchi.foundation.japanese import listed, search_key
from madoguchi.foundation.kept import storable
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.spreadsheet import unguarded
from madoguchi.journal.record import Actor, record
from madoguchi.search import tokens
from madoguchi.search.models import Synonyms

WEIGHT = 0.6
LARGEST = 1_000_000  # bytes of a file
_LONGEST_WORD = 60
_MOST_WORDS = 20
_MOST_ROWS = 5_000
_MARKS = "、,，;；|＝=\t"

type Phrase = tuple[str, ...]


def split_words(written: str) -> list[str]:
    """Words as people list them: by 、 , ; = or lines."""
    return listed(storable(written), _MARKS)


@transaction.atomic
def add_synonyms(words: Sequence[str], *, by: Actor) -> Synonyms:
    """A new row. Refuses fewer than two different words, and (409) a row that is there already."""
    different = _checked(words)
    _require_new(different, _known())
    return _add(different, by)


def _add(words: Sequence[str], by: Actor) -> Synonyms:
    row = Synonyms.objects.create(words="\n".join(words), changed_at=timezone.now())
    record("synonyms.added", by=by, about=[row], data={"words": row.listed})
    return row


@transaction.atomic
def change_synonyms(row: Synonyms, words: Sequence[str], *, by: Actor, version: int | None = None) -> Synonyms:
    """Write the row anew; nothing happens when it says so already.

    With ``version``, refuses (409) when somebody else changed the row since it was read.
    """
    row = Synonyms.objects.select_for_update().get(pk=row.pk)
    if version is not None and version != row.version:
        raise Refused(
            _("Somebody else changed this row meanwhile: %(words)s. Load the page again.") % {"words": str(row)},
            code="changed_meanwhile",
            status=409,
        )
    if row.listed == list(words):
        return row
    different = _checked(words)
    _require_new(different, _known(but=row))
    before, row.words = row.listed, "\n".join(different)
    row.changed_at, row.version = timezone.now(), row.version + 1
    row.save(update_fields=["words", "changed_at", "version"])
    record("synonyms.changed", by=by, about=[row], data={"before": before, "words": row.listed})
    return row


@transaction.atomic
def remove_synonyms(row: Synonyms, *, by: Actor) -> None:
    """The words mean the same no more."""
    record("synonyms.removed", by=by, about=[row], data={"words": row.listed})
    row.delete()


def _checked(words: Sequence[str]) -> list[str]:
    """The different ones of these words, in their order; refuses what makes no row."""
    different = list({search_key(word): word for word in reversed(words)}.values())[::-1]
    if len(different) < 2:
        raise Refused(_("Write at least two different words."), code="words_missing", field="words")
    if len(different) > _MOST_WORDS or max(map(len, different)) > _LONGEST_WORD:
        raise Refused(_("A row has at most 20 words of at most 60 characters."), code="too_many_words", field="words")
    if any(not _phrase(word) for word in different):
        wrong = next(word for word in different if not _phrase(word))
        raise Refused(
            _("“%(word)s” is nothing that can be looked for.") % {"word": wrong}, code="no_word", field="words"
        )
    return different


def _key(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(search_key, words))


def _known(*, but: Synonyms | None = None) -> set[frozenset[str]]:
    return {_key(row.listed) for row in Synonyms.objects.all() if row != but}


def _require_new(words: Sequence[str], known: Container[frozenset[str]]) -> None:
    if _key(words) in known:
        raise Refused(_("These words are on the list already."), code="known", status=409, field="words")


@dataclass
class Report:
    """What became of the lines of a file; ``refused`` are (line number, reason)."""

    added: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def take_in(content: bytes, *, by: Actor) -> Report:
    """Rows from a CSV file, the words of a row in its cells (UTF-8 or Shift_JIS); what is there already stays.

    Raises Refused when the file cannot be read.
    """
    report = Report()
    try:
        lines = list(csv.reader(io.StringIO(decoded(content)[0], newline="")))[:_MOST_ROWS]
    except (UnicodeError, csv.Error) as error:
        raise Refused(_("This file cannot be read as CSV."), code="unreadable", field="file") from error
    known = _known()
    for number, cells in enumerate(lines, start=1):
        words = [word for cell in cells for word in split_words(unguarded(cell))]
        if not words:
            continue
        try:
            different = _checked(words)
        except Refused as refused:
            report.refused.append((number, str(refused)))
            continue
        if _key(different) in known:
            report.unchanged += 1
            continue
        known.add(_key(different))
        _add(different, by)
        report.added += 1
    return report


@dataclass(frozen=True)
class Thesaurus:
    """The list as a search reads it: a phrase of terms → the phrases that mean the same."""

    same: Mapping[Phrase, tuple[Phrase, ...]]
    longest: int

    def of(self, terms: Sequence[str]) -> list[tuple[Phrase, tuple[Phrase, ...]]]:
        """The phrases that stand in a row in ``terms``, each with what means the same."""
        found = []
        for start in range(len(terms)):
            for length in range(1, min(self.longest, len(terms) - start) + 1):
                phrase = tuple(terms[start : start + length])
                if phrase in self.same:
                    found.append((phrase, self.same[phrase]))
        return found

    def in_query(self, query: tokens.Query) -> tokens.Query:
        """A query in which each word may also be what means the same; for single words of what was typed."""
        if not self.same:
            return query
        return [
            tuple(dict.fromkeys((*group, *(tuple(map(tokens.Wanted, other)) for other in self._others(group)))))
            for group in query
        ]

    def _others(self, group: tokens.Group) -> Iterable[Phrase]:
        for alternative in group:
            if not any(wanted.prefix for wanted in alternative):
                yield from self.same.get(tuple(wanted.term for wanted in alternative), ())


_EMPTY = Thesaurus({}, 0)
_held: tuple[object, Thesaurus] = (None, _EMPTY)


def thesaurus() -> Thesaurus:
    """The list as it is now; one small query, read anew only when it changed."""
    global _held  # noqa: PLW0603  one list per process is the point
    now = Synonyms.objects.aggregate(count=Count("id"), sum=Sum("version"), last=Max("changed_at"))
    if not now["count"]:
        return _EMPTY
    if _held[0] != now:
        _held = (now, _read())
    return _held[1]


def _read() -> Thesaurus:
    same: dict[Phrase, dict[Phrase, None]] = {}
    for row in Synonyms.objects.all():
        phrases = list(dict.fromkeys(filter(None, map(_phrase, row.listed))))
        for phrase in phrases:
            same.setdefault(phrase, {}).update(dict.fromkeys(other for other in phrases if other != phrase))
    return Thesaurus(
        {phrase: tuple(others) for phrase, others in same.items() if others}, max(map(len, same), default=0)
    )


def _phrase(word: str) -> Phrase:
    return tuple(token.term for token in tokens.asked(word))
