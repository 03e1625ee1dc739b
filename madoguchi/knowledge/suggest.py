"""Articles for a text, best first: what the first line is shown while the text grows."""

from dataclasses import dataclass

from madoguchi.catalog.models import Category
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Access


@dataclass(frozen=True)
class Suggestion:
    """An article that fits, how well (comparable within one answer only), and the words of the text it was found by."""

    article: Article
    score: float
    words: tuple[str, ...]
