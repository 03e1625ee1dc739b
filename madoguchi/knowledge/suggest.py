"""Articles for a text, best first: what the first line is shown while the text grows."""

from collections.abc import Collection
from dataclasses import dataclass

import jaconv
import numpy as np

from madoguchi.catalog.models import Category
from madoguchi.knowledge.article_index import ArticleIndex, current
from madoguchi.knowledge.feedback import leanings
from madoguchi.knowledge.models import Article, ArticleQuerySet
from madoguchi.people.access import Access
from madoguchi.search import tokens
from madoguchi.search.bm25 import Scores
from madoguchi.search.synonyms import WEIGHT, thesaurus

LONGEST_TEXT = 2_000
_SPOKEN = 0.5  # what a match by sound weighs beside a match by the word itself
_HEARD = 1.5  # a word of the articles that is heard in a text of kana
_LONGEST_HEARD = 12
_KANA_MEANING = 1 / 3
_SAME_CATEGORY = 0.1  # of the best score, on top, for an article of the chosen category
_LEAST_COSINE = 0.4  # below it, an article that shares no word is no suggestion
_MOST_WORDS = 6
_LOOKS = 2  # at the best ones, before it is asked what may be read at all


@dataclass(frozen=True)
class Suggestion:
    """An article that fits, how well (comparable within one answer only), and the words of the text it was found by."""

    article: Article
    score: float
    words: tuple[str, ...]


def suggest(
    text: str,
    *,
    access: Access | None,
    category: Category | None = None,
    limit: int = 5,
    wait: bool = False,
    without: Collection[int] = (),
) -> list[Suggestion]:
    """Up to ``limit`` articles that ``access`` may read (None: what anybody may read), best first.

    An empty text, or one without anything to go by, gives none. ``wait`` waits for a complete index (commands);
    ``without`` are ids that are left out.
    """
    rows = Article.objects.public() if access is None else Article.objects.visible_to(access)
    rows = rows.current().exclude(pk__in=without) if without else rows.current()
    return ranked(text, rows, category=category, limit=limit, wait=wait)


def ranked(
    text: str, rows: ArticleQuerySet, *, category: Category | None = None, limit: int = 5, wait: bool = False
) -> list[Suggestion]:
    """The same for any set of articles; the set is asked in the query, so nothing outside it is ever read."""
    asked = tokens.asked(text[:LONGEST_TEXT])
    if not asked or limit < 1:
        return []
    index = current(wait=wait)
    wanted = _wanted(text[:LONGEST_TEXT], asked, index)
    scores, likely = _scores(text[:LONGEST_TEXT], wanted, index)
    if category is not None and len(scores):
        scores = scores + np.where(index.categories == category.pk, _SAME_CATEGORY * scores.max(), 0)
    order = np.argsort(-scores, kind="stable")
    order = order[likely[order]]
    found: list[tuple[float, int, Article]] = []
    start, window = 0, 3 * limit
    for look in range(_LOOKS + 1):
        if len(found) >= limit or start >= len(order):
            break
        if look == _LOOKS:
            # Little of it may be read: which, is asked once, instead of going through all that may not.
            readable_ids = np.fromiter(rows.order_by().values_list("pk", flat=True), np.int64)
            order, start, window = order[start:][np.isin(index.ids[order[start:]], readable_ids)], 0, 3 * limit
        places = order[start : start + window]
        readable = rows.light().select_related("category").in_bulk([int(index.ids[place]) for place in places])
        for place in places:
            if (article := readable.get(int(index.ids[place]))) is not None:
                found.append((float(scores[place]), int(place), article))
        start, window = start + window, window * 4
    learned = leanings([article.pk for _score, _place, article in found], _terms(asked), index.words.rarity)
    found = [(score * learned.get(article.pk, 1.0), place, article) for score, place, article in found]
    found.sort(key=lambda row: -row[0])
    return [Suggestion(article, score, _matched(wanted, index, place)) for score, place, article in found[:limit]]


def _terms(asked: list[tokens.Token]) -> list[str]:
    return [token.term for token in asked]


# word as it was written → the terms it stands for, with their weights
type Wanted = dict[str, dict[str, float]]


def _wanted(text: str, asked: list[tokens.Token], index: ArticleIndex) -> Wanted:
    """Words as they are, by sound where the writing tells less, and the last one completed where it is half typed."""
    wanted: Wanted = {}
    for token in asked:
        terms = wanted.setdefault(token.surface, {})
        terms[token.term] = 1.0
        if token.reading and token.reading != token.term and (token.spoken or token.term not in index.words):
            terms.setdefault(token.reading, _SPOKEN)
    for phrase, same in thesaurus().of([token.term for token in asked]):
        surface = next(token.surface for token in asked if token.term == phrase[-1])
        for term in (term for other in same for term in other):
            wanted[surface].setdefault(term, WEIGHT)
    if tokens.is_only_kana(text):
        for term in _heard(text, index):
            wanted.setdefault(jaconv.kata2hira(term), {})[term] = _HEARD
    last = asked[-1]
    if last.term not in index.words and len(last.term) > 1:
        for term in index.words.completions(last.term):
            wanted[last.surface].setdefault(term, _SPOKEN)
    return wanted


def _heard(text: str, index: ArticleIndex) -> list[str]:
    """The words of the articles that are heard in a text of kana, in katakana: from the left, the longest ones.

    The analyser cuts kana by guess; which words there are to be meant is known from the articles.
    """
    said, found, end = tokens.reading(text), [], 0
    for start in range(len(said)):
        for stop in range(min(len(said), start + _LONGEST_HEARD), max(end, start + 1), -1):
            if said[start:stop] in index.words:
                found.append(said[start:stop])
                end = stop
                break
    return found


def _scores(text: str, wanted: Wanted, index: ArticleIndex) -> tuple[Scores, np.typing.NDArray[np.bool_]]:
    """The score of every article, and whether it is likely enough to be shown at all."""
    weights: dict[str, float] = {}
    for terms in wanted.values():
        for term, weight in terms.items():
            weights[term] = max(weight, weights.get(term, 0.0))
    scores = index.words.scores(weights)
    likely = scores > 0
    if index.meanings is None:
        return scores, likely
    meant, best = index.meanings.scores(text)
    if tokens.is_only_kana(text):
        # The encoder understands kana badly: it helps among what was found, and finds nothing by itself.
        return scores + _KANA_MEANING * meant, likely
    return scores + meant, likely | (best >= _LEAST_COSINE)


def _matched(wanted: Wanted, index: ArticleIndex, place: int) -> tuple[str, ...]:
    """The words of the text that stand in the article, the telling ones first."""
    worth = {word: max(index.words.held(term, place) for term in terms) for word, terms in wanted.items()}
    found = sorted((word for word, value in worth.items() if value > 0), key=lambda word: -worth[word])
    return tuple(found[:_MOST_WORDS])
