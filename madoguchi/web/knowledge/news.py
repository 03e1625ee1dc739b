"""What is new: the versions of the last weeks, who wrote them and why; on the page, and in one's own feed reader."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from madoguchi.knowledge.versions import news
from madoguchi.people.access import Capability
from madoguchi.people.actions import end_feed, feed_tokens, renew_feed_token
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go, page

PAGE = 50


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """New and changed articles of the last four weeks, the latest first; of each change the difference is one press."""
    rows, cursor = keyset(
        news(request.access), ("at", "id"), after=request.GET.get("after", ""), size=PAGE, descending=True
    )
    context = {"rows": rows, "next": f"?{urlencode({'after': cursor})}" if cursor else ""}
    return page(request, "knowledge/news.html", context)


@guard(Capability.READ_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def feed(request: StaffRequest) -> HttpResponse:
    """The address at which one's own feed reader reads the same: made and shown once, renewed, ended."""
    address = ""
    if request.method == "POST" and request.POST.get("do") == "end":
        end_feed(request.user)
        messages.success(request, _("The feed address is ended."))
        return go(request, reverse("knowledge:feed"))
    if request.method == "POST":
        path = reverse("api-articles-feed", args=[renew_feed_token(request.user)])
        address = f"{settings.PUBLIC_ADDRESS}{path}"
    context = {"address": address, "token": feed_tokens(request.user).first()}
    answer = page(request, "knowledge/news_feed.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
