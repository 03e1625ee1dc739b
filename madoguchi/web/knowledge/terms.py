"""The glossary: looked up by kana row and by words, explained beside the text, kept by the knowledge keepers."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import paths
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.glossary.actions import Entry, add, change, remove
from madoguchi.knowledge.glossary.exchange import COLUMNS, LARGEST, rows, split_writings, take_in
from madoguchi.knowledge.glossary.models import Term, TermQuerySet
from madoguchi.knowledge.glossary.words import OTHER, ROWS
from madoguchi.knowledge.models import Audience
from madoguchi.people.access import Capability
from madoguchi.web.knowledge.parts import number_of, one_of
from madoguchi.web.shell.export import export
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import block, go, page

SHOWN = 100
_SHOWN_REFUSED = 50


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The terms of a kana row, or all; with words, those that say them."""
    address = {name: request.GET.get(name, "").strip()[:200] for name in ("row", "q")}
    chosen = _chosen(Term.objects.visible_to(request.access), address).select_related("category")
    terms, cursor = keyset(chosen, ["reading", "id"], after=request.GET.get("after", ""), size=SHOWN)
    told = {name: value for name, value in address.items() if value}
    context = {
        "terms": terms,
        "address": address,
        "rows": [(row, f"?{urlencode({**told, 'row': row})}") for row in (*ROWS, OTHER)],
        "all_rows": f"?{urlencode({'q': address['q']})}" if address["q"] else reverse("knowledge:terms"),
        "next": f"?{urlencode({**told, 'after': cursor})}" if cursor else "",
    }
    return page(request, "knowledge/terms.html", context)


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def card(request: StaffRequest, term_id: int) -> HttpResponse:
    """The explanation that opens beside a word."""
    term = get_object_or_404(Term.objects.visible_to(request.access).select_related("category"), pk=term_id)
    return block(request, "knowledge/term_card.html", "card", {"term": term})


@guard(Capability.EDIT_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A new term."""
    if request.method == "POST":
        term = add(_entry(request.POST), by=request.user)
        messages.success(request, _("“%(name)s” is explained from now on.") % {"name": term.name})
        return go(request, _place_of(term))
    return page(request, "knowledge/term.html", _form(Term(name=request.GET.get("name", "")[:80])))


@guard(Capability.EDIT_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, term_id: int) -> HttpResponse:
    """Change a term; refused when somebody else changed it since the form was opened."""
    term = get_object_or_404(Term.objects.visible_to(request.access), pk=term_id)
    if request.method == "POST":
        version = number_of(request.POST.get("version", ""))
        term = change(term, _entry(request.POST), version=version, by=request.user)
        messages.success(request, _("The term is saved."))
        return go(request, _place_of(term))
    return page(request, "knowledge/term.html", _form(term))


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def remove_term(request: StaffRequest, term_id: int) -> HttpResponse:
    """Out of the glossary."""
    term = get_object_or_404(Term.objects.visible_to(request.access), pk=term_id)
    remove(term, by=request.user)
    messages.success(request, _("“%(name)s” is no longer explained.") % {"name": term.name})
    return go(request, reverse("knowledge:terms"))


@guard(Capability.EDIT_KNOWLEDGE)
@require_GET
def export_terms(request: StaffRequest, kind: str) -> HttpResponseBase:
    """The whole glossary, as it comes in again."""
    return export("glossary", kind, COLUMNS, rows(), title=_("Glossary"))


@guard(Capability.EDIT_KNOWLEDGE)
@require_http_methods(["GET", "POST"])
def import_terms(request: StaffRequest) -> HttpResponse:
    """Terms from a file; what could not be taken in is listed with its line."""
    if request.method != "POST":
        return page(request, "knowledge/terms_import.html", {"report": None, "columns": COLUMNS})
    sent = request.FILES.get("file")
    if sent is None:
        raise Refused(_("Choose a file."), code="file_missing", missing=[{"key": "file", "label": _("File")}])
    if (sent.size or 0) > LARGEST:
        raise Refused(_("The file is larger than %(size)d MB.") % {"size": LARGEST // 1_000_000}, code="too_large")
    report = take_in(sent.read(), by=request.user)
    if not report.refused:
        taken = report.added + report.changed
        messages.success(
            request, ngettext("%(num)s term is taken in.", "%(num)s terms are taken in.", taken) % {"num": taken}
        )
        return go(request, reverse("knowledge:terms"))
    context = {"report": report, "refused": report.refused[:_SHOWN_REFUSED], "columns": COLUMNS}
    return page(request, "knowledge/terms_import.html", context)


def _chosen(terms: TermQuerySet, address: dict[str, str]) -> TermQuerySet:
    if address["row"] in {*ROWS, OTHER}:
        terms = terms.filter(row=address["row"])
    for word in address["q"].split()[:8]:
        terms = terms.filter(search__contains=search_key(word))
    return terms


def _place_of(term: Term) -> str:
    """The list where the term stands."""
    return f"{reverse('knowledge:terms')}?{urlencode({'row': term.row})}#term-{term.pk}"


def _form(term: Term) -> dict[str, Any]:
    return {"term": term, "paths": list(paths().items()), "audiences": Audience.choices}


def _entry(data: QueryDict) -> Entry:
    """The form as the acts take it; what it cannot mean is refused."""
    category = one_of(Category.objects.all(), data.get("category", ""))
    return Entry(
        name=data.get("name", ""),
        reading=data.get("reading", ""),
        also=split_writings(data.get("also", "")),
        explanation=data.get("explanation", ""),
        explanation_en=data.get("explanation_en", ""),
        category=category,
        audience=data.get("audience", ""),
    )
