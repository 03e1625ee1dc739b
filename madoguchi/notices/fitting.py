"""The notices in force that concern what is being told, and why."""

from dataclasses import dataclass
from functools import lru_cache

from madoguchi.catalog.models import Category
from madoguchi.notices.models import Notice
from madoguchi.search import tokens

_LOOKED_AT = 50
_LONGEST_TEXT = 2_000
_MOST_WORDS = 6


@dataclass(frozen=True)
class FittingNotice:
    """A notice; the words of what was told that it says too, and whether it is of the chosen category or above it."""

    notice: Notice
    words: tuple[str, ...]
    of_category: bool


def fitting_notices(text: str, category: Category | None, *, limit: int = 5) -> list[FittingNotice]:
    """Notices in force: those of the category or with words of ``text`` first, the others after them. Two queries."""
    asked = {token.term: token.surface for token in tokens.asked(text[:_LONGEST_TEXT]) if len(token.term) > 1}
    above: set[int] = set()
    while category is not None:
        above.add(category.pk)
        category = category.parent
    found = []
    for notice in Notice.objects.in_force().prefetch_related("categories")[:_LOOKED_AT]:
        said = _terms(f"{notice.title}\n{notice.body}"[:_LONGEST_TEXT]) if asked else frozenset()
        words = tuple(surface for term, surface in asked.items() if term in said)[:_MOST_WORDS]
        found.append(FittingNotice(notice, words, any(one.pk in above for one in notice.categories.all())))
    found.sort(key=lambda one: (not one.of_category, not one.words))
    return found[:limit]


@lru_cache(maxsize=500)
def _terms(text: str) -> frozenset[str]:
    return frozenset(tokens.document_terms(text))
