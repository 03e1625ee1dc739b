"""Keeping people true: made once, found again by number or address."""

import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key, split_name, to_hiragana
from madoguchi.foundation.prepared import Prepared, insert
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import EmailAddress, Organization, Person, PhoneNumber

_LONGEST_NAME = 100
_MOST_CANDIDATES = 50
_NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x1f\x7f<>(),;:\"\\]")


@dataclass(frozen=True)
class Requester:
    """What a door knows of somebody who contacts the desk; every field may be empty."""

    name: str = ""
    kana: str = ""
    email: str = ""
    phone: str = ""
    organization: str = ""


def _people(people: QuerySet[Person]) -> QuerySet[Person]:
    return people.select_related("organization").order_by("id").distinct()[:_MOST_CANDIDATES]


_by_address = Prepared(lambda address: _people(Person.objects.filter(emails__address=address)))
_by_number = Prepared(lambda number: _people(Person.objects.filter(phones__number=number)))


@transaction.atomic
def find_or_add_person(details: Requester, *, by: Actor) -> Person | None:
    """The one person these details name without doubt, else a new one; None when they say nothing.

    An address or number that leads to several people names none of them; the given name then decides, or makes a new
    person, who is found again the next time. Nobody is ever merged on a name alone. What is no address counts as none.
    """
    address = _address(details.email)
    number = phone.normalise(details.phone) if details.phone else ""
    if not (details.name.strip() or address or number):
        return None
    wanted = search_key(*_names(details.name))
    for question, given in ((_by_address, address), (_by_number, number)):
        if not given:
            continue
        found = question.all(given)
        if len(found) == 1 and not (wanted and found[0].name and search_key(found[0].name) != wanted):
            return found[0]
        # Two mails of a newcomer at the same moment make two rows; from then on the older one is meant.
        same = [person for person in found if search_key(person.name) == wanted]
        nameless = [person for person in found if not person.name]
        if same or nameless:
            return (same or nameless)[0]
    return add_person(details, by=by)


@transaction.atomic
def add_person(details: Requester, *, by: Actor) -> Person:
    """A new person with the numbers and addresses that are known; names longer than a column holds are cut."""
    family, given = _names(details.name)
    family_kana, given_kana = _names(to_hiragana(details.kana))
    person = Person(family_name=family, given_name=given, family_kana=family_kana, given_kana=given_kana)
    if details.organization.strip():
        person.organization = organization_called(details.organization.strip())
    person.refresh_search()
    insert(person)
    if address := _address(details.email):
        insert(EmailAddress(person=person, address=address))
    if number := phone.normalise(details.phone):
        insert(PhoneNumber(person=person, number=number))
    record("person.added", by=by, about=[person, person.organization], data={"name": person.name})
    return person


@transaction.atomic
def change_person(person: Person, *, by: Actor, **changes: object) -> Person:
    """Correct the named fields; readings are stored in hiragana.

    Fields: ``family_name given_name family_kana given_kana title organization language note``; an organisation may be
    given by its name, a new name makes a new one.
    """
    allowed = {"family_name", "given_name", "family_kana", "given_kana", "title", "organization", "language", "note"}
    for name, value in changes.items():
        if name not in allowed:
            raise ValueError(f"a person has no field {name} to change")
        if name == "organization" and isinstance(value, str):
            person.organization = organization_called(value.strip()) if value.strip() else None
        else:
            setattr(person, name, to_hiragana(str(value)) if name.endswith("kana") else value)
    person.refresh_search()
    person.save(update_fields=[*changes, "search"])
    record("person.changed", by=by, about=[person], data={"fields": sorted(changes)})
    return person


@transaction.atomic
def add_phone(person: Person, *, number: str, label: str = "", by: Actor) -> PhoneNumber:
    """Another number of this person; the same number again changes nothing."""
    normalised = phone.normalise(number)
    if not normalised:
        raise Refused(_("“%(number)s” is not a telephone number.") % {"number": number}, code="number")
    row, created = PhoneNumber.objects.get_or_create(person=person, number=normalised, defaults={"label": label})
    if created:
        record("person.phone_added", by=by, about=[person], data={"number": normalised})
    return row


@transaction.atomic
def add_email(person: Person, *, address: str, by: Actor) -> EmailAddress:
    """Another address of this person; the same address again changes nothing."""
    clean = _address(address)
    if not clean:
        raise Refused(_("“%(address)s” is not a mail address.") % {"address": address}, code="address")
    row, created = EmailAddress.objects.get_or_create(person=person, address=clean)
    if created:
        record("person.email_added", by=by, about=[person], data={"address": clean})
    return row


@transaction.atomic
def remove_phone(number: PhoneNumber, *, by: Actor) -> None:
    """The number no longer leads to its person; calls of the past keep what they were."""
    person = number.person
    number.delete()
    record("person.phone_removed", by=by, about=[person], data={"number": number.number})


@transaction.atomic
def remove_email(address: EmailAddress, *, by: Actor) -> None:
    """The address no longer leads to its person."""
    person = address.person
    address.delete()
    record("person.email_removed", by=by, about=[person], data={"address": address.address})


def _names(written: str) -> tuple[str, str]:
    family, given = split_name(written)
    return family[:_LONGEST_NAME], given[:_LONGEST_NAME]


def _address(written: str) -> str:
    """The address as it is kept, in lower case; empty when no mail could ever reach it."""
    clean = written.strip().lower()
    local, _at, domain = clean.rpartition("@")
    return clean if local and domain and not _NOT_IN_ADDRESSES.search(clean) and len(clean) <= 254 else ""


def organization_called(name: str) -> Organization:
    """The organisation of exactly this name in any writing, else a new one."""
    key = search_key(name)
    for organization in Organization.objects.filter(search__startswith=key)[:10]:
        if search_key(organization.name) == key:
            return organization
    organization = Organization(name=name[:200])
    organization.refresh_search()
    organization.save()
    return organization
