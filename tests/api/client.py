"""The API as a program uses it: a token, JSON in, JSON out."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from madoguchi.people.models import Staff
from madoguchi.people.tokens import SCOPES, issue

EVERYTHING = [scope for scope in SCOPES if scope != "admin"]


@dataclass
class Answered:
    """Status, body and headers of one answer."""

    status: int
    body: Any
    headers: dict[str, str]


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
        text = b"".join(response) if response.streaming else response.content
        is_json = "json" in response.get("Content-Type", "")
        return Answered(response.status_code, json.loads(text) if is_json and text else text, dict(response.items()))

    def get(self, path: str, **headers: str) -> Answered:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answered:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answered:
        return self.call("PATCH", path, body, **headers)


def program_of(staff: Staff, *scopes: str, **headers: str) -> Program:
    """A program with a new token of ``staff``; with every scope but admin unless some are named."""
    return Program(issue(staff=staff, scopes=list(scopes) or EVERYTHING), **headers)
