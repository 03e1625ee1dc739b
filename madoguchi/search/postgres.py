"""The index in PostgreSQL: a generated ``tsvector`` of the terms of ``search_document`` with a GIN index."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection
from django.db.models.expressions import RawSQL

from madoguchi.search.models import Document
from madoguchi.search.tokens import Query, Wanted

_STEPS = (1_000, 10_000)  # texts


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


def _quoted(wanted: Wanted) -> str:
    return f"'{wanted.term}'" + (":*" if wanted.prefix else "")
