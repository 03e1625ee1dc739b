"""What departments are asked about, and the chains: in which order they ask whom."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from madoguchi.catalog.models import Category
from madoguchi.directory.changes import Chain, Change
from madoguchi.directory.contacts import Pair
from madoguchi.directory.records import TopicRecord
from madoguchi.directory.working import Named, Working, chosen, key_for
from madoguchi.people.models import Contact, Department, Topic, TopicContact

type _Places = dict[tuple[int, int], list[tuple[float | None, Contact]]]  # by id() of department and topic (0: none)


class Topics:
    """The topics of all departments that are named."""

    def __init__(self, working: Working) -> None:
        self.working = working
        self.departments = {id(one.row): one.row for one in working.of_departments.values()}
        rows: dict[int, list[Topic]] = defaultdict(list)
        for topic in Topic.objects.filter(department__in=[row.pk for row in self.departments.values() if row.pk]):
            rows[topic.department_id].append(topic)
        self.of_department = {key: Named(rows.get(row.pk or 0, [])) for key, row in self.departments.items()}
        self.changes: dict[int, Change[Topic]] = {}

    def topic(self, told: TopicRecord) -> Topic:
        """The topic that is meant, its change noted."""
        department = self.working.department(told.department)
        topics = self.of_department[id(department)]
        topic = topics.find(told.topic)
        if topic is None:
            name = told.fields.get("name") or told.topic
            topic = topics.add(Topic(department=department, key=key_for(told.topic, "t"), name=name))
        change = self.changes.setdefault(id(topic), Change(topic, told.line))
        change.note(**{"is_active": True, **told.fields})
        topic.clean_fields(exclude=["department"])
        return topic

    def take(self, told: TopicRecord) -> Topic | None:
        return self.working.attempt(self.topic, told, line=told.line, text=told.topic)


def plan_topics(working: Working, records: Iterable[TopicRecord], pairs: Iterable[Pair]) -> None:
    """Topics, what they are linked to, and the chains as the records order them."""
    topics = Topics(working)
    _plan_links(topics, records)
    places: _Places = defaultdict(list)
    for one in pairs:
        for written, place in one.record.places.items():
            named = TopicRecord(department=one.record.department, topic=written, line=one.record.line)
            topic = topics.take(named) if written else None
            if topic is not None or not written:
                places[id(one.department), id(topic) if topic is not None else 0].append((place, one.contact))
    _plan_chains(topics, places, complete=working.plan.complete and not working.plan.refused)
    working.plan.topics = [change for change in topics.changes.values() if change.counts]


def _plan_links(topics: Topics, records: Iterable[TopicRecord]) -> None:
    categories = Named(Category.objects.all())
    linked: dict[int, set[str]] = defaultdict(set)
    for topic_id, key in Category.objects.filter(topics__isnull=False).values_list("topics", "key"):
        linked[topic_id].add(key)
    for told in records:
        topic = topics.take(told)
        if topic is None or told.categories is None:
            continue
        find = partial(chosen, categories)
        found = [topics.working.attempt(find, name, line=told.line, text=told.topic) for name in told.categories]
        after = [category for category in found if category is not None]
        before = linked[topic.pk] if topic.pk else set()
        if len(after) == len(found) and {category.key for category in after} != before:
            topics.working.plan.links.append((topic, sorted(before), after))


def _plan_chains(topics: Topics, places: _Places, *, complete: bool) -> None:
    """``complete``: topics that are not named are no longer asked about, and who is not told is in no chain."""
    working = topics.working
    complete_topics = complete and working.plan.records.tells_topics
    known = {contact.pk: contact for contacts in working.contacts.values() for contact in contacts}
    members: dict[int, list[Contact]] = defaultdict(list)
    subjects = [topic.pk for rows in topics.of_department.values() for topic in rows.rows if topic.pk]
    for topic_id, contact_id in TopicContact.objects.filter(topic__in=subjects).values_list("topic", "contact"):
        if contact_id in known:
            members[topic_id].append(known[contact_id])
    for key, department in topics.departments.items():
        if (key, 0) in places:
            here = [one for one in working.contacts.get(department.pk or 0, []) if one.position is not None]
            here.sort(key=lambda one: (one.position or 0, one.pk))
            _order(working, department, None, here, places[key, 0], complete=complete)
        for topic in topics.of_department[key].rows:
            if complete_topics and id(topic) not in topics.changes:
                topics.changes[id(topic)] = Change(topic)
                topics.changes[id(topic)].note(is_active=False)
            elif complete_topics or (key, id(topic)) in places:
                _order(working, department, topic, members[topic.pk or 0], places[key, id(topic)], complete=complete)


def _order(
    working: Working,
    department: Department,
    topic: Topic | None,
    before: list[Contact],
    told: list[tuple[float | None, Contact]],
    *,
    complete: bool,
) -> None:
    """The told ones in their order; behind them, unless the records are all there is, who stood there before."""
    before = [one for one in before if one.is_active and one.department is department]
    placed = sorted((place, number) for number, (place, one) in enumerate(told) if place is not None and one.is_active)
    after = [told[number][1] for _place, number in placed]
    if not complete:
        mentioned = {id(one) for _place, one in told}
        after += [one for one in before if id(one) not in mentioned]
    if list(map(id, before)) != list(map(id, after)):
        working.plan.chains.append(Chain(department, topic, before, after))
