"""What the seat is shown while somebody types: articles at several numbers, and similar tickets with inserts going on.

Articles are made of what the desk's tickets say, each with a word of its own, and removed at the end;
the vectors of their meaning are random, since ranking costs the same, and only the question is really encoded.
Similar tickets are looked for with the desk's own texts, while another thread writes twenty texts a second into the
index and takes them out again at the end.
"""

import random
import resource
import threading
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Self

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from madoguchi.knowledge import article_index
from madoguchi.knowledge.models import Article, State
from madoguchi.knowledge.suggest import suggest
from madoguchi.knowledge.terms import article_terms
from madoguchi.people.access import access_of
from madoguchi.people.models import Role, Staff
from madoguchi.search import meaning, tokens
from madoguchi.search.index import engine
from madoguchi.tickets.alike import alike_tickets
from madoguchi.tickets.models import Message, Ticket

_TEXTS = 200
_INSERTS = 0.05  # seconds between two
_SHOWN = 15
_AT_ONCE = 200
_TYPED = 120  # characters, at most
_KEY = "bench-"


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order``: ``what`` (articles, similar), ``articles``, ``times``, ``encoder``. Seconds by name, bytes."""
    measured: Callable[[dict[str, Any]], dict[str, Any]] = _articles if order["what"] == "articles" else _similar
    return measured(order)


def _articles(order: dict[str, Any]) -> dict[str, Any]:
    settings.ENCODER = bool(order["encoder"]) and _has_encoder()
    said = _texts()
    _write(order["articles"], said)
    try:
        before, begun = _resident(), time.perf_counter()
        article_index.current(wait=True)
        built, held = time.perf_counter() - begun, _resident() - before
        access = access_of(_administrator())
        asked = [
            text[: max(4, len(text) * share // 10)] for text in (one[:120] for one in said) for share in (4, 7, 10)
        ]
        random.Random(1).shuffle(asked)
        suggest(asked[0], access=access, wait=True)
        taken = [_timed(lambda text=text: suggest(text, access=access)) for text in asked[: order["times"]]]  # type: ignore[misc]
        keys = list(Article.objects.values_list("pk", flat=True)[:_SHOWN])
        floor = [_timed(lambda: _bare_articles(keys)) for _turn in range(order["times"])]
    finally:
        _remove()
    return {"taken": taken, "floor": floor, "built": built, "held": held, "encoder": settings.ENCODER}


def _similar(order: dict[str, Any]) -> dict[str, Any]:
    access, found = access_of(_administrator()), {}
    tickets = list(Ticket.objects.order_by("?").values_list("pk", "subject")[: order["times"]])
    first = dict(Message.objects.filter(ticket__in=[pk for pk, _subject in tickets]).values_list("ticket", "body"))
    said = {
        "typed": [subject[: max(4, len(subject) * 7 // 10)] for _pk, subject in tickets],
        "whole": [f"{subject}\n{first.get(pk, '')}" for pk, subject in tickets],
    }
    alike_tickets(said["whole"][0], access=access)
    with _Inserting() as inserts:
        for name, texts in said.items():
            found[name] = [_timed(lambda text=text: alike_tickets(text, access=access)) for text in texts]  # type: ignore[misc]
    found["floor"] = [_timed(lambda text=text: _bare_similar(text)) for text in said["typed"]]  # type: ignore[misc]
    return found | {"inserts": inserts.taken, "size": _index_size()}


class _Inserting:
    """A thread that writes texts into the index, twenty a second, each in a transaction of its own."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._refs: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        with transaction.atomic():
            engine().write("ticket", {}, self._refs)

    def _write(self) -> None:
        terms = " ".join(tokens.document_terms("メールが送信できずエラーが表示されます。ご確認をお願いします。"))
        ref = engine().newest_ref("ticket")
        while not self._stop.wait(_INSERTS):
            ref += 1
            self._refs.append(ref)
            begun = time.perf_counter()
            with transaction.atomic():
                engine().write("ticket", {ref: terms}, [])
            self.taken.append(time.perf_counter() - begun)
        connection.close()


def _texts() -> list[str]:
    rows = Message.objects.filter(from_requester=True).order_by("id").values_list("ticket__subject", "body")[:_TEXTS]
    return [f"{subject} {body}"[:300] for subject, body in rows] or ["メールが送信できません"]


def _write(number: int, said: Sequence[str]) -> None:
    """Articles with the terms and vectors that the acts and the encoder would have stored."""
    chance = np.random.default_rng(1)
    answers = [f"{one}\n{other}" for one, other in zip(said, [*said[1:], said[0]], strict=True)]
    parts = [
        (one, answer, article_terms(Article(key="", question=one, answer=answer)))
        for one, answer in zip(said, answers, strict=True)
    ]
    rows, now = [], timezone.now()
    for place, (question, answer, terms) in zip(range(number), cycle(parts), strict=False):
        own = f"様式{place}"
        vectors = chance.standard_normal((2, meaning.DIMENSIONS)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        rows.append(
            Article(
                key=f"{_KEY}{place}",
                question=f"{question[:200]} {own}",
                answer=answer,
                state=State.VALIDATED,
                updated_at=now,
                terms=terms | {"q": terms["q"] | {own: 1}},
                vectors=meaning.pack(vectors),
            )
        )
    for start in range(0, len(rows), _AT_ONCE):  # no long transaction: the desk's own worker writes, too
        Article.objects.bulk_create(rows[start : start + _AT_ONCE])


def _remove() -> None:
    while keys := list(Article.objects.filter(key__startswith=_KEY).values_list("pk", flat=True)[:_AT_ONCE]):
        Article.objects.filter(pk__in=keys).delete()


def _administrator() -> Staff:
    return Staff.objects.filter(memberships__role=Role.ADMINISTRATOR).order_by("id")[0]


def _has_encoder() -> bool:
    settings.ENCODER = True
    return meaning.is_available()


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def _bare_articles(keys: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(keys))
        cursor.execute(f"SELECT id, key, question, answer FROM knowledge_article WHERE id IN ({marks})", list(keys))
        cursor.fetchall()


def _bare_similar(text: str) -> None:
    """The newest twenty texts with the first word, as the engine finds them."""
    words = [token.term for token in tokens.asked(text)]
    if words:
        here = engine()
        here.newest("ticket", here.expression([((tokens.Wanted(words[0]),),)]), limit=20, before=None)


def _index_size() -> int:
    sql = (
        "SELECT pg_relation_size('search_document_words')"
        if connection.vendor == "postgresql"
        else "SELECT SUM(LENGTH(block)) FROM search_fts_ticket_data"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0] or 0)
