"""What can happen to the tree and to what is asked. What is no longer used is deactivated, never deleted."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.actions.changes import apply
from madoguchi.people.models import Team, Topic

_CATEGORY = frozenset(
    {
        "key",
        "name",
        "name_en",
        "parent",
        "destination",
        "service",
        "to_responsible_engineer",
        "scope",
        "move_limit",
        "position",
        "is_active",
    }
)
_ITEM = frozenset({"key", "name", "name_en", "hint", "kind", "choices", "is_required", "is_active"})


@transaction.atomic
def add_category(*, by: Actor, **fields: Any) -> Category:
    """A new node of the tree; ``fields`` as in ``change_category``."""
    category = Category()
    apply(category, fields, allowed=_CATEGORY)
    _check(category)
    category.save()
    record("category.added", by=by, about=[category], data={"name": category.name})
    return category


@transaction.atomic
def change_category(category: Category, *, by: Actor, **changes: Any) -> Category:
    """Correct the named fields (see the model); a category cannot stand below itself."""
    if changed := apply(category, changes, allowed=_CATEGORY):
        _check(category)
        category.save(update_fields=changed)
        record("category.changed", by=by, about=[category], data={"fields": changed})
    return category


@transaction.atomic
def link_topic(topic: Topic, categories: Iterable[Category], *, by: Actor) -> None:
    """What a department is asked as ``topic`` is proposed in these categories, and in no others."""
    before = set(topic.categories.values_list("pk", flat=True))
    after = {category.pk for category in categories}
    if before != after:
        topic.categories.set(after)
        data = {"topic": topic.pk, "name": topic.name, "categories": sorted(after), "before": sorted(before)}
        record("department.topic_linked", by=by, about=[topic.department], data=data)


@transaction.atomic
def add_item(owner: Category | Team, *, by: Actor, **fields: Any) -> HearingItem:
    """Something more to ask, last, for a category or for whatever goes to a team; ``fields`` as in ``change_item``."""
    item = HearingItem(category=owner) if isinstance(owner, Category) else HearingItem(team=owner)
    apply(item, fields, allowed=_ITEM)
    siblings = _siblings(item)
    _check_item(item, siblings)
    item.position = (siblings.aggregate(last=models.Max("position"))["last"] or 0) + 1
    item.save()
    record("item.added", by=by, about=[owner], data={"key": item.key})
    return item


@transaction.atomic
def change_item(item: HearingItem, *, by: Actor, **changes: Any) -> HearingItem:
    """Correct ``key name name_en hint kind choices is_required is_active``; answers given keep their key."""
    if changed := apply(item, changes, allowed=_ITEM):
        _check_item(item, _siblings(item))
        item.save(update_fields=changed)
        record("item.changed", by=by, about=[item.category or item.team], data={"key": item.key, "fields": changed})
    return item


@transaction.atomic
def move_item(item: HearingItem, *, up: bool, by: Actor) -> None:
    """One place earlier or later among the items of its owner; at the end nothing happens."""
    rows: Sequence[HearingItem] = list(_siblings(item).select_for_update(of=("self",)).order_by("position", "id"))
    order = [row.pk for row in rows]
    here = order.index(item.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    order[here], order[there] = order[there], order[here]
    for row in rows:
        row.position = order.index(row.pk) + 1
    HearingItem.objects.bulk_update(rows, ["position"])
    record("item.moved", by=by, about=[item.category or item.team], data={"key": item.key, "up": up})


def _siblings(item: HearingItem) -> models.QuerySet[HearingItem]:
    """The items of the same owner, the item itself among them once it is saved."""
    return HearingItem.objects.filter(category=item.category_id, team=item.team_id)


def _check(category: Category) -> None:
    if Category.objects.filter(key=category.key).exclude(pk=category.pk).exists():
        raise Refused(_("The key “%(key)s” is already taken.") % {"key": category.key}, code="key_taken", status=409)
    try:
        category.clean()
    except ValidationError as error:
        raise Refused(" ".join(error.messages), code="circle", field="parent") from error
    if category.scope and category.scope not in Category.Scope.values:
        raise Refused(_("Choose what the first line does with it."), code="scope", field="scope")
    if category.move_limit < 1:
        raise Refused(_("At least one move must be possible."), code="move_limit", field="move_limit")


def _check_item(item: HearingItem, siblings: models.QuerySet[HearingItem]) -> None:
    if siblings.filter(key=item.key).exclude(pk=item.pk).exists():
        raise Refused(_("The key “%(key)s” is already taken.") % {"key": item.key}, code="key_taken", status=409)
    if item.kind == HearingItem.Kind.CHOICE and len(item.choices) < 2:
        raise Refused(_("A choice needs at least two answers to choose from."), code="choices", field="choices")
