"""Answers when something is refused, forbidden, missing or broken, in the form the asker can use."""

import json
import sys
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from madoguchi.foundation.busy import RETRY_AFTER, SAID, Busy
from madoguchi.foundation.refusal import Refused
from madoguchi.problems.set_aside import set_aside
from madoguchi.web.shell.render import block, page

MESSAGES = "#messages"


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The sentence, its missing items as links to their fields; shown in the form (htmx) or on a page."""
    context = {"sentence": refusal.message, "missing": refusal.details.get("missing", []), "code": refusal.code}
    if not _is_htmx(request):
        context["back"] = _back(request)
        return page(request, "shell/errors/refused.html", context, status=refusal.status)
    return _fragment(request, "refusal", context, refusal.status)


def busy(request: HttpRequest) -> HttpResponse:
    """503: somebody else writes for long; a row in the error table would have to wait, too."""
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Not available at the moment", "status": 503}
        response = HttpResponse(json.dumps(body), status=503, content_type="application/problem+json")
    else:
        response = refused(request, Refused(_(SAID), code="busy", status=503))
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def denied(request: HttpRequest) -> HttpResponse:
    """403: signed in, but this is not theirs."""
    sentence = _("You do not have the right to open this page. Ask your administrator if you need it.")
    if _is_htmx(request):
        return _fragment(request, "refusal", {"sentence": sentence, "missing": [], "code": "denied"}, 403)
    return page(request, "shell/errors/403.html", {"sentence": sentence}, status=403)


def broken(request: HttpRequest, error: BaseException) -> HttpResponse:
    """500: the error becomes a row; its id is shown, so that the user can name it."""
    user = getattr(request, "user", None)
    staff_id = user.pk if user is not None and user.is_authenticated else None
    problem = set_aside("page", error, path=request.get_full_path(), staff_id=staff_id, method=request.method)
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Internal error", "status": 500, "id": problem.pk}
        return HttpResponse(json.dumps(body), status=500, content_type="application/problem+json")
    if _is_htmx(request):
        return _fragment(request, "broken", {"id": problem.pk}, 500)
    return page(request, "shell/errors/500.html", {"id": problem.pk}, status=500)


def bad_request(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """Django's handler400."""
    return _plain(request, 400)


def permission_denied(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """Django's handler403."""
    return denied(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or its cookie is gone: say so, and that nothing was lost on the server."""
    sentence = _("This page was open too long. Load it again; nothing was sent.")
    if _is_htmx(request):
        return _fragment(request, "refusal", {"sentence": sentence, "missing": [], "code": "stale"}, 403)
    return page(request, "shell/errors/stale.html", {"sentence": sentence, "back": _back(request)}, status=403)


def page_not_found(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """Django's handler404."""
    return _plain(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, for what breaks outside views (a middleware)."""
    error = sys.exc_info()[1] or RuntimeError("unknown")
    if isinstance(error, Busy):
        return busy(request)
    if settings.DEBUG:
        raise error
    return broken(request, error)


def _plain(request: HttpRequest, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        title = {400: "Bad request", 404: "Not found"}[status]
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
        return HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
    if _is_htmx(request):
        sentence = {
            400: _("The request could not be read. Load the page again."),
            404: _("This is no longer here, or you may not see it."),
        }[status]
        return _fragment(request, "refusal", {"sentence": sentence, "missing": [], "code": "gone"}, status)
    return page(request, f"shell/errors/{status}.html", status=status)


def _fragment(request: HttpRequest, name: str, context: dict[str, Any], status: int) -> HttpResponse:
    """A message in place of the fragment: ``shell.js`` puts it into the form's own slot when there is one."""
    response = block(request, "shell/errors/fragments.html", name, context, status=status)
    response["HX-Retarget"] = MESSAGES
    response["HX-Reswap"] = "innerHTML"
    response["HX-Reselect"] = ".message"
    response["HX-Push-Url"] = "false"
    response["X-Refusal"] = "1"
    return response


def _back(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    return referer if url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}) else "/"


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
