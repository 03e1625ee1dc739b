"""The keys that calls name: teams, and the category tree with what it asks."""

from typing import Any

from django.http import HttpResponse
from ninja import Router

from madoguchi.api.caller import ApiRequest
from madoguchi.api.v1.answer import items
from madoguchi.api.v1.fields import Answer
from madoguchi.api.v1.tickets import READ
from madoguchi.catalog.models import HearingItem
from madoguchi.catalog.queries import tree
from madoguchi.people.models import Team

router = Router(tags=["catalogue"])


class TeamForm(Answer):
    """A queue of work."""

    key: str
    name: str
    line: int


class TeamList(Answer):
    """All active teams."""

    items: list[TeamForm]
    next: str | None


class ItemForm(Answer):
    """Something to be asked; required ones must be answered before a hand-off."""

    key: str
    label: str
    kind: str
    choices: list[str]
    required: bool


class CategoryForm(Answer):
    """A node of the tree, with its own items (those of its parents count too)."""

    key: str
    name: str
    parent: str | None
    destination: str | None
    items: list[ItemForm]


class CategoryList(Answer):
    """The whole tree, parents first."""

    items: list[CategoryForm]
    next: str | None


@router.get("/teams", response=TeamList, auth=READ, summary="List teams")
def list_teams(request: ApiRequest) -> HttpResponse:
    """Those that take work now."""
    rows = Team.objects.filter(is_active=True)
    return items([{"key": team.key, "name": team.label, "line": team.line} for team in rows])


@router.get("/categories", response=CategoryList, auth=READ, summary="List categories")
def list_categories(request: ApiRequest) -> HttpResponse:
    """With their hearing items and proposed destinations."""
    asked: dict[int | None, list[dict[str, Any]]] = {}
    for item in HearingItem.objects.filter(category__isnull=False).order_by("position", "id"):
        asked.setdefault(item.category_id, []).append(
            {
                "key": item.key,
                "label": item.label,
                "kind": item.kind,
                "choices": item.choices,
                "required": item.is_required,
            }
        )
    rows = [
        {
            "key": category.key,
            "name": category.label,
            "parent": path[-1].key if path else None,
            "destination": category.destination.key if category.destination else None,
            "items": asked.get(category.pk, []),
        }
        for category, path in tree()
    ]
    return items(rows)
