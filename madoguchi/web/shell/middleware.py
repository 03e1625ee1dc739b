"""Around every view: the language of the reader, refusals as answers, errors as rows with an id."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.utils.translation import gettext as _

from madoguchi.foundation.busy import Busy
from madoguchi.foundation.refusal import Refused
from madoguchi.problems.set_aside import set_aside
from madoguchi.web.shell.errors import broken, busy, refused

type GetResponse = Callable[[HttpRequest], HttpResponse]
_DJANGOS_OWN = (Http404, PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)


class StaffLanguage:
    """The language the reader chose (staff: their profile; others: a cookie), else what their browser asks for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def language_of(request: HttpRequest) -> str:
    """``ja`` or ``en``: own choice, cookie, Accept-Language, the desk's default, in this order."""
    chosen: str = getattr(request.user, "language", "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    return translation.get_language_from_request(request)


class Refusals:
    """An act that declined becomes its sentence, where the person looks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DataError):
            # Bad input or a bug of ours: who typed gets a sentence, the administrator sees the row.
            set_aside("page", exception, path=request.get_full_path(), method=request.method)
            exception = Refused(
                _("Something you wrote is too long, or holds characters that cannot be kept."), code="unstorable"
            )
        if isinstance(exception, Busy):
            return busy(request)
        return refused(request, exception) if isinstance(exception, Refused) else None


class ErrorRows:
    """A bug in a view becomes a row in the error table; the user sees its id."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if settings.DEBUG or isinstance(exception, _DJANGOS_OWN):
            return None
        return broken(request, exception)
