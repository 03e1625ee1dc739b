"""All addresses. A folder of ``web`` is the first segment of its pages; the API and the health checks own theirs."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.urls.converters import IntConverter

# No row has a number of more digits, and the databases refuse each in its own way: it is no address at all.
IntConverter.regex = "[0-9]{1,18}"

SEGMENTS = (
    "workbench",
    "board",
    "tickets",
    "handoffs",
    "people",
    "knowledge",
    "departments",
    "consultations",
    "notices",
    "notifications",
    "rules",
    "insight",
    "liaison",
    "training",
    "administration",
    "calls",
    "recordings",
    "portal",
    "answer",
    "faq",
)


def _present(module: str) -> bool:
    package = module.rpartition(".")[0]
    return find_spec(package) is not None and find_spec(module) is not None


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("madoguchi.web.shell.urls")),
    path("accounts/", include("madoguchi.web.shell.accounts_urls")),
    path("", include("madoguchi.config.health")),
]
urlpatterns += [
    path(f"{segment}/", include(f"madoguchi.web.{segment}.urls"))
    for segment in SEGMENTS
    if _present(f"madoguchi.web.{segment}.urls")
]
# `/api/v1/…`: the door for programs writes its own prefixes.
if _present("madoguchi.api.urls"):
    urlpatterns += [path("", include("madoguchi.api.urls"))]

handler400 = "madoguchi.web.shell.errors.bad_request"
handler403 = "madoguchi.web.shell.errors.permission_denied"
handler404 = "madoguchi.web.shell.errors.page_not_found"
handler500 = "madoguchi.web.shell.errors.server_error"
