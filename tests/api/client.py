"""The API as a program uses it: a token, JSON in, JSON out; every answer is held against the OpenAPI document."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator

from madoguchi.api.openapi import description
from madoguchi.people.models import Staff
from madoguchi.people.tokens import SCOPES, issue

EVERYTHING = [scope for scope in SCOPES if scope != "admin"]


@dataclass
class Answered:
    """Status, body and headers of one answer."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def fields(self) -> set[str]:
        """The fields that a problem names."""
        return {error["field"] for error in self.body.get("errors", [])}


class Program:
    """Calls the API with one token."""

    def __init__(self, token: str | None = None, **headers: str) -> None:
        self._client = Client(raise_request_exception=False)
        self.headers = ({"Authorization": f"Bearer {token}"} if token else {}) | headers

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        """One request; ``body`` as JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        kind = sent.pop("Content-Type", "application/json")
        response = self._client.generic(method, f"/api/v1{path}", content, content_type=kind, headers=sent)
        kind = response.headers.get("Content-Type", "")
        found = json.loads(response.content) if "json" in kind and response.content else response.content
        if method != "HEAD":
            described(method, path, response.status_code, kind, found)
        return Answered(response.status_code, found, dict(response.items()))

    def get(self, path: str, **headers: str) -> Answered:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answered:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answered:
        return self.call("PATCH", path, body, **headers)


def program_of(staff: Staff, *scopes: str, **headers: str) -> Program:
    """A program with a new token of ``staff``; with every scope but admin unless some are named."""
    return Program(issue(staff=staff, scopes=list(scopes) or EVERYTHING), **headers)


def described(method: str, path: str, status: int, kind: str, body: Any) -> None:
    """Holds an answer against the document: problems everywhere, and each call's own forms."""
    if status >= 400:
        assert kind == "application/problem+json", f"{method} {path}: {status} as {kind}"
        assert body["status"] == status
        _validator("Problem").validate(body)
        return
    for pattern, item in _addresses():
        if pattern.fullmatch(path.partition("?")[0]) and method.lower() in item:
            form = item[method.lower()]["responses"][str(status)]["content"]["application/json"]["schema"]
            Draft202012Validator(form | {"components": description()["components"]}).validate(body)
            return


@cache
def _addresses() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", path.removeprefix("/api/v1"))), item)
        for path, item in description()["paths"].items()
        if not path.endswith("openapi.json")
    ]


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(description()["components"]["schemas"][name])
