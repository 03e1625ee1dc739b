"""Notices: what is in force, planned and past; posted, corrected and ended."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import tree
from madoguchi.foundation.dates import moment_of
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.prepared import Prepared
from madoguchi.foundation.refusal import Refused
from madoguchi.notices.actions import change_notice, end_notice, post_notice
from madoguchi.notices.models import Notice
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go, page

PAST = 20


@guard(Capability.READ_TICKETS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """In force, the gravest first; planned, the next first; then what is over, the last begun first."""
    now = timezone.now()
    notices = Notice.objects.select_related("posted_by").prefetch_related("categories")
    past, cursor = keyset(
        notices.filter(ends_at__lte=now),
        ("starts_at", "id"),
        after=request.GET.get("after", ""),
        size=PAST,
        descending=True,
    )
    return page(
        request,
        "notices/index.html",
        {
            "in_force": list(notices.in_force()),
            "planned": list(notices.filter(starts_at__gt=now).exclude(ends_at__lte=now).order_by("starts_at", "id")),
            "past": past,
            "next": f"{request.path}?{urlencode({'after': cursor})}" if cursor else "",
            "first": request.path if request.GET.get("after") else "",
        },
    )


_grave = Prepared(
    lambda at: Notice.objects.in_force(at).filter(gravity__gt=Notice.Gravity.INFORMATION)[:3]  # every page asks
)


@guard(Capability.READ_TICKETS)
@require_GET
def strip(request: StaffRequest) -> HttpResponse:
    """One line under the menu of every page: outages and maintenance in force; nothing when there are none."""
    return page(request, "notices/strip.html", {"notices": _grave.all(timezone.now())})


@guard(Capability.READ_TICKETS)
@require_GET
def notice_page(request: StaffRequest, notice_id: int) -> HttpResponse:
    """One notice with its text."""
    notices = Notice.objects.select_related("posted_by").prefetch_related("categories")
    notice = get_object_or_404(notices, pk=notice_id)
    return page(request, "notices/notice.html", {"notice": notice})


@guard(Capability.POST_NOTICES)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Tell everybody something, now or from a moment on."""
    if request.method == "POST":
        notice = post_notice(**_written(request.POST), by=request.user)
        messages.success(request, _("The notice is posted."))
        return _to(request, notice)
    return page(request, "notices/edit.html", _form(Notice(gravity=Notice.Gravity.OUTAGE, starts_at=timezone.now())))


@guard(Capability.POST_NOTICES)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, notice_id: int) -> HttpResponse:
    """Correct a notice, or move its times."""
    notice = get_object_or_404(Notice, pk=notice_id)
    if request.method == "POST":
        written = _written(request.POST)
        written["starts_at"] = written["starts_at"] or notice.starts_at
        change_notice(notice, **written, by=request.user)
        messages.success(request, _("The notice is saved."))
        return _to(request, notice)
    return page(request, "notices/edit.html", _form(notice))


@guard(Capability.POST_NOTICES)
@require_POST
def end(request: StaffRequest, notice_id: int) -> HttpResponse:
    """It is over."""
    notice = get_object_or_404(Notice, pk=notice_id)
    if notice.ends_at is not None and notice.ends_at <= timezone.now():
        raise Refused(_("This notice has already ended."), code="ended", status=409)
    end_notice(notice, by=request.user)
    messages.success(request, _("The notice has ended."))
    return _to(request, notice)


def _written(data: QueryDict) -> dict[str, Any]:
    """The form as the acts take it; what it cannot mean is refused."""
    gravity = data.get("gravity", "")
    if gravity not in {str(value) for value in Notice.Gravity.values}:
        raise Refused(_("Choose what kind of notice it is."), code="gravity", field="gravity")
    chosen = {key for written in data.getlist("categories") if (key := row_number(written)) is not None}
    return {
        "title": data.get("title", "")[:200],
        "body": data.get("body", "").strip(),
        "gravity": int(gravity),
        "starts_at": _time(data, "starts_at"),
        "ends_at": _time(data, "ends_at"),
        "categories": list(Category.objects.filter(pk__in=chosen)),
    }


def _time(data: QueryDict, name: str) -> datetime | None:
    written = data.get(name, "").strip()
    when = moment_of(written) if written else None
    if written and when is None:
        raise Refused(_("The time must be written like 2026-11-30 14:05."), code="bad_time", field=name)
    return when


def _form(notice: Notice) -> dict[str, Any]:
    chosen = set(notice.categories.values_list("pk", flat=True)) if notice.pk else set()
    return {
        "notice": notice,
        "gravities": list(reversed(Notice.Gravity.choices)),
        "categories": [
            (row.pk, "　" * len(path) + row.label, row.pk in chosen)
            for row, path in tree(active_only=False)
            if row.is_active or row.pk in chosen
        ],
        "starts_at": _local(notice.starts_at),
        "ends_at": _local(notice.ends_at),
    }


def _local(when: datetime | None) -> str:
    """As ``datetime-local`` wants it."""
    return f"{timezone.localtime(when):%Y-%m-%dT%H:%M}" if when else ""


def _to(request: StaffRequest, notice: Notice) -> HttpResponse:
    address = reverse("notices:page", args=[notice.pk])
    return go(request, address)
