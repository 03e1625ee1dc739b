"""``/healthz``, ``/readyz`` and ``/metrics``: for load balancers and Prometheus, not for people."""

import ipaddress
import os
from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from madoguchi.live.door import LIVE
from madoguchi.people.tokens import find
from madoguchi.problems.models import Problem
from madoguchi.web.shell.guard import public
from madoguchi.worker.schedule import QUEUES

_TEXT = "text/plain; charset=utf-8"


@public
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type=_TEXT)


@public
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """This process can work: its database answers, and its live line, if it has one, follows the journal."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return HttpResponse("the database is out of reach\n", status=503, content_type=_TEXT)
    if not LIVE.is_ready:
        return HttpResponse("the live line does not stand yet\n", status=503, content_type=_TEXT)
    return HttpResponse("ok\n", content_type=_TEXT)


@public
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for this machine itself and for holders of an ``admin`` token."""
    if not (_is_local(request) or _has_admin_token(request)):
        return HttpResponse("an admin token is needed\n", status=403, content_type=_TEXT)
    return HttpResponse("".join(_lines()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _lines() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM journal_entry")
        newest = cursor.fetchone()[0]
    process = f'{{process="{os.getpid()}"}}'
    yield from _gauge("madoguchi_journal_entries", "Newest journal entry", newest)
    yield from _gauge("madoguchi_live_connections", "Open live connections of one process", len(LIVE.hub), process)
    if LIVE.hub.position and LIVE.hub.position.xid == 0:  # elsewhere an idle tail stands between entries
        lag = max(0, newest - LIVE.hub.position.entry)
        yield from _gauge("madoguchi_live_lag_entries", "Entries that the live line has not yet seen", lag, process)
    set_aside = Problem.objects.filter(resolved_at__isnull=True).count()
    yield from _gauge("madoguchi_problems_open", "Errors and set-aside items that nobody has resolved", set_aside)
    yield "# HELP madoguchi_queue_length Rows that wait for the worker\n# TYPE madoguchi_queue_length gauge\n"
    for name, length in QUEUES.items():
        yield f'madoguchi_queue_length{{queue="{name}"}} {length()}\n'


def _gauge(name: str, text: str, value: int, labels: str = "") -> Iterator[str]:
    yield f"# HELP {name} {text}\n# TYPE {name} gauge\n{name}{labels} {value}\n"


def _is_local(request: HttpRequest) -> bool:
    """From this machine and not through a proxy, behind which everybody would be local."""
    if any(request.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip")):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _has_admin_token(request: HttpRequest) -> bool:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = find(text.strip()) if scheme.lower() == "bearer" else None
    return token is not None and token.allows("admin")


urlpatterns = [path("healthz", healthz), path("readyz", readyz), path("metrics", metrics)]
