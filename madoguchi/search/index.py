"""What is found by its words, newest first: ``queue`` in the act, ``drain`` in the worker, ``find`` in the view.

Which texts stand behind a (kind, ref) is known upstairs only; ``settings.SEARCH_SOURCES`` names a mapping
kind → function(refs) → {ref: text}. A ref that the function leaves out is removed from the index.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from math import log as logarithm
from typing import Protocol

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from madoguchi.foundation.literal import Unindexed
from madoguchi.search import postgres, sqlite, tokens
from madoguchi.search.models import Document, Pending, Postings
from madoguchi.search.synonyms import thesaurus

log = logging.getLogger(__name__)

type Source = Callable[[Sequence[int]], Mapping[int, str]]
LONGEST_TEXT = 200_000
LAGS = timedelta(seconds=15)
_LOOKED_AT = 50
_LARGEST_STEP = 4_000
_MOST_COMPARED = 12  # words of one text


class Engine(Protocol):
    """What a database must be able to do; ``sqlite`` and ``postgres`` are the two modules."""

    def write(self, kind: str, documents: Mapping[int, str], removed: Iterable[int]) -> None:
        """Replace the documents (ref → terms separated by blanks) and forget the removed ones."""

    def expression(self, query: tokens.Query) -> str:
        """The query in the engine's own language; everything from outside is quoted."""

    def matching(self, kind: str, expression: str) -> models.expressions.RawSQL:
        """A subquery of the refs that match."""

    def among(self, kind: str, expression: str, refs: Sequence[int], *, limit: int) -> list[int]:
        """The first ``limit`` of these refs (greatest first) that match."""

    def newest(self, kind: str, expression: str, *, limit: int, before: int | None) -> list[int]:
        """Up to ``limit`` matching refs below ``before``, greatest first, without counting the rest."""

    def postings(self, kind: str, terms: Sequence[str], *, limit: int, newest: int) -> dict[str, Postings]:
        """For each term up to ``limit`` refs that hold it, and about how many there are; the rest is never read.

        ``newest`` is the greatest ref that is indexed.
        """


def engine() -> Engine:
    return postgres if connection.vendor == "postgresql" else sqlite


def newest_ref(kind: str) -> int:
    """The greatest ref that is indexed; 0 when there is none."""
    return Document.objects.filter(kind=kind).order_by("-ref").values_list("ref", flat=True).first() or 0


def queue(kind: str, ref: int) -> None:
    """Say, inside the transaction of the act, that the texts of (kind, ref) changed. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO search_pending (kind, ref, version, error, queued_at) VALUES (%s, %s, 1, '', %s)"
            " ON CONFLICT (kind, ref) DO UPDATE SET version = search_pending.version + 1, error = ''",
            [kind, ref, timezone.now()],
        )


def lags_since(kind: str) -> datetime | None:
    """Since when something waits to be indexed, when that is longer than ``LAGS``; None: the index is up to date."""
    oldest = Pending.objects.filter(error="").order_by("id").values_list("kind", "queued_at")[:_LOOKED_AT]
    queued = next((at for one, at in oldest if one == kind and at is not None), None)
    return queued if queued is not None and queued < timezone.now() - LAGS else None


def drain(limit: int = 200) -> int:
    """Index up to ``limit`` waiting refs; the number taken off the list. Safe in any number of processes at once.

    Texts are read and analysed outside the transaction. A row that moved on meanwhile stays for the next round.
    """
    waiting = list(Pending.objects.filter(error="").order_by("id")[:limit])
    done = 0
    for kind in dict.fromkeys(row.kind for row in waiting):
        done += _index(kind, [row for row in waiting if row.kind == kind])
    return done


def _index(kind: str, rows: list[Pending]) -> int:
    source = _sources().get(kind)
    if source is None:
        Pending.objects.filter(pk__in=[row.pk for row in rows]).update(error=f"no source for {kind!r}")
        return 0
    texts = source([row.ref for row in rows])
    documents: dict[int, str] = {}
    for row in rows:
        if row.ref in texts:
            try:
                documents[row.ref] = " ".join(tokens.document_terms(texts[row.ref][:LONGEST_TEXT]))
            except Exception as error:
                # One text that cannot be analysed is set aside with its error; the queue goes on.
                log.exception("Indexing %s:%s failed", kind, row.ref)
                unchanged = Pending.objects.filter(pk=row.pk, version=row.version)
                unchanged.update(error=f"{type(error).__name__}: {error}"[:2000])
    rows = [row for row in rows if row.ref in documents or row.ref not in texts]
    with transaction.atomic():
        mine = {
            (row.pk, row.version)
            for row in Pending.objects.select_for_update(skip_locked=connection.vendor == "postgresql").filter(
                pk__in=[row.pk for row in rows]
            )
        }
        rows = [row for row in rows if (row.pk, row.version) in mine]
        if rows:
            engine().write(
                kind,
                {row.ref: documents[row.ref] for row in rows if row.ref in documents},
                [row.ref for row in rows if row.ref not in documents],
            )
            Pending.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def matching(kind: str, text: str) -> models.expressions.RawSQL | None:
    """The refs that hold all words of ``text``, for ``rows.filter(pk__in=…)``; None: there is nothing to search for."""
    query = thesaurus().in_query(tokens.query(text))
    return engine().matching(kind, engine().expression(query)) if query else None


def find[M: models.Model](
    kind: str,
    text: str,
    within: models.QuerySet[M],
    *,
    limit: int = 50,
    before: int | None = None,
    few: bool = False,
) -> list[int]:
    """Ids of the newest rows of ``within`` (already narrowed by ``visible_to``) that hold all words of ``text``.

    Ids run downwards from below ``before``; nothing is counted. The permission is part of each query. ``few`` says
    that the rows are few beside all texts, so that they are looked up among the texts instead of the other way round.
    """
    query = thesaurus().in_query(tokens.query(text))
    if not query:
        return []
    here = engine()
    expression = here.expression(query)
    rows, found, window = within.order_by(), [], 2 * limit
    if few:
        below = rows.filter(pk__lt=before) if before is not None else rows
        refs = list(below.order_by(Unindexed("pk").desc()).values_list("pk", flat=True))
        return here.among(kind, expression, refs, limit=limit)
    while True:
        refs = here.newest(kind, expression, limit=window, before=before)
        visible = set(rows.filter(pk__in=refs).values_list("pk", flat=True)) if refs else set()
        found += [ref for ref in refs if ref in visible]
        if len(found) >= limit or len(refs) < window:
            return found[:limit]
        # Where few matches are for these eyes, greater steps cost less.
        before, window = refs[-1], min(2 * window, _LARGEST_STEP)


def alike(kind: str, text: str, among: Sequence[int]) -> dict[int, float]:
    """How much of what ``text`` says each of these refs says, too: 1 is all of it; those without any are left out.

    A word that few of them say weighs more.
    """
    terms = list(dict.fromkeys(token.term for token in tokens.asked(text) if len(token.term) > 1))[:_MOST_COMPARED]
    refs = sorted(set(among), reverse=True)
    if not refs:
        return {}
    found: dict[int, float] = {}
    whole = 0.0
    for term in terms:
        holding = engine().among(kind, engine().expression([((tokens.Wanted(term),),)]), refs, limit=len(refs))
        weight = logarithm(1 + len(refs) / max(1, len(holding)))
        whole += weight
        for ref in holding:
            found[ref] = found.get(ref, 0.0) + weight
    return {ref: weight / whole for ref, weight in found.items()}


def requeue_all(kind: str, refs: Iterable[int]) -> int:
    """Put every ref back on the list, for instance after the analyser changed; their number."""
    rows = [Pending(kind=kind, ref=ref, queued_at=timezone.now()) for ref in refs]
    Pending.objects.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=["kind", "ref"], update_fields=["error"]
    )
    return len(rows)


def forget_errors() -> int:
    """Try everything again that was set aside; how many."""
    return Pending.objects.exclude(error="").update(error="", version=F("version") + 1)


@cache
def _sources() -> Mapping[str, Source]:
    sources: Mapping[str, Source] = import_string(settings.SEARCH_SOURCES)
    return sources


assert Document._meta.db_table == "search_document"
