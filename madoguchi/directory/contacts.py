"""Which contact each record means, and what becomes of them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from madoguchi.directory.changes import Change
from madoguchi.directory.records import ContactRecord
from madoguchi.directory.working import Working
from madoguchi.foundation.japanese import search_key
from madoguchi.people.actions.departments import cleaned
from madoguchi.people.models import Contact, Department

type _Identity = tuple[str, ...]
_NAME_AND_ADDRESS = re.compile(r"(.*?)\s*<([^<>]*@[^<>]*)>")


@dataclass
class Pair:
    """A record and the contact that it means."""

    record: ContactRecord
    department: Department
    change: Change[Contact]

    @property
    def contact(self) -> Contact:
        return self.change.row


def plan_contacts(working: Working, records: Iterable[ContactRecord]) -> list[Pair]:
    """The contacts that are named, as they will be; whose record is refused is not among them."""
    pairs = _pair_all(working, records)

    def fill(one: Pair) -> bool:
        values = cleaned(working.related(one.record.fields))
        values |= {name: value for name in ("name", "origin") if (value := getattr(one.record, name))}
        is_off = bool(one.record.origin) and one.contact.stays_off
        active = values.get("is_active", True) and not is_off
        one.change.note(**{**values, "is_active": active, "department": one.department})
        one.contact.clean_fields(exclude=["department", "calendar", "deputy"])
        return True

    pairs = [one for one in pairs if working.attempt(fill, one, line=one.record.line, text=one.record.name)]
    _deputies(working, pairs)
    _managers(working, pairs)
    return pairs


def _pair_all(working: Working, records: Iterable[ContactRecord]) -> list[Pair]:
    told: dict[int, list[ContactRecord]] = defaultdict(list)
    rows: dict[int, Department] = {}
    origins: set[str] = set()
    for record in records:
        if record.origin and record.origin in origins:
            working.refuse(record.line, _("The key stands there twice."), record.name)
            continue
        origins.add(record.origin)
        department = working.attempt(working.department, record.department, line=record.line, text=record.name)
        if department is not None:
            rows[id(department)] = department
            told[id(department)].append(record)
    named = [row.pk for row in rows.values() if row.pk]
    by_id = {row.pk: row for row in working.departments.rows if row.pk}
    for contact in Contact.objects.filter(Q(department__in=named) | ~Q(origin="")).select_related("deputy"):
        contact.department = by_id[contact.department_id]
        working.contacts[contact.department_id].append(contact)
    by_origin = {one.origin: one for contacts in working.contacts.values() for one in contacts if one.origin}
    pairs = []
    for key, of_department in told.items():
        here = working.contacts[rows[key].pk] if rows[key].pk else []
        found, doubtful = pair(of_department, here, by_origin)
        for place, record in enumerate(of_department):
            if place in doubtful:
                reason = _("Several contacts are called so: tell the e-mail address or the key.")
                working.refuse(record.line, reason, record.name)
            else:
                contact = found.get(place) or Contact(department=rows[key])
                pairs.append(Pair(record, rows[key], Change(contact, record.line)))
    return pairs


def _deputies(working: Working, pairs: list[Pair]) -> None:
    everybody = [one.contact for one in pairs if one.change.is_new]
    everybody += [contact for contacts in working.contacts.values() for contact in contacts]
    known: dict[_Identity, list[Contact]] = defaultdict(list)
    for contact in everybody:
        name, address = search_key(contact.name), contact.email.lower()
        for identity in (
            ("both", name, address),
            ("address", address),
            ("here", f"{id(contact.department)}", name),
            ("name", name),
        ):
            known[identity].append(contact)
    for record, department, change in ((one.record, one.department, one.change) for one in pairs):
        if record.deputy is None:
            continue
        ways = _ways_to_name(record.deputy, department)
        found = next((known[way] for way in ways if way in known), [])
        found = [one for one in found if one.is_active] or found
        if not record.deputy:
            change.note(deputy=None)
        elif len(found) == 1:
            change.note(deputy=found[0])
        else:
            reason = _("Nobody here, or more than one, is called “%(name)s”: the deputy is left as it is.")
            working.refuse(record.line, reason % {"name": record.deputy[:60]}, record.name)


def _managers(working: Working, pairs: list[Pair]) -> None:
    managed: set[int] = set()
    for one in pairs:
        change = working.of_departments[id(one.department)]
        if one.record.is_manager and id(one.department) in managed:
            reason = _("The department has its manager already: left as it is.")
            working.refuse(one.record.line, reason, one.record.name)
        elif one.record.is_manager:
            managed.add(id(one.department))
            change.note(manager=one.contact)
        elif one.record.is_manager is False and one.department.manager == one.contact:
            change.note(manager=None)


def _ways_to_name(written: str, department: Department) -> list[_Identity]:
    """Whom ``Sato <sato@example.jp>``, an address, or a name may mean, the surest first."""
    found: list[_Identity] = []
    if named := _NAME_AND_ADDRESS.fullmatch(written):
        found.append(("both", search_key(named[1]), named[2].lower()))
    name = search_key(written)
    return [*found, ("address", written.lower()), ("here", f"{id(department)}", name), ("name", name)]


def pair(
    records: Sequence[ContactRecord], contacts: Iterable[Contact], by_origin: Mapping[str, Contact]
) -> tuple[dict[int, Contact], set[int]]:
    """The contact of the same department that each record means, by the record's place in the list.

    First the entry of the same origin; then whoever alone has the same name and address, the same address, the same
    name. Whoever has another origin is another person. The second are the places of records that could mean several:
    for them nobody may be added.
    """
    found: dict[int, Contact] = {}
    for place, record in enumerate(records):
        if record.origin and (known := by_origin.get(record.origin)):
            found[place] = known
    taken = {contact.pk for contact in found.values()}
    free = {contact.pk: contact for contact in contacts if contact.pk not in taken}
    doubtful: set[int] = set()
    for way in range(3):
        rows: dict[_Identity, list[Contact]] = defaultdict(list)
        for contact in free.values():
            rows[_identities(contact.name, contact.email)[way]].append(contact)
        wanted: dict[_Identity, list[int]] = defaultdict(list)
        for place, record in enumerate(records):
            if place not in found:
                wanted[_identities(record.name, record.email)[way]].append(place)
        for identity, places in wanted.items():
            candidates = [one for one in rows.get(identity, []) if _may_be(records[places[0]], one)]
            candidates = [one for one in candidates if one.is_active] or candidates
            if not any(identity) or len(places) > 1:
                continue
            if len(candidates) == 1:
                found[places[0]] = candidates[0]
                free.pop(candidates[0].pk)
            elif candidates and not records[places[0]].origin and not (way and records[places[0]].email):
                doubtful.add(places[0])
    return found, doubtful - found.keys()


def _identities(name: str, email: str) -> tuple[_Identity, _Identity, _Identity]:
    key, address = search_key(name), email.lower()
    return (key, address), (address,), (key,)


def _may_be(record: ContactRecord, contact: Contact) -> bool:
    return not record.origin or not contact.origin or record.origin == contact.origin
