"""The form of a script: from fields to a definition and back, and what its buttons do.

Step 3 has the fields ``s3.key``, ``s3.kind``, ``s3.text`` …; way 1 of a branch ``s3.w1.next``, its conditions
``s3.w1.c0.item`` …; the conditions of a required item ``s3.c0.item`` …. Whatever is sent becomes a definition: what is
incomplete is a fault, never an error.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import override

from madoguchi.catalog.models import Category, HearingItem
from madoguchi.foundation.japanese import listed
from madoguchi.foundation.kept import one_line, storable
from madoguchi.foundation.numbers import row_numbers
from madoguchi.scripts.conditions import number_of
from madoguchi.scripts.definition import KINDS as QUESTION_KINDS
from madoguchi.scripts.definition import MOST_CONDITIONS, MOST_STEPS, MOST_WAYS, Definition, parse
from madoguchi.scripts.queries import offered, surroundings_of
from madoguchi.scripts.words import KINDS

OWN = "*"  # chosen as item: a question of the script's own
_NUMBERS = {"shortest": int, "longest": int, "at_least": float, "at_most": float, "from_day": int, "to_day": int}
_BOUNDS = {"shortest": (1, 2000), "longest": (1, 2000), "from_day": (-3660, 3660), "to_day": (-3660, 3660)}


_KEY = re.compile(r"[-A-Za-z0-9_]+")  # what the pattern of a definition takes, whatever else is a letter


@dataclass
class Form:
    """A script while somebody writes it; ``steps`` are those of the definition, as JSON."""

    category: Category
    steps: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""
    focus: str = ""

    @property
    def written(self) -> dict[str, Any]:
        return {"steps": self.steps}

    @property
    def definition(self) -> Definition:
        return parse(self.written)

    def do(self, verb: str) -> None:
        """What a button does: ``add-2`` (below it; ``add--1``: first), ``remove-2``, ``up-2``, ``down-2``, ``way-2``,
        ``unway-2-0``, ``cond-2-0`` and ``uncond-2-0-1`` (of a way), ``when-2`` and ``unwhen-2-1``.
        """
        self._do(verb)
        self.steps = self.definition.written["steps"]

    def _do(self, verb: str) -> None:
        name, _dash, rest = verb.partition("-")
        if verb == "add--1":
            self._insert(0)
            return
        numbers = row_numbers(rest.split("-"))
        if not numbers or numbers[0] >= len(self.steps):
            return
        place = numbers[0]
        if name == "add":
            self._insert(place + 1)
        elif name == "remove":
            del self.steps[place]
            self.focus = f"add-{place - 1}" if place else "add--1"
        elif name in {"up", "down"}:
            self._move(place, -1 if name == "up" else 1, name)
        else:
            self._in_step(name, self.steps[place], numbers)

    def _insert(self, place: int) -> None:
        if len(self.steps) < MOST_STEPS:
            self.steps.insert(place, {"kind": "say", "key": new_key()})
            self.focus = f"s{place}.kind"

    def _move(self, place: int, by: int, name: str) -> None:
        other = place + by
        if 0 <= other < len(self.steps):
            self.steps[place], self.steps[other] = self.steps[other], self.steps[place]
            self.focus = f"{name}-{other}"

    def _in_step(self, name: str, step: dict[str, Any], numbers: list[int]) -> None:
        place, within = numbers[0], numbers[1:]
        if name in {"way", "unway"} and step["kind"] == "branch":
            if name == "way" and len(step["ways"]) < MOST_WAYS:
                step["ways"].append({"when": [_condition()], "next": ""})
                self.focus = f"s{place}.w{len(step['ways']) - 1}.c0.item"
            elif name == "unway" and within:
                del step["ways"][within[0] : within[0] + 1]
                self.focus = f"way-{place}"
        elif name in {"cond", "uncond"} and step["kind"] == "branch" and within and within[0] < len(step["ways"]):
            self._conditions(step["ways"][within[0]]["when"], name == "cond", within[1:], f"s{place}.w{within[0]}")
        elif name in {"when", "unwhen"} and step["kind"] == "ask":
            self._conditions(step["when"], name == "when", within, f"s{place}")

    def _conditions(self, rows: list[dict[str, Any]], add: bool, within: list[int], path: str) -> None:
        if add and len(rows) < MOST_CONDITIONS:
            rows.append(_condition())
            self.focus = f"{path}.c{len(rows) - 1}.item"
        elif not add and within:
            del rows[within[0] : within[0] + 1]


def new_key() -> str:
    """A name for a step that no version of the script has used."""
    return f"s{secrets.token_hex(4)}"


def item_key(category: Category, step: str) -> str:
    """The key under which the answer of a script's own question, or what is verified, is kept."""
    return f"{category.key[:40].rstrip('-')}-{step}"[:60]


def _condition() -> dict[str, Any]:
    return {"kind": "is", "item": "", "one_of": []}


def of_definition(category: Category, written: Mapping[str, Any], note: str = "") -> Form:
    """The form of a version; raises ValidationError when it cannot be read any more."""
    return Form(category, parse(written).written["steps"], note)


def example(category: Category) -> Form:
    """What a new script begins with: a greeting, the items that the hand-off requires, the hand-off."""
    with override("ja"):
        hello = "お電話ありがとうございます。{team}の{operator}です。"
    empty = Definition(steps=[])
    around = surroundings_of(empty, category)
    required = {*around.required.get("", ())}.union(*(heir.get("", ()) for _name, heir in around.heirs))
    items = [key for key in offered(empty, category) if key in required]
    steps: list[dict[str, Any]] = [{"kind": "say", "key": new_key(), "text": hello}]
    steps += [{"kind": "ask", "key": new_key(), "item": key, "required": True} for key in items]
    steps.append({"kind": "hand_over", "key": new_key()})
    return of_definition(category, {"steps": steps})


def of_post(category: Category, data: QueryDict) -> Form:
    """The form as it was sent; what is no part of it is ignored."""
    steps: list[dict[str, Any]] = []
    for place in range(MOST_STEPS):
        step = _step(category, data, f"s{place}.")
        if step is not None and all(step["key"] != other["key"] for other in steps):
            steps.append(step)
    return Form(category, parse({"steps": steps}).written["steps"], one_line(data.get("note", ""))[:300])


def _step(category: Category, data: QueryDict, at: str) -> dict[str, Any] | None:
    kind, key = data.get(f"{at}kind", ""), data.get(f"{at}key", "")
    if kind not in KINDS:
        return None
    if not _is_key(key, 40):
        key = new_key()
    step: dict[str, Any] = {
        "kind": kind,
        "key": key,
        "text": _text(data, f"{at}text"),
        "text_en": _text(data, f"{at}text_en"),
    }
    if kind not in {"resolve", "hand_over", "call_back"}:
        step["next"] = _key(data, f"{at}next", 40)
    if kind == "ask":
        step |= _ask(category, data, at, key)
    elif kind == "check":
        step["item"] = item_key(category, key)
    elif kind == "branch":
        step["ways"] = _ways(data, at)
    elif kind == "article":
        step["article"] = data.get(f"{at}article", "")[:100]
    elif kind == "resolve":
        step["reason"] = data.get(f"{at}reason", "")[:40]
    elif kind == "hand_over":
        step["to"] = data.get(f"{at}to", "")[:40]
    return step


def _ask(category: Category, data: QueryDict, at: str, key: str) -> dict[str, Any]:
    chosen = data.get(f"{at}item", "")
    required = data.get(f"{at}required", "")
    found: dict[str, Any] = {
        "item": chosen if _is_key(chosen, 60) else "",
        "required": required in {"always", "when"},
        "when": _conditions(data, at) or ([_condition()] if required == "when" else []),
        "expected": _expected(data, at),
    }
    if required != "when":
        found["when"] = []
    if chosen == OWN:
        kind = data.get(f"{at}q_kind", "text")
        choices = [one_line(line)[:200] for line in data.get(f"{at}q_choices", "").splitlines()]
        found["item"] = item_key(category, key)
        found["question"] = {
            "name": one_line(data.get(f"{at}q_name", ""))[:100],
            "name_en": one_line(data.get(f"{at}q_name_en", ""))[:100],
            "kind": kind if kind in QUESTION_KINDS else "text",
            "choices": [line for line in dict.fromkeys(choices) if line][:30],
        }
    return found


def _ways(data: QueryDict, at: str) -> list[dict[str, Any]]:
    if f"{at}w0.next" not in data:
        return [{"when": [_condition()], "next": ""}] if data.get(f"{at}ways", "") != "kept" else []
    found = []
    for place in range(MOST_WAYS):
        path = f"{at}w{place}."
        if f"{path}next" in data:
            found.append({"when": _conditions(data, path), "next": _key(data, f"{path}next", 40)})
    return found


def _conditions(data: QueryDict, at: str) -> list[dict[str, Any]]:
    found = []
    for place in range(MOST_CONDITIONS):
        path = f"{at}c{place}."
        if f"{path}item" not in data:
            continue
        kind, item = data.get(f"{path}kind", "is"), _key(data, f"{path}item", 60)
        words = [word[:200] for word in listed(data.get(f"{path}words", ""))]
        if kind in {"answered", "missing"}:
            found.append({"kind": "answered", "item": item, "yes": kind == "answered"})
        elif kind == "contains":
            found.append({"kind": "contains", "item": item, "words": words[:20]})
        elif kind == "amount":
            bounds = {name: number_of(data.get(f"{path}{name}", "")) for name in ("at_least", "at_most")}
            found.append({"kind": "amount", "item": item, **bounds})
        else:
            chosen = [one[:200] for one in data.getlist(f"{path}one_of")]
            found.append({"kind": "is", "item": item, "one_of": list(dict.fromkeys([*chosen, *words]))[:30]})
    return found


def _expected(data: QueryDict, at: str) -> dict[str, Any]:
    found: dict[str, Any] = {"pattern": data.get(f"{at}pattern", "").strip()[:60]}
    for name, number in _NUMBERS.items():
        value = number_of(data.get(f"{at}{name}", ""))
        low, high = _BOUNDS.get(name, (-1e15, 1e15))
        found[name] = number(value) if value is not None and low <= value <= high else None
    return found


def _text(data: QueryDict, name: str) -> str:
    return storable(data.get(name, "").replace("\r\n", "\n"))[:2000]


def _key(data: QueryDict, name: str, longest: int) -> str:
    value = data.get(name, "")
    return value if _is_key(value, longest) else ""


def _is_key(value: str, longest: int) -> bool:
    return len(value) <= longest and _KEY.fullmatch(value) is not None


def options_of(item: HearingItem | None) -> list[tuple[str, str]]:
    """The answers that a condition offers for an item; none for what is answered in free text."""
    if item is None:
        return []
    if item.kind == HearingItem.Kind.YES_NO:
        return [("yes", _("Yes")), ("no", _("No"))]
    return [(choice, choice) for choice in item.choices] if item.kind == HearingItem.Kind.CHOICE else []
