"""Home, own profile, language."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.people.profile import change_own_profile
from madoguchi.web.shell.context import Shell
from madoguchi.web.shell.guard import StaffRequest, public, signed_in
from madoguchi.web.shell.menu import home as home_of
from madoguchi.web.shell.render import block, page

_YEAR = 365 * 24 * 3600


@signed_in
@require_GET
def home(request: StaffRequest) -> HttpResponse:
    """To where this person's day begins."""
    return HttpResponseRedirect(home_of(request.access))


@signed_in
@require_GET
def menu(request: StaffRequest) -> HttpResponse:
    """The menu with its figures as they are now, on the page ``from``."""
    frame = Shell(request, here=request.GET.get("from", "/"))
    return block(request, "shell/base.html", "menu", {"shell": frame})


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the choice (profile and cookie) and go back to the page."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    if chosen not in dict(settings.LANGUAGES):
        return response
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=_YEAR, samesite="Lax", secure=settings.HTTPS)
    if request.user.is_authenticated:
        change_own_profile(request.user, language=chosen)
    return response


@signed_in
@require_http_methods(["GET", "POST"])
def profile(request: StaffRequest) -> HttpResponse:
    """Own name and language (kept on the server); theme and sound (kept in this browser)."""
    if request.method == "POST":
        staff = change_own_profile(
            request.user,
            family_name=request.POST.get("family_name", ""),
            given_name=request.POST.get("given_name", ""),
            kana=request.POST.get("kana", ""),
            language=request.POST.get("language", ""),
        )
        translation.activate(staff.language or settings.LANGUAGE_CODE)
        messages.success(request, _("Your profile is saved."))
        return HttpResponseRedirect(reverse("profile"))
    return page(request, "shell/profile.html", {"languages": settings.LANGUAGES})
