"""What is new: the versions of the last weeks, who wrote them and why."""

from datetime import timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from madoguchi.knowledge.models import ArticleVersion
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

PAGE = 50
BACK = timedelta(days=28)


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """New and changed articles of the last four weeks, the latest first; of each change the difference is one press."""
    rows, cursor = keyset(
        ArticleVersion.objects.visible_to(request.access)
        .filter(at__gte=timezone.now() - BACK)
        .select_related("article", "by")
        .defer("fields", "article__terms", "article__vectors", "article__answer"),
        ("at", "id"),
        after=request.GET.get("after", ""),
        size=PAGE,
        descending=True,
    )
    context = {"rows": rows, "next": f"?{urlencode({'after': cursor})}" if cursor else ""}
    return page(request, "knowledge/news.html", context)
