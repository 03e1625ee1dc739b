"""The same key and request twice: done once, answered twice; also at once, after a refusal and after a crash."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from madoguchi.api.kept import forget_old_answers
from madoguchi.api.models import KeptAnswer
from madoguchi.handoffs.models import Handoff
from madoguchi.journal.models import Entry
from madoguchi.people.models import Person, Staff
from madoguchi.people.tokens import issue
from madoguchi.tickets.models import Message, Ticket
from tests import cast as cast_module
from tests.api.client import Answered, Program, program_of
from tests.cast import Cast

NEW = {"subject": "一度だけ", "body": "本文", "requester": {"name": "新井 一", "email": "arai@example.jp"}}


def test_the_second_answer_is_the_first_and_nothing_happens(cast: Cast) -> None:
    program = program_of(cast.sato)
    first = program.post("/tickets", NEW, Idempotency_Key="k-1")
    written = Entry.objects.count()
    second = program.post("/tickets", NEW, Idempotency_Key='"k-1"')
    assert (first.status, second.status, second.body) == (201, 201, first.body)
    assert (second.headers["ETag"], second.headers["Location"]) == (first.headers["ETag"], first.headers["Location"])
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (Ticket.objects.count(), Entry.objects.count()) == (1, written)


def test_a_key_belongs_to_one_token_and_without_a_key_twice_is_twice(cast: Cast) -> None:
    for member in (cast.sato, cast.suzuki):
        program_of(member).post("/tickets", NEW, Idempotency_Key="same")
    assert Ticket.objects.count() == 2
    program = program_of(cast.sato)
    program.post("/tickets", NEW)
    program.post("/tickets", NEW)
    assert Ticket.objects.count() == 4


def test_the_same_key_with_another_request_is_refused(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = program.post("/tickets", NEW, Idempotency_Key="k").body["number"]
    for path, body in (("/tickets", NEW | {"subject": "別"}), (f"/tickets/{number}/close", None)):
        answered = program.post(path, body, Idempotency_Key="k")
        assert (answered.status, answered.body["code"]) == (422, "idempotency_key_reused")
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "鍵".encode().decode("latin-1")])
def test_a_key_that_is_none_is_refused(cast: Cast, key: str) -> None:
    answered = program_of(cast.sato).post("/tickets", NEW, Idempotency_Key=key)
    assert (answered.status, answered.body["code"]) == (400, "idempotency_key")
    assert Ticket.objects.count() == 0


def test_a_refusal_is_an_answer_too(cast: Cast) -> None:
    program = program_of(cast.sato)
    number = program.post("/tickets", NEW).body["number"]
    first = program.post(f"/tickets/{number}/close", Idempotency_Key="close")
    program.post(f"/tickets/{number}/resolve", {"resolution": "済"})
    second = program.post(f"/tickets/{number}/close", Idempotency_Key="close")
    assert (first.status, first.body["code"], second.body) == (409, "not_resolved", first.body)
    assert second.headers["Content-Type"] == "application/problem+json"
    assert Ticket.objects.get().status == "resolved"


def test_a_freeze_stands_although_the_offer_is_refused(cast: Cast) -> None:
    program = program_of(cast.admin)
    number = program.post("/tickets", NEW).body["number"]
    for team in ("service-desk", "network"):
        offered = program.post(f"/tickets/{number}/handoffs", {"to_team": team, "reason": "対応を依頼"})
        assert program.post(f"/handoffs/{offered.body['id']}/accept").status == 200
    last = {"to_team": "field-service", "reason": "現地へ"}
    first = program.post(f"/tickets/{number}/handoffs", last, Idempotency_Key="third")
    assert (first.status, first.body["code"]) == (409, "frozen")
    assert program.get(f"/tickets/{number}").body["frozen"] is True
    assert program.post(f"/tickets/{number}/handoffs", last, Idempotency_Key="third").body == first.body
    assert Entry.objects.filter(kind="ticket.frozen").count() == 1
    assert Handoff.objects.count() == 2


def test_a_crash_leaves_neither_key_nor_effect(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    program = program_of(cast.sato)

    def broken(_ticket: Ticket, *_rest: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("madoguchi.api.v1.tickets.shown", broken)
        assert program.post("/tickets", NEW, Idempotency_Key="k").status == 500
    assert (Ticket.objects.count(), Person.objects.filter(family_name="新井").count()) == (0, 0)
    assert KeptAnswer.objects.count() == 0
    assert program.post("/tickets", NEW, Idempotency_Key="k").status == 201
    assert Ticket.objects.count() == 1


def test_keys_are_forgotten_after_a_day(cast: Cast) -> None:
    program = program_of(cast.sato)
    for key in ("old", "new"):
        program.post("/tickets", NEW, Idempotency_Key=key)
    KeptAnswer.objects.filter(key="old").update(at=timezone.now() - timedelta(hours=25))
    program.post("/tickets", NEW, Idempotency_Key="old")
    assert Ticket.objects.count() == 3  # expired though not swept yet
    KeptAnswer.objects.filter(key="old").update(at=timezone.now() - timedelta(hours=25))
    assert forget_old_answers() is False
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
def test_duplicates_at_the_same_moment_are_done_once() -> None:
    people = cast_module.enter()
    token = issue(staff=people.sato, scopes=["admin"])
    answers = together(lambda: Program(token).post("/tickets", NEW, Idempotency_Key="at-once"), times=8)
    assert {answered.status for answered in answers} == {201}
    assert len({answered.body["number"] for answered in answers}) == 1
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_duplicates_of_a_hand_off_at_the_same_moment_are_done_once() -> None:
    people = cast_module.enter()
    token = issue(staff=people.sato, scopes=["admin"])
    number = Program(token).post("/tickets", NEW).body["number"]
    offer = {"to_team": "service-desk", "reason": "お願いします"}
    answers = together(
        lambda: Program(token).post(f"/tickets/{number}/handoffs", offer, Idempotency_Key="offer"), times=6
    )
    assert [answered.status for answered in answers] == [201] * 6
    assert len({answered.body["id"] for answered in answers}) == 1
    assert Handoff.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_that_waits_too_long_is_told_to_come_back(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine != "postgres":
        pytest.skip("on SQLite a whole transaction waits, not a row")
    people = cast_module.enter()
    monkeypatch.setattr("madoguchi.api.idempotency._PATIENCE", "50ms")
    token = issue(staff=people.sato, scopes=["admin"])
    held, go_on = threading.Event(), threading.Event()
    first = threading.Thread(target=_hold, args=(people.sato, held, go_on))
    first.start()
    assert held.wait(60)
    answered = Program(token).post("/tickets", NEW, Idempotency_Key="slow")
    go_on.set()
    first.join()
    assert (answered.status, answered.body["code"], answered.headers["Retry-After"]) == (409, "in_progress", "2")
    assert Ticket.objects.count() == 0


def _hold(member: Staff, held: threading.Event, go_on: threading.Event) -> None:
    """A first request that takes its time: its key is written, its transaction open."""
    try:
        with transaction.atomic():
            token = member.tokens.get()
            KeptAnswer.objects.create(token=token, key="slow", fingerprint="0" * 64, at=timezone.now())
            held.set()
            go_on.wait(60)
    finally:
        connection.close()


def together(call: Callable[[], Answered], *, times: int) -> list[Answered]:
    """The call from several threads at once, each with a connection of its own."""
    ready = threading.Barrier(times)
    answers: list[Any] = []

    def run() -> None:
        try:
            ready.wait(60)
            answers.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _turn in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == times
    return answers
