"""The articles in the memory of this process: their words (BM25F) and, where the encoder is, their meaning.

``current()`` asks the database with one small query whether anything changed, and builds anew when it did: at once
while there is little to read, else in the background while the old index answers. No request ever loads the encoder:
what has no vector yet is found by its words until the background has made one.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, Max, Sum
from numpy.typing import NDArray

from madoguchi.knowledge.models import Article, ArticleText, State
from madoguchi.knowledge.terms import VERSION, article_terms, category_names, text_terms
from madoguchi.search import meaning, tokens
from madoguchi.search.bm25 import Bm25, Scores

log = logging.getLogger(__name__)

type Version = tuple[int, int | None, datetime | None]

_BUILT_AT_ONCE = 500  # articles and texts
_MOST_MEANINGS = 60_000  # of learned texts, the newest: 120 MB
_MEANING = 60.0
_BEST, _WHOLE = 0.8, 0.2
_PARTS = ((1.0, "q"), (1.0, "a"), (1.0, "r"), (2.0, "learned"))


@dataclass(frozen=True)
class Meanings:
    """Rows of length 1: of each question, of each question with its answer, and of learned texts by owner's place."""

    questions: meaning.Vectors
    wholes: meaning.Vectors
    texts: meaning.Vectors
    owners: NDArray[np.int64]

    def scores(self, text: str) -> tuple[Scores, Scores]:
        """(score, best cosine) of every article for a text."""
        asked = meaning.encode([text])[0]
        best = self.questions @ asked
        if len(self.owners):
            np.maximum.at(best, self.owners, self.texts @ asked)
        return _MEANING * (_BEST * best + _WHOLE * (self.wholes @ asked)), best


@dataclass(frozen=True)
class ArticleIndex:
    """Everything that ranking needs, as of one version. Articles are known by their place."""

    version: Version
    ids: NDArray[np.int64]
    categories: NDArray[np.int64]
    words: Bm25
    size: int  # rows that were read
    meanings: Meanings | None = None
    is_complete: bool = True  # nothing waits for a vector


_held: ArticleIndex | None = None
_seen: Version | None = None  # what the database said last
_building = threading.Lock()
_background: threading.Thread | None = None
_not_before = 0.0


def current(*, wait: bool = False) -> ArticleIndex:
    """The index of this process; it may lag one building behind, unless ``wait`` asks for a complete one."""
    global _seen  # noqa: PLW0603  what one request has learned is true for the others
    held = _held
    version = _seen = _version()
    if held is not None and held.version == version and held.is_complete:
        return held
    if wait:
        return _build(with_encoder=True)
    if held is None or (held.version != version and held.size <= _BUILT_AT_ONCE):
        held = _build(with_encoder=False)
    if held.version != version or not held.is_complete:
        _build_in_background()
    return held


def lags() -> bool:
    """Whether articles changed that the index of this process does not know yet, so that they may be missing from what
    was found. Asks nothing: it knows what ``current()`` was told last.
    """
    return _held is not None and _seen is not None and _held.version != _seen


def forget() -> None:
    """Drop the index, as a new process would start."""
    global _held, _seen, _not_before
    _held, _seen, _not_before = None, None, 0.0


def _version() -> Version:
    row = Article.objects.order_by().aggregate(count=Count("id"), sum=Sum("revision"), last=Max("updated_at"))
    return row["count"], row["sum"], row["last"]


def _build(*, with_encoder: bool) -> ArticleIndex:
    """Read everything and hold it. Without encoder the meanings are those already stored."""
    global _held, _seen  # noqa: PLW0603  one index per process is the point
    with _building:
        # The version is read first, so that a change during the reading shows as a newer version afterwards.
        version = _seen = _version()
        if _held is not None and _held.version == version and (_held.is_complete or not with_encoder):
            return _held
        _held = _read(version, with_encoder=with_encoder)
        return _held


def _build_in_background() -> None:
    global _background  # noqa: PLW0603  one builder per process is the point
    if (_background is not None and _background.is_alive()) or time.monotonic() < _not_before:
        return
    _background = threading.Thread(target=_build_and_rest, name="article-index", daemon=True)
    _background.start()


def _build_and_rest() -> None:
    global _not_before  # noqa: PLW0603  see above
    started = time.monotonic()
    try:
        _build(with_encoder=True)
    except Exception:
        log.exception("Building the article index failed; the old one goes on answering")
        _not_before = time.monotonic() + 60
    else:
        # Busy times change articles all the time: build at most a tenth of it.
        _not_before = time.monotonic() + 10 * (time.monotonic() - started)
    finally:
        connection.close()


def _read(version: Version, *, with_encoder: bool) -> ArticleIndex:
    articles = list(Article.objects.exclude(state=State.ARCHIVED).order_by("pk"))
    places = {article.pk: place for place, article in enumerate(articles)}
    counting = ArticleText.objects.filter(counts=True).order_by("-learned_at", "-pk")
    texts = [text for text in counting if text.article_id in places]
    fields: dict[str, list[dict[str, int]]] = {"q": [], "a": [], "r": [], "learned": [{} for _ in articles]}
    outdated = [article for article in articles if article.terms.get("v") != VERSION]
    _make_anew(outdated, store=with_encoder)
    for article in articles:
        for part in "qar":
            fields[part].append(article.terms[part])
    for text in texts:
        terms = text.terms if text.terms.get("v") == tokens.VERSION else text_terms(text.text)
        counts = fields["learned"][places[text.article_id]]
        for term, count in terms["t"].items():
            counts[term] = counts.get(term, 0) + count
    meanings, is_complete = _meanings(articles, texts[:_MOST_MEANINGS], places, with_encoder=with_encoder)
    return ArticleIndex(
        version=version,
        ids=np.array([article.pk for article in articles], np.int64),
        categories=np.array([article.category_id or 0 for article in articles], np.int64),
        words=Bm25([(weight, fields[name]) for weight, name in _PARTS]),
        size=len(articles) + len(texts),
        meanings=meanings,
        is_complete=is_complete,
    )


def _make_anew(outdated: list[Article], *, store: bool) -> None:
    """Give each its terms; stored by whoever has the time, so that the next process needs not do it again."""
    names = category_names() if outdated else {}

    def make(some: Sequence[Article]) -> None:
        for article in some:
            article.terms = article_terms(article, names.get(article.category_id or 0, ""))

    def keep(article: Article) -> None:
        if store:
            same = Article.objects.filter(pk=article.pk, version=article.version, revision=article.revision)
            same.update(terms=article.terms)

    _in_batches(outdated, make, keep)


def _meanings(
    articles: list[Article], texts: list[ArticleText], places: dict[int, int], *, with_encoder: bool
) -> tuple[Meanings | None, bool]:
    """What the rows mean, and whether that is all of them; None where this process cannot encode a question yet."""
    if not meaning.is_available():
        return None, True
    if with_encoder:
        meaning.encode([""])
        _encode_articles([article for article in articles if article.vectors is None])
        _encode_texts([text for text in texts if text.vector is None])
    elif not meaning.is_loaded():
        return None, False
    both = np.zeros((len(articles), 2, meaning.DIMENSIONS), np.float32)
    for article in articles:
        if article.vectors is not None:
            both[places[article.pk]] = meaning.unpack(article.vectors)
    known = [text for text in texts if text.vector is not None]
    vectors = np.zeros((len(known), meaning.DIMENSIONS), np.float32)
    for place, text in enumerate(known):
        vectors[place] = meaning.unpack(text.vector or b"")[0]
    return Meanings(
        questions=np.ascontiguousarray(both[:, 0]),
        wholes=np.ascontiguousarray(both[:, 1]),
        texts=vectors,
        owners=np.array([places[text.article_id] for text in known], np.int64),
    ), len(known) == len(texts) and all(article.vectors is not None for article in articles)


def _encode_articles(articles: list[Article]) -> None:
    """Give each its vectors and store them, unless the article moved on meanwhile."""

    def encode(some: Sequence[Article]) -> None:
        questions = meaning.encode([article.question for article in some])
        wholes = meaning.encode([f"{article.question} {article.answer}" for article in some])
        for article, question, whole in zip(some, questions, wholes, strict=True):
            article.vectors = meaning.pack(np.stack([question, whole]))

    def store(article: Article) -> None:
        Article.objects.filter(pk=article.pk, version=article.version).update(vectors=article.vectors)

    _in_batches(articles, encode, store)


def _encode_texts(texts: list[ArticleText]) -> None:
    def encode(some: Sequence[ArticleText]) -> None:
        for text, vector in zip(some, meaning.encode([text.text for text in some]), strict=True):
            text.vector = meaning.pack(vector)

    def store(text: ArticleText) -> None:
        ArticleText.objects.filter(pk=text.pk, learned_at=text.learned_at).update(vector=text.vector)

    _in_batches(texts, encode, store)


def _in_batches[T](rows: list[T], encode: Callable[[Sequence[T]], None], store: Callable[[T], Any]) -> None:
    for start in range(0, len(rows), 64):
        some = rows[start : start + 64]
        encode(some)
        with transaction.atomic():
            for row in some:
                store(row)
