"""Articles are proposed, written with a preview, changed and archived."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from madoguchi.catalog.models import Category
from madoguchi.consultations.models import Consultation, Remark
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.actions import Content, archive, change, create, improve, propose
from madoguchi.knowledge.models import Article, Audience, Governance, State
from madoguchi.knowledge.rendering import render
from madoguchi.knowledge.rights import may_improve, may_keep, may_propose
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.web.knowledge.parts import article_or_404, back_to, day_of, number_of, one_of, paths
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, go, page


@guard(Capability.READ_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A new article; the address may bring the question, from a search that found nothing, or a department's answer.

    Who keeps the knowledge decides everything about it, the others propose it.
    """
    _require(may_propose(request.access))
    if request.method == "POST":
        article = _created(request)
        return _to_article(request, article.pk)
    blank = Article(question=request.GET.get("question", "")[:500], state=State.NOT_VALIDATED)
    if (written := request.GET.get("answer", "")) and request.access.can(Capability.READ_TICKETS):
        _begin_with(blank, _answer_or_404(request, written))
    return page(request, "knowledge/edit.html", _form(blank, keeps=request.access.can(Capability.EDIT_KNOWLEDGE)))


def _created(request: StaffRequest) -> Article:
    content, note = _content(request.POST), request.POST.get("note", "")
    if request.access.can(Capability.EDIT_KNOWLEDGE):
        article = create(content, key=request.POST.get("key", ""), by=request.user, note=note)
        messages.success(request, _("The article is written."))
        return article
    article = propose(content, by=request.user, note=note)
    messages.success(request, _("Your article is proposed. The desk finds it from now on; a keeper looks at it."))
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
    return block(request, "knowledge/edit.html", "preview", {"answer": render(answer)})


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


def _begin_with(article: Article, remark: Remark) -> None:
    """What a department answered is the beginning of the article, what the ticket was about its question."""
    ticket = remark.consultation.ticket
    article.question, article.answer, article.category = ticket.subject, remark.body, ticket.category


def _answer_or_404(request: StaffRequest, written: str) -> Remark:
    visible = Consultation.objects.visible_to(request.access)
    rows = Remark.objects.filter(kind=Remark.Kind.ANSWER, consultation__in=visible)
    return get_object_or_404(rows.select_related("consultation__ticket__category"), pk=number_of(written))


def _to_article(request: StaffRequest, article_id: int) -> HttpResponse:
    """To the article's page, whichever way the form was sent."""
    return go(request, reverse("knowledge:page", args=[article_id]))


def _form(article: Article, *, keeps: bool) -> dict[str, Any]:
    return {
        "article": article,
        "keeps": keeps,
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
