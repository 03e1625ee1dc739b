"""What goes wrong reads the same everywhere: problem+json with a code, a sentence and the fields."""

import json
import re

import pytest

from madoguchi.api.openapi import description
from madoguchi.problems.models import Problem
from madoguchi.tickets.models import Message, Ticket
from tests.api.client import EVERYTHING, Program, program_of
from tests.cast import Cast

GOOD = {"subject": "件名", "body": "本文"}


@pytest.mark.parametrize(
    "path", ["/nothing", "/tickets/", "/tickets/10/nothing", "/consultations/x", "/handoffs/x", "/"]
)
def test_an_unknown_address_is_a_problem(db: None, path: str) -> None:
    answered = Program().get(path)
    assert (answered.status, answered.body["code"]) == (404, "not_found")


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(db: None) -> None:
    answered = Program().call("DELETE", "/tickets")
    assert (answered.status, answered.body["code"]) == (405, "method_not_allowed")
    assert set(answered.headers["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"subject": NaN}',
        b"\xff\xfe{",
        b'{"a":' * 5000,
        b"[" * 100_000,
        b"9" * 5000 + b"x",
        b'"\xed\xa0\x80"',
    ],
    ids=["cut", "word", "nan", "bytes", "deep objects", "deep lists", "long", "surrogate bytes"],
)
@pytest.mark.parametrize("path", ["/tickets", "/tickets/10/messages", "/calls/events", "/suggest"])
def test_what_is_no_json_is_400(cast: Cast, path: str, body: bytes) -> None:
    Ticket.objects.all().delete()
    program = program_of(cast.sato)
    number = program.post("/tickets", GOOD).body["number"]
    answered = program.post(path.replace("10", number), body)
    assert (answered.status, answered.body["code"]) == (400, "unreadable")


def test_nesting_beyond_twenty_is_400(cast: Cast) -> None:
    nested: dict[str, object] = {}
    for _level in range(25):
        nested = {"a": nested}
    assert program_of(cast.sato).post("/tickets", GOOD | {"details": nested}).status == 400


def test_a_huge_body_is_413(cast: Cast) -> None:
    program = program_of(cast.sato)
    answered = program.post("/tickets", GOOD | {"body": "あ" * 1_000_000})
    assert (answered.status, answered.body["code"]) == (413, "too_large")
    number = program.post("/tickets", GOOD).body["number"]
    assert program.post(f"/tickets/{number}/messages", b" " * (31 * 1024 * 1024)).status == 413


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"subject": None}, {"subject"}),
        ({"subject": ""}, {"subject"}),
        ({"subject": "   "}, {"subject"}),
        ({"subject": 12}, {"subject"}),
        ({"subject": "あ" * 301}, {"subject"}),
        ({"body": "あ" * 200_001}, {"body"}),
        ({"colour": "red"}, {"colour"}),
        ({"category": "no-such"}, {"category"}),
        ({"priority": "very"}, {"priority"}),
        ({"channel": "fax"}, {"channel"}),
        ({"requester": "山田"}, {"requester"}),
        ({"requester": {"name": "山田", "age": 3}}, {"requester.age"}),
        ({"requester": {"email": "not an address"}}, {"requester.email"}),
        ({"requester": {"name": "山" * 201, "phone": 3}}, {"requester.name", "requester.phone"}),
        ({"details": []}, {"details"}),
        ({"details": {"a": {"b": 1}}}, {"details"}),
        ({"details": {"a": 1e400}}, {"details"}),
        ({"details": {"": "x"}}, {"details"}),
    ],
)
def test_wrong_fields_are_named(cast: Cast, change: dict[str, object], fields: set[str]) -> None:
    answered = program_of(cast.sato).post("/tickets", _without_none(GOOD | change))
    assert (answered.status, answered.fields) in ((422, fields), (400, set()))
    assert Ticket.objects.count() == 0


def _without_none(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WzEsMl0", "cursor"),
        (
            "cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwxXQ",
            "cursor",
        ),  # a moment before the first that there is in UTC
        ("team=nowhere", "team"),
        ("category=nothing", "category"),
        ("status=lost", "status"),
        ("priority=lost", "priority"),
        ("assignee=nobody@example.jp", "assignee"),
        ("requester=9999999999999999999999", "requester"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=2026-11-21T10:00:00", "updated_since"),
        ("order=colour", "order"),
    ],
)
def test_a_wrong_query_names_its_field(cast: Cast, query: str, field: str) -> None:
    answered = program_of(cast.sato).get(f"/tickets?{query}")
    assert (answered.status, answered.fields) == (422, {field})


def test_a_key_that_a_call_does_not_know_is_named(cast: Cast) -> None:
    program = program_of(cast.hayashi)
    number = program.post("/tickets", GOOD).body["number"]
    asked = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&q=あ&"
    for path, item in description()["paths"].items():
        if "get" not in item:
            continue
        known = {part["name"] for part in item["get"]["parameters"] if part["in"] == "query"}
        needed = "&".join(part for part in asked.split("&") if part.partition("=")[0] in known)
        if "/reports/" in path:
            needed = "from=2026-01-01&to=2026-01-02"
        address = re.sub(r"\{number\}", number, path.removeprefix("/api/v1")).replace("{name}", "moves")
        address = re.sub(r"\{\w+\}", "1", address)
        answered = program.get(f"{address}?{needed}&limits=5&%00assigne=")
        assert (answered.status, answered.fields) == (422, {"limits", "assigne"}), path
        for key in known & {"cursor", "limit"}:
            assert program.get(f"{address}?{needed}&{key}={'5' * (key == 'limit')}").status == 200, (path, key)


@pytest.mark.parametrize("number", ["0", "1", "10483", "abc", "9" * 40, "１２", "%00", "-1", "10-4-8"])
def test_an_unknown_or_mistyped_number_is_404(cast: Cast, number: str) -> None:
    program_of(cast.sato).post("/tickets", GOOD)
    assert program_of(cast.sato).get(f"/tickets/{number}").status == 404


def test_what_databases_cannot_hold_is_taken_out(cast: Cast) -> None:
    program = program_of(cast.sato)
    body = b'{"subject": "a\\u0000b", "body": "x\\ud800y", "details": {"k\\u0000": "v\\u0000\\udfff"}}'
    answered = program.post("/tickets", body)
    assert answered.status == 201
    assert (answered.body["subject"], answered.body["details"]) == ("ab", {"k": "v?"})
    assert Message.objects.get().body == "x?y"
    assert program.get("/tickets?q=%00%ff").status == 200
    assert program.get("/people?q=%00").status in (200, 422)


def test_html_is_kept_as_the_text_that_it_is(cast: Cast) -> None:
    hostile = '<script>alert("x")</script><img src=x onerror=alert(1)>'
    answered = program_of(cast.sato).post("/tickets", {"subject": hostile, "body": hostile})
    assert answered.body["subject"] == hostile
    assert answered.headers["Content-Type"] == "application/json"


def test_sentences_come_in_the_language_asked_for(cast: Cast) -> None:
    program = program_of(cast.sato)
    english = program.post("/tickets", {"subject": "x"}, Accept_Language="en")
    assert english.body["errors"] == [{"field": "body", "message": "This is required."}]
    assert english.body["title"] == "Refused"


@pytest.mark.parametrize(
    ("language", "title"), [("ja", "このリクエストは許可されていません"), ("en", "The request is not allowed")]
)
def test_what_a_program_may_not_do_is_no_matter_of_pages(cast: Cast, language: str, title: str) -> None:
    answered = program_of(cast.sato, "calls:read", Accept_Language=language).post("/tickets", GOOD)
    assert (answered.status, answered.body["code"], answered.body["title"]) == (403, "insufficient_scope", title)


@pytest.mark.parametrize("body", [[], "x", 3, None])
@pytest.mark.parametrize("path", ["/tickets", "/suggest"])
def test_what_is_wrong_with_the_body_as_a_whole_is_said_of_no_field(cast: Cast, path: str, body: object) -> None:
    answered = program_of(cast.sato).post(path, json.dumps(body).encode(), Accept_Language="en")
    assert answered.status == 422
    assert ("errors" in answered.body, answered.body["detail"]) == (
        False,
        "The body cannot be used: This must be an object.",
    )


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("gestern", "This must be a time such as 2026-11-21T14:05:00+09:00."),
        ("2026-11-21", "This must be a time such as 2026-11-21T14:05:00+09:00."),
        (1795305537, "This must be a time such as 2026-11-21T14:05:00+09:00."),
        ("2026-11-21T14:05:00", "A time needs its offset, such as 2026-11-21T14:05:00+09:00."),
        ("2026-13-41T99:00:00Z", "This is no possible time."),
    ],
)
def test_a_text_that_is_no_time_is_not_said_to_lack_its_offset(cast: Cast, at: object, message: str) -> None:
    event = {"id": "e", "type": "call.started", "call": "c", "at": at}
    answered = program_of(cast.sato, "calls:write").post("/calls/events", event, Accept_Language="en")
    assert (answered.status, answered.body["errors"]) == (422, [{"field": "0.at", "message": message}])


def test_a_bug_is_an_id_and_a_row(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("madoguchi.api.v1.tickets.open_ticket", lambda **_kwargs: 1 / 0)
    answered = program_of(cast.sato).post("/tickets", GOOD)
    assert (answered.status, answered.body["code"]) == (500, "internal")
    problem = Problem.objects.get(pk=answered.body["id"])
    assert (problem.where, problem.kind, problem.staff_id) == ("api", "ZeroDivisionError", cast.sato.pk)
    assert "division" not in str(answered.body)


def test_head_is_get_without_a_body(cast: Cast) -> None:
    answered = program_of(cast.sato, *EVERYTHING).call("HEAD", "/tickets")
    assert (answered.status, answered.body) == (200, b"")
