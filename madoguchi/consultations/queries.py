"""Reading consultations, and whom one can ask."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from madoguchi.calendars.queries import working_time
from madoguchi.consultations import chat
from madoguchi.consultations.chain import Away, Candidate, Chain
from madoguchi.consultations.models import Approach, Consultation, Remark
from madoguchi.consultations.sms import is_mobile
from madoguchi.mail.addresses import is_address
from madoguchi.people.access import Access
from madoguchi.people.models import Contact, ContactAbsence, ContactChannel, Department, Topic, TopicContact
from madoguchi.people.queries import calendar_of
from madoguchi.tickets.models import Ticket

_MOST_DEPUTIES = 4  # of deputies


def consultations_of(ticket: Ticket, access: Access) -> list[Consultation]:
    """The ticket's questions that this person may see, the latest first, with everybody asked and everything said."""
    return list(in_full(Consultation.objects.visible_to(access).filter(ticket=ticket).order_by("-id")))


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
    return tuple((way.value, contact.address(way)) for way in contact.ways if _leads(way, contact.address(way)))


def _leads(way: ContactChannel, address: str) -> bool:
    """Whether something can go to the address: one that is none, or that nothing can be sent to, is passed over."""
    match way:
        case ContactChannel.MAIL:
            return is_address(address)
        case ContactChannel.CHAT:
            return chat.leads(address)
        case ContactChannel.SMS:
            return settings.SMS is not None and is_mobile(address)
        case ContactChannel.PHONE:
            return True


def chain_for(department: Department, topic: Topic | None, *, at: datetime, also: Iterable[int | None] = ()) -> Chain:
    """The department's chain as it stands; ``also`` are further contacts who may be asked, or were."""
    return chains_for([(department, topic)], at=at, also=also)[0]


def chains_for(
    asked: Sequence[tuple[Department, Topic | None]], *, at: datetime, also: Iterable[int | None] = ()
) -> list[Chain]:
    """``chain_for`` of many at once, in their order; they share their people, so no query for each."""
    departments = {department.pk: department for department, _topic in asked}
    own: dict[int, list[int]] = defaultdict(list)
    in_chain = Contact.objects.filter(department__in=departments, is_active=True, position__isnull=False)
    for department, contact in in_chain.order_by("position", "id").values_list("department", "pk"):
        own[department].append(contact)
    of_topic: dict[int, list[int]] = defaultdict(list)
    if topics := {topic.pk for _department, topic in asked if topic is not None}:
        links = TopicContact.objects.filter(topic__in=topics, contact__is_active=True).order_by("position", "id")
        for link, contact in links.values_list("topic", "contact"):
            of_topic[link].append(contact)
    orders = [(topic and of_topic.get(topic.pk)) or own.get(department.pk, []) for department, topic in asked]
    people: dict[int, Candidate] = {}
    wanted = [*(contact for order in orders for contact in order), *also]
    wanted += [department.manager_id for department in departments.values()]
    for _ in range(_MOST_DEPUTIES):
        if not (unknown := {contact for contact in wanted if contact is not None} - people.keys()):
            break
        found = _candidates(unknown, at)
        people |= found
        wanted = [person.deputy for person in found.values()]
        wanted += [absence.deputy for person in found.values() for absence in person.absences]
    hours = {calendar: working_time(calendar) for calendar in {row.calendar_id for row in departments.values()}}
    return [
        Chain(order, _within(department, people), hours[department.calendar_id], department.manager_id)
        for (department, _topic), order in zip(asked, orders, strict=True)
    ]


def _within(department: Department, people: Mapping[int, Candidate]) -> dict[int, Candidate]:
    """Those who may read a question to the department: nobody of another company, unless it is that one's."""
    return {
        contact: person
        for contact, person in people.items()
        if person.outside is None or person.outside == department.pk
    }


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
        row.pk: Candidate(
            row.pk,
            row.name,
            found,
            hours[calendars[row]],
            tuple(absences[row.pk]),
            row.deputy_id,
            outside=row.department_id if row.department.is_partner else None,
        )
        for row, found in ways.items()
    }
