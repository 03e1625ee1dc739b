"""Default deny: every address is guarded, or stands in the list of what everybody may open."""

from collections.abc import Iterator
from inspect import getclosurevars, isfunction, unwrap
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import PUBLIC, SIGNED_IN

# What everybody may open, by the beginning of its address, each with its reason.
OPEN = {
    "accounts/": "signing in; allauth guards what lies behind it",
    "answer/": "a department answers by a signed link",
    "faq/": "what is written for the public",
    "portal/": "requesters have no accounts",
    "shell/language/": "the sign-in page has a language too",
    "healthz": "asked by machines that only look whether the desk lives",
    "readyz": "the same",
    "metrics": "figures without names",
    "api/v1/openapi.json": "the description of the API is no secret",
    "api/v1/docs": "the same, to read",
    "api/v1/cti/": "the token stands in the address",
    "api/v1/twilio/": "the same, and Twilio signs what it posts",
    "api/v1/feeds/": "the same",
    "scim/v2": "each request shows a token, which the door itself looks at",
    "^api/": "whatever is no address of the API is answered as such",
}


def addresses(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.callback


def is_open(address: str) -> bool:
    return any(address.startswith(beginning) for beginning in OPEN)


def api_operations(view: Any) -> list[Any] | None:
    """The operations behind an address of django-ninja; None for an ordinary view."""
    inner = unwrap(view)
    path_view = getclosurevars(inner).nonlocals.get("self") if isfunction(inner) else None
    operations = getattr(path_view, "operations", None)
    return operations if isinstance(operations, list) else None


def test_every_address_is_guarded_or_listed_as_open() -> None:
    wrong = []
    for address, view in addresses(get_resolver()):
        operations = api_operations(view)
        if operations is not None:
            wrong += [
                f"{address}: {operation.methods} asks for no token"
                for operation in operations
                if not operation.auth_callbacks and not is_open(address)
            ]
            continue
        guard = getattr(view, "guard", None)
        if isinstance(guard, Capability) or guard == SIGNED_IN:
            continue
        if guard not in {PUBLIC, None}:
            wrong.append(f"{address}: unknown guard {guard!r}")
        elif not is_open(address):
            wrong.append(f"{address}: {'public, but not in the list of this test' if guard else 'no guard'}")
        elif guard is None and not address.startswith(("api/", "healthz", "readyz", "metrics")):
            wrong.append(f"{address}: says neither who may open it nor that it is public")
    assert wrong == []


def test_the_walk_reaches_the_pages() -> None:
    found = dict(addresses(get_resolver()))
    assert "" in found
    assert "accounts/login/" in found
    assert api_operations(found["api/v1/tickets"])
