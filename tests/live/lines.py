"""A live line as a browser hears it, without a browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from django.db import models, transaction

from madoguchi.journal.record import SYSTEM, record
from madoguchi.people.models import Staff
from tests.desk import Desk

MOST_BEATS = 10

type Event = tuple[str, str, Any]


@contextmanager
def line(desk: Desk, staff: Staff, topics: str, after: str = "") -> Iterator[Iterator[Event]]:
    """The events (kind, id, data) of one connection; waiting longer than 60 s for one fails."""
    query = {"topics": topics} | ({"after": after} if after else {})
    timeout = httpx.Timeout(60)
    cookies = desk.session(staff)
    address = f"{desk.url}/live"
    with httpx.stream("GET", address, params=query, cookies=cookies, timeout=timeout, verify=False) as answer:
        assert answer.status_code == 200, answer.read()
        yield events(answer)


def events(answer: httpx.Response) -> Iterator[Event]:
    place, kind, data, beats = "", "", "", 0
    for text in answer.iter_lines():
        name, _, value = text.partition(": ")
        if name == "id":
            place = value
        elif name == "event":
            kind = value
        elif name == "data":
            data = value
        elif not text and kind:
            # A line that only beats says nothing any more: the test must fail, not wait for ever.
            beats = beats + 1 if kind == "beat" else 0
            assert beats < MOST_BEATS, "nothing was heard but beats"
            if kind != "beat":
                yield kind, place, json.loads(data)
            kind = ""


def happen(desk: Desk, kind: str, *about: models.Model) -> int:
    """Something of that kind happens; the entry's id."""
    with desk.inside(), transaction.atomic():
        return record(kind, by=SYSTEM, about=about).pk
