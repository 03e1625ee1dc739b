"""The condition tree: all, any, not over typed conditions; evaluated on facts, with its reasons, and as a query."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Q
from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter

from madoguchi.foundation.written import Part
from madoguchi.rules.conditions import ALL, NOTHING, Condition, Leaf
from madoguchi.rules.facts import Facts
from madoguchi.rules.world import World

DEEPEST = 6  # as deep as the form draws: three groups within each other, each denied
MOST = 40


class _Group(Part):
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class All(_Group):
    """Everything in it holds; an empty one always holds."""

    parts: "list[Tree]" = Field(alias="all", max_length=MOST)


class Any_(_Group):  # noqa: N801 (Any is typing's)
    """At least one holds."""

    parts: "list[Tree]" = Field(alias="any", min_length=1, max_length=MOST)


class Not(_Group):
    """It does not hold."""

    part: "Tree" = Field(alias="not")


def _tag(value: Any) -> str:
    """Which kind of node a value is, from JSON or already made."""
    if isinstance(value, dict):
        return next((group for group in ("all", "any", "not") if group in value), "leaf")
    groups: dict[type, str] = {All: "all", Any_: "any", Not: "not"}
    return groups.get(type(value), "leaf")


type Tree = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Leaf, Tag("leaf")],
    Discriminator(_tag),
]
type Node = All | Any_ | Not | Condition

All.model_rebuild()
Any_.model_rebuild()
Not.model_rebuild()
_TREE: TypeAdapter[Any] = TypeAdapter(Tree)
ALWAYS_TRUE = All(all=[])


def parse(written: Any) -> Node:
    """The tree of a JSON value. Raises pydantic's ValidationError; ValueError when it is too deep."""
    node: Node = _TREE.validate_python(written)
    if depth(node) > DEEPEST:
        raise ValueError(f"conditions may be nested {DEEPEST} deep")
    return node


def written(node: Node) -> dict[str, Any]:
    """The JSON form."""
    return node.model_dump(mode="json", by_alias=True)


def depth(node: Node) -> int:
    parts = parts_of(node)
    return 1 + max((depth(part) for part in parts), default=0) if parts else 0


def parts_of(node: Node) -> list[Node]:
    if isinstance(node, All | Any_):
        return list(node.parts)
    return [node.part] if isinstance(node, Not) else []


def leaves(node: Node) -> Iterator[Condition]:
    """Every condition of the tree, in reading order."""
    if isinstance(node, Condition):
        yield node
    for part in parts_of(node):
        yield from leaves(part)


def needs(node: Node) -> frozenset[str]:
    return frozenset[str]().union(*(leaf.needs for leaf in leaves(node)))


def matches(node: Node, facts: Facts, world: World) -> bool:
    """Whether the tree holds on these facts."""
    if isinstance(node, All):
        return all(matches(part, facts, world) for part in node.parts)
    if isinstance(node, Any_):
        return any(matches(part, facts, world) for part in node.parts)
    if isinstance(node, Not):
        return not matches(node.part, facts, world)
    return node.holds(facts, world)


def reasons(node: Node, facts: Facts, world: World) -> list[tuple[Condition, bool]]:
    """Why a tree that holds does: the conditions that decided, each with whether it held itself."""
    return _reasons(node, facts, world, wanted=True)


def _reasons(node: Node, facts: Facts, world: World, *, wanted: bool) -> list[tuple[Condition, bool]]:
    if isinstance(node, Not):
        return _reasons(node.part, facts, world, wanted=not wanted)
    if isinstance(node, Condition):
        return [(node, wanted)]
    parts = [part for part in node.parts if matches(part, facts, world) == wanted]
    if isinstance(node, All) != wanted:  # one part decided: the first
        parts = parts[:1]
    return [reason for part in parts for reason in _reasons(part, facts, world, wanted=wanted)]


def query(node: Node, world: World, now: datetime) -> Q:
    """The same as a filter over ``store.annotated(needs(node))``."""
    if isinstance(node, All):
        found = ALL
        for part in node.parts:
            found &= query(part, world, now)
        return found
    if isinstance(node, Any_):
        found = NOTHING
        for part in node.parts:
            found |= _closed(query(part, world, now))
        return found
    if isinstance(node, Not):
        return ~_closed(query(node.part, world, now))
    return node.query(world, now)


def _closed(condition: Q) -> Q:
    """An empty Q means everything, which neither ``|`` nor ``~`` keeps."""
    return condition or Q(pk__isnull=False)


def may_hold(node: Node, facts: Facts, world: World) -> bool:
    """False only when the ticket's row alone rules it out, whatever else may be true by then.

    A row changes by acts that rules hear; what else a condition reads may change in silence.
    """
    return _may(node, facts, world) is not False


def _may(node: Node, facts: Facts, world: World) -> bool | None:
    if isinstance(node, Not):
        inner = _may(node.part, facts, world)
        return None if inner is None else not inner
    if isinstance(node, Condition):
        return node.holds(facts, world) if node.of_the_row else None
    parts = [_may(part, facts, world) for part in node.parts]
    decisive = isinstance(node, Any_)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive
