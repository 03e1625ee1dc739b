"""Reading what programs send: JSON that both databases can store, of a sane size and depth."""

import json
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Never

from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser
from pydantic import BaseModel

from madoguchi.api.problem import ProblemError

DEEPEST = 20


def clean_text(text: str) -> str:
    """Without NUL (PostgreSQL refuses it), lone surrogates replaced."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def clean(value: Any, depth: int = 0) -> Any:
    """JSON with every text clean; 400 when it is nested too deeply."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict | list):
        if depth >= DEEPEST:
            raise ProblemError(400, _("The JSON is nested too deeply."))
        if isinstance(value, list):
            return [clean(part, depth + 1) for part in value]
        return {clean_text(key): clean(part, depth + 1) for key, part in value.items()}
    return value


def read_json(request: HttpRequest) -> Any:
    """The body as clean JSON; 400 for anything else."""
    try:
        found = json.loads(request.body.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, _("The body is not valid JSON.")) from error
    return clean(found)


class CleanParser(Parser):
    """ninja's way to bodies and queries."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """The fields without empty ones: ``?team=`` asks for nothing."""
        found: dict[str, Any] = {}
        for key in data:
            values = [clean_text(value) for value in data.getlist(key) if value != ""]
            if values:
                found[key] = values if key in list_fields else values[-1]
        return found


def known_keys_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wraps every view: 422 for a key in the query of a GET that the call does not document, a typo most often."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD") and request.GET:
            known = [key for value in values.values() if isinstance(value, BaseModel) for key in _keys(type(value))]
            if unknown := [key for key in request.GET if key not in known]:
                names = ", ".join(known) or _("none")
                message = _("This call does not know it; it knows: %(names)s.") % {"names": names}
                problem = _("The request names something that cannot be used.")
                raise ProblemError(422, problem, errors=[(clean_text(key), message) for key in unknown[:20]])
        return view(request, *args, **values)

    return asked


@cache
def _keys(query: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in query.model_fields.items())


def _no_constant(word: str) -> Never:
    raise ValueError(f"{word} is not JSON")
