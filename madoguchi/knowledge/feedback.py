"""What decisions at the desk teach: an article used for texts like this stands higher, one dismissed stands lower.

The score of article *a* for text *t* is multiplied by

    1 + REACH × (u − d) / (u + d + CALM)

where *u* is the sum of the similarities of *t* to the texts *a* was used or linked for, *d* to those it was dismissed
for, and the similarity of two texts is the part of their words that both have, each word weighed by its rarity among
the articles (1: the same words, 0: none in common). That is the rate of use among decisions on similar texts, smoothed
by ``CALM`` decisions that nobody made, half of them uses. So one decision moves little, no number of them moves more
than ``REACH``, unlike texts move nothing, and since scores keep their sign nothing is ever hidden. Only the newest
decisions of each article count, so that a mended article is not punished for ever.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from madoguchi.knowledge.models import Showing

REACH = 0.25
CALM = 2.0
NEWEST = 40  # decisions of one article that teach


def leanings(articles: Collection[int], terms: Iterable[str], rarity: Callable[[str], float]) -> Mapping[int, float]:
    """Article id → what its score is multiplied by; those without decisions on similar texts are left out.

    ``terms`` are those of the text that is asked; ``rarity`` weighs a term. One query.
    """
    asked = frozenset(terms)
    if not articles or not asked:
        return {}
    rows = Showing.objects.filter(article__in=articles, teaches=True).values_list("article", "outcome", "terms")
    decisions: dict[int, list[tuple[bool, float]]] = defaultdict(list)
    for article, outcome, kept in rows:
        alike = similarity(asked, frozenset(kept.split()), rarity)
        if alike > 0:
            decisions[article].append((outcome != Showing.Outcome.DISMISSED, alike))
    return {article: leaning(made) for article, made in decisions.items() if made}


def leaning(decisions: Iterable[tuple[bool, float]]) -> float:
    """The factor for (was it of use, how similar its text was), in the open interval 1 ± ``REACH``."""
    used = dismissed = 0.0
    for was_used, alike in decisions:
        if was_used:
            used += alike
        else:
            dismissed += alike
    return 1 + REACH * (used - dismissed) / (used + dismissed + CALM)


def similarity(one: frozenset[str], other: frozenset[str], rarity: Callable[[str], float]) -> float:
    """The shared part of two texts' terms, by rarity: 0 … 1."""
    whole = sum(map(rarity, one | other))
    return sum(map(rarity, one & other)) / whole if whole > 0 else 0.0
