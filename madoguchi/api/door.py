"""The API itself: routers together, exceptions to problems, and around each view the idempotency keys."""

from collections.abc import Mapping
from typing import Any

import pydantic
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation

from madoguchi.api.idempotency import idempotent
from madoguchi.api.problem import ProblemError, not_found, of_refusal, of_validation
from madoguchi.api.reading import CleanParser, known_keys_only
from madoguchi.api.v1 import (
    call_backs,
    calls,
    catalog,
    clocks,
    consultations,
    handoffs,
    interactions,
    knowledge,
    messages,
    notices,
    people,
    reports,
    scripts,
    shift_notes,
    tickets,
    timeline,
)
from madoguchi.foundation.busy import RETRY_AFTER, SAID, Busy
from madoguchi.foundation.refusal import Refused
from madoguchi.problems.set_aside import set_aside

_TOO_LARGE = gettext_noop("This is larger than the desk takes.")


class DeskAPI(NinjaAPI):
    """ninja with short operation ids."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__.strip("_")


api = DeskAPI(
    title="Madoguchi", version="1", openapi_url=None, docs_url=None, parser=CleanParser(), urls_namespace="api"
)
api.add_decorator(idempotent, mode="operation")
api.add_decorator(known_keys_only, mode="operation")
for module in (
    tickets,
    timeline,
    messages,
    handoffs,
    consultations,
    calls,
    interactions,
    call_backs,
    knowledge,
    scripts,
    people,
    notices,
    shift_notes,
    catalog,
    clocks,
    reports,
):
    api.add_router("", module.router)


def answer_exception(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """The problem that an exception becomes; an unexpected one is set aside and named by its id."""
    return _problem(request, error if isinstance(error, Exception) else error()).respond()


def _problem(request: HttpRequest, error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case Refused():
            return of_refusal(error)
        case ValidationError():
            return of_validation(map(_client_place, error.errors))
        case pydantic.ValidationError():
            return of_validation(error.errors(include_url=False, include_input=False))
        case HttpError():
            cause = error.__cause__
            return cause if isinstance(cause, ProblemError) else ProblemError(error.status_code, error.message)
    return _of_django(error) or of_bug(request, error)


def _of_django(error: Exception) -> ProblemError | None:
    match error:
        case Busy():
            return ProblemError(
                503,
                _(SAID),
                code="busy",
                headers={"Retry-After": str(RETRY_AFTER)},
            )
        case DataError():  # bad input or a bug of ours: a clear answer, and a row for the administrator
            set_aside("api", error)
            return ProblemError(422, _("Something you wrote is too long, or holds characters that cannot be kept."))
        case Http404():
            return not_found()
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return ProblemError(413, _(_TOO_LARGE), headers={"Connection": "close"})
        case MultiPartParserError() | SuspiciousOperation() | BadRequest():
            return ProblemError(400, _("The request cannot be read."))
    return None


def of_bug(request: HttpRequest, error: Exception) -> ProblemError:
    """500: the error is a row that the administrator sees; the caller can name its id."""
    caller = getattr(request, "auth", None)
    row = set_aside(
        "api", error, path=request.path, staff_id=caller.staff.pk if caller else None, method=request.method
    )
    return ProblemError(500, _("An error of ours; it was recorded as %(id)s.") % {"id": row.pk}, id=row.pk)


def _client_place(error: Mapping[str, Any]) -> dict[str, Any]:
    """Ninja's place of an error, without the parts that name the view's parameters."""
    source, *rest = error["loc"]
    return {**error, "loc": rest[1:] if source in ("body", "form") else rest[-1:]}


for kind in (Exception, Http404, HttpError, ValidationError):
    api.add_exception_handler(kind, answer_exception)
