"""Whom one may ask, found while it is typed: departments, what they are asked about, their contacts."""

from collections.abc import Sequence
from dataclasses import dataclass

from madoguchi.consultations.proposal import label_of
from madoguchi.foundation.numbers import row_number
from madoguchi.people.access import Access
from madoguchi.people.directory import find_in_directory
from madoguchi.people.models import Contact, Department, Topic

FOUND = 5  # of each kind


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


def find(words: str, access: Access) -> list[Choice]:
    """Those of the directory whom every word fits and who can be reached; a partner's staff find nobody by number."""
    found = find_in_directory(words[:60], numbers=not access.is_partner, limit=FOUND)
    return [Choice(one.department, one.topic, one.contact) for one in found if one.contact is None or one.contact.ways]


def choice_of(key: str) -> Choice | None:
    """What the form's ``12.34.56`` names; None for what is none, or is asked no more."""
    parts = key.split(".")
    if len(parts) != 3 or any(part and row_number(part) is None for part in parts):
        return None
    department, topic, contact = map(row_number, parts)
    found = Department.objects.filter(pk=department or 0, is_active=True).first()
    if found is None:
        return None
    return Choice(
        found,
        Topic.objects.filter(pk=topic, department=found, is_active=True).first() if topic else None,
        Contact.objects.filter(pk=contact, department=found, is_active=True).first() if contact else None,
    )
