"""The form of a rule: what its fields are called, and from fields to a definition and back.

Conditions are rows ``c0.kind``, ``c0.is``, ``c0.one_of`` …, actions ``a0.kind``, ``a0.to`` …; each row shows the
fields of its kind. A row of the kind ``group`` has rows of its own: ``c1.match``, and below it ``c1-0.kind``,
``c1-1.kind`` …
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import ValidationError

from madoguchi.foundation.japanese import listed
from madoguchi.foundation.numbers import row_number, row_numbers
from madoguchi.rules import tree
from madoguchi.rules.definition import Definition, OnEvent, parse
from madoguchi.rules.models import Rule

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
_LISTS = frozenset({"one_of", "on", "whom", "teams", "staff"})
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
    "lasting": ("state", "working", "length", "unit"),
    "hours": ("open", "calendar"),
    "clock": ("one_of", "percent"),
    "complaint": ("yes",),
    "time_of_day": ("from", "until"),
    "organization": ("one_of",),
    "service_class": ("one_of",),
    "not_entitled": ("yes",),
    "handoff_reason": ("one_of",),
    "requester": ("one_of",),
    "group": ("match",),
}
ACTION_FIELDS: Mapping[str, tuple[str, ...]] = {
    "notify": ("whom", "teams", "staff", "at_once"),
    "propose": ("to", "text"),
    "offer": ("to",),
    "move": ("to",),
    "set_priority": ("to",),
    "start_clock": ("of", "working", "length", "unit", "text"),
    "ask_department": ("to", "text", "urgent"),
    "require_approval": (),
}
# How the conditions of a group join, and whether that holds or is denied.
MATCHES: Mapping[str, tuple[str, bool]] = {
    "all": ("all", True),
    "any": ("any", True),
    "none": ("any", False),
    "not_all": ("all", False),
}
# What a row says as soon as its kind was chosen.
_FIRST: Mapping[str, Mapping[str, str]] = {
    "at_least": {"of": "moves", "number": "3", "days": "30"},
    "lasting": {"state": "open", "length": "30", "unit": "minutes", "working": "yes"},
    "time_of_day": {"from": "18:00", "until": "09:00"},
    "set_priority": {"to": "high"},
    "start_clock": {"of": "next_update", "length": "30", "unit": "minutes", "working": "yes"},
}
_FLAGS = frozenset({"first", "yes", "open", "working"})
_CHECKED = frozenset({"at_once", "urgent"})
MOST_ROWS = tree.MOST
DEEPEST_ADDED = 2  # groups within the whole; a rule from elsewhere may have one more


@dataclass
class Row:
    """One condition, group of conditions or action as it stands in the form; a value is a text or a list of texts."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    rows: list["Row"] = field(default_factory=list)
    place: int = 0  # its number in the names of its fields; it stays while other rows come and go

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
        """What a button of the form does to it: ``add-action``, ``remove-a0``, ``add-condition``, ``remove-c2-1``;
        ``add-condition-c1`` and ``add-group-c1`` add to the group ``c1``.
        """
        what, _dash, place = verb.partition("-")[2].partition("-")
        if verb == "add-action" and len(self.actions) < MOST_ROWS:
            self.actions.append(Row("notify", {"whom": ["supervisors"]}, place=_free(self.actions)))
            self.focus = f"a{self.actions[-1].place}.kind"
        elif (action := row_number(verb.removeprefix("remove-a"))) is not None:
            self.actions = [row for row in self.actions if row.place != action]
            self.focus = "add-action"
        elif verb.startswith("add-"):
            self._add(what, place)
        elif verb.startswith("remove-c"):
            self._remove(verb.removeprefix("remove-"))

    def _add(self, what: str, place: str) -> None:
        group = self._group(place)
        if group is None or len(group.rows) >= MOST_ROWS:
            return
        free = _free(group.rows)
        path = f"{place or 'c'}{'-' if place else ''}{free}"
        if what == "condition":
            group.rows.append(Row("priority", place=free))
            self.focus = f"{path}.kind"
        elif what == "group" and self.may_nest(place):
            joined = "all" if group.get("match") == "any" else "any"
            group.rows.append(Row("group", {"match": joined}, [Row("priority")], free))
            self.focus = f"{path}.match"

    def _remove(self, place: str) -> None:
        """The row; a group that has none left goes with its last one."""
        above, _dash, last = place.rpartition("-") if "-" in place else ("", "", place.removeprefix("c"))
        group, row = self._group(above), row_number(last)
        if group is None or row is None:
            return
        group.rows[:] = [one for one in group.rows if one.place != row]
        if above and not group.rows:
            self._remove(above)
        else:
            self.focus = f"add-condition-{above}" if above else "add-condition"

    def _group(self, place: str) -> Row | None:
        """The group at a place (``c1-0``), the whole form at none; None when there is no such group."""
        group = Row("group", {"match": self.match}, self.conditions)
        for part in place.removeprefix("c").split("-") if place else ():
            row = next((one for one in group.rows if one.place == row_number(part)), None)
            if row is None or row.kind != "group":
                return None
            group = row
        return group

    def may_nest(self, place: str) -> bool:
        """Whether another group may be added here."""
        return _depth(place) < DEEPEST_ADDED

    @property
    def kinds(self) -> set[str]:
        """The kinds of all conditions, those within groups too."""
        return {row.kind for row in _every(self.conditions)}

    def definition(self) -> dict[str, Any]:
        """The definition as JSON, complete or not."""
        where = _joined(self.match if self.conditions else "all", self.conditions)  # no condition always holds
        then = [_written(row, ACTION_FIELDS[row.kind]) for row in self.actions]
        return {"when": self._trigger(), "where": where, "then": then}

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


def _depth(place: str) -> int:
    """How many groups a place lies in, the whole form not counted: 0 for the form, 1 for ``c1``, 2 for ``c1-0``."""
    return place.count("-") + 1 if place else 0


def _free(rows: list[Row]) -> int:
    """The number of the next row."""
    return rows[-1].place + 1 if rows else 0


def _every(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _every(row.rows)


def _rows(data: QueryDict, prefix: str, fields: Mapping[str, tuple[str, ...]]) -> list[Row]:
    rows = []
    for place in _places(data, prefix):
        path = f"{prefix}{place}"
        kind = data.get(f"{path}.kind", "")
        if kind not in fields:
            continue
        values: dict[str, Any] = {}
        if prefix[0] == "c":
            values["is"] = data.get(f"{path}.is", "yes")
        for name in fields[kind]:
            key = f"{path}.{name}"
            if key in data:
                values[name] = data.getlist(key) if name in _LISTS else data[key][:1000]
            elif name in _FIRST.get(kind, ()):
                values[name] = _FIRST[kind][name]
        within = kind == "group" and _depth(path) < tree.DEEPEST
        rows.append(Row(kind, values, _rows(data, f"{path}-", fields) if within else [], place))
    return rows


def _places(data: QueryDict, prefix: str) -> list[int]:
    """The numbers of the rows that were sent, in their order."""
    named = (key.removeprefix(prefix).removesuffix(".kind") for key in data if key.startswith(prefix))
    return sorted(set(row_numbers(named)))[:MOST_ROWS]


def of_rule(rule: Rule) -> Form:
    """The form of a rule; raises ValidationError when it cannot be read any more."""
    definition = parse(rule.definition)
    form = Form(name=rule.name, name_en=rule.name_en)
    if isinstance(definition.when, OnEvent):
        form.when, form.on = "event", [name.value for name in definition.when.on]
    else:
        form.state, form.working = definition.when.state.value, "yes" if definition.when.working else "no"
        form.length, form.unit = _length(definition.when.seconds)
    where = definition.where
    form.match = "any" if isinstance(where, tree.Any_) else "all"
    nodes = where.parts if isinstance(where, tree.All | tree.Any_) else [where]
    form.conditions = [_row_of(node, place) for place, node in enumerate(nodes)]
    form.actions = [
        _row(action.model_dump(mode="json"), ACTION_FIELDS, place) for place, action in enumerate(definition.then)
    ]
    return form


def _row_of(node: tree.Node, place: int) -> Row:
    """A condition or a group, held or denied."""
    held = True
    while isinstance(node, tree.Not):
        node, held = node.part, not held
    if isinstance(node, tree.All | tree.Any_):
        joined = "any" if isinstance(node, tree.Any_) else "all"
        match = next(name for name, meaning in MATCHES.items() if meaning == (joined, held))
        return Row("group", {"match": match}, [_row_of(part, number) for number, part in enumerate(node.parts)], place)
    row = _row(tree.written(node), CONDITION_FIELDS, place)
    row.values["is"] = "yes" if held else "no"
    return row


def _row(written: dict[str, Any], fields: Mapping[str, tuple[str, ...]], place: int) -> Row:
    kind = written["kind"]
    values = {name: written[name] for name in fields[kind] if name in written}
    if "any_of" in written:
        values["words"] = "、".join(written["any_of"])
    if "seconds" in written:
        values["length"], values["unit"] = _length(written["seconds"])
    for name in _LISTS & values.keys():
        values[name] = [str(value) for value in values[name]]
    values |= {name: "yes" if values[name] else "no" for name in _FLAGS & values.keys()}
    values |= {name: "on" if values[name] else "" for name in _CHECKED & values.keys()}
    for name in {"from", "until"} & values.keys():
        values[name] = values[name][:5]
    return Row(kind, values, place=place)


def _length(seconds: int) -> tuple[str, str]:
    unit = next((name for name in ("days", "hours", "minutes") if seconds % UNITS[name] == 0), "minutes")
    return str(seconds // UNITS[unit]), unit


def _seconds(length: str, unit: str) -> int:
    """0, which no rule accepts, when the length is no number."""
    length = length.strip().translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    return int(length) * UNITS.get(unit, 60) if length.isascii() and length.isdecimal() and len(length) < 6 else 0


def _joined(match: str, rows: list[Row]) -> dict[str, Any]:
    joined, held = MATCHES.get(match, MATCHES["all"])
    written = {joined: [_condition(row) for row in rows]}
    return written if held else {"not": written}


def _condition(row: Row) -> dict[str, Any]:
    if row.kind == "group":
        return _joined(row.get("match"), row.rows)
    written = _written(row, CONDITION_FIELDS[row.kind])
    return {"not": written} if row.get("is") == "no" else written


def _written(row: Row, fields: tuple[str, ...]) -> dict[str, Any]:
    """A condition or an action of its fields."""
    written: dict[str, Any] = {"kind": row.kind}
    for name in fields:
        value = row.get(name, [] if name in _LISTS else "")
        if name in _FLAGS:
            written[name] = value != "no"
        elif name == "words":
            if row.kind != "item" or row.get("answer") == "contains":
                written["any_of"] = listed(value)
        elif name == "length":
            written["seconds"] = _seconds(value, row.get("unit"))
        elif name in _CHECKED:
            written[name] = value == "on"
        elif name == "staff":
            written[name] = row_numbers(value)
        elif name != "unit" and value != "":
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
    number = "-".join(str(part + 1) for part in place if isinstance(part, int))
    if top == "when":
        if last == "on":
            return _("When: choose what has to happen.")
        return _("When: give a whole number, at least 1.")
    if last == "seconds":
        place_of = _("Condition %(number)s") if top == "where" else _("Action %(number)s")
        return _("%(place)s: give a whole number, at least 1.") % {"place": place_of % {"number": number}}
    if top == "where":
        if last in {"all", "any"}:
            return _("Group %(number)s: add a condition.") % {"number": number}
        if kind in {"too_short", "missing"}:
            return _("Condition %(number)s: choose or write at least one value.") % {"number": number}
        return _("Condition %(number)s: something is missing.") % {"number": number}
    if not number:
        return _("Then: somebody has to be told, or something has to be done.")
    said = (
        _("Action %(number)s: choose whom to ask.") if last == "to" else _("Action %(number)s: something is missing.")
    )
    return said % {"number": number}
