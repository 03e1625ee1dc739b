"""``/api/v1/…`` and ``/scim/v2/…``; each view wrapped so that whatever happens below it is answered as a problem."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, re_path
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from madoguchi.api import feed, openapi
from madoguchi.api.cti import zammad_cti
from madoguchi.api.door import answer_exception, api
from madoguchi.api.problem import ProblemError, not_found
from madoguchi.api.twilio import twilio_callback

type View = Callable[..., HttpResponse]


def for_programs(view: View) -> View:
    """Problems instead of pages, HEAD like GET, nothing cached; no cookie is read, so no CSRF token is asked for."""

    @wraps(view)
    def answered(request: HttpRequest, **values: Any) -> HttpResponse:
        asked, request.method = request.method, "GET" if request.method == "HEAD" else request.method
        try:
            response = view(request, **values)
        except Exception as error:  # noqa: BLE001 (the last line: every error becomes an answer)
            response = answer_exception(request, error)
        request.method = asked  # the server leaves out a HEAD's body
        if isinstance(response, HttpResponseNotAllowed):
            response = ProblemError(
                405,
                _("This address takes %(methods)s.") % {"methods": response["Allow"]},
                headers={"Allow": response["Allow"]},
            ).respond()
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ["Authorization", "Accept-Language"])
        return response

    answered.csrf_exempt = True  # type: ignore[attr-defined]
    answered.guard = "public"  # type: ignore[attr-defined]
    return answered


def _unknown(request: HttpRequest) -> HttpResponse:
    raise not_found(_("There is no such address in this API."))


def _scim(request: HttpRequest, path: str = "") -> HttpResponse:
    """The models of SCIM are large: only a process that is asked for them loads them."""
    answered: HttpResponse = import_string("madoguchi.api.scim.scim")(request, path)
    return answered


def _operations() -> list[URLPattern]:
    """Ninja's own patterns, each behind ``for_programs``; its index page is left out."""
    found = []
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            route = str(pattern.pattern)
            found.append(path(f"api/v1/{route}", for_programs(pattern.callback), name=f"api-{pattern.name}"))
    return found


urlpatterns = [
    path("api/v1/cti/<path:token>", for_programs(zammad_cti), name="api-cti"),
    path("api/v1/twilio/<path:token>", for_programs(twilio_callback), name="api-twilio"),
    path("api/v1/feeds/articles/<path:token>", for_programs(feed.articles), name="api-articles-feed"),
    path("api/v1/openapi.json", for_programs(openapi.document), name="api-openapi"),
    path("api/v1/docs", openapi.docs, name="api-docs"),
    *_operations(),
    path("scim/v2/<path:path>", for_programs(_scim), name="scim"),
    path("scim/v2", for_programs(_scim), name="scim-root"),
    re_path(r"^api/", for_programs(_unknown), name="api-unknown"),
]
