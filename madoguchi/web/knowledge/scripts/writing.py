"""Writing a script: one form, with its picture beside it and what is wrong at each step, as it is typed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import path_of, paths
from madoguchi.foundation.numbers import row_number
from madoguchi.knowledge.models import Article
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.scripts import checking, words
from madoguchi.scripts.actions.write import save_draft
from madoguchi.scripts.definition import ENDS, ValidationError
from madoguchi.scripts.models import ScriptVersion
from madoguchi.scripts.queries import destination_of, heirs_of, items_of, offered, surroundings_of
from madoguchi.web.knowledge.scripts.builder import OWN, Form, example, of_definition, of_post, options_of
from madoguchi.web.knowledge.scripts.drawing import drawn
from madoguchi.web.knowledge.scripts.walking import labels_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import block, go, page, text
from madoguchi.web.tickets.acts import no_article_reasons

WRITE = "knowledge/scripts/write.html"
MOST_ARTICLES = 200


@guard(Capability.WRITE_SCRIPTS)
@require_GET
def new(request: StaffRequest) -> HttpResponse:
    """Which category the script is for; those that have one lead to it."""
    chosen = row_number(request.GET.get("category", ""))
    if chosen is not None:
        category = get_object_or_404(Category, pk=chosen, is_active=True)
        return go(request, reverse("knowledge:scripts:edit", args=[category.pk]))
    active = set(Category.objects.filter(is_active=True, script__isnull=True).values_list("pk", flat=True))
    choices = [(key, path) for key, path in paths().items() if key in active]
    return page(request, "knowledge/scripts/new.html", {"choices": choices})


@guard(Capability.WRITE_SCRIPTS)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, category_id: int) -> HttpResponse:
    """The draft; without one it begins with the newest version, or with what the hand-off requires."""
    category = _category(category_id)
    versions = ScriptVersion.objects.filter(script__category=category).order_by("-number")
    draft = versions.filter(state=ScriptVersion.State.DRAFT).first()
    if request.method == "POST":
        form = of_post(category, request.POST)
        saved = save_draft(
            category,
            definition=form.written,
            note=form.note,
            if_revision=row_number(request.POST.get("revision", "")),
            by=request.user,
        )
        messages.success(request, _("The draft is saved."))
        if request.POST.get("then") == "try":
            return go(request, reverse("knowledge:scripts:try", args=[category.pk, saved.number]))
        return go(request, f"{reverse('knowledge:scripts:page', args=[category.pk])}?version={saved.number}")
    before = draft or versions.first()
    try:
        form = of_definition(category, before.definition, draft.note if draft else "") if before else example(category)
    except ValidationError:
        form = example(category)
    beside = {"draft": draft, "exists": before is not None, "heirs": heirs_of(category, timezone.now())}
    return page(request, WRITE, _context(form) | beside)


@guard(Capability.WRITE_SCRIPTS)
@require_POST
def builder(request: StaffRequest, category_id: int) -> HttpResponse:
    """The form after a button or another kind was chosen in it; nothing is kept."""
    form = of_post(_category(category_id), request.POST)
    form.do(request.POST.get("do", ""))
    return block(request, WRITE, "builder", _context(form))


@guard(Capability.WRITE_SCRIPTS)
@require_POST
def check(request: StaffRequest, category_id: int) -> HttpResponse:
    """What is wrong, at each step, and the picture; nothing is kept."""
    context = _context(of_post(_category(category_id), request.POST))
    answer = block(request, WRITE, "preview", context)
    answer.content += text(request, WRITE, "faults_beside", context).encode()
    return answer


def _category(category_id: int) -> Category:
    return get_object_or_404(Category.objects.select_related("destination"), pk=category_id)


def _context(form: Form) -> dict[str, Any]:
    definition, category = form.definition, form.category
    around = surroundings_of(definition, category)
    faults = checking.check(definition, around)
    teams = list(Team.objects.filter(is_active=True))
    items = offered(definition, category)
    labels = {key: item.label for key, item in items.items()} | labels_of(definition, items_of(definition, category))
    at: dict[str, list[tuple[bool, str]]] = {}
    for fault in faults:
        at.setdefault(fault.step, []).append((fault.blocks, words.fault_said(fault, labels)))
    wrong = [fault for fault in faults if fault.blocks]
    own = destination_of(category)
    number = {step.key: place + 1 for place, step in enumerate(definition.steps)}
    return {
        "form": form,
        "category": category,
        "path": paths().get(category.pk, category.label),
        "faults": at,
        "wrong": len(wrong),
        "known": len(faults) - len(wrong),
        "picture": drawn(definition, labels, {fault.step for fault in wrong}),
        "ends": {step.key for step in definition.steps if isinstance(step, ENDS)},
        "options": options_of,
        "offered": items,
        "OWN": OWN,
        "choices": {
            "kinds": list(words.KINDS.items()),
            "nexts": [
                (step.key, f"{number[step.key]}. {words.short(step, labels) or words.KINDS[step.kind]}"[:60])
                for step in definition.steps
            ],
            "items": [
                (item.key, item.label)
                for key, item in items.items()
                if not key.startswith("own:") and key not in _asked_by_script(definition)
            ],
            "looked_at": [(item.key, item.label) for item in items.values()],
            "question_kinds": HearingItem.Kind.choices,
            "conditions": [
                ("is", pgettext("condition", "is")),
                ("contains", pgettext("condition", "contains")),
                ("answered", pgettext("condition", "is known")),
                ("missing", pgettext("condition", "is not known")),
                ("amount", pgettext("condition", "is a number")),
            ],
            "required": [("", _("may stay open")), ("always", _("is required")), ("when", _("is required if"))],
            "articles": _articles(category, definition),
            "teams": [("", _("the category's destination (%(team)s)") % {"team": own.label if own else _("none")})]
            + [(team.key, team.label) for team in teams],
            "reasons": no_article_reasons(),
        },
    }


def _asked_by_script(definition: Any) -> set[str]:
    """Items that the script itself defines: they are no choice of the catalogue."""
    return {
        step.item
        for step in definition.steps
        if (step.kind == "check" or (step.kind == "ask" and step.question is not None)) and step.item
    }


def _articles(category: Category, definition: Any) -> list[tuple[str, str]]:
    """What may be shown: articles of the category and those above it first by their question, and what is chosen."""
    chosen = [step.article for step in definition.steps if step.kind == "article" and step.article]
    rows = Article.objects.current().filter(category__in=path_of(category)).order_by("question")
    found = dict(rows.values_list("key", "question")[:MOST_ARTICLES])
    if missing := [key for key in chosen if key not in found]:
        found |= dict(Article.objects.current().filter(key__in=missing).values_list("key", "question"))
    return list(found.items())
