"""Writing the directory as a CSV file that comes in again without a change."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from madoguchi.catalog.models import Category
from madoguchi.directory.csv_columns import (
    COLUMNS,
    CONTACT,
    DEPARTMENT,
    TOPIC,
    cells_of,
    guarded,
    head_of,
    written_yes,
)
from madoguchi.foundation.japanese import search_key
from madoguchi.people.models import Contact, Department, Topic, TopicContact

# Who is not asked any more is not written; whose company somebody is, the requesters know.
_WRITTEN = tuple(name for name in COLUMNS if name not in ("active", "organization"))


def write(departments: Iterable[Department] | None = None) -> Iterator[str]:
    """The lines of the file, heads and words in the language of the page; without ``departments`` all that are active.

    UTF-8 with a mark when encoded, as Excel wants it.
    """
    rows = list(departments if departments is not None else Department.objects.filter(is_active=True).order_by("id"))
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(head_of(name) for name in _WRITTEN))
    for cells in _Directory(rows).rows():
        yield str(writer.writerow(guarded(cells.get(name, "")) for name in _WRITTEN))


class _Line:
    """What csv writes to: hands each line back."""

    def write(self, line: str) -> str:
        return line


class _Directory:
    """All that is written, read in few queries."""

    def __init__(self, departments: list[Department]) -> None:
        self.departments = departments
        ids = [row.pk for row in departments]
        self.contacts: dict[int, list[Contact]] = defaultdict(list)
        self.names: Counter[tuple[int, str]] = Counter()
        rows = Contact.objects.filter(department__in=ids, is_active=True).select_related("calendar", "deputy")
        for contact in rows.order_by("department", "position", "id"):
            self.contacts[contact.department_id].append(contact)
            self.names[contact.department_id, search_key(contact.name)] += 1
        self.topics: dict[int, list[Topic]] = defaultdict(list)
        for topic in Topic.objects.filter(department__in=ids, is_active=True).order_by("department", "position", "id"):
            self.topics[topic.department_id].append(topic)
        self.links: dict[int, list[TopicContact]] = defaultdict(list)
        links = TopicContact.objects.filter(topic__department__in=ids, contact__is_active=True)
        for link in links.select_related("contact").order_by("topic", "position", "id"):
            self.links[link.topic_id].append(link)
        self.categories: dict[int, list[str]] = defaultdict(list)
        for topic_id, key in Category.objects.filter(topics__department__in=ids).values_list("topics", "key"):
            self.categories[topic_id].append(key)

    def rows(self) -> Iterator[dict[str, str]]:
        for department in self.departments:
            head = {"department": department.key}
            yield {**head, "department_name": department.name, **cells_of(department, DEPARTMENT)}
            for topic in self.topics[department.pk]:
                linked = " ".join(self.categories[topic.pk])
                yield {**head, "topic": topic.key, "categories": linked, **cells_of(topic, TOPIC)}
            for number, contact in enumerate(self.contacts[department.pk], start=1):
                yield {**head, **self._contact(contact, number, department)}
            for topic in self.topics[department.pk]:
                for number, link in enumerate(self.links[topic.pk], start=1):
                    named = {"name": link.contact.name, "email": link.contact.email}
                    yield {**head, "topic": topic.key, "order": str(number), **named}

    def _contact(self, contact: Contact, number: int, department: Department) -> dict[str, str]:
        return {
            "name": contact.name,
            "order": str(number) if contact.position is not None else "",
            "key": contact.origin.removeprefix("csv:"),
            "deputy": self._named(contact.deputy, department) if contact.deputy else "",
            "manager": written_yes(department.manager_id == contact.pk),
            **cells_of(contact, CONTACT),
        }

    def _named(self, contact: Contact, department: Department) -> str:
        """As the file names somebody: by the name where nobody else of the department is called so."""
        alone = self.names[department.pk, search_key(contact.name)] == 1 and contact.department_id == department.pk
        return contact.name if alone or not contact.email else f"{contact.name} <{contact.email}>"
