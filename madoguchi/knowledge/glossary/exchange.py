"""The glossary as a file: columns ``term,reading,also,explanation,explanation_en,audience,category``."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.decoding import decoded
from madoguchi.foundation.japanese import listed
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.spreadsheet import unguarded
from madoguchi.foundation.tables import table
from madoguchi.journal.record import Actor
from madoguchi.knowledge.glossary.actions import Entry, Taken, add, change, taken_writings
from madoguchi.knowledge.glossary.models import Term
from madoguchi.knowledge.glossary.words import even
from madoguchi.knowledge.models import Audience

COLUMNS = ("term", "reading", "also", "explanation", "explanation_en", "audience", "category")
LARGEST = 2_000_000  # bytes
_SEPARATOR = "、"
_MOST_ROWS = 5_000


@dataclass
class Report:
    """What became of each row of a file; ``refused`` are (line number, reason)."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def split_writings(written: str) -> tuple[str, ...]:
    """Other writings as people list them: by 、 ; | or lines."""
    return tuple(listed(written, "、;；|"))


def joined_writings(term: Term) -> str:
    """The other writings on one line."""
    return _SEPARATOR.join(term.also)


def rows() -> Iterator[list[str]]:
    """Every term as the file has it, by its reading."""
    for term in Term.objects.select_related("category").order_by("reading", "id").iterator(chunk_size=500):
        yield [
            term.name,
            term.reading,
            joined_writings(term),
            term.explanation,
            term.explanation_en,
            term.audience,
            term.category.key if term.category else "",
        ]


@transaction.atomic
def take_in(content: bytes, *, by: Actor) -> Report:
    """Terms from a CSV file (UTF-8 or Shift_JIS). The word says which term it is, so the same file again changes
    nothing; an empty cell of a term that exists keeps what it says. Bad rows are reported, the others come in.

    Raises Refused when the file cannot be read at all, or has more than 5,000 rows.
    """
    report = Report()
    known = {even(term.name): term for term in Term.objects.select_related("category")}
    categories = {name: row for row in Category.objects.all() for name in (row.name, row.key)}
    taken = taken_writings()
    for line, row in _rows(content, report):
        try:
            _take_in_row(row, known, taken, categories, report, by)
        except Refused as refused:
            report.refused.append((line, str(refused)))
    report.refused.sort()
    return report


def _take_in_row(
    row: dict[str, str],
    known: dict[str, Term],
    taken: Taken,
    categories: dict[str, Category],
    report: Report,
    by: Actor,
) -> None:
    if row["category"] and row["category"] not in categories:
        raise Refused(_("There is no category “%(name)s”.") % {"name": row["category"][:60]}, code="unknown_category")
    term = known.get(even(row["term"]))
    entry = Entry(
        name=row["term"],
        reading=row["reading"] or (term.reading if term else ""),
        also=split_writings(row["also"]) or (tuple(term.also) if term else ()),
        explanation=row["explanation"] or (term.explanation if term else ""),
        explanation_en=row["explanation_en"] or (term.explanation_en if term else ""),
        audience=row["audience"] or (term.audience if term else Audience.FIRST_LINE),
        category=categories.get(row["category"]) or (term.category if term else None),
    )
    if term is None:
        known[even(row["term"])] = add(entry, by=by, taken=taken)
        report.added += 1
        return
    written = change(term, entry, by=by, taken=taken)
    known[even(row["term"])] = written
    if written.version == term.version:
        report.unchanged += 1
    else:
        report.changed += 1


def _rows(content: bytes, report: Report) -> Iterator[tuple[int, dict[str, str]]]:
    """(first line, columns) of each row; rows of the wrong shape go to the report."""
    try:
        text = decoded(content[:LARGEST])[0]
    except UnicodeError as error:
        raise Refused(_("The file is neither UTF-8 nor Shift_JIS."), code="unreadable", field="file") from error
    columns, found = table(text, needed=("term", "explanation"))
    for count, (line, row) in enumerate(found, start=1):
        if count > _MOST_ROWS:
            raise Refused(_("A file has at most 5,000 terms."), code="too_many", field="file")
        if isinstance(row, str):
            report.refused.append((line, row))
            continue
        said = dict(zip(columns, row, strict=False))
        yield line, {name: unguarded(said.get(name, "").strip()) for name in COLUMNS}
