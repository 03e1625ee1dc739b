"""Scripts: which categories have one, what it says and how it came to that, switched on and ended."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import paths
from madoguchi.foundation.refusal import Refused
from madoguchi.people.access import Capability
from madoguchi.scripts import words
from madoguchi.scripts.actions.write import discard, end, switch_on
from madoguchi.scripts.checking import Fault, check
from madoguchi.scripts.definition import Definition, ValidationError, parse
from madoguchi.scripts.models import Script, ScriptVersion
from madoguchi.scripts.queries import heirs_of, items_of, offered, surroundings_of
from madoguchi.web.knowledge.scripts.drawing import drawn
from madoguchi.web.knowledge.scripts.figures import figures_of, may_see_figures
from madoguchi.web.knowledge.scripts.walking import labels_of
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page


@dataclass
class Listed:
    """A category with what stands for it."""

    category: Category
    path: str
    current: ScriptVersion | None = None
    planned: ScriptVersion | None = None
    draft: ScriptVersion | None = None


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The scripts in the order of the categories; two queries."""
    now = timezone.now()
    called = paths()
    found: dict[int, Listed] = {}
    rows = ScriptVersion.objects.visible_to(request.access).select_related("script__category", "staff")
    for version in rows.defer("definition").order_by("number"):
        category = version.script.category
        row = found.setdefault(category.pk, Listed(category, called.get(category.pk, category.label)))
        stands = standing(version, now)
        if stands in {"current", "planned", "draft"}:
            setattr(row, stands, version)
    order = {key: place for place, key in enumerate(called)}
    listed = sorted(found.values(), key=lambda row: order.get(row.category.pk, len(order)))
    return page(request, "knowledge/scripts/index.html", {"rows": listed})


def standing(version: ScriptVersion, now: datetime) -> str:
    """``draft``, ``planned``, ``current`` or ``past``."""
    if version.state == ScriptVersion.State.DRAFT or version.effective_from is None:
        return "draft"
    if version.effective_until is not None and version.effective_until <= max(now, version.effective_from):
        return "past"
    return "planned" if version.effective_from > now else "current"


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def script_page(request: StaffRequest, category_id: int) -> HttpResponse:
    """One script: the version in force (or the one in the address), its picture, its history, what came of it.

    What is read and compared are that version and the one before it, however many there are.
    """
    script, versions = versions_or_404(request, category_id)
    category, now = script.category, timezone.now()
    by_number = {str(version.number): version for version in versions}
    stands = {version.pk: standing(version, now) for version in versions}
    version = by_number.get(request.GET.get("version", "")) or next(
        (one for name in ("current", "planned", "draft", "past") for one in versions if stands[one.pk] == name),
        versions[0],
    )
    older = next((one for one in versions if one.number < version.number), None)
    definition, before = definition_of(version), definition_of(older) if older else None
    labels = _labels(request, category, [one for one in (definition, before) if one])
    faults = check(definition, surroundings_of(definition, category)) if definition and _may_write(request) else []
    context = {
        "category": category,
        "path": paths().get(category.pk, category.label),
        "version": version,
        "stands": stands[version.pk],
        "has_draft": any(name == "draft" for name in stands.values()),
        "definition": definition,
        "said": words.told(definition, labels) if definition else [],
        "picture": drawn(definition, labels, {fault.step for fault in faults if fault.blocks}) if definition else None,
        **_said(definition, faults, labels),
        "history": [(one, stands[one.pk]) for one in versions],
        "changed": _changed(before, definition, labels),
        "heirs": heirs_of(category, now),
        "writes": _may_write(request),
        **(figures_of(request, version, definition, labels) if may_see_figures(request.access) and definition else {}),
    }
    return page(request, "knowledge/scripts/script.html", context)


def versions_or_404(request: StaffRequest, category_id: int) -> tuple[Script, list[ScriptVersion]]:
    """The script with the versions that this person may see, the newest first; a script without any is none.

    What they say is read when it is asked for.
    """
    rows = ScriptVersion.objects.visible_to(request.access).filter(script__category=category_id)
    rows = rows.select_related("script__category__destination", "staff").defer("definition")
    versions = list(rows.order_by("-number"))
    if not versions:
        raise Http404
    return versions[0].script, versions


def version_or_404(request: StaffRequest, category_id: int, number: int) -> ScriptVersion:
    """One version, if this person may see it."""
    rows = ScriptVersion.objects.visible_to(request.access).select_related("script__category__destination")
    return get_object_or_404(rows, script__category=category_id, number=number)


def definition_of(version: ScriptVersion) -> Definition | None:
    """What it says, None when it cannot be read any more."""
    try:
        return parse(version.definition)
    except ValidationError:
        return None


def _may_write(request: StaffRequest) -> bool:
    return request.access.can(Capability.WRITE_SCRIPTS)


def _labels(request: StaffRequest, category: Category, definitions: list[Definition]) -> dict[str, str]:
    """Names for everything that any of the versions speaks of, and for what may be missing in them."""
    whole = Definition.model_construct(
        steps=[step for definition in reversed(definitions) for step in definition.steps]
    )
    known = offered(whole, category) if _may_write(request) else {}
    named = {key: item.label for key, item in known.items()}
    return named | labels_of(whole, items_of(whole, category), request.access)


def _said(definition: Definition | None, faults: list[Fault], labels: Mapping[str, str]) -> dict[str, list[str]]:
    """What has to be put right before the script is switched on, and what is only good to know, as sentences."""
    said = [(fault.blocks, words.sentence(definition, fault, labels)) for fault in faults] if definition else []
    return {"faults": [one for blocks, one in said if blocks], "known": [one for blocks, one in said if not blocks]}


def _changed(before: Definition | None, now: Definition | None, labels: Mapping[str, str]) -> list[tuple[bool, str]]:
    """The lines that the version dropped (False) and added (True) against the one before it."""
    if before is None or now is None:
        return []
    diff = list(difflib.ndiff(words.lines(before, labels), words.lines(now, labels)))
    return [(sign == "+ ", line[2:]) for sign in ("- ", "+ ") for line in diff if line.startswith(sign)]


@guard(Capability.WRITE_SCRIPTS)
@require_http_methods(["GET", "POST"])
def switch(request: StaffRequest, category_id: int) -> HttpResponse:
    """``to`` on (from a day on), ended, or thrown away: what will happen, and the act."""
    script, versions = versions_or_404(request, category_id)
    asked = request.POST if request.method == "POST" else request.GET
    wanted, number = asked.get("to", ""), asked.get("version", "")
    version = next((one for one in versions if str(one.number) == number), None)
    if version is None or wanted not in {"on", "end", "discard"}:
        raise Http404
    address = reverse("knowledge:scripts:page", args=[category_id])
    if request.method == "POST":
        if wanted == "on":
            on = switch_on(version, since=_moment(request.POST.get("since", "")), by=request.user)
            messages.success(request, _("Version %(number)s is switched on.") % {"number": on.number})
        elif wanted == "end":
            end(version, by=request.user)
            messages.success(request, _("The version is ended."))
        else:
            discard(version, by=request.user)
            messages.success(request, _("The draft is thrown away."))
            address = reverse("knowledge:scripts:index")
        return go(request, address)
    definition = definition_of(version)
    faults = check(definition, surroundings_of(definition, script.category)) if definition else []
    labels = _labels(request, script.category, [definition] if definition else [])
    context: dict[str, Any] = {
        "category": script.category,
        "version": version,
        "to": wanted,
        "stands": standing(version, timezone.now()),
        "today": timezone.localdate().isoformat(),
        **_said(definition, faults, labels),
        "current": next((one for one in versions if standing(one, timezone.now()) == "current"), None),
    }
    return page(request, "knowledge/scripts/switch.html", context)


def _moment(day: str) -> datetime | None:
    """The midnight at which a day begins; None (now) for today, or when nothing was chosen."""
    if not day.strip():
        return None
    try:
        chosen = date.fromisoformat(day.strip())
    except ValueError:
        raise Refused(_("Choose a day."), code="since", field="since") from None
    if chosen < timezone.localdate():
        raise Refused(_("A script begins today or on a day to come."), code="past", field="since")
    if chosen.year > timezone.localdate().year + 5:
        raise Refused(_("Choose a day within five years."), code="since", field="since")
    return timezone.make_aware(datetime.combine(chosen, time())) if chosen > timezone.localdate() else None
