"""The list of words that mean the same in a search, kept by the knowledge keepers."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.search.models import Synonyms
from madoguchi.search.synonyms import (
    LARGEST,
    add_synonyms,
    change_synonyms,
    remove_synonyms,
    split_words,
    take_in,
)
from madoguchi.web.knowledge.parts import version_of
from madoguchi.web.shell.export import export
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page

_SHOWN = 200
_SHOWN_REFUSED = 20


@guard(Capability.EDIT_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """All rows, or those that hold what is typed."""
    typed = search_key(request.GET.get("q", ""))
    rows = [row for row in Synonyms.objects.all() if not typed or any(typed in search_key(word) for word in row.listed)]
    context = {"rows": rows[:_SHOWN], "more": max(0, len(rows) - _SHOWN), "q": request.GET.get("q", "").strip()}
    return page(request, "knowledge/synonyms.html", context | {"report": None})


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def add(request: StaffRequest) -> HttpResponse:
    """A new row."""
    add_synonyms(split_words(request.POST.get("words", "")), by=request.user)
    messages.success(request, _("The words are on the list: the next search uses them."))
    return go(request, reverse("knowledge:synonyms"))


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def change(request: StaffRequest, row_id: int) -> HttpResponse:
    """The row with other words."""
    row = get_object_or_404(Synonyms, pk=row_id)
    words = split_words(request.POST.get("words", ""))
    change_synonyms(row, words, by=request.user, version=version_of(request.POST))
    messages.success(request, _("The row is saved."))
    return go(request, reverse("knowledge:synonyms"))


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def remove(request: StaffRequest, row_id: int) -> HttpResponse:
    """Off the list."""
    remove_synonyms(get_object_or_404(Synonyms, pk=row_id), by=request.user)
    messages.success(request, _("The row is removed."))
    return go(request, reverse("knowledge:synonyms"))


@guard(Capability.EDIT_KNOWLEDGE)
@require_GET
def export_synonyms(request: StaffRequest) -> HttpResponseBase:
    """The list as a file, the words of a row in its cells; it comes in again without a change."""
    rows = (row.listed for row in Synonyms.objects.all())
    return export("synonyms", "csv", [], rows, title=_("Words that mean the same"))


@guard(Capability.EDIT_KNOWLEDGE)
@require_POST
def import_synonyms(request: StaffRequest) -> HttpResponse:
    """Rows from a file; what could not be taken in is listed with its line."""
    sent = request.FILES.get("file")
    if sent is None:
        raise Refused(_("Choose a file."), code="file_missing", missing=[{"key": "file", "label": _("File")}])
    if (sent.size or 0) > LARGEST:
        raise Refused(_("The file is larger than %(size)d MB.") % {"size": LARGEST // 1_000_000}, code="too_large")
    report = take_in(sent.read(), by=request.user)
    if not report.refused:
        messages.success(
            request,
            ngettext("%(num)s row is taken in.", "%(num)s rows are taken in.", report.added) % {"num": report.added},
        )
        return go(request, reverse("knowledge:synonyms"))
    rows = list(Synonyms.objects.all()[:_SHOWN])
    context = {"rows": rows, "more": 0, "q": "", "report": report, "refused": report.refused[:_SHOWN_REFUSED]}
    return page(request, "knowledge/synonyms.html", context)
