"""Whatever a program sends, it is never answered with an error of ours."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.api.openapi import description
from madoguchi.interactions.models import CallBack, Channel, Interaction
from madoguchi.tickets.models import Ticket
from tests.api.client import Program, program_of
from tests.cast import Cast

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", " ", "\0", "\ud800", "mail-trouble", "call-centre", "1001", "sato@example.jp", "9" * 30, "１０", "date"]
    )
    | st.sampled_from(
        ["2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "internal", "public"]
    )
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
WRITES = sorted(
    (method.upper(), path.removeprefix("/api/v1"))
    for path, item in description()["paths"].items()
    for method in item
    if method != "get" and "{token}" not in path
)
READS = sorted(path.removeprefix("/api/v1") for path, item in description()["paths"].items() if "get" in item)


def resolved(form: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in form:
        name = form["$ref"].rpartition("/")[2]
        return dict(description()["components"]["schemas"][name])
    return form


def fields_of(method: str, path: str) -> list[str]:
    """The names of the fields that a call's body knows."""
    call = description()["paths"]["/api/v1" + path][method.lower()]
    form = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    forms = [resolved(part) for part in form.get("anyOf", form.get("oneOf", [form]))]
    return [name for part in forms for name in part.get("properties", {})]


def there(program: Program) -> dict[str, Any]:
    """Something at every address."""
    ticket = program.post("/tickets", {"subject": "件名", "body": "本文", "requester": {"phone": "090-1111-2222"}})
    offer = program.post(f"/tickets/{ticket.body['number']}/handoffs", {"to_team": "network", "reason": "依頼"})
    asked = {"department": "accounting", "question": "質問"}
    question = program.post(f"/tickets/{ticket.body['number']}/consultations", asked)
    return {"number": ticket.body["number"], "handoff_id": offer.body["id"], "question": question.body["id"]}


def examples(engine: str) -> settings:
    """PostgreSQL refuses more of what it is given: texts with NUL, long ones, large numbers."""
    return settings(
        max_examples=50 if engine == "postgres" else 20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        derandomize=True,
    )


@pytest.mark.parametrize(("method", "path"), WRITES, ids=str)
def test_no_body_is_a_bug(cast: Cast, engine: str, method: str, path: str) -> None:
    program = program_of(cast.admin)
    places = there(program)
    contact = Interaction.objects.create(channel=Channel.VISIT, started_at=Ticket.objects.get().opened_at)
    owed = CallBack.objects.create(due_at=contact.started_at, number="+819011112222", team=cast.call_centre)
    known = fields_of(method, path)
    row = owed.pk if path.startswith("/call-backs") else contact.pk
    row = places["question"] if path.startswith("/consultations") else row
    address = path.replace("{number}", places["number"]).replace("{handoff_id}", str(places["handoff_id"]))
    address = address.replace("{row_id}", str(row))
    bodies = st.dictionaries(st.sampled_from(known), ANYTHING) | ANYTHING if known else ANYTHING

    @examples(engine)
    @given(bodies)
    def send(body: Any) -> None:
        with transaction.atomic():
            answered = program.call(method, address, json.dumps(body).encode())
            transaction.set_rollback(True)
        assert answered.status < 500, (body, answered.body)

    send()


@pytest.mark.parametrize("path", READS)
def test_no_query_is_a_bug(cast: Cast, engine: str, path: str) -> None:
    program = program_of(cast.admin)
    places = there(program)
    address = path.replace("{number}", places["number"]).replace("{handoff_id}", str(places["handoff_id"]))
    address = address.replace("{row_id}", str(places["question"]) if path.startswith("/consultations") else "1")
    asked = description()["paths"]["/api/v1" + path]["get"]["parameters"]
    known = [part["name"] for part in asked if part["in"] == "query"]

    @examples(engine)
    @given(st.lists(st.tuples(st.sampled_from(known or ["x"]), SCALARS.map(str)), max_size=3))
    def ask(query: list[tuple[str, str]]) -> None:
        answered = program.get(f"{address}?{urlencode(query, errors='replace')}")
        assert answered.status < 500, (query, answered.body)

    ask()
