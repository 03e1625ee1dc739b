"""Every refusal and error as RFC 9457 ``application/problem+json``: one shape, stable types, named fields."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.validation import sentence_of

TITLES = {
    400: gettext_noop("The request cannot be read"),
    401: gettext_noop("A valid token is needed"),
    403: gettext_noop("The request is not allowed"),
    404: gettext_noop("Not found"),
    405: gettext_noop("This address does not take that method"),
    409: gettext_noop("In conflict with the present state"),
    412: gettext_noop("Changed meanwhile"),
    413: gettext_noop("Too large"),
    422: gettext_noop("Refused"),
    500: gettext_noop("An error of ours"),
    503: gettext_noop("Not available at the moment"),
}
CODES = {
    400: "unreadable",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "version",
    413: "too_large",
    422: "invalid",
    500: "internal",
    503: "unavailable",
}


class ProblemError(Exception):
    """A request that is answered with a problem; ``errors`` name fields, ``more`` are further members."""

    def __init__(
        self,
        status: int,
        detail: str | Promise,
        *,
        code: str = "",
        errors: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(str(detail))
        self.status = status
        self.detail = str(detail)
        self.code = code or CODES[status]
        self.errors = [{"field": field, "message": message} for field, message in errors]
        self.headers = dict(headers or {})
        self.more = more

    def respond(self) -> HttpResponse:
        """The answer."""
        body: dict[str, Any] = {
            "type": f"urn:madoguchi:problem:{self.code}",
            "title": _(TITLES[self.status]) if self.status in TITLES else str(self.status),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }
        if self.errors:
            body["errors"] = self.errors
        content = json.dumps(body, ensure_ascii=False, default=str)
        return HttpResponse(content, status=self.status, content_type="application/problem+json", headers=self.headers)


def invalid(field: str, message: str) -> ProblemError:
    """422 about one field."""
    return ProblemError(422, message, errors=[(field, message)])


def not_found(detail: str = "") -> ProblemError:
    """404: unknown, or not theirs to see; the two look alike."""
    return ProblemError(404, detail or _("There is nothing at this address, or you may not see it."))


def of_refusal(refusal: Refused) -> ProblemError:
    """What an act declined, with its machine-readable facts beside the sentence."""
    details = dict(refusal.details)
    sentence = str(refusal.message)
    field = details.pop("field", "")
    named = [(field, sentence)] if field else []
    for item in details.get("missing", ()):
        named.append((f"details.{item['key']}", item["label"]))
    for error in details.pop("errors", ()):
        place = ".".join(str(part) for part in (error.get("index"), error.get("field")) if part not in (None, ""))
        if place:  # what is said of the whole stands in the sentence
            named.append((place, error["message"]))
    return ProblemError(refusal.status, sentence, code=refusal.code, errors=named, **details)


def of_validation(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> ProblemError:
    """422 from pydantic's errors; the first ``skip`` parts of each place are the frame's, not the client's."""
    named: dict[str, str] = {}
    for error in errors:
        place = ".".join(str(part) for part in error["loc"][skip:])
        named.setdefault(place, sentence_of(error))
    # What is wrong with the body as a whole is no field's.
    if whole := named.pop("", ""):
        return ProblemError(422, _("The body cannot be used: %(message)s") % {"message": whole}, errors=named.items())
    return ProblemError(422, _("The request names something that cannot be used."), errors=named.items())
