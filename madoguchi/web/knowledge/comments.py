"""“This is wrong”: comments on articles, from wherever one reads them, and their answers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.knowledge.actions import answer, comment, hears
from madoguchi.knowledge.models import Article, ArticleComment
from madoguchi.knowledge.rights import may_keep
from madoguchi.people.access import Capability
from madoguchi.tickets.models import Ticket
from madoguchi.web.knowledge.parts import article_or_404
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import go, page

PAGE = 50
RECENT = 20


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """Comments: those that wait for this person's answer, the first due first; one's own; all that were answered."""
    view = request.GET.get("view", "")
    view = view if view in {"mine", "answered"} else "open"
    rows = ArticleComment.objects.visible_to(request.access)
    if view == "open":
        rows = rows.open().for_keeper(request.access)
    else:
        rows = rows.filter(by=request.user) if view == "mine" else rows.exclude(state=ArticleComment.State.OPEN)
    found, cursor = keyset(
        rows.select_related("article", "article__owner_team", "by", "answered_by").defer(
            "article__terms", "article__vectors", "article__answer"
        ),
        ("due_at", "id") if view == "open" else ("at", "id"),
        after=request.GET.get("after", ""),
        size=PAGE,
        descending=view != "open",
    )
    context = {
        "rows": found,
        "view": view,
        "next": f"?{urlencode({'view': view, 'after': cursor})}" if cursor else "",
        "now_is": timezone.now(),
        "keeps": {row.pk for row in found if may_keep(request.access, row.article)},
    }
    return page(request, "knowledge/comments.html", context)


@guard(Capability.READ_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def write(request: StaffRequest, article_id: int) -> HttpResponse:
    """The sheet that says what is wrong; the address may name the ticket where it was noticed."""
    article = article_or_404(request, article_id)
    ticket = _ticket(request)
    if request.method == "POST":
        source = f"ticket:{ticket.pk}" if ticket else ""
        written = comment(
            article,
            kind=request.POST.get("kind", ""),
            text=request.POST.get("text", ""),
            by=request.user,
            source=source,
        )
        messages.success(request, _("Thank you. The owner team answers; you will be told."))
        if getattr(request, "htmx", None) and request.POST.get("stay"):
            return page(request, "knowledge/comment.html", {"article": article, "written": written})
        return go(request, reverse("knowledge:page", args=[article.pk]))
    context = {
        "article": article,
        "kinds": ArticleComment.Kind.choices,
        "ticket": ticket,
        "stay": "stay" in request.GET,
    }
    return page(request, "knowledge/comment.html", context)


@guard(Capability.READ_KNOWLEDGE)
@require_POST
def reply(request: StaffRequest, comment_id: int) -> HttpResponse:
    """The answer of the owner team."""
    written = get_object_or_404(
        ArticleComment.objects.visible_to(request.access).select_related("article__owner_team", "by"), pk=comment_id
    )
    answer(written, request.POST.get("state", ""), reply=request.POST.get("reply", ""), by=request.user)
    on_its_way = _("The answer is on its way to %(name)s.") % {"name": written.by.name}
    messages.success(request, on_its_way if hears(written) else _("The answer stands with the comment."))
    return go(request, reverse("knowledge:page", args=[written.article_id]) + "#comments")


def comments_of(article: Article) -> list[ArticleComment]:
    """What was said about an article: the newest comments, those that wait before those that were answered."""
    rows = ArticleComment.objects.filter(article=article).select_related("by", "answered_by").order_by("-at", "-id")
    return sorted(rows[:RECENT], key=lambda row: row.state != ArticleComment.State.OPEN)


def _ticket(request: StaffRequest) -> Ticket | None:
    """The ticket that the form or the address names, if this person may see it."""
    number = request.POST.get("ticket", "") or request.GET.get("ticket", "")
    if not number or not request.access.can(Capability.READ_TICKETS):
        return None
    return Ticket.objects.visible_to(request.access).numbered(number[:30]).first()
