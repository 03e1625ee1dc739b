"""Which script is in force, what it may rely on, and what it asks."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import Branch, hearing_items, outline, path_of, tree
from madoguchi.knowledge.models import Article
from madoguchi.people.models import Team
from madoguchi.scripts.checking import Surroundings
from madoguchi.scripts.definition import Ask, Check, Definition, HandOver, ShowArticle
from madoguchi.scripts.models import ScriptVersion


def in_force(category: Category, at: datetime) -> ScriptVersion | None:
    """The version by which a call about this category is walked at this moment; one query.

    A category that has none in force is led by the nearest one above it that has, as it inherits hearing items.
    """
    place = {node.pk: depth for depth, node in enumerate(path_of(category))}
    found = ScriptVersion.objects.in_force(at).filter(script__category__in=place).select_related("script")
    rows = list(found.order_by("effective_from", "number"))
    return max(reversed(rows), key=lambda row: place[row.script.category_id], default=None)


def heirs_of(category: Category, at: datetime) -> list[Branch]:
    """The active categories below that this one's script leads: they have none, nor one in between; two queries."""
    own = set(ScriptVersion.objects.in_force(at).values_list("script__category", flat=True))

    def between(row: Branch) -> tuple[int, ...]:
        return (*row.above[row.above.index(category.pk) + 1 :], row.id)

    below = [row for row in outline() if row.is_active and category.pk in row.above]
    return [row for row in below if own.isdisjoint(between(row))]


def destination_of(category: Category) -> Team | None:
    """The team that a category's tickets are proposed to: its own, else the nearest one above."""
    return next((node.destination for node in reversed(path_of(category)) if node.destination is not None), None)


class Led(NamedTuple):
    """A category whose calls a script leads: what it is called from the script's own category down (empty for that
    itself), the ids of it and those above, and where its tickets go.
    """

    name: str
    path: tuple[int, ...]
    destination: Team | None


def led_by(category: Category, at: datetime | None = None) -> list[Led]:
    """The script's own category, then those below that it leads at this moment (now); three queries."""
    heirs = {row.id for row in heirs_of(category, at or timezone.now())}
    found = []
    for node, above in tree(active_only=False):
        if node.pk == category.pk or node.pk in heirs:
            path = [*above, node]
            ids = tuple(one.pk for one in path)
            below = path[ids.index(category.pk) + 1 :]
            destination = next((one.destination for one in reversed(path) if one.destination is not None), None)
            found.append(Led(" › ".join(one.label for one in below), ids, destination))
    return found


def surroundings_of(definition: Definition, category: Category, at: datetime | None = None) -> Surroundings:
    """What a script of this category may rely on in the calls that it leads at this moment (now); six queries."""
    (own, *heirs), teams = led_by(category, at), _named_teams(definition, active_only=True)
    rows = list(_rows_of([own, *heirs], teams.values()).values_list("key", "is_required", "category", "team"))

    def required(led: Led) -> dict[str, Collection[str]]:
        to = teams | ({"": led.destination} if led.destination is not None else {})
        return {
            key: {item for item, must, place, whose in rows if must and (place in led.path or whose == team.pk)}
            for key, team in to.items()
        }

    articles = {step.article for step in definition.steps if isinstance(step, ShowArticle) and step.article}
    present = Article.objects.current().filter(key__in=articles).values_list("key", flat=True) if articles else ()
    return Surroundings(
        items=frozenset(key for key, _must, _place, _whose in rows),
        required=required(own),
        articles=frozenset(present),
        heirs=[(heir.name, required(heir)) for heir in heirs],
    )


def offered(definition: Definition, category: Category, at: datetime | None = None) -> dict[str, HearingItem]:
    """What may be asked or looked at, by key: items of the category, of those that its script leads too, of the teams
    that are handed over to, and the script's own.
    """
    items: dict[str, HearingItem] = {item.key: item for item in hearing_items(category, destination_of(category))}
    for item in _rows_of(led_by(category, at), _named_teams(definition).values()).order_by("position", "id"):
        items.setdefault(item.key, item)
    return items | {item.key: item for item in items_of(definition, category)}


def _rows_of(led: Collection[Led], teams: Iterable[Team]) -> QuerySet[HearingItem]:
    """The items of these categories, of those above them, and of all teams that their tickets may be handed over to."""
    destinations = {one.destination.pk for one in led if one.destination is not None} | {team.pk for team in teams}
    places = {place for one in led for place in one.path}
    return HearingItem.objects.filter(Q(category__in=places) | Q(team__in=destinations), is_active=True)


def _named_teams(definition: Definition, *, active_only: bool = False) -> dict[str, Team]:
    keys = {step.to for step in definition.steps if isinstance(step, HandOver) and step.to}
    rows = Team.objects.filter(key__in=keys, is_active=True) if active_only else Team.objects.filter(key__in=keys)
    return {team.key: team for team in rows} if keys else {}


def items_of(definition: Definition, category: Category) -> list[HearingItem]:
    """What the script asks, in its order: catalogue items of category and destinations, and its own, not saved ones.

    Asked under the names and kinds of the version at hand, whatever a later one made of them. What only another
    category requires that the script leads is asked by its key.
    """
    known: dict[str, HearingItem] = {item.key: item for item in hearing_items(category)}
    for team in [destination_of(category), *_named_teams(definition).values()]:
        if team is not None:
            for item in team.required_items.filter(is_active=True):
                known.setdefault(item.key, item)
    own = own_items(definition)
    if others := {key for key in definition.items if key not in own and key not in known}:
        for item in HearingItem.objects.filter(key__in=others, is_active=True).order_by("position", "id"):
            known.setdefault(item.key, item)
    return [own.get(key) or known[key] for key in definition.items if key in own or key in known]


def own_items(definition: Definition) -> dict[str, HearingItem]:
    """What only this script asks or verifies, by key, as unsaved hearing items."""
    found: dict[str, HearingItem] = {}
    for step in definition.steps:
        if isinstance(step, Ask) and step.question is not None and step.item:
            asked = step.question
            found[step.item] = HearingItem(
                key=step.item, name=asked.name, name_en=asked.name_en, kind=asked.kind, choices=list(asked.choices)
            )
        elif isinstance(step, Check) and step.item:
            found[step.item] = HearingItem(
                key=step.item,
                name=_short(step.text),
                name_en=_short(step.text_en),
                kind=HearingItem.Kind.YES_NO,
            )
    return found


def _short(text: str) -> str:
    """A check's text as the name of an item: one line, a hundred characters."""
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
