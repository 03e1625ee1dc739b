"""Around every page of the FAQ: the reader's language, no cookie, kept by caches until it differs."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date, urlencode

from madoguchi.web.answer.limits import Limit, address_of
from madoguchi.web.shell.render import page

type View = Callable[..., HttpResponseBase]

KEPT_S = 300  # what is withdrawn is gone from every cache after five minutes
LONGEST_SEARCH = 200
PAGES = Limit("faq", 240, 60)
SEARCHES = Limit("faq_search", 60, 60)


def within(limit: Limit, request: HttpRequest) -> bool:
    """Count one more for whoever asks; whether they may."""
    return not limit.passed(address_of(request))


def open_page(view: View) -> View:
    """For everybody, in the language of ``?lang=`` or of their browser, with the headers that caches go by."""

    @wraps(view)
    def shown(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        if (chosen := request.GET.get("lang", "")) in dict(settings.LANGUAGES):
            translation.activate(chosen)
        if not within(PAGES, request):
            return HttpResponse(status=429, headers={"Retry-After": "60"})
        try:
            if any("\0" in str(value) for value in (*kwargs.values(), *request.GET.values())):
                raise Http404  # no database holds it, and some do not even take the question
            response = view(request, **kwargs)
        except Http404:  # the public is led on to the questions, not to the desk's door
            response = page(request, "faq/missing.html", frame(request), status=404)
        response["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
        return response

    return shown


def frame(request: HttpRequest) -> dict[str, Any]:
    """What stands around every page of the FAQ."""
    chosen = request.GET.get("lang", "")
    kept = {name: request.GET[name][:LONGEST_SEARCH] for name in ("q", "category") if request.GET.get(name)}
    return {
        "desk": desk(),
        "q": "",
        "lang": f"?lang={chosen}" if chosen == translation.get_language() else "",
        "chosen": chosen if chosen == translation.get_language() else "",
        "in_language": lambda code: "?" + urlencode(kept | {"lang": code}),
        "feed": absolute(reverse("faq:feed")),
        "canonical": absolute(reverse("faq:index")),
    }


def cached(request: HttpRequest, response: HttpResponse, *, changed: datetime | None = None) -> HttpResponse:
    """The answer with its validators, or 304 when the reader has it already."""
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    modified = int(changed.timestamp()) if changed else None
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={KEPT_S}"
    if modified is not None:
        response["Last-Modified"] = http_date(modified)
    patch_vary_headers(response, ("Accept-Language",))
    # The tag alone decides: a change of the frame, or of an article beside it, does not move the article's date.
    found = get_conditional_response(request, etag=etag, response=response)
    return found if isinstance(found, HttpResponse) else response


def desk() -> str:
    """What the desk is called towards the public."""
    return settings.MAIL_NAME


def absolute(path: str) -> str:
    """An address as others write it down."""
    return f"{settings.PUBLIC_ADDRESS}{path}"
