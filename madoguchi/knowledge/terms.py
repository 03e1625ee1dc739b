"""The terms of articles and learned texts, stored beside them so that no process analyses them twice."""

from collections import Counter
from typing import Any

from madoguchi.knowledge.models import Article
from madoguchi.knowledge.pictures import in_words
from madoguchi.search import tokens

type Terms = dict[str, Any]


def text_terms(text: str) -> Terms:
    """``{"v": analyser version, "t": {term: how often}}``."""
    return {"v": tokens.VERSION, "t": dict(Counter(tokens.document_terms(text)))}


def article_terms(article: Article) -> Terms:
    """The terms of question, answer and the rest (key and category), each counted."""
    return {
        "v": tokens.VERSION,
        "q": dict(Counter(tokens.document_terms(article.question))),
        "a": dict(Counter(tokens.document_terms(in_words(article.answer)))),
        "r": dict(Counter(tokens.document_terms(f"{article.key} {article.category_text}"))),
    }
