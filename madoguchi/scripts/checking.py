"""Whether a script holds together. Pure: a definition and what is known of the catalogue, no database.

Every way a branch can go is taken for possible, whatever was answered before: a script that is right for all of them
is right for those that can really be walked.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from madoguchi.scripts.conditions import Amount, Contains, Is
from madoguchi.scripts.definition import Ask, Branch, Check, Definition, HandOver, ShowArticle

PLACEHOLDER = re.compile(r"\{([-\w]{1,60})\}")
# What is put into a text beside answers.
KNOWN = ("requester", "organization", "operator", "team", "category")


class Code(StrEnum):
    """What can be wrong with a step."""

    EMPTY = "empty"  # the script has no step
    DEAD_END = "dead_end"  # nothing follows, and it is no end
    NO_SUCH_STEP = "no_such_step"  # it leads to a step that is not there
    UNREACHABLE = "unreachable"  # no way leads here
    LOOP = "loop"  # a way leads back to where it has been
    NOT_ASKED = "not_asked"  # a required item is not asked on every way to a hand-over
    ASKED_LATE = "asked_late"  # nor is one that only categories below require: the hand-over itself asks it
    NOT_ASKED_BEFORE = "not_asked_before"  # a condition looks at what is not asked on every way to it
    NO_TEXT = "no_text"
    NO_ITEM = "no_item"
    UNKNOWN_ITEM = "unknown_item"
    NO_ARTICLE = "no_article"
    UNKNOWN_ARTICLE = "unknown_article"
    NO_DESTINATION = "no_destination"
    NO_WAY = "no_way"  # a branch that has no way of its own
    NO_CONDITION = "no_condition"
    CONDITION_INCOMPLETE = "condition_incomplete"
    QUESTION_INCOMPLETE = "question_incomplete"
    IMPOSSIBLE = "impossible"  # no answer can fit what is expected
    UNKNOWN_PLACEHOLDER = "unknown_placeholder"


@dataclass(frozen=True)
class Fault:
    """``step`` is its key (empty: the whole script); ``names`` are the items, placeholders or keys it is about.

    ``categories``: it is so only for calls about these, which the script leads beside its own category.
    """

    step: str
    code: Code
    names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the script cannot be switched on with it; else it is good to know, and no more."""
        return self.code is not Code.ASKED_LATE


@dataclass(frozen=True)
class Surroundings:
    """What a script may rely on: the items that are known, and those required before a hand-off to each team.

    ``required`` has the empty key for the category's own destination, and lacks it when there is none. ``heirs`` are
    the categories below that the script leads, by their names, each with what is required for calls about it.
    """

    items: Collection[str] = ()
    required: Mapping[str, Collection[str]] = field(default_factory=dict)
    articles: Collection[str] = ()
    heirs: Sequence[tuple[str, Mapping[str, Collection[str]]]] = ()


def check(definition: Definition, around: Surroundings) -> list[Fault]:
    """Everything that keeps the script from being switched on or is good to know, in the order of its steps."""
    if not definition.steps:
        return [Fault("", Code.EMPTY)]
    faults = [fault for step in definition.steps for fault in _of_step(definition, step, around)]
    faults += _of_graph(definition, around)
    order = {step.key: place for place, step in enumerate(definition.steps)}
    return sorted(dict.fromkeys(faults), key=lambda fault: order.get(fault.step, -1))


# --- one step by itself ------------------------------------------------------------------------------------------


def _of_step(definition: Definition, step: Any, around: Surroundings) -> Iterable[Fault]:
    known = {*around.items, *definition.items}
    if step.kind in {"say", "consent", "check"} and not step.text.strip():
        yield Fault(step.key, Code.NO_TEXT)
    unknown = [name for name in PLACEHOLDER.findall(step.text + step.text_en) if name not in {*KNOWN, *known}]
    if unknown:
        yield Fault(step.key, Code.UNKNOWN_PLACEHOLDER, tuple(dict.fromkeys(unknown)))
    if isinstance(step, Ask):
        yield from _of_ask(step, around)
    elif isinstance(step, Check) and not step.item:
        yield Fault(step.key, Code.NO_ITEM)
    elif isinstance(step, ShowArticle) and step.article not in around.articles:
        yield Fault(step.key, Code.UNKNOWN_ARTICLE if step.article else Code.NO_ARTICLE)
    elif isinstance(step, HandOver) and step.to not in around.required:
        yield Fault(step.key, Code.NO_DESTINATION)
    elif isinstance(step, Branch):
        if not step.ways:
            yield Fault(step.key, Code.NO_WAY)
        if any(not way.when for way in step.ways):
            yield Fault(step.key, Code.NO_CONDITION)
    if any(not _is_complete(condition) for condition in _conditions(step)):
        yield Fault(step.key, Code.CONDITION_INCOMPLETE)


def _of_ask(step: Ask, around: Surroundings) -> Iterable[Fault]:
    if not step.item:
        yield Fault(step.key, Code.NO_ITEM)
    elif step.question is None and step.item not in around.items:
        yield Fault(step.key, Code.UNKNOWN_ITEM, (step.item,))
    question = step.question
    if question is not None and (
        not question.name.strip() or (question.kind == "choice" and len({*question.choices}) < 2)
    ):
        yield Fault(step.key, Code.QUESTION_INCOMPLETE)
    if not step.expected.is_possible:
        yield Fault(step.key, Code.IMPOSSIBLE)


def _conditions(step: Any) -> list[Any]:
    if isinstance(step, Branch):
        return [condition for way in step.ways for condition in way.when]
    return list(step.when) if isinstance(step, Ask) else []


def _is_complete(condition: Any) -> bool:
    if not condition.item:
        return False
    if isinstance(condition, Is):
        return bool(condition.one_of)
    if isinstance(condition, Contains):
        return any(word.strip() for word in condition.words)
    if isinstance(condition, Amount):
        return condition.at_least is not None or condition.at_most is not None
    return True


# --- the graph ---------------------------------------------------------------------------------------------------


def _of_graph(definition: Definition, around: Surroundings) -> Iterable[Fault]:
    steps = {step.key: step for step in definition.steps}
    ways = {key: definition.ways(step) for key, step in steps.items()}
    for key, following in ways.items():
        if any(not one for one in following):
            yield Fault(key, Code.DEAD_END)
        if any(one and one not in steps for one in following):
            yield Fault(key, Code.NO_SUCH_STEP)
    ways = {key: [one for one in following if one in steps] for key, following in ways.items()}
    start = definition.steps[0].key
    reached = _reached(start, ways)
    for key in steps:
        if key not in reached:
            yield Fault(key, Code.UNREACHABLE)
    for key in reached:
        if any(key in _reached(one, ways) for one in ways[key]):
            yield Fault(key, Code.LOOP)
    asked = _asked_before(start, steps, ways, reached)
    for key in reached:
        step = steps[key]
        looked_at = {condition.item for condition in _conditions(step) if condition.item}
        if missing := sorted(looked_at - asked[key]):
            yield Fault(key, Code.NOT_ASKED_BEFORE, tuple(missing))
        if isinstance(step, HandOver):
            yield from _not_asked(step, asked[key], around)


def _not_asked(step: HandOver, asked: Collection[str], around: Surroundings) -> Iterable[Fault]:
    """What the hand-over requires for every call, and what only for calls about some of the categories below."""
    missing = {*around.required.get(step.to, ())} - {*asked}
    if missing:
        yield Fault(step.key, Code.NOT_ASKED, tuple(sorted(missing)))
    concerned: dict[tuple[str, ...], list[str]] = {}
    for category, required in around.heirs:
        if further := {*required.get(step.to, ())} - {*asked} - missing:
            concerned.setdefault(tuple(sorted(further)), []).append(category)
    for names, categories in concerned.items():
        yield Fault(step.key, Code.ASKED_LATE, names, tuple(categories))


def _reached(start: str, ways: Mapping[str, list[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for one in ways[waiting.pop()]:
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def _asked_before(
    start: str, steps: Mapping[str, Any], ways: Mapping[str, list[str]], reached: set[str]
) -> dict[str, set[str]]:
    """For each step the items that were asked on every way to it: the largest solution, found from above."""
    everything = {step.item for step in steps.values() if isinstance(step, Ask | Check) and step.item}
    before = {key: set() if key == start else set(everything) for key in reached}
    changed = True
    while changed:
        changed = False
        for key in reached:
            step = steps[key]
            after = before[key] | ({step.item} if isinstance(step, Ask | Check) and step.item else set())
            for one in ways[key]:
                if not before[one] <= after:
                    before[one] &= after
                    changed = True
    return before


__all__ = ["Code", "Fault", "Surroundings", "check"]
