"""Conditions about what was said: words in any writing, answers to hearing items, unknown error codes."""

from datetime import datetime
from typing import Literal

from django.db.models import Exists, OuterRef, Q
from django.db.models.lookups import Exact, In, Regex
from pydantic import Field, field_validator, model_validator

from madoguchi.rules import writings
from madoguchi.rules.conditions.condition import Condition
from madoguchi.rules.expressions import Answer
from madoguchi.rules.facts import Facts, text_of
from madoguchi.rules.world import World
from madoguchi.tickets.models import Message

MOST_WORDS = 50


class _Words(Condition):
    """Words in any writing: width, case, kana and old characters do not matter."""

    any_of: list[str] = Field(min_length=1, max_length=MOST_WORDS)

    @field_validator("any_of")
    @classmethod
    def _sensible(cls, words: list[str]) -> list[str]:
        cleaned = [" ".join(word.split()) for word in words]
        if any(not word or len(word) > writings.LONGEST or not word.isprintable() for word in cleaned):
            raise ValueError(f"each of the words must have 1 to {writings.LONGEST} characters")
        return cleaned


class Words(_Words):
    """One of the words stands in the subject or in what was written: by the requester, or by anybody."""

    kind: Literal["words"] = "words"
    by: Literal["requester", "anybody"] = "requester"

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"said"})

    def holds(self, facts: Facts, world: World) -> bool:
        texts = [facts.subject, *(text.body for text in facts.said if text.by_requester or self.by == "anybody")]
        return any(writings.found(self.any_of, text) for text in texts)

    def query(self, world: World, now: datetime) -> Q:
        wanted = writings.patterns(self.any_of)
        said = Message.objects.filter(ticket=OuterRef("pk"), body__regex=wanted)
        return Q(subject__regex=wanted) | Q(
            Exists(said.filter(from_requester=True, visibility="public") if self.by == "requester" else said)
        )


class Item(Condition):
    """The answer to a hearing item: there is one, there is none, or it contains one of the words."""

    of_the_row = True
    kind: Literal["item"] = "item"
    key: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")
    answer: Literal["given", "missing", "contains"] = "given"
    any_of: list[str] = Field(default=[], max_length=MOST_WORDS)

    @model_validator(mode="after")
    def _with_words(self) -> "Item":
        if self.answer == "contains":
            _Words(any_of=self.any_of)
        return self

    def holds(self, facts: Facts, world: World) -> bool:
        text = text_of(facts.details.get(self.key))
        if self.answer == "contains":
            return text != "" and writings.found(self.any_of, text)
        return (text != "") == (self.answer == "given")

    def query(self, world: World, now: datetime) -> Q:
        if self.answer == "contains":
            return Q(Regex(Answer(self.key), writings.patterns(self.any_of)))
        missing = Q(Exact(Answer(self.key), ""))
        return missing if self.answer == "missing" else ~missing


class UnknownCode(Condition):
    """An error code was heard that stands in no article, as a whole and in any writing (``codes``)."""

    kind: Literal["unknown_code"] = "unknown_code"

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"code_known"})

    def holds(self, facts: Facts, world: World) -> bool:
        return text_of(facts.details.get("error_code")) != "" and not facts.code_known

    def query(self, world: World, now: datetime) -> Q:
        return Item(key="error_code").query(world, now) & ~Q(In(Answer("error_code"), sorted(world.known_codes)))
