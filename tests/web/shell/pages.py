"""Pages of no segment, that do to the frame what real ones do."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard, public, signed_in
from madoguchi.web.shell.render import page


@guard(Capability.WATCH_BOARD)
def board(request: StaffRequest) -> HttpResponse:
    return HttpResponse(",".join(team.key for team in request.access.teams))


@signed_in
def mine(request: StaffRequest) -> HttpResponse:
    return HttpResponse(request.user.name)


@public
def open_to_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_("Save"))


@signed_in
def declines(request: StaffRequest) -> HttpResponse:
    missing = [{"key": "error_code", "label": "<b>Error number</b>"}]
    raise Refused("Say <what> went wrong.", code="incomplete", status=422, missing=missing)


@signed_in
def conflict(request: StaffRequest) -> HttpResponse:
    raise Refused("Somebody was faster.", code="conflict", status=409)


@public
def breaks(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("the secret of the database")


@signed_in
def parts(request: StaffRequest) -> HttpResponse:
    context: dict[str, Any] = {"back": "/", "sentence": "One part", "missing": [], "code": "x", "id": "A1"}
    return page(request, "shell/errors/fragments.html", context)


urlpatterns = [
    path("t/board/", board),
    path("t/mine/", mine),
    path("t/open/", open_to_all),
    path("t/declines/", declines),
    path("t/conflict/", conflict),
    path("t/breaks/", breaks),
    path("t/parts/", parts),
    path("api/t/breaks/", breaks),
    path("", include("madoguchi.config.urls")),
]
handler404 = "madoguchi.web.shell.errors.page_not_found"
handler403 = "madoguchi.web.shell.errors.permission_denied"
handler400 = "madoguchi.web.shell.errors.bad_request"
handler500 = "madoguchi.web.shell.errors.server_error"
