"""Which rules may decide the same thing on the same ticket, so that their order matters. Pure."""

from collections.abc import Sequence

from madoguchi.rules import tree
from madoguchi.rules.definition import EXCLUSIVE, Definition, OnEvent

_ONE_VALUE = ("priority", "status", "channel", "team", "service_class", "handoff_reason")


def conflicts(rules: Sequence[tuple[int, Definition]]) -> dict[int, list[tuple[int, str]]]:
    """For each rule (in order) the earlier ones that may decide the same: (id, ``holder`` or ``priority``)."""
    found: dict[int, list[tuple[int, str]]] = {}
    for place, (later, definition) in enumerate(rules):
        for earlier, other in rules[:place]:
            what = _decides(definition) & _decides(other)
            what = {name for name in what if _wants(definition, name) != _wants(other, name)}
            if what and _meet(definition, other):
                found.setdefault(later, []).extend((earlier, name) for name in sorted(what))
    return found


def _decides(definition: Definition) -> set[str]:
    return {EXCLUSIVE[action.kind] for action in definition.then if action.kind in EXCLUSIVE}


def _wants(definition: Definition, what: str) -> set[tuple[str, str]]:
    return {
        (action.kind, getattr(action, "to", "")) for action in definition.then if EXCLUSIVE.get(action.kind) == what
    }


def _meet(one: Definition, other: Definition) -> bool:
    """Whether both may fire on one ticket for one cause; time rules never share a cause but may undo each other."""
    if isinstance(one.when, OnEvent) and isinstance(other.when, OnEvent) and not set(one.when.on) & set(other.when.on):
        return False
    mine, theirs = _bounds(one.where), _bounds(other.where)
    return all(mine[key] & theirs[key] for key in mine.keys() & theirs.keys())


def _bounds(node: tree.Node) -> dict[tuple[str, str], set[str]]:
    """What a tree demands of facts that have one value: fact → the values it allows."""
    parts = node.parts if isinstance(node, tree.All) else [node]
    found: dict[tuple[str, str], set[str]] = {}
    for part in parts:
        kind = getattr(part, "kind", "")
        if kind in _ONE_VALUE:
            key, allowed = (kind, getattr(part, "role", "")), set(getattr(part, "one_of", []))
            found[key] = found.get(key, allowed) & allowed
    return found
