"""What a script looks at to decide: the answers, one item at a time. Typed, so that a form can write them."""

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field

from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.written import Part

# A yes or no stands in the answers as the page that took it said it.
ITEM = r"^[-\w]{0,60}$"  # the key of what was asked
YES = frozenset({"yes", "true", "はい"})
NO = frozenset({"no", "false", "いいえ"})


class _Condition(Part):
    item: str = Field(default="", pattern=ITEM)


class Is(_Condition):
    """The answer is one of these; ``yes`` and ``no`` in any language of the pages."""

    kind: Literal["is"] = "is"
    one_of: list[str] = Field(default=[], max_length=30)

    def holds(self, answers: Mapping[str, Any]) -> bool:
        return said(answers.get(self.item)) in {said(one) for one in self.one_of}


class Contains(_Condition):
    """The answer contains one of the words, in any writing."""

    kind: Literal["contains"] = "contains"
    words: list[str] = Field(default=[], max_length=20)

    def holds(self, answers: Mapping[str, Any]) -> bool:
        answer = search_key(text_of(answers.get(self.item)))
        return bool(answer) and any(search_key(word) in answer for word in self.words if search_key(word))


class Answered(_Condition):
    """Something was answered, or (``yes`` false) nothing."""

    kind: Literal["answered"] = "answered"
    yes: bool = True

    def holds(self, answers: Mapping[str, Any]) -> bool:
        return bool(text_of(answers.get(self.item))) is self.yes


class Amount(_Condition):
    """The answer is a number within the bounds, either of which may be missing."""

    kind: Literal["amount"] = "amount"
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, answers: Mapping[str, Any]) -> bool:
        number = number_of(text_of(answers.get(self.item)))
        if number is None:
            return False
        return (self.at_least is None or number >= self.at_least) and (self.at_most is None or number <= self.at_most)


type Condition = Annotated[Is | Contains | Answered | Amount, Discriminator("kind")]


def text_of(answer: Any) -> str:
    """An answer as text; nothing is the empty text."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else str(answer).strip()


def said(answer: Any) -> str:
    """An answer to compare: yes and no are one word each, all else is folded."""
    key = search_key(text_of(answer))
    return "yes" if key in YES else "no" if key in NO else key


def number_of(text: str) -> float | None:
    """The number a text is, in any width and with commas; None when it is none."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    try:
        number = float(plain) if plain and len(plain) <= 30 else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < 1e15 else None
