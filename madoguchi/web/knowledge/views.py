"""Articles: looked for while typing, read, written with a preview, archived."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from madoguchi.catalog.queries import outline, paths
from madoguchi.foundation.numbers import row_number
from madoguchi.knowledge import article_index, usage
from madoguchi.knowledge.models import Article, ArticleQuerySet, Place, Search, State
from madoguchi.knowledge.rendering import excerpt, render
from madoguchi.knowledge.rights import may_improve, may_keep, may_propose
from madoguchi.knowledge.suggest import ranked
from madoguchi.people.access import Access, Capability
from madoguchi.tickets.models import Ticket
from madoguchi.web.knowledge.comments import comments_of
from madoguchi.web.knowledge.parts import article_or_404
from madoguchi.web.knowledge.standing import next_review
from madoguchi.web.shell.export import export
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

ROWS = 50
TICKETS = 5
_MOST_WORDS = 8


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """All articles, the last changed first; with words, those that fit, the best first."""
    address = {name: request.GET.get(name, "").strip() for name in ("q", "category", "state")}
    rows = _chosen(Article.objects.visible_to(request.access), address)
    found: Sequence[tuple[Article, tuple[str, ...]]]
    following = ""
    searched: Search | None = None
    if address["q"]:
        found = _searched(rows, address)
        if address["state"] != State.ARCHIVED:  # what is looked for among the old ones is no gap of the new
            searched = usage.asked(address["q"], len(found), place=Place.KNOWLEDGE, by=request.user)
    else:
        listed, cursor = keyset(
            rows.light(), ("updated_at", "id"), after=request.GET.get("after", ""), size=ROWS, descending=True
        )
        found = [(article, ()) for article in listed]
        following = f"?{urlencode({**_told(address), 'after': cursor})}" if cursor else ""
    context = {
        "found": found,
        "next": following,
        "excerpt": excerpt,
        "address": address,
        "paths": paths(),
        "states": _states(request.access),
        "exported": urlencode(_told(address)),
        "proposes": may_propose(request.access),
        "filtered": bool(_told(address)),
        "searched": searched,
        "lags": bool(address["q"]) and article_index.lags(),
    }
    return page(request, "knowledge/index.html", context)


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def export_articles(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The articles of the list, or those that a search shows, as a file that ``knowledge import`` reads again."""
    address = {name: request.GET.get(name, "").strip() for name in ("q", "category", "state")}
    rows = _chosen(Article.objects.visible_to(request.access), address)
    found: Iterable[Article] = (
        [article for article, _words in _searched(rows, address)]
        if address["q"]
        else rows.light().select_related("category").order_by("-updated_at", "-id").iterator(chunk_size=500)
    )
    cells = (
        [row.key, row.question, row.answer, row.category.key if row.category else row.category_text] for row in found
    )
    return export("articles", kind, ["key", "question", "answer", "category"], cells, title=_("Knowledge"))


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def article_page(request: StaffRequest, article_id: int) -> HttpResponse:
    """One article, and what it solved lately."""
    article = article_or_404(request, article_id)
    if (searched := row_number(request.GET.get("search", ""))) is not None:
        usage.answered(searched, article, by=request.user)
    solved = (
        Ticket.objects.visible_to(request.access).filter(article=article).order_by("-pk")[:TICKETS]
        if request.access.can(Capability.READ_TICKETS)
        else []
    )
    context = {
        "article": article,
        "answer": render(article.answer),
        "keeps": may_keep(request.access, article),
        "improves": may_improve(request.access, article),
        "next_review": next_review(),
        "path": paths().get(article.category_id or 0, article.category_text),
        "solved": solved,
        "is_public": article.is_public,
        "comments": comments_of(article),
        "comments_on": may_propose(request.access),
        "now_is": timezone.now(),
    }
    return page(request, "knowledge/article.html", context)


def _chosen(rows: ArticleQuerySet, address: dict[str, str]) -> ArticleQuerySet:
    """The rows that the filters of the address leave; what is archived only when asked for."""
    if (category := row_number(address["category"])) is not None:
        below = [row.id for row in outline() if category in (*row.above, row.id)]
        rows = rows.filter(category__in=below)
    if address["state"] in State.values:
        return rows.filter(state=address["state"])
    return rows.current()


def _searched(rows: ArticleQuerySet, address: dict[str, str]) -> list[tuple[Article, tuple[str, ...]]]:
    """(article, words it was found by), best first; archived ones, which no index holds, by all words, newest first."""
    if address["state"] != State.ARCHIVED:
        return [(one.article, one.words) for one in ranked(address["q"], rows, limit=ROWS)]
    words = tuple(address["q"].split()[:_MOST_WORDS])
    for word in words:
        said = Q(question__icontains=word) | Q(answer__icontains=word) | Q(key__icontains=word)
        rows = rows.filter(said | Q(category_text__icontains=word))
    return [(row, words) for row in rows.light().select_related("category").order_by("-updated_at", "-id")[:ROWS]]


def _told(address: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in address.items() if value}


def _states(access: Access) -> list[tuple[str, str]]:
    return [
        (key, str(label))
        for key, label in State.choices
        if key != State.ARCHIVED or access.can(Capability.EDIT_KNOWLEDGE)
    ]
