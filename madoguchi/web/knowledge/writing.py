"""Articles are proposed, written with a preview, changed and archived."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import paths
from madoguchi.foundation.refusal import Refused
from madoguchi.insight.gaps import actions as gaps
from madoguchi.insight.gaps.models import Gap
from madoguchi.knowledge.actions import Content, archive, change, create, improve, propose
from madoguchi.knowledge.models import Article, Audience, Governance, State
from madoguchi.knowledge.rendering import render
from madoguchi.knowledge.rights import may_improve, may_keep, may_propose
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.tickets.actions.write_article import write_article
from madoguchi.tickets.models import Ticket
from madoguchi.web.knowledge.beginning import Beginning, beginning, ticket_named, told_of
from madoguchi.web.knowledge.gaps import article_for, behind, gap_to_write
from madoguchi.web.knowledge.parts import article_or_404, back_to, day_of, number_of, one_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, go, page


@guard(Capability.READ_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A new article, begun by what the address brings: a ticket, a department's answer, a search that found nothing.

    Who keeps the knowledge decides everything about it, the others propose it.
    """
    _require(may_propose(request.access))
    gap = gap_to_write(request, request.POST.get("gap", "") or request.GET.get("gap", ""))
    if request.method == "POST":
        with transaction.atomic():
            article = _created(request)
            if gap is not None:
                gaps.write(gap, article, by=request.user)
        return _to_article(request, article.pk)
    begun = beginning(request) if gap is None else Beginning(article_for(gap, request.access))
    return page(
        request,
        "knowledge/edit.html",
        _form(begun.article, keeps=request.access.can(Capability.EDIT_KNOWLEDGE), gap=gap)
        | {"ticket": begun.ticket, "words": begun.words, "told": _told(request, gap, begun.ticket, _text(begun))},
    )


def _told(request: StaffRequest, gap: Gap | None, ticket: Ticket | None, text: str) -> list[str]:
    """An article that comes from nobody in particular may have the desk's own numbers in it."""
    if ticket is None and gap is None:
        return []
    return told_of(ticket, text, behind(gap, request.access) if gap is not None else ())


def _text(begun: Beginning) -> str:
    return f"{begun.article.question}\n{begun.article.answer}\n{begun.words}"


def _created(request: StaffRequest) -> Article:
    content, note, key = _content(request.POST), request.POST.get("note", ""), request.POST.get("key", "")
    keeps = request.access.can(Capability.EDIT_KNOWLEDGE)
    ticket = ticket_named(request)
    if ticket is not None:
        words = request.POST.get("words", "")
        article = write_article(ticket, content, words=words, keeps=keeps, key=key, by=request.user, note=note)
    elif keeps:
        article = create(content, key=key, by=request.user, note=note)
    else:
        article = propose(content, by=request.user, note=note)
    messages.success(
        request,
        _("The article is written.")
        if keeps
        else _("Your article is proposed. The desk finds it from now on; a keeper looks at it."),
    )
    return article


@guard(Capability.READ_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, article_id: int) -> HttpResponse:
    """Change an article; refused when somebody else changed it since the form was opened."""
    article = article_or_404(request, article_id)
    keeps = may_keep(request.access, article)
    _require(keeps or may_improve(request.access, article))
    if request.method == "POST":
        content = _content(request.POST, category_text=article.category_text)
        _changed(request, article, content, keeps=keeps)
        messages.success(request, _("The article is saved."))
        return _to_article(request, article.pk)
    return page(request, "knowledge/edit.html", _form(article, keeps=keeps))


def _changed(request: StaffRequest, article: Article, content: Content, *, keeps: bool) -> None:
    version, note = number_of(request.POST.get("version", "")), request.POST.get("note", "")
    if keeps:
        change(article, content, version=version, by=request.user, note=note)
        return
    improve(
        article,
        question=content.question,
        answer=content.answer,
        category=content.category,
        version=version,
        by=request.user,
        note=note,
    )


@guard(Capability.READ_KNOWLEDGE)
@require_POST
def preview(request: StaffRequest) -> HttpResponse:
    """How the answer that is being typed will be read."""
    _require(may_propose(request.access))
    answer = request.POST.get("answer", "")[:200_000]
    typed = f"{request.POST.get('question', '')[:500]}\n{answer}\n{request.POST.get('words', '')[:4000]}"
    gap = gap_to_write(request, request.POST.get("gap", ""))
    told = _told(request, gap, ticket_named(request), typed)
    return block(request, "knowledge/edit.html", "preview", {"answer": render(answer), "told": told})


@guard(Capability.READ_KNOWLEDGE)
@require_POST
def archive_article(request: StaffRequest, article_id: int) -> HttpResponse:
    """Out of search and suggestions; editing its state brings it back."""
    article = article_or_404(request, article_id)
    _require(may_keep(request.access, article))
    archive(article, by=request.user, note=request.POST.get("note", ""))
    messages.success(request, _("The article is archived: it is suggested no more."))
    return go(request, back_to(request, article_id))


def _require(allowed: bool) -> None:
    if not allowed:
        raise Refused(_("Only the knowledge keepers and the owner team may do this."), code="forbidden", status=403)


def _to_article(request: StaffRequest, article_id: int) -> HttpResponse:
    """To the article's page, whichever way the form was sent."""
    return go(request, reverse("knowledge:page", args=[article_id]))


def _form(article: Article, *, keeps: bool, gap: Gap | None = None) -> dict[str, Any]:
    return {
        "gap": gap,
        "article": article,
        "keeps": keeps,
        "told": [],
        "ticket": None,
        "answer": render(article.answer),
        "paths": list(paths().items()),
        "states": State.choices,
        "audiences": Audience.choices,
        "governances": Governance.choices,
        "teams": [(team.pk, team.label) for team in Team.objects.filter(is_active=True)],
    }


def _content(data: QueryDict, *, category_text: str = "") -> Content:
    """The form as the acts take it; what it cannot mean is refused."""
    return Content(
        question=data.get("question", ""),
        answer=data.get("answer", ""),
        category=one_of(Category.objects.all(), data.get("category", "")),
        category_text=category_text,
        state=data.get("state", ""),
        audience=data.get("audience", ""),
        owner_team=one_of(Team.objects.all(), data.get("owner_team", "")),
        review_on=day_of(data.get("review_on", "")),
        governance=data.get("governance", Governance.OPEN),
    )
