"""Texts that mean the same, as stars: each text of a group is near the one in its middle. Pure, without a database.

Two texts are near (1 or more) when they share two thirds of their words, by the cosine of weighted words, or when the
encoder sees the same in them. The texts with the most near ones become middles; every other one joins the nearest
middle (Aslam, Pelekhov and Rus, "The star clustering algorithm for static and dynamic information organization",
Journal of Graph Algorithms and Applications 8, 2004). The groups depend on the texts alone, not on the order in which
they came, and no chain of likenesses joins what is not alike: the middle is what the group is about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from madoguchi.search import meaning, tokens

# Measured on subjects of the sample company's history: below these, groups begin to hold two matters.
WORDS_ALIKE = 0.67
MEANING_ALIKE = 0.8
_BLOCK = 256
_CODE, _LONG, _SHORT = 3.0, 1.5, 1.0
_MOST_WORDS = 24
_MIDDLE = 9.0  # how near the middle is to itself: more than any other

type Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Text:
    """``key`` breaks ties, so it must not depend on the order of arrival; ``vector`` is of length 1, or None."""

    key: str
    words: Sequence[str]
    vector: Floats | None = None


@dataclass(frozen=True)
class Star:
    """The place of the middle text, and (place, nearness) of all texts of the group, the middle first."""

    centre: int
    members: tuple[tuple[int, float], ...]


def words_of(text: str) -> list[str]:
    """The different normalised words of a text that count."""
    return list(dict.fromkeys(token.term for token in tokens.asked(text[:500])))[:_MOST_WORDS]


def weight(word: str) -> float:
    """A code says most about what is asked, a long word more than a short one."""
    if any(letter.isdigit() for letter in word) and len(word) > 2:
        return _CODE
    return _LONG if len(word) > 2 else _SHORT


def nearness(texts: Sequence[Text], others: Sequence[Text]) -> Iterator[Floats]:
    """For each text how near every one of ``others`` is, rounded, so that no order of adding up changes an answer."""
    postings: dict[str, tuple[list[int], list[float]]] = {}
    for place, other in enumerate(others):
        for word, value in _weights(other.words).items():
            places, values = postings.setdefault(word, ([], []))
            places.append(place)
            values.append(value)
    held = {word: (np.array(places), np.array(values, np.float32)) for word, (places, values) in postings.items()}
    meant = _vectors(others)
    for start in range(0, len(texts), _BLOCK):
        block = texts[start : start + _BLOCK]
        cosines = _vectors(block) @ meant.T / MEANING_ALIKE if meant.any() else None
        for place, text in enumerate(block):
            shared = np.zeros(len(others), np.float32)
            for word, value in _weights(text.words).items():
                if word in held:
                    shared[held[word][0]] += value * held[word][1]
            shared /= WORDS_ALIKE
            yield np.round(shared if cosines is None else np.maximum(shared, cosines[place]), 3).astype(np.float32)


def stars(texts: Sequence[Text]) -> list[Star]:
    """Every text in exactly one group, the largest group first."""
    # Worked out in the order of the keys: sums of floating point numbers come out alike then, too.
    places = sorted(range(len(texts)), key=lambda place: texts[place].key)
    found = _stars([texts[place] for place in places])
    made = [
        Star(places[centre], tuple((places[place], near) for place, near in members))
        for centre, members in found.items()
    ]
    return sorted(made, key=lambda star: (-len(star.members), texts[star.centre].key))


def _stars(texts: Sequence[Text]) -> dict[int, list[tuple[int, float]]]:
    """Place of each middle → its group, of texts in the order of their keys."""
    links: list[tuple[NDArray[np.int64], Floats]] = []
    for row in nearness(texts, texts):
        near = np.flatnonzero(row >= 1)
        links.append((near, row[near]))
    order = sorted(range(len(texts)), key=lambda place: (-len(links[place][0]), place))
    covered, middles = np.zeros(len(texts), bool), np.zeros(len(texts), bool)
    for place in order:
        if not covered[place]:
            middles[place] = covered[place] = True
            covered[links[place][0]] = True
    rank = np.empty(len(texts), np.int64)
    rank[order] = np.arange(len(texts))
    groups: dict[int, list[tuple[int, float]]] = {place: [(place, _MIDDLE)] for place in order if middles[place]}
    for place, (near, values) in enumerate(links):
        if not middles[place]:
            of_middles = np.flatnonzero(middles[near])
            # Of two that are near by a hair only one may say so: then it is its own middle.
            best = min(of_middles, key=lambda one: (-values[one], rank[near[one]]), default=None)
            if best is None:
                groups[place] = [(place, _MIDDLE)]
            else:
                groups[int(near[best])].append((place, float(values[best])))
    return groups


def _weights(words: Sequence[str]) -> dict[str, float]:
    """Each word's part of a vector of length 1."""
    weights = {word: weight(word) for word in words}
    length = float(np.sqrt(sum(value * value for value in weights.values())))
    return {word: value / length for word, value in weights.items()} if length else {}


def _vectors(texts: Sequence[Text]) -> Floats:
    rows = np.zeros((len(texts), meaning.DIMENSIONS), np.float32)
    for place, text in enumerate(texts):
        if text.vector is not None:
            rows[place] = text.vector
    return rows
