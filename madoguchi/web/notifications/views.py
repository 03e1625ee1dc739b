"""What one was told: the bell of every page, and the list."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.notifications.actions import choose_mail, mark_all_read, mark_read
from madoguchi.notifications.models import Notification, Preference
from madoguchi.tickets.models import number_of
from madoguchi.web.shell.guard import StaffRequest, signed_in
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import block, page

PAGE = 50
MOST = 100
_PAGES = {
    "absence": "people:own_absences",
    "duty": "people:own_absences",
    "bypassdraft": "workbench:bypass_drafts",
    "callback": "workbench:index",
    "interaction": "board:index",
}


@signed_in
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """One's own, the latest first, page by key."""
    rows, cursor = keyset(
        Notification.objects.of(request.user),
        ("delivered_at", "id"),
        after=request.GET.get("after", ""),
        size=PAGE,
        descending=True,
    )
    return page(
        request,
        "notifications/index.html",
        {
            "rows": rows,
            "next": f"{request.path}?{urlencode({'after': cursor})}" if cursor else "",
            "first": request.path if request.GET.get("after") else "",
            "by_mail": Preference.objects.filter(staff=request.user, by_mail=True).exists(),
        },
    )


@signed_in
@require_GET
def bell(request: StaffRequest) -> HttpResponse:
    """The bell of the frame: how many are unread, counted up to 100."""
    unread = Notification.objects.of(request.user).unread().order_by()
    return block(request, "notifications/bell.html", "bell", {"count": unread[:MOST].count()})


@signed_in
@require_GET
def open_one(request: StaffRequest, notification_id: int) -> HttpResponse:
    """Read it, and go to what it is about."""
    found = get_object_or_404(Notification.objects.of(request.user), pk=notification_id)
    mark_read(found)
    if found.about_kind == "ticket" and found.about_id is not None:
        return HttpResponseRedirect(reverse("tickets:page", args=[number_of(found.about_id)]))
    if found.about_kind == "gap" and found.about_id is not None:
        return HttpResponseRedirect(reverse("knowledge:gap", args=[found.about_id]))
    if found.about_kind == "article" and found.about_id is not None:
        return HttpResponseRedirect(reverse("knowledge:page", args=[found.about_id]))
    return HttpResponseRedirect(reverse(_PAGES.get(found.about_kind, "notifications:index")))


@signed_in
@require_POST
def read_all(request: StaffRequest) -> HttpResponse:
    """Everything is read."""
    mark_all_read(request.user)
    return HttpResponseRedirect(reverse("notifications:index"))


@signed_in
@require_POST
def by_mail(request: StaffRequest) -> HttpResponse:
    """Whether they come by mail, too."""
    wanted = request.POST.get("by_mail") == "on"
    choose_mail(request.user, by_mail=wanted)
    messages.success(
        request,
        _("Notifications now also come by mail.") if wanted else _("Notifications no longer come by mail."),
    )
    return HttpResponseRedirect(reverse("notifications:index"))
