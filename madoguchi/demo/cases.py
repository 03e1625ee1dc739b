"""What customers ask and how it is answered: a case, its slots filled, in ever other words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

from madoguchi.demo import source

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Case:
    """One kind of question of a category. ``first``: how often the first line solves it; ``talk``: mean seconds."""

    category: str
    subjects: list[str]
    voices: list[str]
    answers: list[str]
    reasons: list[str]
    details: dict[str, list[Any]]
    article: str = ""
    weight: int = 1
    first: float = 0.6
    talk: int = 240
    priority: str = "normal"


@dataclass
class Text:
    """The words of one inquiry; every slot keeps its filling, so that later texts speak of the same thing."""

    random: Random
    case: Case
    filled: dict[str, str] = field(default_factory=dict)

    def fill(self, template: str) -> str:
        while "{" in template:
            template = _SLOT.sub(self._slot, template)
        return template

    def _slot(self, found: re.Match[str]) -> str:
        name = found[1]
        if name not in self.filled:
            choice = str(self.random.choice(self.case.details.get(name) or slots()[name]))
            # A hearing item may be answered by the common phrases of its own name.
            self.filled[name] = str(self.random.choice(slots()[name])) if choice == found[0] else choice
        return self.filled[name]

    def one_of(self, name: str) -> str:
        """One of the phrases of this name in ``phrases.toml``, filled."""
        return self.fill(self.random.choice(phrases(name)))

    def subject(self) -> str:
        return self.fill(self.random.choice(self.case.subjects))

    def spoken(self) -> str:
        """What a caller says, as the first line writes it down."""
        return self.one_of("openings") + self.fill(self.random.choice(self.case.voices)) + self.one_of("closings")

    def written(self) -> str:
        """What a customer writes in a mail."""
        core = self.fill(self.random.choice(self.case.voices))
        return self.one_of("mail_openings") + core + self.one_of("mail_closings")

    def answer(self) -> str:
        return self.fill(self.random.choice(self.case.answers))

    def reason(self) -> str:
        return self.fill(self.random.choice(self.case.reasons))

    def details(self, share: float = 1.0) -> dict[str, Any]:
        """Answers to the hearing items, about ``share`` of them."""
        found: dict[str, Any] = {}
        for key, choices in self.case.details.items():
            if share >= 1.0 or self.random.random() < share:
                value = self.random.choice(choices)
                if isinstance(value, str):
                    value = self.filled.setdefault(key, self.fill(value))
                found[key] = value
        return found


@cache
def all_cases() -> tuple[list[Case], list[int]]:
    """Every case, and their weights added up."""
    cases = [Case(**row) for row in source.rows("cases", "cases")]
    return cases, list(accumulate(case.weight for case in cases))


def choose(random: Random) -> Case:
    cases, weights = all_cases()
    return random.choices(cases, cum_weights=weights)[0]


def slots() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = source.table("phrases")["slots"]
    return found


def phrases(name: str) -> list[str]:
    found: list[str] = source.table("phrases")["text"][name]
    return found
