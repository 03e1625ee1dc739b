"""部署に伝える項目: what departments may be told, per category; written by whoever leads the desk."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items, paths
from madoguchi.consultations.actions.disclose import forget_disclosure, set_disclosure
from madoguchi.consultations.disclosure import DEFAULT, DEFAULT_OUTSIDE, ITEM, Field
from madoguchi.consultations.models import Disclosure
from madoguchi.consultations.proposal import policy_of
from madoguchi.foundation.numbers import row_number
from madoguchi.people.access import Capability
from madoguchi.web.shell.guard import StaffRequest, guard
from madoguchi.web.shell.render import go, page

EVERYTHING = "default"


@guard(Capability.WRITE_RULES)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The policies that are written, that of everything first."""
    called = paths()
    written = {row.category_id: row for row in Disclosure.objects.all()}
    rows = [(EVERYTHING, _("Everything else"), *_told(written.get(None)), None in written)]
    rows += [(str(key), path, *_told(written[key]), True) for key, path in called.items() if key in written]
    context = {"rows": rows, "categories": [(key, path) for key, path in called.items() if key not in written]}
    if (chosen := row_number(request.GET.get("category", ""))) is not None:
        return go(request, reverse("consultations:policy", args=[chosen]))
    return page(request, "consultations/policies.html", context)


@guard(Capability.WRITE_RULES)
@require_http_methods(["GET", "POST"])
def policy(request: StaffRequest, which: str) -> HttpResponse:
    """What may be told of one category, or of everything else."""
    category = _category_or_404(which)
    if request.method == "POST":
        set_disclosure(
            category,
            fields=request.POST.getlist("fields"),
            outside_fields=request.POST.getlist("outside"),
            by=request.user,
        )
        messages.success(request, _("What departments may be told is saved."))
        return go(request, reverse("consultations:policies"))
    own = Disclosure.objects.filter(category=category).first()
    holding = own or policy_of(category)
    fields, outside = _fields(holding)
    return page(
        request,
        "consultations/policy.html",
        {
            "which": which,
            "name": category.label if category else _("Everything else"),
            "own": own,
            "lines": _lines(category, fields, outside),
        },
    )


@guard(Capability.WRITE_RULES)
@require_POST
def remove(request: StaffRequest, which: str) -> HttpResponse:
    """The policy above holds again."""
    category = _category_or_404(which)
    forget_disclosure(get_object_or_404(Disclosure, category=category), by=request.user)
    messages.success(request, _("The policy is removed: the one above holds."))
    return go(request, reverse("consultations:policies"))


def _category_or_404(which: str) -> Category | None:
    if which == EVERYTHING:
        return None
    if (key := row_number(which)) is None:
        raise Http404
    return get_object_or_404(Category, pk=key)


def _fields(row: Disclosure | None) -> tuple[frozenset[str], frozenset[str]]:
    if row is None:
        return frozenset(DEFAULT), frozenset(DEFAULT_OUTSIDE)
    return frozenset(row.fields), frozenset(row.outside_fields)


def _told(row: Disclosure | None) -> tuple[str, str]:
    """What is told, in words: to departments, to those of other companies."""
    keys = {one.removeprefix(ITEM) for fields in _fields(row) for one in fields if one.startswith(ITEM)}
    labels = {item.key: item.label for item in HearingItem.objects.filter(key__in=keys)} if keys else {}

    def words(fields: frozenset[str]) -> str:
        named = [str(field.label) for field in Field if field in fields]
        named += sorted(labels.get(one.removeprefix(ITEM), one) for one in fields if one.startswith(ITEM))
        return _(", ").join(named) or "–"

    inside, outside = _fields(row)
    return words(inside), words(outside)


def _lines(category: Category | None, fields: frozenset[str], outside: frozenset[str]) -> list[dict[str, Any]]:
    """The lines of the form: every field, then every hearing item of the category by itself."""
    lines = [(field.value, str(field.label)) for field in Field]
    lines += [(f"{ITEM}{item.key}", item.label) for item in (hearing_items(category) if category else [])]
    return [
        {
            "key": key,
            "label": label,
            "is_item": key.startswith(ITEM),
            "inside": key in fields,
            "outside": key in outside,
        }
        for key, label in lines
    ]
