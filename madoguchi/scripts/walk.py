"""Where somebody stands in a script: a function of the definition, the answers and what was passed. Pure.

``answers`` are those of the hearing items, by key. ``passed`` are the steps that were left by going on: what was said,
read, or asked without an answer. A step that was answered or passed is skipped on the way, whichever way it was
reached; a jump only says where to go on from.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from madoguchi.scripts.conditions import said, text_of
from madoguchi.scripts.definition import ENDS, Ask, Branch, Check, Definition
from madoguchi.scripts.expected import Wrong


@dataclass(frozen=True)
class Seen:
    """A step on the way from the beginning, as the present answers lead; ``done``: it needs nothing more."""

    step: Any
    done: bool
    answer: str = ""


def is_done(step: Any, answers: Mapping[str, Any], passed: Collection[str], today: date) -> bool:
    """Whether the step needs nothing more: it was passed, or its item has an answer that fits."""
    if isinstance(step, ENDS):
        return False
    if isinstance(step, Ask) and text_of(answers.get(step.item)):
        return lacking(step, answers, today) is None
    if isinstance(step, Check) and step.item:
        return said(answers.get(step.item)) in {"yes", "no"}
    return step.key in passed and lacking(step, answers, today) is None


def lacking(step: Any, answers: Mapping[str, Any], today: date) -> Wrong | None:
    """What keeps one from going on: the answer does not fit, is required and missing, or nothing was verified."""
    if isinstance(step, Ask):
        answer = text_of(answers.get(step.item))
        if answer:
            return step.expected.wrong(answer, today)
        if step.required and all(condition.holds(answers) for condition in step.when):
            return Wrong("required")
    if isinstance(step, Check) and said(answers.get(step.item)) not in {"yes", "no"}:
        return Wrong("unchecked")
    return None


def after(definition: Definition, step: Any, answers: Mapping[str, Any]) -> str:
    """The key of the step that follows, as the answers lead; empty after an end, or when nothing follows."""
    if isinstance(step, ENDS):
        return ""
    if isinstance(step, Branch):
        for way in step.ways:
            if way.when and all(condition.holds(answers) for condition in way.when):
                return definition.follower(step, way.next)
    return definition.follower(step, step.next)


def way(
    definition: Definition, answers: Mapping[str, Any], passed: Collection[str], today: date, *, start: str = ""
) -> list[Seen]:
    """The steps from the beginning (or ``start``) as far as the answers lead, without branches; each once."""
    found: list[Seen] = []
    been: set[str] = set()
    step = definition.step(start) if start else next(iter(definition.steps), None)
    while step is not None and step.key not in been:
        been.add(step.key)
        if not isinstance(step, Branch):
            answer = text_of(answers.get(step.item)) if isinstance(step, Ask | Check) else ""
            done = is_done(step, answers, passed, today)
            found.append(Seen(step, done, answer))
            if not done:
                break
        step = definition.step(after(definition, step, answers))
    return found


def position(
    definition: Definition, answers: Mapping[str, Any], passed: Collection[str], today: date, *, start: str = ""
) -> str:
    """The first step from the beginning (or ``start``) on that needs something; empty when there is none."""
    seen = way(definition, answers, passed, today, start=start)
    return seen[-1].step.key if seen and not seen[-1].done else ""


def beyond(definition: Definition, here: str, answers: Mapping[str, Any], passed: Collection[str], today: date) -> str:
    """Where one stands after going on from ``here``; ``here`` itself when nothing follows that needs anything."""
    step = definition.step(here)
    following = after(definition, step, answers) if step is not None else ""
    return (position(definition, answers, passed, today, start=following) or here) if following else here


def ahead(definition: Definition, here: str, answers: Mapping[str, Any]) -> list[Any]:
    """The steps that would follow ``here`` as the answers are now, without branches, to the end; each once."""
    found: list[Any] = []
    been = {here}
    step = definition.step(here)
    while step is not None:
        step = definition.step(after(definition, step, answers))
        if step is None or step.key in been:
            break
        been.add(step.key)
        if not isinstance(step, Branch):
            found.append(step)
    return found
