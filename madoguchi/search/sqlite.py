"""The index in SQLite: one contentless FTS5 table per kind, whose rowid is the ref; SQLite 3.40 must do.

Contentless deletion came only with 3.43, so a replaced document hands its old terms back, from ``search_document``.
``detail=none`` keeps which document holds which term and nothing more; matches come newest first straight from it.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection
from django.db.models.expressions import RawSQL

from madoguchi.search.models import Document, Postings
from madoguchi.search.tokens import Query, Wanted

TABLES = {"ticket": "search_fts_ticket"}
_STRETCH = 200


def write(kind: str, documents: Mapping[int, str], removed: Iterable[int]) -> None:
    """In the caller's transaction: replace the documents (ref → terms between blanks), forget the removed ones."""
    table = TABLES[kind]
    refs = [*documents, *removed]
    old = dict(Document.objects.filter(kind=kind, ref__in=refs).values_list("ref", "terms"))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({table}, rowid, terms) VALUES ('delete', %s, %s)", list(old.items()))
        cursor.executemany(f"INSERT INTO {table} (rowid, terms) VALUES (%s, %s)", list(documents.items()))
    Document.objects.filter(kind=kind, ref__in=removed).delete()
    Document.objects.bulk_create(
        [Document(kind=kind, ref=ref, terms=terms) for ref, terms in documents.items()],
        update_conflicts=True,
        unique_fields=["kind", "ref"],
        update_fields=["terms"],
    )


def expression(query: Query) -> str:
    """The query for MATCH; terms are letters and digits only, and quoted besides."""
    return " AND ".join(
        "(" + " OR ".join("(" + " AND ".join(map(_quoted, terms)) + ")" for terms in group) + ")" for group in query
    )


def matching(kind: str, expression: str) -> RawSQL:
    """A subquery of the refs that match."""
    return RawSQL(f"SELECT rowid FROM {TABLES[kind]} WHERE {TABLES[kind]} MATCH %s", [expression])


def among(kind: str, expression: str, refs: Sequence[int], *, limit: int) -> list[int]:
    """The first ``limit`` of these refs (greatest first) that match; by stretches, which FTS5 seeks fast."""
    table, found = TABLES[kind], []
    with connection.cursor() as cursor:
        for start in range(0, len(refs), _STRETCH):
            some = refs[start : start + _STRETCH]
            cursor.execute(
                f"SELECT rowid FROM {table} WHERE {table} MATCH %s AND rowid BETWEEN %s AND %s",
                [expression, some[-1], some[0]],
            )
            matching = {ref for (ref,) in cursor.fetchall()}
            found += [ref for ref in some if ref in matching]
            if len(found) >= limit:
                break
    return found[:limit]


def newest(kind: str, expression: str, *, limit: int, before: int | None) -> list[int]:
    """Up to ``limit`` matching refs below ``before``, greatest first; the rest is never read."""
    table = TABLES[kind]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s",
            [expression, 2**63 - 1 if before is None else before, limit],
        )
        return [ref for (ref,) in cursor.fetchall()]


def postings(kind: str, terms: Sequence[str], *, limit: int, newest: int) -> dict[str, Postings]:
    """The newest ``limit`` refs of each term, in one statement; a list that is longer is never read to its end."""
    if not terms:
        return {}
    table = TABLES[kind]
    one = f"SELECT rowid FROM {table} WHERE {table} MATCH %s ORDER BY rowid DESC LIMIT {int(limit)}"
    found: dict[str, list[int]] = {term: [] for term in terms}
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT {place}, rowid FROM ({one})" for place in range(len(terms))),
            [_quoted(Wanted(term)) for term in terms],
        )
        for place, ref in cursor.fetchall():
            found[terms[place]].append(ref)
    return {
        term: Postings(
            tuple(refs), len(refs) if len(refs) < limit else len(refs) * newest / max(1, newest - refs[-1] + 1)
        )
        for term, refs in found.items()
    }


def _quoted(wanted: Wanted) -> str:
    return f'"{wanted.term}"' + (" *" if wanted.prefix else "")
