"""Which error codes stand in an article: as a whole, in any writing. ``E-1`` does not stand in ``E-17``."""

from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from madoguchi.foundation.japanese import fold
from madoguchi.knowledge.models import Article
from madoguchi.rules import writings

_FEW = 20  # as many codes as one regular expression asks the database for


def known(codes: Collection[str]) -> frozenset[str]:
    """Those of the codes that some article in use contains; at most one query."""
    wanted = [code for code in codes if _plain(code)]
    if not wanted:
        return frozenset()
    articles = Article.objects.current()
    if len(wanted) <= _FEW:
        pattern = writings.patterns(wanted)
        articles = articles.filter(Q(question__regex=pattern) | Q(answer__regex=pattern))
    found = texts(articles)
    return frozenset(code for code in wanted if stands_in(code, found))


def texts(articles: QuerySet[Article]) -> list[str]:
    """What these articles say, to look for codes in."""
    return [_plain(text) for row in articles.values_list("question", "answer") for text in row]


def _plain(text: str) -> str:
    return " ".join(fold(text).split())


def stands_in(code: str, found: Iterable[str]) -> bool:
    """Whether it stands in a text by itself: no letter or digit of a longer code goes on before or behind it."""
    code = _plain(code)
    for text in found if code else ():
        place = text.find(code)
        while place >= 0:
            before, behind = text[max(0, place - 1) : place], text[place + len(code) : place + len(code) + 1]
            if not (_goes_on(before) or _goes_on(behind)):
                return True
            place = text.find(code, place + 1)
    return False


def _goes_on(char: str) -> bool:
    return char.isascii() and char.isalnum()
