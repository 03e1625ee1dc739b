"""The index in PostgreSQL: a generated ``tsvector`` of the terms of ``search_document`` with a GIN index."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection
from django.db.models.expressions import RawSQL

from madoguchi.search.models import Document, Postings
from madoguchi.search.tokens import Query, Wanted

_STEPS = (1_000, 10_000)  # texts
_NEWEST = 500  # texts that tell how frequent a term is
_RARE = 0.004  # of them, at most


def write(kind: str, documents: Mapping[int, str], removed: Iterable[int]) -> None:
    """In the caller's transaction: replace the documents (ref → terms between blanks), forget the removed ones."""
    Document.objects.filter(kind=kind, ref__in=removed).delete()
    Document.objects.bulk_create(
        [Document(kind=kind, ref=ref, terms=terms) for ref, terms in sorted(documents.items())],
        update_conflicts=True,
        unique_fields=["kind", "ref"],
        update_fields=["terms"],
    )


def expression(query: Query) -> str:
    """The query in the form of ``tsquery``; terms are letters and digits only, and quoted besides."""
    return " & ".join(
        "(" + " | ".join("(" + " & ".join(map(_quoted, terms)) + ")" for terms in group) + ")" for group in query
    )


def matching(kind: str, expression: str) -> RawSQL:
    """A subquery of the refs that match."""
    return RawSQL("SELECT ref FROM search_document WHERE kind = %s AND words @@ %s::tsquery", [kind, expression])


def among(kind: str, expression: str, refs: Sequence[int], *, limit: int) -> list[int]:
    """The first ``limit`` of these refs (greatest first) that match."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ref FROM search_document WHERE kind = %s AND ref = ANY(%s) AND words @@ %s::tsquery"
            " ORDER BY ref DESC LIMIT %s",
            [kind, list(refs), expression, limit],
        )
        return [ref for (ref,) in cursor.fetchall()]


def newest(kind: str, expression: str, *, limit: int, before: int | None) -> list[int]:
    """Up to ``limit`` matching refs below ``before``, greatest first; the rest is never counted.

    PostgreSQL knows the frequency of few words and walks down all texts for a rare one. So the newest texts are looked
    at first, then more of them; a word that is in hardly any of those is found by the index of words.
    """
    with connection.cursor() as cursor:
        if before is None:
            cursor.execute("SELECT ref FROM search_document WHERE kind = %s ORDER BY ref DESC LIMIT 1", [kind])
            before = next((ref + 1 for (ref,) in cursor.fetchall()), 0)
        for step in _STEPS:
            cursor.execute(
                "SELECT ref FROM search_document WHERE kind = %s AND ref >= %s AND ref < %s AND words @@ %s::tsquery"
                " ORDER BY ref DESC LIMIT %s",
                [kind, before - step, before, expression, limit],
            )
            found = [ref for (ref,) in cursor.fetchall()]
            if len(found) == limit or before <= step:
                return found
        cursor.execute(
            # The sum keeps it from walking down the refs.
            "SELECT ref FROM search_document WHERE kind = %s AND ref < %s AND words @@ %s::tsquery"
            " ORDER BY ref + 0 DESC LIMIT %s",
            [kind, before, expression, limit],
        )
        return [ref for (ref,) in cursor.fetchall()]


def postings(kind: str, terms: Sequence[str], *, limit: int, newest: int) -> dict[str, Postings]:
    """Up to ``limit`` refs of each rare term by the index of words; of the others those among the newest texts.

    The newest texts tell which terms are rare, with the planner's statistics for those that were frequent before: the
    index would read all their texts. At most ``_NEWEST`` texts are read, and ``limit`` a rare term.
    """
    found: dict[str, set[int]] = {term: set() for term in terms}
    if not terms or not newest:
        return {term: Postings((), 0) for term in terms}
    with connection.cursor() as cursor:
        cursor.execute(
            # The limit keeps it from asking the index of words, which would read every text of a frequent one.
            "SELECT ref, terms FROM (SELECT ref, terms, words FROM search_document WHERE kind = %s AND ref <= %s"
            " ORDER BY ref DESC LIMIT %s) AS newest WHERE words @@ %s::tsquery",
            [kind, newest, _NEWEST, " | ".join(_quoted(Wanted(term)) for term in terms)],
        )
        for ref, text in cursor.fetchall():
            for term in found.keys() & set(text.split(" ")):
                found[term].add(ref)
        rare = [term for term in terms if len(found[term]) <= _NEWEST * _RARE] if newest > _NEWEST else []
        held = {term: len(refs) * max(1.0, newest / _NEWEST) for term, refs in found.items()}
        held |= {term: share * newest for term, share in _once_frequent(rare).items()}
        rare = [term for term in rare if held[term] <= newest * _RARE]
        if rare:
            cursor.execute(
                "SELECT asked.place, found.ref FROM unnest(%s::text[]) WITH ORDINALITY AS asked (term, place)"
                " CROSS JOIN LATERAL (SELECT ref FROM search_document WHERE kind = %s AND words @@ asked.term::tsquery"
                " LIMIT %s) AS found",
                [[_quoted(Wanted(term)) for term in rare], kind, int(limit)],
            )
            many: dict[str, set[int]] = {term: set() for term in rare}
            for place, ref in cursor.fetchall():
                many[rare[place - 1]].add(ref)
            for term, refs in many.items():
                found[term] |= refs
                held[term] = len(refs) if len(refs) < limit else max(held[term], limit)
    return {term: Postings(tuple(sorted(refs, reverse=True)), held[term]) for term, refs in found.items()}


def _once_frequent(terms: Sequence[str]) -> dict[str, float]:
    """The share of all texts that hold a term, for those of which the planner's statistics know that it is large."""
    if not terms:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT term, share FROM pg_stats,"
            " unnest(most_common_elems::text::text[], most_common_elem_freqs) AS known (term, share)"
            " WHERE schemaname = current_schema() AND tablename = 'search_document' AND attname = 'words'"
            " AND term = ANY(%s) AND share > %s",
            [list(terms), _RARE],
        )
        return dict(cursor.fetchall())


def _quoted(wanted: Wanted) -> str:
    return f"'{wanted.term}'" + (":*" if wanted.prefix else "")
