"""What came of a script: where calls left it, how long each step took, how they ended; and the contacts behind it."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from madoguchi.interactions.reasons import labels
from madoguchi.people.access import Access, Capability
from madoguchi.scripts import words
from madoguchi.scripts.definition import Definition
from madoguchi.scripts.figures import counted_since, figures, walks_of
from madoguchi.scripts.models import ScriptVersion, Walk
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.keyset import keyset
from madoguchi.web.shell.render import page

PERIODS = (30, 90)
ROWS = 50


def may_see_figures(access: Access) -> bool:
    """Whoever writes scripts or watches the desk; never a partner's staff, whose share says nothing of the script."""
    return access.can(Capability.READ_TICKETS) and (
        access.can(Capability.WRITE_SCRIPTS) or access.can(Capability.WATCH_BOARD)
    )


def figures_of(
    request: StaffRequest, version: ScriptVersion, definition: Definition, labels: dict[str, str]
) -> dict[str, Any]:
    """The figures of a version over the last 30 or 90 days, each with the address of its contacts."""
    days = _days(request)
    since = _since(days)
    found = figures(version, since=since, access=request.access)
    address = reverse("knowledge:scripts:contacts", args=[version.script.category_id, version.number])

    def behind(**parts: str) -> str:
        return f"{address}?{urlencode({'days': days, **parts})}"

    rows: list[dict[str, Any]] = [
        {
            "number": place + 1,
            "kind": words.KINDS[step.kind],
            "said": words.short(step, labels),
            "figure": found.steps[step.key],
            "behind": behind(step=step.key, what="seen"),
            "behind_left": behind(step=step.key, what="left"),
        }
        for place, step in enumerate(definition.steps)
        if step.kind != "branch" and step.key in found.steps
    ]
    outcomes = [(label, found.outcomes.get(key, 0), behind(outcome=key)) for key, label in Walk.Outcome.choices]
    return {
        "days": days,
        "periods": PERIODS,
        "walks": found.walks,
        "counted_since": found.since if found.since > since else None,
        "steps": rows,
        "longest": max((row["figure"].seconds or 0 for row in rows), default=0),
        "outcomes": outcomes,
    }


@guard(Capability.READ_TICKETS)
@require_GET
def contacts(request: StaffRequest, category_id: int, number: int) -> HttpResponse:
    """The contacts behind a figure, the latest first."""
    rows = ScriptVersion.objects.visible_to(request.access).select_related("script__category")
    version = rows.filter(script__category=category_id, number=number).first()
    if version is None or not may_see_figures(request.access):
        raise Http404
    days, parts = _days(request), {name: request.GET.get(name, "") for name in ("step", "what", "outcome")}
    since = counted_since(version, since=_since(days), access=request.access)
    found = walks_of(version, since=since, access=request.access, **parts)
    walks, cursor = keyset(
        found.select_related("interaction__person", "interaction__organization", "staff").prefetch_related(
            "interaction__ticket_links__ticket"
        ),
        ("started_at", "id"),
        after=request.GET.get("after", ""),
        size=ROWS,
        descending=True,
    )
    query = {"days": str(days), **{name: value for name, value in parts.items() if value}}
    context = {
        "category": version.script.category,
        "version": version,
        "walks": walks,
        "reasons": labels(),
        "title": _title(version, parts),
        "days": days,
        "next": f"?{urlencode({**query, 'after': cursor})}" if cursor else "",
    }
    return page(request, "knowledge/scripts/contacts.html", context)


def _title(version: ScriptVersion, parts: dict[str, str]) -> str:
    if parts["outcome"]:
        return str(dict(Walk.Outcome.choices).get(parts["outcome"], ""))
    keys = [step.get("key") for step in version.definition.get("steps", [])]
    place = keys.index(parts["step"]) + 1 if parts["step"] in keys else 0
    said = _("Left at step %(number)s") if parts["what"] == "left" else _("Came to step %(number)s")
    return said % {"number": place}


def _days(request: StaffRequest) -> int:
    return 90 if request.GET.get("days") == "90" else PERIODS[0]


def _since(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
