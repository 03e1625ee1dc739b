"""The description of the API: OpenAPI for programs, one page for people; both public, since they hold no data.

The page is our own, because the usual ones load scripts from elsewhere, which our pages must never do.
"""

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from jinja2 import Environment, PackageLoader
from ninja.operation import Operation

from madoguchi.api.caller import Needs
from madoguchi.api.door import api
from madoguchi.api.telephone_doors import DOORS
from madoguchi.api.v1.messages import MessageIn
from madoguchi.people.tokens import SCOPES
from madoguchi.telephony.events import NeutralEvent

_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; `code` is a stable word, `errors` name fields.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:madoguchi:problem:missing"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence in the language of Accept-Language"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "missing": {
            "type": "array",
            "description": "required items without an answer",
            "items": {
                "type": "object",
                "properties": {"key": {"type": "string"}, "label": {"type": "string"}},
            },
        },
    },
    "additionalProperties": True,
}
_RESPONSES = {
    400: "The request cannot be read",
    401: "No valid token",
    403: "The token lacks the scope, or its owner the right",
    404: "Unknown, or not theirs to see",
    409: "In conflict with the present state",
    412: "Changed meanwhile (If-Match)",
    413: "Too large",
    422: "Refused; fields are named",
}
_ABOUT = """\
Send `Authorization: Bearer <token>`; a token acts as its member of staff, within its scopes.
Times are RFC 3339 with offset. Lists are `{"items": [...], "next": cursor or null}`; go on with `?cursor=`.
Errors are `application/problem+json`. Unknown keys in a body, or in the query of a GET, are refused (422).
Every POST takes an `Idempotency-Key`: the same key and request within 24 hours is done once and answered again;
with another request it is refused (422). A ticket's version is its `ETag`; send it as `If-Match` with PATCH.
"""
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "done once, answered again for 24 hours",
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "the version (ETag) that the change is meant for, else 412",
}


@cache
def description() -> dict[str, Any]:
    """The whole OpenAPI 3.1 document."""
    document: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    document["info"] |= {"description": _ABOUT, "license": {"name": "AGPL-3.0-or-later"}}
    document["servers"] = [{"url": settings.PUBLIC_URL.geturl().rstrip("/") if settings.PUBLIC_URL else "/"}]
    for path, method, operation in _bound():
        _complete(document["paths"][path][method], method, operation)
    for path, item in DOORS.items():
        document["paths"][path] = _with_problems(json.loads(json.dumps(item)), "post")
    components = document["components"]
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": f"Scopes: {', '.join(SCOPES)}"}
    }
    for form in (NeutralEvent, MessageIn):
        schema = form.model_json_schema(ref_template=_REF)
        components["schemas"] |= schema.pop("$defs", {}) | {form.__name__: schema}
    components["schemas"]["Problem"] = _PROBLEM
    components["responses"] = {
        f"Problem{status}": {
            "description": words,
            "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}},
        }
        for status, words in _RESPONSES.items()
    }
    return document


def scopes_of(operation: Operation) -> tuple[str, ...]:
    """The scopes of which a call needs one."""
    return next(auth.scopes for auth in operation.auth_callbacks if isinstance(auth, Needs))


def _bound() -> list[tuple[str, str, Operation]]:
    found = []
    for router in api._get_bound_routers():  # noqa: SLF001 (ninja offers no other way)
        for path, view in router.path_operations.items():
            address = "/api/v1" + path.replace("{int:", "{")
            found += [
                (address, method.lower(), operation) for operation in view.operations for method in operation.methods
            ]
    return found


def _complete(call: dict[str, Any], method: str, operation: Operation) -> None:
    scopes = scopes_of(operation)
    call["security"] = [{"bearer": [scope]} for scope in scopes]
    call["description"] = (
        f"{call.get('description', '')}\n\nScope: {' or '.join(f'`{scope}`' for scope in scopes)}".strip()
    )
    if method == "post":
        call["parameters"].append(_KEY)
    if method == "patch":
        call["parameters"].append(_IF_MATCH)
    _with_problems({method: call}, method)


def _with_problems(item: dict[str, Any], method: str) -> dict[str, Any]:
    statuses = (
        [400, 401, 403, 404, 422] + ([409, 413] if method != "get" else []) + ([412] if method == "patch" else [])
    )
    for status in statuses:
        item[method]["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return item


def document(request: HttpRequest) -> HttpResponse:
    """``/api/v1/openapi.json``."""
    content = json.dumps(description(), ensure_ascii=False)
    return HttpResponse(content, content_type="application/json", headers={"Cache-Control": "public, max-age=300"})


def docs(request: HttpRequest) -> HttpResponse:
    """``/api/v1/docs``: every call with its fields, written from the OpenAPI document."""
    return HttpResponse(
        _templates()
        .get_template("docs.html")
        .render(
            document=description(), groups=_groups(), css=_css(), language=get_language(), _=_, json=_pretty, name=_name
        )
    )


docs.guard = "public"  # type: ignore[attr-defined]


def _groups() -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in description()["paths"].items():
        for method, call in item.items():
            groups.setdefault(call["tags"][0], []).append({"path": path, "method": method.upper(), **call})
    return groups


def _css() -> str:
    try:
        return static("api/docs.css")
    except ValueError:  # nothing was collected: tests, development
        return f"{settings.STATIC_URL}api/docs.css"


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _name(schema: dict[str, Any]) -> str:
    """A schema in a few words: ``string``, ``TicketForm``, ``array of string``, ``a, b or null``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " · ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " | ".join(_name(part) for part in schema[several])
    if schema.get("type") == "array":
        return f"[{_name(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")


@cache
def _templates() -> Environment:
    loader = PackageLoader("madoguchi.api", "templates")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
