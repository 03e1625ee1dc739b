"""Which script is in force, what it may rely on, and what it asks."""

from collections.abc import Collection
from datetime import datetime

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.catalog.queries import Branch, hearing_items, outline, path_of
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


def surroundings_of(definition: Definition, category: Category) -> Surroundings:
    """What a script of this category may rely on; the queries grow with the teams it hands over to, not its steps."""
    own = destination_of(category)
    steps = definition.steps
    wanted = {step.to for step in steps if isinstance(step, HandOver) and step.to}
    teams = {team.key: team for team in Team.objects.filter(key__in=wanted, is_active=True)} if wanted else {}
    items = hearing_items(category, own)
    known = {item.key for item in items}
    required: dict[str, Collection[str]] = {}
    if own is not None:
        required[""] = {item.key for item in items if item.is_required}
    for key, team in teams.items():
        asked = hearing_items(category, team)
        known |= {item.key for item in asked}
        required[key] = {item.key for item in asked if item.is_required}
    articles = {step.article for step in steps if isinstance(step, ShowArticle) and step.article}
    present = Article.objects.current().filter(key__in=articles).values_list("key", flat=True) if articles else ()
    return Surroundings(items=frozenset(known), required=required, articles=frozenset(present))


def items_of(definition: Definition, category: Category) -> list[HearingItem]:
    """What the script asks, in its order: catalogue items of category and destinations, and its own, not saved ones.

    Asked under the names and kinds of the version at hand, whatever a later one made of them.
    """
    keys = {step.to for step in definition.steps if isinstance(step, HandOver) and step.to}
    known: dict[str, HearingItem] = {item.key: item for item in hearing_items(category)}
    teams = list(Team.objects.filter(key__in=keys)) if keys else []
    for team in [destination_of(category), *teams]:
        if team is not None:
            for item in team.required_items.filter(is_active=True):
                known.setdefault(item.key, item)
    own = own_items(definition)
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
