"""Which texts say what another one says, out of any number of them, for a fixed price.

The words of the text are asked one by one for at most ``_BUDGET`` texts each: a rare word gives all that hold it, a
frequent one the newest (PostgreSQL: those among the newest five hundred texts). What holds the rarest of them is a
candidate; of the best ``_CANDIDATES`` those that may be seen are read and ranked by BM25 (Robertson and Zaragoza,
2009; k1 1.2, b 0.75). Nothing else is read, however many texts there are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any

from django.db import models

from madoguchi.foundation.literal import Unindexed
from madoguchi.search import tokens
from madoguchi.search.index import engine, newest_ref
from madoguchi.search.models import Document
from madoguchi.search.synonyms import WEIGHT, thesaurus

K1 = 1.2
B = 0.75
_BUDGET = 300  # texts of one word
_MOST_WORDS = 16
_CANDIDATES = 100
_FEW = 300  # texts of whoever may see few
_LONGEST_TEXT = 2_000
_MOST_SHOWN = 6


@dataclass(frozen=True)
class Similar:
    """A text that says something alike: its score (comparable within one answer), which part of what was asked it
    says too (0 … 1, rare words count more), and the words of the asked text that it holds, the rarest first.
    """

    ref: int
    score: float
    share: float
    words: tuple[str, ...]


def similar[M: models.Model](
    kind: str, text: str, within: models.QuerySet[M], *, limit: int = 20, few: bool = False
) -> list[Similar]:
    """Up to ``limit`` rows of ``within`` (narrowed by ``visible_to``) whose texts are like ``text``, best first.

    ``few`` says that the rows are few beside all texts: then the newest of them are ranked, and how rare a word is
    is known from them alone, so that nothing about other texts shows.
    """
    asked: dict[str, str] = {}
    for token in tokens.asked(text[:_LONGEST_TEXT]):
        if len(token.term) > 1:
            asked.setdefault(token.term, token.surface)
    if not asked:
        return []
    others = _others(list(asked))
    terms = list(dict.fromkeys([*list(asked)[: 2 * _MOST_WORDS], *(one for same in others.values() for one in same)]))
    if few:
        texts = _terms(kind, list(within.order_by(Unindexed("pk").desc()).values_list("pk", flat=True)[:_FEW]))
        rarity = {term: _rarity(sum(term in held for held in texts.values()), len(texts)) for term in terms}
        return _ranked(asked, others, texts, rarity)[:limit]
    size = newest_ref(kind)
    found = engine().postings(kind, terms, limit=_BUDGET, newest=size)
    rarity = {term: _rarity(one.held_by, size) for term, one in found.items()}
    telling = sorted(found, key=lambda term: -rarity[term])[:_MOST_WORDS]
    weights: Counter[int] = Counter()
    for term in telling:
        for ref in found[term].refs:
            weights[ref] += rarity[term]  # type: ignore[assignment]
    best = sorted(weights, key=lambda ref: (-weights[ref], -ref))[:_CANDIDATES]
    texts = _terms(kind, within.order_by().filter(pk__in=best).values("pk"))
    return _ranked({term: asked[term] for term in asked if term in rarity}, others, texts, rarity)[:limit]


def _others(asked: Sequence[str]) -> dict[str, list[str]]:
    """Term → those that stand for it by the list of synonyms; of a phrase the last term stands for all of it."""
    others: dict[str, list[str]] = {}
    for phrase, same in thesaurus().of(asked):
        others.setdefault(phrase[-1], []).extend(term for other in same for term in other)
    return others


def _terms(kind: str, refs: Sequence[int] | models.QuerySet[Any, Any]) -> dict[int, Counter[str]]:
    rows = Document.objects.filter(kind=kind, ref__in=refs).values_list("ref", "terms")
    return {ref: Counter(terms.split(" ")) for ref, terms in rows}


def _rarity(held_by: float, size: int) -> float:
    return log1p((max(size, held_by) - held_by + 0.5) / (held_by + 0.5))


def _ranked(
    asked: Mapping[str, str],
    others: Mapping[str, Sequence[str]],
    texts: Mapping[int, Counter[str]],
    rarity: Mapping[str, float],
) -> list[Similar]:
    lengths = {ref: held.total() for ref, held in texts.items()}
    mean = sum(lengths.values()) / max(1, len(lengths))
    whole = sum(rarity[term] for term in asked)

    def worth_of(term: str, ref: int, held: Counter[str]) -> float:
        return rarity[term] * held[term] * (K1 + 1) / (held[term] + K1 * (1 - B + B * lengths[ref] / mean))

    found = []
    for ref, held in texts.items():
        worth = {}
        for term in asked:
            if term in held:
                worth[term] = worth_of(term, ref, held)
            elif instead := [other for other in others.get(term, ()) if other in held and other in rarity]:
                worth[term] = WEIGHT * max(worth_of(other, ref, held) for other in instead)
        if worth:
            said = sorted(worth, key=lambda term: -rarity[term])
            share = sum(rarity[term] for term in said) / whole if whole > 0 else 0.0
            words = tuple(dict.fromkeys(asked[term] for term in said))[:_MOST_SHOWN]
            found.append(Similar(ref, sum(worth.values()), share, words))
    return sorted(found, key=lambda one: (-one.score, -one.ref))
