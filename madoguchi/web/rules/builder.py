"""The form of a rule: what its fields are called, and from fields to a definition and back.

Conditions are rows ``c0.kind``, ``c0.is``, ``c0.one_of`` …, actions ``a0.kind``, ``a0.to`` …; each row shows the
fields of its kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import ValidationError

from madoguchi.rules import tree
from madoguchi.rules.definition import Definition, OnEvent, parse
from madoguchi.rules.models import Rule

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
_LISTS = frozenset({"one_of", "on", "whom", "staff"})
# What a row of each kind asks for, beside its kind.
CONDITION_FIELDS: Mapping[str, tuple[str, ...]] = {
    "priority": ("one_of",),
    "category": ("one_of",),
    "team": ("role", "one_of"),
    "line": ("first",),
    "status": ("one_of",),
    "waiting_for": ("one_of",),
    "assigned": ("yes",),
    "channel": ("one_of",),
    "words": ("by", "words"),
    "item": ("key", "answer", "words"),
    "unknown_code": (),
    "at_least": ("of", "number", "days"),
    "lasting": ("state", "length", "unit", "working"),
    "hours": ("open",),
    "time_of_day": ("from", "until"),
    "organization": ("one_of",),
    "service_class": ("one_of",),
    "not_entitled": ("yes",),
    "handoff_reason": ("one_of",),
    "requester": ("one_of",),
}
ACTION_FIELDS: Mapping[str, tuple[str, ...]] = {
    "notify": ("whom", "staff", "at_once"),
    "propose": ("to", "text"),
    "offer": ("to",),
    "move": ("to",),
    "set_priority": ("to",),
    "require_approval": (),
}
_FLAGS = frozenset({"first", "yes", "open"})
MOST_ROWS = 20


@dataclass
class Row:
    """One condition or action as it stands in the form; a value is a text or a list of texts."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = "") -> Any:
        return self.values.get(name, default)


@dataclass
class Form:
    """A rule while somebody writes it."""

    name: str = ""
    name_en: str = ""
    when: str = "time"
    on: list[str] = field(default_factory=list)
    state: str = "unaccepted"
    length: str = "30"
    unit: str = "minutes"
    working: str = "yes"
    match: str = "all"
    conditions: list[Row] = field(default_factory=list)
    actions: list[Row] = field(default_factory=list)
    focus: str = ""

    def do(self, verb: str) -> None:
        """``add-condition``, ``add-action``, ``remove-c2``, ``remove-a0``: what a button of the form does to it."""
        if verb == "add-condition" and len(self.conditions) < MOST_ROWS:
            self.conditions.append(Row("priority"))
            self.focus = f"c{len(self.conditions) - 1}.kind"
        elif verb == "add-action" and len(self.actions) < MOST_ROWS:
            self.actions.append(Row("notify", {"whom": ["supervisors"]}))
            self.focus = f"a{len(self.actions) - 1}.kind"
        elif verb.startswith(("remove-c", "remove-a")) and verb[8:].isdecimal():
            rows, place = (self.conditions if verb[7] == "c" else self.actions), int(verb[8:])
            del rows[place : place + 1]
            self.focus = "add-condition" if verb[7] == "c" else "add-action"

    def definition(self) -> dict[str, Any]:
        """The definition as JSON, complete or not."""
        rows = [_condition(row) for row in self.conditions]
        where: dict[str, Any] = {"any": rows} if self.match == "any" and rows else {"all": rows}
        return {"when": self._trigger(), "where": where, "then": [_action(row) for row in self.actions]}

    def _trigger(self) -> dict[str, Any]:
        if self.when == "event":
            return {"kind": "event", "on": self.on}
        seconds = _seconds(self.length, self.unit)
        return {"kind": "time", "state": self.state, "seconds": seconds, "working": self.working != "no"}

    def checked(self) -> Definition:
        """The definition; raises ValidationError."""
        return parse(self.definition())


def example() -> Form:
    """What a new rule begins with: a whole sentence to change."""
    return Form(
        conditions=[Row("priority", {"one_of": ["urgent"]})], actions=[Row("notify", {"whom": ["supervisors"]})]
    )


def of_post(data: QueryDict) -> Form:
    """The form as it was sent; what is no part of it is ignored."""
    form = Form(
        name=data.get("name", "")[:100],
        name_en=data.get("name_en", "")[:100],
        when="event" if data.get("when") == "event" else "time",
        on=data.getlist("on"),
        state=data.get("state", ""),
        length=data.get("length", ""),
        unit=data.get("unit", ""),
        working=data.get("working", "yes"),
        match="any" if data.get("match") == "any" else "all",
    )
    form.conditions = _rows(data, "c", CONDITION_FIELDS)
    form.actions = _rows(data, "a", ACTION_FIELDS)
    return form


def _rows(data: QueryDict, letter: str, fields: Mapping[str, tuple[str, ...]]) -> list[Row]:
    rows = []
    for place in range(MOST_ROWS):
        kind = data.get(f"{letter}{place}.kind", "")
        if kind not in fields:
            continue
        values: dict[str, Any] = {}
        if letter == "c":
            values["is"] = data.get(f"c{place}.is", "yes")
        for name in fields[kind]:
            key = f"{letter}{place}.{name}"
            if key in data:
                values[name] = data.getlist(key) if name in _LISTS else data[key][:1000]
        rows.append(Row(kind, values))
    return rows


def of_rule(rule: Rule) -> Form | None:
    """The form of a rule; None when its tree has groups within groups, which the form does not draw."""
    definition = parse(rule.definition)
    form = Form(name=rule.name, name_en=rule.name_en)
    if isinstance(definition.when, OnEvent):
        form.when, form.on = "event", [name.value for name in definition.when.on]
    else:
        form.state, form.working = definition.when.state.value, "yes" if definition.when.working else "no"
        form.length, form.unit = _length(definition.when.seconds)
    where = definition.where
    form.match = "any" if isinstance(where, tree.Any_) else "all"
    for node in where.parts if isinstance(where, tree.All | tree.Any_) else [where]:
        inner = node.part if isinstance(node, tree.Not) else node
        if isinstance(inner, tree.All | tree.Any_ | tree.Not):
            return None
        row = _row(tree.written(inner), CONDITION_FIELDS)
        row.values["is"] = "no" if isinstance(node, tree.Not) else "yes"
        form.conditions.append(row)
    form.actions = [_row(action.model_dump(mode="json"), ACTION_FIELDS) for action in definition.then]
    return form


def _row(written: dict[str, Any], fields: Mapping[str, tuple[str, ...]]) -> Row:
    kind = written["kind"]
    values = {name: written[name] for name in fields[kind] if name in written}
    if "any_of" in written:
        values["words"] = "、".join(written["any_of"])
    if "seconds" in written:
        values["length"], values["unit"] = _length(written["seconds"])
        values["working"] = "yes" if written["working"] else "no"
    for name in _LISTS & values.keys():
        values[name] = [str(value) for value in values[name]]
    values |= {name: "yes" if values[name] else "no" for name in _FLAGS & values.keys()}
    if "at_once" in values:
        values["at_once"] = "on" if values["at_once"] else ""
    for name in {"from", "until"} & values.keys():
        values[name] = values[name][:5]
    return Row(kind, values)


def _length(seconds: int) -> tuple[str, str]:
    unit = next((name for name in ("days", "hours", "minutes") if seconds % UNITS[name] == 0), "minutes")
    return str(seconds // UNITS[unit]), unit


def _seconds(length: str, unit: str) -> int:
    """0, which no rule accepts, when the length is no number."""
    length = length.strip().translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    return int(length) * UNITS.get(unit, 60) if length.isascii() and length.isdecimal() and len(length) < 6 else 0


def _condition(row: Row) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": row.kind}
    for name in CONDITION_FIELDS[row.kind]:
        value = row.get(name, [] if name in _LISTS else "")
        if name in _FLAGS:
            written[name] = value != "no"
        elif name == "words":
            if row.kind != "item" or row.get("answer") == "contains":
                written["any_of"] = _words(value)
        elif name not in {"length", "unit", "working"} and value != "":
            written[name] = value
    if row.kind == "lasting":
        written |= {
            "seconds": _seconds(row.get("length"), row.get("unit")),
            "working": row.get("working", "yes") != "no",
        }
    return {"not": written} if row.get("is") == "no" else written


def _words(text: str) -> list[str]:
    """Words as they are typed: with commas of either kind, or one a line."""
    for mark in ("、", "，", ",", "\r"):
        text = text.replace(mark, "\n")
    return [word for word in (" ".join(part.split()) for part in text.split("\n")) if word]


def _action(row: Row) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": row.kind}
    for name in ACTION_FIELDS[row.kind]:
        value = row.get(name, [] if name in _LISTS else "")
        if name == "at_once":
            written[name] = value == "on"
        elif name == "staff":
            written[name] = [int(pk) for pk in value if pk.isascii() and pk.isdecimal() and len(pk) < 10]
        elif value != "":
            written[name] = value
    return written


def lacking(error: ValidationError) -> list[str]:
    """What is still missing or wrong, as sentences for whoever writes the rule."""
    said: dict[str, None] = {}
    for one in error.errors():
        said[_sentence(one["loc"], one["type"])] = None
    return list(said)


def _sentence(place: tuple[int | str, ...], kind: str) -> str:
    top, last = place[0] if place else "", place[-1] if place else ""
    number = next((part + 1 for part in place if isinstance(part, int)), 0)
    if top == "when":
        if last == "on":
            return _("When: choose what has to happen.")
        return _("When: give a whole number, at least 1.")
    if top == "where":
        if kind in {"too_short", "missing"}:
            return _("Condition %(number)s: choose or write at least one value.") % {"number": number}
        return _("Condition %(number)s: something is missing.") % {"number": number}
    if number == 0:
        return _("Then: somebody has to be told, or something has to be done.")
    return _("Action %(number)s: something is missing.") % {"number": number}
