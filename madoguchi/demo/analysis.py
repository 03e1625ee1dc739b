"""The analysis of many texts in processes of their own, which know nothing of the database."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context

from madoguchi.search import tokens

type Texts = list[tuple[int, str]]


def analysed(chunks: Iterable[Texts]) -> Iterator[Texts]:
    """(ref, terms separated by blanks) for (ref, text), in the same chunks and order; all processors at work."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from pool.map(terms_of, chunks)


def terms_of(texts: Texts) -> Texts:
    """What the search index holds of each text, line by line: customers and desks repeat themselves."""
    return [(ref, " ".join(term for line in text.split("\n") for term in _line(line))) for ref, text in texts]


@lru_cache(maxsize=200_000)
def _line(line: str) -> tuple[str, ...]:
    return tuple(tokens.document_terms(line))
