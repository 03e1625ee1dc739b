"""What taking in records would change, as it is shown before it is done."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db.models import Model

from madoguchi.directory.records import Records, RefusedRow
from madoguchi.foundation.japanese import search_key
from madoguchi.people.models import Contact, Department, Person, Topic

MOST_VANISHING = 0.2


class Kind(StrEnum):
    """What would happen to a row; who is removed is deactivated."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    MOVED = "moved"
    RETURNED = "returned"
    REMOVED = "removed"


@dataclass
class Change[Row: Model]:
    """``row`` as it will be; ``fields`` are (before, after) by name."""

    row: Row
    line: int = 0
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.is_new = self.row.pk is None

    def note(self, **values: Any) -> None:
        """The row becomes so; what it is already is no change."""
        for name, after in values.items():
            before = getattr(self.row, name)
            if before != after:
                first = self.fields.pop(name, (before, after))[0]
                if first != after:
                    self.fields[name] = (first, after)
                setattr(self.row, name, after)

    @property
    def kind(self) -> Kind:
        if self.is_new:
            return Kind.ADDED
        if "is_active" in self.fields:
            return Kind.RETURNED if self.fields["is_active"][1] else Kind.REMOVED
        if "department" in self.fields:
            return Kind.MOVED
        before, after = self.fields.get("name", ("", ""))
        return Kind.RENAMED if search_key(before) != search_key(after) else Kind.CHANGED

    @property
    def counts(self) -> bool:
        """Whether anything changes."""
        return self.is_new or bool(self.fields)


@dataclass
class Chain:
    """Whom a department (``topic``: for one topic) is to ask in which order."""

    department: Department
    topic: Topic | None
    before: list[Contact]
    after: list[Contact]


@dataclass
class RequesterChange:
    """Somebody of the company who phones the desk, too: new when ``person`` has no id; numbers are only added."""

    person: Person
    fields: dict[str, tuple[Any, Any]]
    email: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    organization: str = ""


@dataclass
class Plan:
    """All that would change. ``known``: how many are asked today of those whom the source keeps."""

    records: Records
    source: str
    complete: bool
    refused: list[RefusedRow]
    departments: list[Change[Department]] = field(default_factory=list)
    topics: list[Change[Topic]] = field(default_factory=list)
    links: list[tuple[Topic, list[str], list[Any]]] = field(default_factory=list)
    contacts: list[Change[Contact]] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    requesters: list[RequesterChange] = field(default_factory=list)
    unchanged: int = 0
    known: int = 0

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many contacts, by what would happen to them."""
        return dict(Counter(str(change.kind) for change in self.contacts))

    @property
    def vanishing(self) -> int:
        return self.counts.get(Kind.REMOVED, 0)

    def stops(self, most: float = MOST_VANISHING) -> bool:
        """Whether a larger share than ``most`` would vanish: somebody has to confirm that."""
        return self.vanishing > self.known * most

    @property
    def is_empty(self) -> bool:
        return not any((self.departments, self.topics, self.links, self.contacts, self.chains, self.requesters))

    @cached_property
    def fingerprint(self) -> str:
        """Equal for two plans that do the same."""
        lines: list[Any] = []
        changes: list[Change[Any]] = [*self.departments, *self.topics, *self.contacts]
        for change in changes:
            fields = sorted((name, _told(one), _told(two)) for name, (one, two) in change.fields.items())
            lines.append((type(change.row).__name__, change.is_new, _told(change.row), fields))
        lines += [(_told(topic), before, sorted(map(_told, after))) for topic, before, after in self.links]
        lines += [(_told(one.department), _told(one.topic), [_told(row) for row in one.after]) for one in self.chains]
        for one in self.requesters:
            lines.append((one.person.pk, one.email, one.numbers, one.organization, sorted(one.fields.items())))
        return hashlib.sha256(repr(lines).encode()).hexdigest()


def _told(value: Any) -> str:
    return f"{value.pk or ''} {value}" if isinstance(value, Model) else repr(value)
