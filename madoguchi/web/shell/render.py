"""``page()``: the one way to answer with HTML."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails
from jinja2 import Template, UndefinedError
from jinja2.runtime import Context

from madoguchi.foundation.refusal import Refused
from madoguchi.web.shell.context import Shell
from madoguchi.web.shell.templates import Pages


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page, or, when htmx asks to fill an element whose id is the name of one of its blocks, that block alone.

    ``<div id="rows">{% block rows %}…{% endblock %}</div>`` and ``hx-target="#rows"`` are all it takes (a hyphen in
    the id is an underscore in the block's name). Whatever asks for anything else gets the whole page. A part that the
    page does not show just now (a caller's, when nobody calls) may lack what it is made of: then it is refused.
    """
    name = wanted_block(request)
    found = _templates().get_template(template)
    if name in found.blocks:
        try:
            return block(request, template, name, context, status=status)
        except UndefinedError:
            if _shows(found, name, _context(request, context)):
                raise
            raise Refused(
                _("This part is not on the page any more. Load the page again."), code="not_shown", status=404
            ) from None
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


def _shows(page: Template, name: str, values: dict[str, Any]) -> bool:
    """Whether the whole page, drawn of the same values, has this block in it."""
    shown = False
    context = page.new_context(values)
    draw = context.blocks[name][0]

    def noticed(within: Context) -> Iterator[str]:
        nonlocal shown
        shown = True
        return draw(within)

    context.blocks[name][0] = noticed
    for _part in page.root_render_func(context):
        pass
    return shown


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
