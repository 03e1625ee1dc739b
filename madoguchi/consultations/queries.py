"""Reading consultations, and whom one can ask."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from madoguchi.calendars.queries import working_time
from madoguchi.consultations.chain import Away, Candidate, Chain
from madoguchi.consultations.models import Approach, Consultation, Remark
from madoguchi.people.access import Access
from madoguchi.people.models import Contact, ContactAbsence, ContactChannel, Department, Topic, TopicContact
from madoguchi.people.queries import calendar_of, chain_of
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.timeline import TimelineItem

_MOST_DEPUTIES = 4  # of deputies
USABLE = frozenset({ContactChannel.MAIL, ContactChannel.PHONE})


def consultations_of(ticket: Ticket, access: Access) -> list[Consultation]:
    """The ticket's questions that this person may see, the latest first, with everybody asked and everything said."""
    return list(in_full(Consultation.objects.visible_to(access).filter(ticket=ticket).order_by("-id")))


def told_to(access: Access, items: Sequence[TimelineItem]) -> list[TimelineItem]:
    """A ticket's timeline without the questions that a partner's staff may not hear of: those of other teams."""
    if not access.is_partner:
        return list(items)
    return [
        item
        for item in items
        if not item.kind.startswith("consultation.") or item.data.get("team_id") in access.team_ids
    ]


def in_full(rows: QuerySet[Consultation]) -> QuerySet[Consultation]:
    """With department, topic, who asked, the contacts in the order in which they were asked, and what was said."""
    remarks = Remark.objects.select_related("approach", "staff", "outgoing").prefetch_related("attachments__file")
    return rows.select_related(
        "ticket", "department", "topic", "team", "asked_by", "answer", "used_in"
    ).prefetch_related(
        Prefetch("approaches", Approach.objects.select_related("contact").order_by("id")),
        Prefetch("remarks", remarks.order_by("id")),
    )


def ways_of(contact: Contact) -> tuple[tuple[str, str], ...]:
    """(channel, address) by which this installation can reach the contact, the preferred way first."""
    return tuple((way.value, contact.address(way)) for way in contact.ways if way in USABLE)


def chain_for(department: Department, topic: Topic | None, *, at: datetime, also: Iterable[int | None] = ()) -> Chain:
    """The department's chain as it stands; ``also`` are further contacts who may be asked, or were."""
    order = [contact.pk for contact in chain_of(department, topic)]
    people = _people([*order, *also, department.manager_id], at)
    return Chain(order, people, working_time(department.calendar_id), department.manager_id)


def chains_for(rows: Sequence[Consultation], *, at: datetime) -> dict[int, Chain]:
    """The chain of each of these consultations (with their approaches), in as many queries for one as for many."""
    by_topic, by_department = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    links = TopicContact.objects.filter(topic__in={row.topic_id for row in rows}, contact__is_active=True)
    for topic, contact in links.order_by("position", "id").values_list("topic", "contact"):
        by_topic[topic].append(contact)
    asked = Contact.objects.filter(department__in={row.department_id for row in rows}, is_active=True)
    in_order = asked.filter(position__isnull=False).order_by("position", "id")
    for department, contact in in_order.values_list("department", "pk"):
        by_department[department].append(contact)
    orders = {row.pk: by_topic.get(row.topic_id or 0) or by_department[row.department_id] for row in rows}
    wanted: list[int | None] = [contact for order in orders.values() for contact in order]
    wanted += [approach.contact_id for row in rows for approach in row.approaches.all()]
    people = _people([*wanted, *(row.department.manager_id for row in rows)], at)
    hours = {calendar: working_time(calendar) for calendar in {row.department.calendar_id for row in rows}}
    return {
        row.pk: Chain(orders[row.pk], people, hours[row.department.calendar_id], row.department.manager_id)
        for row in rows
    }


def _people(wanted: Iterable[int | None], at: datetime) -> dict[int, Candidate]:
    """Those who can be asked, and their deputies."""
    people: dict[int, Candidate] = {}
    for _ in range(_MOST_DEPUTIES):
        if not (unknown := {contact for contact in wanted if contact is not None} - people.keys()):
            break
        found = _candidates(unknown, at)
        people |= found
        wanted = [person.deputy for person in found.values()]
        wanted += [absence.deputy for person in found.values() for absence in person.absences]
    return people


def _candidates(contacts: Collection[int], at: datetime) -> dict[int, Candidate]:
    rows = Contact.objects.filter(pk__in=contacts, is_active=True).select_related("department")
    ways = {row: ways for row in rows if (ways := ways_of(row))}
    absences: dict[int, list[Away]] = defaultdict(list)
    to_come = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    for absence in ContactAbsence.objects.filter(to_come, contact__in=list(ways)).order_by("starts_at", "id"):
        absences[absence.contact_id].append(Away(absence.starts_at, absence.ends_at, absence.deputy_id))
    calendars = {row: calendar_of(row) for row in ways}
    hours = {calendar: working_time(calendar) for calendar in set(calendars.values())}
    return {
        row.pk: Candidate(row.pk, row.name, found, hours[calendars[row]], tuple(absences[row.pk]), row.deputy_id)
        for row, found in ways.items()
    }
