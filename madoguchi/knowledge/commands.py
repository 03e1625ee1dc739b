"""What ``madoguchi knowledge …`` does, without printing: articles in, history in, search."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category
from madoguchi.foundation.decoding import decoded
from madoguchi.foundation.kept import one_line
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.spreadsheet import unguarded
from madoguchi.foundation.tables import table
from madoguchi.journal.record import SYSTEM, Actor
from madoguchi.knowledge.actions import Content, change, create, learn
from madoguchi.knowledge.models import Article, State
from madoguchi.knowledge.suggest import Suggestion, ranked

COLUMNS = ("key", "question", "answer", "category")
_BATCH = 100


@dataclass
class Report:
    """What became of each row of a file; ``refused`` are (line number, reason)."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def import_csv(file: Path, *, by: Actor = SYSTEM) -> Report:
    """Articles from a CSV file with the columns ``key,question,answer,category`` (UTF-8 or Shift_JIS).

    The key says which article it is, so the same file again changes nothing, nor does an exported one. ``category`` is
    the key of one, or a name that only one has, else any text; without the column every article keeps what it has.
    Bad rows are reported, the others come in.
    Raises Refused when the file cannot be read at all.
    """
    report = Report()
    rows = _csv_rows(_text_of(file), report)
    categories = _categories()
    while batch := list(islice(rows, _BATCH)):
        with transaction.atomic():
            wanted = Article.objects.filter(key__in=[row["key"] for _line, row in batch])
            known = {row.key: row for row in wanted.select_related("category")}
            for line, row in batch:
                try:
                    known[row["key"]] = _import_row(row, known.get(row["key"]), categories, report, by)
                except Refused as refused:
                    report.refused.append((line, str(refused)))
    report.refused.sort()
    return report


def _import_row(
    row: dict[str, str], known: Article | None, categories: dict[str, Category], report: Report, by: Actor
) -> Article:
    if not row["key"]:
        raise Refused(_("The key is missing."), code="key_missing")
    written = row.get("category", "")
    category = categories.get(written)
    content = Content(question=row["question"], answer=row["answer"], category=category, category_text=written)
    if known is None:
        state = State.VALIDATED if row["answer"].strip() else State.WIP
        article = create(replace(content, state=state), key=row["key"], by=by)
        report.created += 1
        return article
    # What people decided here about the article (state, audience, owner, review) outlives the file.
    kept = {name: getattr(known, name) for name in ("state", "audience", "owner_team", "review_on", "governance")}
    if "category" not in row:
        kept |= {"category": known.category, "category_text": known.category_text}
    elif category is not None and category == known.category:
        # It is called by its key or its name now, as at first by something else.
        kept["category_text"] = known.category_text
    article = change(known, replace(content, **kept), by=by)
    if article.version == known.version:
        report.unchanged += 1
    else:
        report.changed += 1
    return article


def _categories() -> dict[str, Category]:
    """By key, and by each name that only one has and that is nobody's key."""
    rows = list(Category.objects.all())
    names = Counter(row.name for row in rows)
    return {row.name: row for row in rows if names[row.name] == 1} | {row.key: row for row in rows}


def _csv_rows(text: str, report: Report) -> Iterator[tuple[int, dict[str, str]]]:
    """(first line, those columns that the file has) of each row; rows of the wrong shape go to the report."""
    columns, rows = table(text, needed=COLUMNS[:3])
    for line, row in rows:
        if isinstance(row, str):
            report.refused.append((line, row))
            continue
        if len(row) != len(columns):
            message = _("%(found)d columns instead of %(expected)d.") % {"found": len(row), "expected": len(columns)}
            report.refused.append((line, message))
            continue
        said = dict(zip(columns, row, strict=True))
        cells = {name: unguarded(said[name].strip()) for name in COLUMNS if name in said}
        yield line, cells | {"key": one_line(cells["key"])}


def import_history(file: Path, *, by: Actor = SYSTEM) -> Report:
    """Texts that an article solved, one JSON object ``{"text", "article"}`` a line; the same line again counts once."""
    report = Report()
    lines = enumerate(_text_of(file).splitlines(), start=1)
    while batch := list(islice(lines, _BATCH)):
        with transaction.atomic():
            for number, line in batch:
                if line.strip():
                    try:
                        _import_text(line, report, by)
                    except Refused as refused:
                        report.refused.append((number, str(refused)))
    return report


def _import_text(line: str, report: Report, by: Actor) -> None:
    row = _object(line)
    text, key = row.get("text"), row.get("article")
    if not isinstance(text, str) or not text.strip() or not isinstance(key, str | int):
        raise Refused(_("A line needs a text and the key of an article."), code="bad_line")
    article = Article.objects.light().filter(key=one_line(str(key))).first()
    if article is None:
        raise Refused(_("There is no article with the key %(key)s.") % {"key": key}, code="unknown_article")
    if learn(article, text, source=f"history:{_digest(text)}", by=by):
        report.created += 1
    else:
        report.unchanged += 1


def search(text: str, *, limit: int = 5) -> list[Suggestion]:
    """What the first line would be shown for a text."""
    return ranked(text, Article.objects.current(), limit=limit, wait=True)


def search_file(file: Path, *, limit: int = 5) -> Iterator[dict[str, Any]]:
    """For each ``{"id", "text"}`` of a JSON-lines file ``{"id", "articles": [keys, best first]}``.

    Raises Refused with the line number at the first line that is no such object.
    """
    for number, line in enumerate(_text_of(file).splitlines(), start=1):
        if line.strip():
            row = _object(line)
            if "id" not in row or not isinstance(row.get("text"), str):
                raise Refused(_("Line %(number)d needs id and text.") % {"number": number}, code="bad_line")
            yield {"id": row["id"], "articles": [found.article.key for found in search(row["text"], limit=limit)]}


def _text_of(file: Path) -> str:
    """The text of a file in UTF-8 (with or without mark) or Shift_JIS."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Refused(
            _("%(file)s cannot be read: %(error)s.") % {"file": file, "error": error.strerror}, code="unreadable"
        ) from error
    try:
        return decoded(content)[0]
    except UnicodeError as error:
        message = _("%(file)s is neither UTF-8 nor Shift_JIS.") % {"file": file}
        raise Refused(message, code="unreadable") from error


def _object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise Refused(_("This line is not a JSON object."), code="bad_line")
    return row


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()[:32]
