"""The terms of articles and learned texts, stored beside them so that no process analyses them twice."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import path_of, tree
from madoguchi.knowledge.models import Article
from madoguchi.knowledge.pictures import in_words
from madoguchi.search import tokens

type Terms = dict[str, Any]

VERSION = f"{tokens.VERSION}.2"  # of articles: raise the second number when they are made of other texts


def names_of(path: Iterable[Category]) -> str:
    """The Japanese and English names on the way to a category."""
    return " ".join(name for row in path for name in (row.name, row.name_en) if name)


def category_names() -> dict[int, str]:
    """The same of every category, by id; one query."""
    return {row.pk: names_of((*path, row)) for row, path in tree(active_only=False)}


def text_terms(text: str) -> Terms:
    """``{"v": analyser version, "t": {term: how often}}``."""
    return {"v": tokens.VERSION, "t": dict(Counter(tokens.document_terms(text)))}


def article_terms(article: Article, category: str | None = None) -> Terms:
    """The terms of question, answer and the rest (key and category), each counted.

    ``category`` are the names of its category's path, for whoever has read those of all; else they are asked for.
    """
    if category is None:
        category = names_of(path_of(article.category)) if article.category else ""
    return {
        "v": VERSION,
        "q": dict(Counter(tokens.document_terms(article.question))),
        "a": dict(Counter(tokens.document_terms(in_words(article.answer)))),
        "r": dict(Counter(tokens.document_terms(f"{article.key} {article.category_text} {category}"))),
    }
