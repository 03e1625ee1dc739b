"""``page()``: the one way to answer with HTML."""

from collections.abc import Mapping
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.translation import get_language
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from madoguchi.web.shell.context import Shell
from madoguchi.web.shell.templates import Pages


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page, or, when htmx asks to fill an element whose id is the name of one of its blocks, that block alone.

    ``<div id="rows">{% block rows %}…{% endblock %}</div>`` and ``hx-target="#rows"`` are all it takes (a hyphen in
    the id is an underscore in the block's name). Whatever asks for anything else gets the whole page.
    """
    name = wanted_block(request)
    found = _templates().get_template(template)
    if name in found.blocks:
        return block(request, template, name, context, status=status)
    response = HttpResponse(found.render(_context(request, context)), status=status)
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response


def block(
    request: HttpRequest, template: str, name: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """One named block of a template, whatever was asked for; KeyError when the template has none of that name."""
    return HttpResponse(text(request, template, name, context), status=status)


def text(request: HttpRequest, template: str, name: str, context: Mapping[str, Any] | None = None) -> str:
    """The HTML of one named block, for answers that are put together from several."""
    env = _templates()
    found = env.get_template(template)
    return env.concat(found.blocks[name](found.new_context(_context(request, context))))


def go(request: HttpRequest, address: str) -> HttpResponse:
    """To another page, whichever way the form was sent."""
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", None) else HttpResponseRedirect(address)


def wanted_block(request: HttpRequest) -> str:
    """The block that an htmx request may have in mind: the id of its target; else ``""``."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx or htmx.request_type == "full":
        return ""
    return (htmx.target or "").partition("#")[2].replace("-", "_")


def _context(request: HttpRequest, context: Mapping[str, Any] | None) -> dict[str, Any]:
    # One for all forms of a page: each new one costs dozens of system calls, at which threads wait for each other.
    token = SimpleLazyObject(lambda: get_token(request))
    return {
        "request": request,
        "csrf_input": SimpleLazyObject(
            lambda: format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token)
        ),
        "csrf_token": token,
        "shell": Shell(request),
        "access": getattr(request, "access", None),
        "staff": request.user if getattr(request, "user", None) and request.user.is_authenticated else None,
        **(context or {}),
    }


def _templates() -> Pages:
    """The templates in the language of the page."""
    return cast(Pages, cast(Jinja2, engines["pages"]).env).spoken(get_language())
