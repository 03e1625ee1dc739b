"""Whom one may ask, found while it is typed: departments, what they are asked about, their contacts."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from madoguchi.consultations.proposal import label_of
from madoguchi.foundation.japanese import search_key
from madoguchi.people.models import Contact, Department, Topic

FOUND = 10
_TOPICS = 6  # at most, so that contacts have room


@dataclass(frozen=True)
class Choice:
    """Whom to ask: a department, perhaps about a topic, perhaps one contact before the others."""

    department: Department
    topic: Topic | None = None
    contact: Contact | None = None
    whys: Sequence[str] = ()

    @property
    def key(self) -> str:
        """As the form carries it: ``12.34.56``, the last two perhaps empty."""
        return f"{self.department.pk}.{self.topic.pk if self.topic else ''}.{self.contact.pk if self.contact else ''}"

    @property
    def label(self) -> str:
        return label_of(self.department, self.topic)


def find(words: str) -> list[Choice]:
    """Those whose names, readings or key words hold every word; departments first, contacts last."""
    wanted = [key for word in words[:60].split() if (key := search_key(word))]
    if not wanted:
        return []

    def fit(*texts: str) -> bool:
        key = search_key("|".join(texts))
        return all(word in key for word in wanted)

    departments = list(Department.objects.filter(is_active=True))
    found = [Choice(one) for one in departments if fit(one.name, one.name_en, one.kana, one.about)]
    topics = Topic.objects.filter(is_active=True, department__is_active=True).select_related("department")
    fitting = [
        Choice(one.department, one)
        for one in topics
        if fit(one.name, one.name_en, one.words, one.department.name, one.department.name_en, one.department.kana)
    ]
    found += fitting[:_TOPICS]
    if len(found) < FOUND:
        named = Q()
        for word in wanted:
            named &= Q(search__contains=word)
        people = Contact.objects.filter(named, is_active=True, department__is_active=True)
        found += [
            Choice(one.department, contact=one)
            for one in people.select_related("department").order_by("department", "position", "id")[:FOUND]
            if one.ways
        ]
    return found[:FOUND]


def choice_of(key: str) -> Choice | None:
    """What the form's ``12.34.56`` names; None for what is none, or is asked no more."""
    parts = key.split(".")
    if len(parts) != 3 or not all(part == "" or (part.isascii() and part.isdecimal()) for part in parts):
        return None
    department, topic, contact = (int(part[:18] or 0) for part in parts)
    found = Department.objects.filter(pk=department, is_active=True).first()
    if found is None:
        return None
    return Choice(
        found,
        Topic.objects.filter(pk=topic, department=found, is_active=True).first() if topic else None,
        Contact.objects.filter(pk=contact, department=found, is_active=True).first() if contact else None,
    )
