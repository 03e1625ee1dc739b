"""The description is complete, and its page reads without scripts."""

from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator

from madoguchi.api.openapi import description
from madoguchi.api.twilio import _OURS
from madoguchi.people.tokens import SCOPES
from madoguchi.telephony.providers.twilio import translation


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(part) for part in value.values()))
    return set().union(*(references(part) for part in value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere_and_every_form_is_a_schema() -> None:
    document = description()
    for reference in references(document):
        assert reference.startswith("#/components/"), reference
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][kind], reference
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_call_tells_scopes_problems_and_idempotency() -> None:
    for path, item in description()["paths"].items():
        for method, call in item.items():
            assert call["summary"], path
            assert call["description"], path
            assert {"401", "403", "422"} <= call["responses"].keys(), path
            if "{token}" in path:
                continue
            assert all(scope in SCOPES for option in call["security"] for scope in option["bearer"]), path
            headers = {part["name"] for part in call["parameters"] if part["in"] == "header"}
            assert ("Idempotency-Key" in headers) == (method == "post"), path
            assert not any("examples" in part for part in call["parameters"]), "a list of examples is no OpenAPI"
            places = {part["name"] for part in call["parameters"] if part["in"] == "path"}
            assert all(f"{{{name}}}" in path for name in places), path
            if method in ("post", "patch") and "requestBody" in call:
                assert "application/json" in call["requestBody"]["content"], path


def test_twilios_door_is_described_as_it_answers() -> None:
    call = description()["paths"]["/api/v1/twilio/{token}"]["post"]
    parameters = {(part["in"], part["name"]): part["required"] for part in call["parameters"]}
    assert parameters[("header", "X-Twilio-Signature")]
    assert {name for place, name in parameters if place == "query"} == {*_OURS, "next"}
    (kind,) = call["requestBody"]["content"]
    form = call["requestBody"]["content"][kind]["schema"]
    assert kind == "application/x-www-form-urlencoded"
    assert form["required"] == ["CallSid"]
    assert form["properties"]["CallStatus"]["enum"] == [*translation._RINGING, "in-progress", *translation._ENDS]
    assert list(call["responses"]["200"]["content"]) == ["text/xml"]


def test_the_document_is_served_to_everybody(db: None) -> None:
    response = Client().get("/api/v1/openapi.json")
    assert (response.status_code, response["Content-Type"], response.json()["openapi"]) == (
        200,
        "application/json",
        "3.1.0",
    )


def test_the_page_shows_every_call_and_loads_nothing_from_elsewhere(db: None) -> None:
    response = Client().get("/api/v1/docs")
    page = response.content.decode()
    assert response.status_code == 200
    for path, item in description()["paths"].items():
        assert path in page
        assert all(f'id="{call["operationId"]}"' in page for call in item.values())
    assert "<script" not in page
    assert "style=" not in page
    assert "//" not in page.replace("http://localhost:8000", "").split("<body>")[0].split("<!doctype html>")[1]
