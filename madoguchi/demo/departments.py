"""The sample company's departments: whom the desk asks, about what, and how they have answered so far."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from madoguchi.calendars.models import Calendar
from madoguchi.catalog.actions import link_topic
from madoguchi.catalog.models import Category
from madoguchi.demo import source
from madoguchi.journal.record import SYSTEM
from madoguchi.people.actions import (
    add_contact,
    add_department,
    add_topic,
    change_contact,
    change_department,
    note_contact_absence,
    order_chain,
)
from madoguchi.people.models import Contact, Department

_HABITS = ("answers", "declines", "minutes")


@dataclass(frozen=True)
class Expert:
    """A contact and how they answer: ``answers`` and ``declines`` are shares, ``minutes`` a mean."""

    id: int
    name: str
    email: str
    answers: float
    declines: float
    minutes: float


@dataclass(frozen=True)
class Matter:
    """Something a department is asked about: whom, in this order, at last the manager; ``asks`` (question, answer)."""

    department: int
    department_name: str
    topic: int | None
    topic_name: str | None
    experts: tuple[Expert, ...]
    manager: Expert | None
    asks: tuple[tuple[str, str], ...]


def build(calendars: Mapping[str, Calendar], categories: Mapping[str, Category]) -> None:
    """Make the departments that are not there; one that somebody has changed stays as it is."""
    for row in source.table("departments")["departments"]:
        if not Department.objects.filter(key=row["key"]).exists():
            _build(row, calendars, categories)


def _build(row: Mapping[str, Any], calendars: Mapping[str, Calendar], categories: Mapping[str, Category]) -> None:
    plain = {name: row[name] for name in ("key", "name", "name_en", "kana", "about", "phone")}
    department = add_department(by=SYSTEM, **plain)
    people: dict[str, Contact] = {}
    for in_chain, written in [(True, each) for each in row["contacts"]] + [
        (False, each) for each in row.get("known", ())
    ]:
        fields = {name: value for name, value in written.items() if name not in (*_HABITS, "deputy", "calendar")}
        calendar = calendars.get(written.get("calendar", ""))
        people[written["name"]] = add_contact(department, in_chain=in_chain, calendar=calendar, by=SYSTEM, **fields)
    for written in row["contacts"]:
        if "deputy" in written:
            change_contact(people[written["name"]], deputy=people[written["deputy"]], by=SYSTEM)
    change_department(department, manager=people[row["manager"]], by=SYSTEM)
    for position, written in enumerate(row["topics"], start=1):
        fields = {name: written[name] for name in ("key", "name", "name_en", "words")}
        topic = add_topic(department, position=position, by=SYSTEM, **fields)
        link_topic(topic, [categories[key] for key in written["categories"]], by=SYSTEM)
        order_chain(department, [people[name] for name in written.get("chain", ())], topic=topic, by=SYSTEM)
    if away := row.get("away"):
        morning = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        until = morning + timedelta(days=away["days"])
        note_contact_absence(people[away["name"]], starts_at=morning, ends_at=until, note=away["note"], by=SYSTEM)


def matters() -> dict[int, list[Matter]]:
    """What departments are asked about tickets of a category, by its id, as far as they are still as they were made."""
    known = {department.key: department for department in Department.objects.prefetch_related("topics")}
    contacts: dict[tuple[int, str], Contact] = {
        (contact.department_id, contact.name): contact for contact in Contact.objects.filter(is_active=True)
    }
    categories = dict(Category.objects.values_list("key", "id"))
    found: dict[int, list[Matter]] = defaultdict(list)
    for row in source.table("departments")["departments"]:
        department = known.get(row["key"])
        if department is None:
            continue
        experts = {
            written["name"]: Expert(contact.pk, contact.name, contact.email, *(written[name] for name in _HABITS))
            for written in row["contacts"]
            if (contact := contacts.get((department.pk, written["name"])))
        }
        head = contacts.get((department.pk, row["manager"]))
        manager = Expert(head.pk, head.name, head.email, 1.0, 0.0, 240) if head and head.position is None else None
        topics = {topic.key: topic for topic in department.topics.all()}
        for written in [*row["topics"], {"asks": row.get("asks", ()), "categories": row.get("categories", ())}]:
            topic = topics.get(written.get("key", ""))
            chain = tuple(experts[name] for name in written.get("chain") or experts if name in experts)
            for key in written["categories"] if chain and (topic or "key" not in written) else ():
                found[categories[key]].append(
                    Matter(
                        department.pk,
                        department.name,
                        topic.pk if topic else None,
                        topic.name if topic else None,
                        chain,
                        manager,
                        tuple((question, answer) for question, answer in written["asks"]),
                    )
                )
    return found
