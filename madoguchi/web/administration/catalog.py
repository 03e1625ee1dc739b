"""The tree of categories, and what is asked for a category or required by a team."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from madoguchi.catalog import actions
from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import hearing_items, path_of, service_names, tree
from madoguchi.foundation.numbers import row_number
from madoguchi.people.access import Capability
from madoguchi.people.models import Team
from madoguchi.web.administration.forms import CategoryForm, ItemForm
from madoguchi.web.administration.page import ask, done, fill, show
from madoguchi.web.shell.guard import StaffRequest, guard


@guard(Capability.ADMINISTER)
@require_GET
def categories(request: StaffRequest) -> HttpResponse:
    """The whole tree, with the number of items each node asks itself."""
    asked: dict[int, int] = {}
    for category_id in HearingItem.objects.filter(category__isnull=False, is_active=True).values_list(
        "category_id", flat=True
    ):
        asked[category_id or 0] = asked.get(category_id or 0, 0) + 1
    nodes = [(node, len(path), asked.get(node.pk, 0)) for node, path in tree(active_only=False)]
    return show(request, "categories.html", _("Categories"), {"nodes": nodes, "services": service_names()})


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_category(request: StaffRequest) -> HttpResponse:
    """A new node; ``?below=`` says where."""
    below = row_number(request.GET.get("below", ""))
    form = fill(CategoryForm, request, None, initial={} if below is None else {"parent": below})
    if request.method == "POST" and form.is_valid():
        row = actions.add_category(by=request.user, **form.cleaned_data)
        return done(request, _("The category is added."), "category", row.pk)
    return ask(request, form, _("New category"), back=reverse("administration:categories"))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def category(request: StaffRequest, category_id: int) -> HttpResponse:
    """One node, what it asks itself, and what it inherits."""
    row = get_object_or_404(Category, pk=category_id)
    form = fill(CategoryForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_category(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), "category", row.pk)
    above = path_of(row)[:-1]
    own = list(row.items.order_by("position", "id"))
    return ask(
        request,
        form,
        row.label,
        back=reverse("administration:categories"),
        lead=" › ".join(node.label for node in above),
        template="items.html",
        owner="category",
        row=row,
        items=own,
        inherited=hearing_items(above[-1]) if above else [],
        new_item=reverse("administration:new_category_item", args=[row.pk]),
    )


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_category_item(request: StaffRequest, category_id: int) -> HttpResponse:
    """Something more to ask for a category and all below it."""
    return _new_item(request, get_object_or_404(Category, pk=category_id))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def new_team_item(request: StaffRequest, team_id: int) -> HttpResponse:
    """Something more that a team wants to know of whatever comes to it."""
    return _new_item(request, get_object_or_404(Team, pk=team_id))


@guard(Capability.ADMINISTER)
@require_http_methods(["GET", "POST"])
def item(request: StaffRequest, item_id: int) -> HttpResponse:
    """Correct what is asked; an item that is no longer asked keeps its answers on the tickets."""
    row = get_object_or_404(HearingItem.objects.select_related("category", "team"), pk=item_id)
    form = fill(ItemForm, request, row)
    if request.method == "POST" and form.is_valid():
        actions.change_item(row, by=request.user, **form.cleaned_data)
        return done(request, _("Saved."), *_place(row))
    owner = row.category or row.team
    name, pk = _place(row)
    back = reverse(f"administration:{name}", args=[pk])
    return ask(request, form, row.label, back=back, lead=owner.label if owner else "")


@guard(Capability.ADMINISTER)
@require_POST
def move_item(request: StaffRequest, item_id: int) -> HttpResponse:
    """One place earlier or later."""
    row = get_object_or_404(HearingItem.objects.select_related("category", "team"), pk=item_id)
    actions.move_item(row, up=bool(request.POST.get("up")), by=request.user)
    return done(request, _("The order is saved."), *_place(row))


def _new_item(request: StaffRequest, owner: Category | Team) -> HttpResponse:
    blank = HearingItem(category=owner) if isinstance(owner, Category) else HearingItem(team=owner, is_required=True)
    form = fill(ItemForm, request, blank)
    if request.method == "POST" and form.is_valid():
        row = actions.add_item(owner, by=request.user, **form.cleaned_data)
        return done(request, _("The item is added."), *_place(row))
    name, pk = _place(blank)
    back = reverse(f"administration:{name}", args=[pk])
    return ask(request, form, _("New item"), back=back, lead=owner.label)


def _place(row: HearingItem) -> tuple[str, int]:
    """The page that the item stands on."""
    return ("category", row.category_id) if row.category_id else ("team", row.team_id or 0)
