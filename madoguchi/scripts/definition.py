"""What a script says: its steps, in order, and where each leads. The JSON that a version keeps."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, ValidationError, field_validator

from madoguchi.foundation.written import Part
from madoguchi.scripts.conditions import ITEM, Condition
from madoguchi.scripts.expected import Expected

MOST_STEPS = 60
MOST_WAYS = 8
MOST_CONDITIONS = 5
KINDS = ("text", "long_text", "choice", "phone", "date", "yes_no")


class Question(Part):
    """A hearing item that only this script asks; it is entered in the catalogue when the script is switched on."""

    name: str = Field(default="", max_length=100)
    name_en: str = Field(default="", max_length=100)
    kind: Literal["text", "long_text", "choice", "phone", "date", "yes_no"] = "text"
    choices: list[str] = Field(default=[], max_length=30)


class _Step(Part):
    """``next`` is the key of the step that follows; empty: the one that stands below it."""

    key: str = Field(pattern=r"^[-\w]{1,40}$")
    text: str = Field(default="", max_length=2000)
    text_en: str = Field(default="", max_length=2000)


class _Going(_Step):
    next: str = Field(default="", max_length=40)


class Say(_Going):
    """To be read aloud. ``{requester}``, ``{operator}`` … and ``{error_code}``, an answer, are put in."""

    kind: Literal["say"] = "say"


class Consent(_Going):
    """Read aloud before anything else is said: that the call is recorded, and what for."""

    kind: Literal["consent"] = "consent"


class Ask(_Going):
    """A hearing item is asked: one of the catalogue, or (with ``question``) the script's own.

    ``required``: the script does not go on by itself without an answer; with ``when`` only if all of these hold.
    """

    kind: Literal["ask"] = "ask"
    item: str = Field(default="", pattern=ITEM)
    question: Question | None = None
    required: bool = False
    when: list[Condition] = Field(default=[], max_length=MOST_CONDITIONS)
    expected: Expected = Expected()


class Check(_Going):
    """Something the operator verifies: yes or no, kept like an answer under ``item``."""

    kind: Literal["check"] = "check"
    item: str = Field(default="", pattern=ITEM)


class Way(Part):
    """One way out of a branch: taken when all conditions hold."""

    when: list[Condition] = Field(default=[], max_length=MOST_CONDITIONS)
    next: str = Field(default="", max_length=40)


class Branch(_Going):
    """The first way whose conditions hold; else ``next``. Nobody stops here."""

    kind: Literal["branch"] = "branch"
    ways: list[Way] = Field(default=[], max_length=MOST_WAYS)


class ShowArticle(_Going):
    """An article to read from and to answer with."""

    kind: Literal["article"] = "article"
    article: str = Field(default="", max_length=100)


class Resolve(_Step):
    """The end: solved. ``text`` becomes the answer unless one was written; ``reason`` says why there was no article."""

    kind: Literal["resolve"] = "resolve"
    reason: str = Field(default="", max_length=40)


class HandOver(_Step):
    """The end: handed over to a team (by key; empty: the category's destination), ``text`` is the reason."""

    kind: Literal["hand_over"] = "hand_over"
    to: str = Field(default="", max_length=40)


class CallBack(_Step):
    """The end: a call is promised, ``text`` is what to tell then."""

    kind: Literal["call_back"] = "call_back"


type Step = Annotated[
    Say | Consent | Ask | Check | Branch | ShowArticle | Resolve | HandOver | CallBack, Discriminator("kind")
]
ENDS = (Resolve, HandOver, CallBack)


class Definition(Part):
    """A whole script. It begins with its first step; whether it holds together, ``checking`` says."""

    steps: list[Step] = Field(default=[], max_length=MOST_STEPS)

    @field_validator("steps")
    @classmethod
    def _each_key_once(cls, steps: list[Any]) -> list[Any]:
        if len({step.key for step in steps}) < len(steps):
            raise ValueError("two steps have the same key")
        return steps

    def step(self, key: str) -> Any:
        """The step of this key, None when there is none."""
        return next((step for step in self.steps if step.key == key), None)

    def follower(self, step: Any, chosen: str) -> str:
        """The key of the step that ``chosen`` (a ``next``) means after ``step``; empty when nothing follows."""
        if chosen:
            return chosen
        below = self.steps[self.steps.index(step) + 1 :]
        return below[0].key if below else ""

    def ways(self, step: Any) -> list[str]:
        """The keys of all steps that can follow; none after an end. An empty one: nothing follows there."""
        if isinstance(step, ENDS):
            return []
        found = [self.follower(step, step.next)]
        if isinstance(step, Branch):
            found = [*(self.follower(step, way.next) for way in step.ways), *found]
        return list(dict.fromkeys(found))

    @property
    def items(self) -> list[str]:
        """The keys of everything that is answered, in the order of the steps."""
        return list(dict.fromkeys(step.item for step in self.steps if isinstance(step, Ask | Check) and step.item))

    @property
    def written(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def parse(written: Any) -> Definition:
    """The definition of a JSON value; raises pydantic's ValidationError (a ValueError)."""
    return Definition.model_validate(written)


__all__ = ["Definition", "ValidationError", "parse"]
