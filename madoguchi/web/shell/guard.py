"""Who may open a page: each view wears exactly one of ``guard(capability)``, ``signed_in`` and ``public``."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from madoguchi.journal import tail
from madoguchi.people.access import Access, Capability, access_of
from madoguchi.people.models import Staff
from madoguchi.web.shell.errors import denied

SIGNED_IN = "signed_in"
PUBLIC = "public"


class StaffRequest(HttpRequest):
    """What a guarded view receives: a member of staff, their rights, and htmx's headers."""

    user: Staff
    access: Access
    position: tail.Position
    htmx: HtmxDetails


type StaffView[**P] = Callable[Concatenate[StaffRequest, P], HttpResponseBase]
type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def guard[**P](capability: Capability) -> Callable[[StaffView[P]], View[P]]:
    """Only for signed-in staff who hold ``capability``; others get the sign-in page or a 403 with a sentence."""

    def wear(view: StaffView[P]) -> View[P]:
        return _guarded(view, capability)

    return wear


def signed_in[**P](view: StaffView[P]) -> View[P]:
    """For everybody who is signed in."""
    return _guarded(view, None)


def public[**P](view: View[P]) -> View[P]:
    """For everybody; the view itself checks what it needs (a signed link, a form)."""
    view.guard = PUBLIC  # type: ignore[attr-defined]
    return view


def _guarded[**P](view: StaffView[P], capability: Capability | None) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        staff_request: Any = request
        staff_request.access = access_of(staff_request.user)
        if not request.htmx:  # type: ignore[attr-defined]
            # Read before the view reads anything, so that no ring between its reading and the live line is missed.
            staff_request.position = tail.now()
        if capability is not None and not staff_request.access.can(capability):
            return denied(request)
        return view(staff_request, *args, **kwargs)

    guarded.guard = capability or SIGNED_IN  # type: ignore[attr-defined]
    return guarded


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, and back to the page (not the fragment) that was open."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if not htmx:
        return redirect_to_login(request.get_full_path())
    here = htmx.current_url_abs_path or "/"
    if not url_has_allowed_host_and_scheme(here, allowed_hosts=None):
        here = "/"
    return HttpResponseClientRedirect(f"{reverse('account_login')}?{urlencode({'next': here})}")
