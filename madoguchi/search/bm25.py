"""BM25F over a few thousand documents, in memory: which hold the rarer words of a question, and more often."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import log1p

import numpy as np
from numpy.typing import NDArray

K1 = 2.0
B = 0.75
_MOST_COMPLETIONS = 8

type Counts = Mapping[str, int]
type Scores = NDArray[np.float32]


class Bm25:
    """An index that never changes. A field is its weight and, per document, how often each term stands in it."""

    def __init__(self, fields: Sequence[tuple[float, Sequence[Counts]]]) -> None:
        self.size = len(fields[0][1]) if fields else 0
        vocabulary: dict[str, int] = {}
        keys: list[NDArray[np.int64]] = []
        values: list[NDArray[np.float64]] = []
        for weight, documents in fields:
            field = [
                (vocabulary.setdefault(term, len(vocabulary)), place, count)
                for place, counts in enumerate(documents)
                for term, count in counts.items()
            ]
            if not field:
                continue
            terms, places, counts_ = np.array(field, dtype=np.int64).T
            lengths = np.bincount(places, weights=counts_, minlength=self.size)
            mean = lengths[lengths > 0].mean()
            keys.append(terms * self.size + places)
            values.append(weight * counts_ / (1 - B + B * lengths[places] / mean))
        self._ids = vocabulary
        self._sorted: list[str] | None = None
        key = np.concatenate(keys) if keys else np.zeros(0, np.int64)
        unique, inverse = np.unique(key, return_inverse=True)
        frequency = np.bincount(inverse, weights=np.concatenate(values)) if keys else np.zeros(0)
        terms, places = np.divmod(unique, max(self.size, 1))
        held_by = np.bincount(terms, minlength=len(vocabulary))
        rarity = np.log(1 + (self.size - held_by + 0.5) / (held_by + 0.5))
        self._places = places.astype(np.int32)
        self._weights = (rarity[terms] * frequency * (K1 + 1) / (K1 + frequency)).astype(np.float32)
        self._rarity = rarity
        self._starts = np.concatenate([[0], np.cumsum(held_by)])

    def __contains__(self, term: str) -> bool:
        return term in self._ids

    def completions(self, beginning: str) -> list[str]:
        """A few terms that begin so, in alphabetical order."""
        if self._sorted is None:
            self._sorted = sorted(self._ids)
        start = bisect_left(self._sorted, beginning)
        few = self._sorted[start : start + _MOST_COMPLETIONS]
        return [term for term in few if term.startswith(beginning)]

    def scores(self, wanted: Mapping[str, float]) -> Scores:
        """The score of every document for weighted terms; 0 where none of them stands."""
        scores = np.zeros(self.size, np.float32)
        for term, weight in wanted.items():
            places, weights = self._postings(term)
            scores[places] += weight * weights
        return scores

    def held(self, term: str, place: int) -> float:
        """What the term adds to the score of one document; 0 where it does not stand in it."""
        places, weights = self._postings(term)
        at = int(np.searchsorted(places, place))
        return float(weights[at]) if at < len(places) and places[at] == place else 0.0

    def rarity(self, term: str) -> float:
        """ln(1 + (n − h + ½) / (h + ½)) for a term that h of n documents hold; 0 where there are no documents."""
        number = self._ids.get(term)
        return float(self._rarity[number]) if number is not None else log1p((self.size + 0.5) / 0.5) * (self.size > 0)

    def _postings(self, term: str) -> tuple[NDArray[np.int32], Scores]:
        number = self._ids.get(term)
        if number is None:
            return self._places[:0], self._weights[:0]
        part = slice(self._starts[number], self._starts[number + 1])
        return self._places[part], self._weights[part]
