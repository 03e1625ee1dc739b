"""What the seat is shown while somebody types: articles at several numbers, and similar tickets with inserts going on.

Articles are made of what the desk's tickets say, each with a word of its own; every second one has a learned text, two
of three have decisions that teach, and every fourth is not for partners. The vectors of their meaning are random rows
of length 1, since ranking costs the same; only the question is really encoded. Similar tickets are looked for with the
desk's own texts, while another thread writes twenty texts a second into the index and takes them out again at the end.
"""

import random
import resource
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from madoguchi.bench.inside import seconds
from madoguchi.knowledge import article_index, usage
from madoguchi.knowledge.models import Article, ArticleText, Audience, Place, Showing, State
from madoguchi.knowledge.suggest import suggest
from madoguchi.knowledge.terms import article_terms, text_terms
from madoguchi.people.access import Access, access_of
from madoguchi.people.models import Role, Staff
from madoguchi.search import meaning, tokens
from madoguchi.search.index import engine, newest_ref
from madoguchi.tickets.alike import alike_tickets
from madoguchi.tickets.models import Message, Ticket

_TEXTS = 200
_INSERTS = 0.05  # seconds between two
_SHOWN = 15
_AT_ONCE = 500
_TYPED = 120  # characters, at most
_KEY = "bench-"


def run(order: dict[str, Any]) -> dict[str, Any]:
    """``order["what"]``: ``write`` (until there are ``articles``), ``ask`` (``times``, ``encoder``), ``remove``, or
    ``similar`` (``times``). Seconds by name, bytes.
    """
    steps: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "write": _write,
        "ask": _ask,
        "remove": _remove,
        "similar": _similar,
    }
    return steps[order["what"]](order)


def _ask(order: dict[str, Any]) -> dict[str, Any]:
    """Both readers ask the same, each text as it grows: the first 40 %, 70 %, all of it."""
    settings.ENCODER = bool(order["encoder"]) and _has_encoder()
    if order["encoder"] and not settings.ENCODER:
        return {"encoder": False}
    if settings.ENCODER:
        meaning.encode([""])  # its own memory is not the index's
    before, begun = _resident(), time.perf_counter()
    article_index.current(wait=True)
    built, held = time.perf_counter() - begun, _resident() - before
    _say(f"index of {Article.objects.count():,} articles built in {built:.1f} s")
    texts = [
        text[: max(4, len(text) * share // 10)] for text in (one[:_TYPED] for one in _texts()) for share in (4, 7, 10)
    ]
    random.Random(1).shuffle(texts)
    found: dict[str, Any] = {"encoder": settings.ENCODER, "built": built, "held": held}
    for name, access in _readers().items():
        suggest(texts[0], access=access)
        found[name] = [seconds(lambda text=text: suggest(text, access=access)) for text in texts[: order["times"]]]  # type: ignore[misc]  # noqa: B023
    keys = list(Article.objects.order_by("pk").values_list("pk", flat=True)[:_SHOWN])
    found["floor"] = [seconds(lambda: _bare_articles(keys)) for _turn in range(order["times"])]
    return found | {"resident": _resident()}


def _readers() -> dict[str, Access]:
    people = Staff.objects.filter(memberships__role=Role.OPERATOR).order_by("id")
    rows = {
        "operator": people.filter(memberships__team__is_partner=False),
        "partner": people.filter(memberships__team__is_partner=True),
    }
    return {name: access_of(found[0]) for name, found in rows.items()}


def _similar(order: dict[str, Any]) -> dict[str, Any]:
    access, found = access_of(_administrator()), {}
    tickets = list(Ticket.objects.order_by("?").values_list("pk", "subject")[: order["times"]])
    first = dict(Message.objects.filter(ticket__in=[pk for pk, _subject in tickets]).values_list("ticket", "body"))
    said = {
        "typed": [subject[: max(4, len(subject) * 7 // 10)] for _pk, subject in tickets],
        "whole": [f"{subject}\n{first.get(pk, '')}" for pk, subject in tickets],
    }
    alike_tickets(said["whole"][0], access=access)
    _say(f"{len(tickets):,} tickets asked for, while texts are written")
    with _Inserting() as inserts:
        for name, texts in said.items():
            found[name] = [seconds(lambda text=text: alike_tickets(text, access=access)) for text in texts]  # type: ignore[misc]
    found["floor"] = [seconds(lambda text=text: _bare_similar(text)) for text in said["typed"]]  # type: ignore[misc]
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
        ref = newest_ref("ticket")
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


def _write(order: dict[str, Any]) -> dict[str, Any]:
    """Articles with all that acts, decisions and the encoder would have stored beside them, until there are enough."""
    chance, now, said = np.random.default_rng(1), timezone.now(), _texts()
    parts = [
        (one, f"{one}\n{other}", text_terms(one), usage.terms_of(one))
        for one, other in zip(said, [*said[1:], said[0]], strict=True)
    ]
    terms_of = [article_terms(Article(key="", question=one, answer=answer)) for one, answer, _text, _kept in parts]
    there = Article.objects.filter(key__startswith=_KEY).count()

    def vectors(rows: int) -> bytes:
        drawn = chance.standard_normal((rows, meaning.DIMENSIONS)).astype(np.float32)
        return meaning.pack(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))

    for start in range(there, order["articles"], _AT_ONCE):  # no long transaction: the desk's own worker writes, too
        articles, texts, showings = [], [], []
        for place in range(start, min(start + _AT_ONCE, order["articles"])):
            question, answer, learned, kept = parts[place % len(parts)]
            terms, own = terms_of[place % len(parts)], f"様式{place}"
            article = Article(
                key=f"{_KEY}{place}",
                question=f"{question[:200]} {own}",
                answer=answer,
                state=State.VALIDATED,
                audience=Audience.STAFF if place % 4 == 3 else Audience.FIRST_LINE,
                updated_at=now,
                terms=terms | {"q": terms["q"] | {own: 1}},
                vectors=vectors(2),
            )
            articles.append(article)
            if place % 2 == 0:
                source = {"source": f"{_KEY}{place}", "text": question, "terms": learned, "vector": vectors(1)}
                texts.append(ArticleText(article=article, learned_at=now, **source))
            showings += [
                Showing(
                    article=article,
                    kind="bench",
                    ref=3 * place + turn,
                    place=Place.SEAT,
                    rank=1,
                    shown_at=now,
                    terms=kept,
                    outcome=Showing.Outcome.DISMISSED if turn else Showing.Outcome.USED,
                    outcome_at=now,
                    teaches=True,
                )
                for turn in range(place % 3)
            ]
        with transaction.atomic():
            Article.objects.bulk_create(articles)
            ArticleText.objects.bulk_create(texts)
            Showing.objects.bulk_create(showings)
        _say(f"{start + len(articles):,} of {order['articles']:,} articles written")
    # The desk's own would be encoded one after the other, which takes minutes and is not what is measured.
    for model, name, rows in ((Article, "vectors", 2), (ArticleText, "vector", 1)):
        missing = list(model.objects.filter(**{name: None}).only("pk"))
        for row in missing:
            setattr(row, name, vectors(rows))
        model.objects.bulk_update(missing, [name], batch_size=_AT_ONCE)
    return {}


def _remove(_order: dict[str, Any]) -> dict[str, Any]:
    """Take them out again. For each article the database would look for its rows in every table that may name one, some
    of them without an index for it (articles are archived, never deleted): hours for 20,000. So it is told not to look.
    """
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        Showing.objects.filter(kind="bench").delete()
        ArticleText.objects.filter(source__startswith=_KEY).delete()
        cursor.execute("DELETE FROM knowledge_article WHERE key LIKE %s", [f"{_KEY}%"])
        Article.objects.update(vectors=None)
        ArticleText.objects.update(vector=None)
    return {}


def _administrator() -> Staff:
    return Staff.objects.filter(memberships__role=Role.ADMINISTRATOR).order_by("id")[0]


def _has_encoder() -> bool:
    settings.ENCODER = True
    return meaning.is_available()


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


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
    """Bytes of the index with the terms it is made from: the table with PostgreSQL's GIN or SQLite's FTS5."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('search_document')")
            return int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT name FROM sqlite_schema WHERE rootpage > 0"
            " AND (tbl_name = 'search_document' OR tbl_name LIKE 'search!_fts!_%' ESCAPE '!')"
        )
        size = 0
        for (name,) in cursor.fetchall():
            cursor.execute("SELECT SUM(pgsize) FROM dbstat WHERE name = %s", [name])
            size += int(cursor.fetchone()[0] or 0)
        return size
