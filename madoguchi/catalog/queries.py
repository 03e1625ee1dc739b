"""Reading the tree: paths and the items that apply."""

from typing import NamedTuple

from django.db.models import Q

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.foundation.bilingual import label_of
from madoguchi.foundation.prepared import Prepared
from madoguchi.people.staff import Team


def tree(*, active_only: bool = True) -> list[tuple[Category, list[Category]]]:
    """Every category with its ancestors (root first), in the order a reader expects; one query."""
    rows = list(Category.objects.select_related("destination"))
    children: dict[int | None, list[Category]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    found: list[tuple[Category, list[Category]]] = []

    def walk(parent: int | None, path: list[Category]) -> None:
        for row in children.get(parent, ()):
            if row.is_active or not active_only:
                found.append((row, path))
                walk(row.pk, [*path, row])

    walk(None, [])
    return found


def outline_named() -> list[tuple[int, tuple[str, ...], tuple[int, ...]]]:
    """(id, key and names, id with the ids of all below) of every category; one query."""
    rows = list(Category.objects.values_list("id", "key", "name", "name_en", "parent_id"))
    children: dict[int | None, list[int]] = {}
    for key, _key, _name, _name_en, parent in rows:
        children.setdefault(parent, []).append(key)

    def below(key: int) -> tuple[int, ...]:
        return (key, *(one for child in children.get(key, ()) for one in below(child)))

    return [(key, (word, name, name_en), below(key)) for key, word, name, name_en, _parent in rows]


class Branch(NamedTuple):
    """A category as a list or a choice shows it; ``above`` are the ids of its ancestors, root first."""

    id: int
    label: str
    is_active: bool
    above: tuple[int, ...]


_categories = Prepared(lambda: Category.objects.values_list("id", "name", "name_en", "is_active", "parent_id"))


def outline() -> list[Branch]:
    """``tree(active_only=False)`` without its objects, for what is shown at every request; one query."""
    children: dict[int | None, list[tuple[int, str, str, bool]]] = {}
    for key, name, name_en, is_active, parent in _categories.all():
        children.setdefault(parent, []).append((key, name, name_en, is_active))
    found: list[Branch] = []

    def walk(parent: int | None, above: tuple[int, ...]) -> None:
        for key, name, name_en, is_active in children.get(parent, ()):
            found.append(Branch(key, label_of(name, name_en), is_active, above))
            walk(key, (*above, key))

    walk(None, ())
    return found


def paths() -> dict[int, str]:
    """What each category is called with those above it, in the order a reader expects; one query."""
    rows = outline()
    labels = {row.id: row.label for row in rows}
    return {row.id: " › ".join([*(labels[one] for one in row.above), row.label]) for row in rows}


def service_names() -> dict[str, str]:
    """What people call a contract's services: each key by the name of the first category that needs it."""
    names: dict[str, str] = {}
    for node, _path in tree(active_only=False):
        if node.service:
            names.setdefault(node.service, node.label)
    return names


def path_of(category: Category) -> list[Category]:
    """The category and its ancestors, root first."""
    path = [category]
    while (parent := path[0].parent) is not None and parent not in path:
        path.insert(0, parent)
    return path


def hearing_items(
    category: Category | None, team: Team | None = None, *, active_only: bool = True
) -> list[HearingItem]:
    """What to ask for a category (its own and its ancestors' items) and for a destination team; each key once.

    With ``active_only=False`` also what used to be asked, to name old answers.
    """
    wanted = Q(pk__in=[])
    if category is not None:
        wanted |= Q(category__in=path_of(category))
    if team is not None:
        wanted |= Q(team=team)
    rows = HearingItem.objects.filter(wanted, is_active=True) if active_only else HearingItem.objects.filter(wanted)
    items: dict[str, HearingItem] = {}
    for item in rows.order_by("position", "id"):
        known = items.get(item.key)
        if known is None or (item.is_required and not known.is_required):
            items[item.key] = item
    return list(items.values())
