"""Articles: looked for while typing, read, written with a preview, archived."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import models
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import tree
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.actions import Content, archive, change, create
from madoguchi.knowledge.models import Article, ArticleQuerySet, Audience, State
from madoguchi.knowledge.rendering import excerpt, render
from madoguchi.knowledge.suggest import ranked
from madoguchi.people.access import Access, Capability
from madoguchi.people.models import Team
from madoguchi.tickets.models import Ticket
from madoguchi.web.shell.export import MOST, export
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, go, page

ROWS = 50
TICKETS = 5


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """All articles, the last changed first; with words, those that fit, the best first."""
    address = {name: request.GET.get(name, "").strip() for name in ("q", "category", "state")}
    rows = _chosen(Article.objects.visible_to(request.access), address)
    found: Sequence[tuple[Article, tuple[str, ...]]]
    following = ""
    if address["q"]:
        found = [(one.article, one.words) for one in ranked(address["q"], rows, limit=ROWS)]
    else:
        listed = list(_below(rows, request.GET.get("after", "")).light().order_by("-updated_at", "-id")[: ROWS + 1])
        found = [(article, ()) for article in listed[:ROWS]]
        if len(listed) > ROWS:
            last = listed[ROWS - 1]
            after = f"{last.updated_at.isoformat()}~{last.pk}"
            following = f"?{urlencode({**_told(address), 'after': after})}"
    context = {
        "found": found,
        "next": following,
        "excerpt": excerpt,
        "address": address,
        "paths": _paths(),
        "states": _states(request.access),
        "exported": urlencode(_told(address)),
        "filtered": bool(_told(address)),
    }
    return page(request, "knowledge/index.html", context)


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def export_articles(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The articles of the list, whole, as a file that ``knowledge import`` reads again."""
    address = {name: request.GET.get(name, "").strip() for name in ("q", "category", "state")}
    rows = _chosen(Article.objects.visible_to(request.access), address)
    found: Iterable[Article] = (
        [one.article for one in ranked(address["q"], rows, limit=ROWS)]
        if address["q"]
        else rows.light().select_related("category").order_by("-updated_at", "-id")[:MOST].iterator(chunk_size=500)
    )
    cells = ([row.key, row.question, row.answer, row.category.key if row.category else ""] for row in found)
    return export("articles", kind, ["key", "question", "answer", "category"], cells, title=_("Knowledge"))


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def article_page(request: StaffRequest, article_id: int) -> HttpResponse:
    """One article, and what it solved lately."""
    article = _article_or_404(request, article_id)
    solved = (
        Ticket.objects.visible_to(request.access).filter(article=article).order_by("-pk")[:TICKETS]
        if request.access.can(Capability.READ_TICKETS)
        else []
    )
    context = {
        "article": article,
        "answer": render(article.answer),
        "path": _paths().get(article.category_id or 0, article.category_text),
        "solved": solved,
    }
    return page(request, "knowledge/article.html", context)


@guard(Capability.EDIT_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A new article; the address may bring the question, from a search that found nothing, or a department's answer."""
    if request.method == "POST":
        article = create(_content(request.POST), key=request.POST.get("key", ""), by=request.user)
        messages.success(request, _("The article is written."))
        return _to_article(request, article.pk)
    blank = Article(question=request.GET.get("question", "")[:500], state=State.NOT_VALIDATED)
    if (written := request.GET.get("answer", "")) and request.access.can(Capability.READ_TICKETS):
        _begin_with(blank, _answer_or_404(request, written))
    return page(request, "knowledge/edit.html", _form(blank))


@guard(Capability.EDIT_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, article_id: int) -> HttpResponse:
    """Change an article; refused when somebody else changed it since the form was opened."""
    article = _article_or_404(request, article_id)
    if request.method == "POST":
        version = request.POST.get("version", "")
        content = _content(request.POST, category_text=article.category_text)
        change(
            article, content, version=int(version) if version.isascii() and version.isdecimal() else 0, by=request.user
        )
        messages.success(request, _("The article is saved."))
        return _to_article(request, article.pk)
    return page(request, "knowledge/edit.html", _form(article))


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def preview(request: StaffRequest) -> HttpResponse:
    """How the answer that is being typed will be read."""
    answer = request.POST.get("answer", "")[:200_000]
    return block(request, "knowledge/edit.html", "preview", {"answer": render(answer)})


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def archive_article(request: StaffRequest, article_id: int) -> HttpResponse:
    """Out of search and suggestions; editing its state brings it back."""
    archive(_article_or_404(request, article_id), by=request.user)
    messages.success(request, _("The article is archived: it is suggested no more."))
    return _to_article(request, article_id)


def _begin_with(article: Article, remark: Remark) -> None:
    """What a department answered is the beginning of the article, what the ticket was about its question."""
    ticket = remark.consultation.ticket
    article.question, article.answer, article.category = ticket.subject, remark.body, ticket.category


def _answer_or_404(request: StaffRequest, written: str) -> Remark:
    visible = Consultation.objects.visible_to(request.access)
    rows = Remark.objects.filter(kind=Remark.Kind.ANSWER, consultation__in=visible)
    number = int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else 0
    return get_object_or_404(rows.select_related("consultation__ticket__category"), pk=number)


def _to_article(request: StaffRequest, article_id: int) -> HttpResponse:
    """To the article's page, whichever way the form was sent."""
    address = reverse("knowledge:page", args=[article_id])
    return go(request, address)


def _article_or_404(request: StaffRequest, article_id: int) -> Article:
    rows = Article.objects.visible_to(request.access).light().select_related("category", "owner_team")
    return get_object_or_404(rows, pk=article_id)


def _chosen(rows: ArticleQuerySet, address: dict[str, str]) -> ArticleQuerySet:
    """The rows that the filters of the address leave; what is archived only when asked for."""
    if address["category"].isdecimal():
        below = [
            row.pk
            for row, path in tree(active_only=False)
            if address["category"] in {str(one.pk) for one in (*path, row)}
        ]
        rows = rows.filter(category__in=below)
    if address["state"] in State.values:
        return rows.filter(state=address["state"])
    return rows.current()


def _below(rows: ArticleQuerySet, after: str) -> ArticleQuerySet:
    """The rows behind the last one of the page before; everything when the address is not ours."""
    moment, _tilde, pk = after.partition("~")
    changed: datetime | None = None
    with suppress(ValueError):
        changed = parse_datetime(moment)
    if changed is None or changed.tzinfo is None or not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        return rows
    return rows.filter(Q(updated_at__lt=changed) | Q(updated_at=changed, pk__lt=int(pk)))


def _told(address: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in address.items() if value}


def _paths() -> dict[int, str]:
    """Category id → the names from the root on, in the order of the tree."""
    return {row.pk: " › ".join(one.label for one in (*path, row)) for row, path in tree(active_only=False)}


def _states(access: Access) -> list[tuple[str, str]]:
    return [
        (key, str(label))
        for key, label in State.choices
        if key != State.ARCHIVED or access.can(Capability.EDIT_KNOWLEDGE)
    ]


def _form(article: Article) -> dict[str, Any]:
    return {
        "article": article,
        "answer": render(article.answer),
        "paths": list(_paths().items()),
        "states": State.choices,
        "audiences": Audience.choices,
        "teams": [(team.pk, team.label) for team in Team.objects.filter(is_active=True)],
    }


def _content(data: QueryDict, *, category_text: str = "") -> Content:
    """The form as the acts take it; what it cannot mean is refused."""
    return Content(
        question=data.get("question", ""),
        answer=data.get("answer", ""),
        category=_one_of(Category.objects.all(), data.get("category", "")),
        category_text=category_text,
        state=data.get("state", ""),
        audience=data.get("audience", ""),
        owner_team=_one_of(Team.objects.all(), data.get("owner_team", "")),
        review_on=_date(data.get("review_on", "")),
    )


def _one_of[M: models.Model](rows: models.QuerySet[M], written: str) -> M | None:
    if not written:
        return None
    found = (
        rows.filter(pk=int(written)).first()
        if written.isascii() and written.isdecimal() and len(written) < 19
        else None
    )
    if found is None:
        raise Refused(_("What was chosen does not exist any more. Load the page again."), code="unknown_value")
    return found


def _date(written: str) -> date | None:
    if not written:
        return None
    try:
        day = parse_date(written)
    except ValueError:
        day = None
    if day is None:
        raise Refused(_("The date must be written like 2026-11-30."), code="bad_date")
    return day
