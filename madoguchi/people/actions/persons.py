"""Keeping people true: made once, found again by number or address."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key, split_name, to_hiragana
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.people.models import EmailAddress, Organization, Person, PhoneNumber


@dataclass(frozen=True)
class Requester:
    """What a door knows of somebody who contacts the desk; every field may be empty."""

    name: str = ""
    kana: str = ""
    email: str = ""
    phone: str = ""
    organization: str = ""


@transaction.atomic
def find_or_add_person(details: Requester, *, by: Actor) -> Person | None:
    """The one person these details name without doubt, else a new one; None when they say nothing.

    An address or number that leads to several people names none of them; the given name then decides, or makes a new
    person. Nobody is ever merged on a name alone.
    """
    address = details.email.strip().lower()
    number = phone.normalise(details.phone) if details.phone else ""
    if not (details.name.strip() or address or number):
        return None
    wanted = search_key(details.name)
    for candidates in (
        Person.objects.filter(emails__address=address) if address else None,
        Person.objects.filter(phones__number=number) if number else None,
    ):
        if candidates is None:
            continue
        found = list(candidates.distinct()[:20])
        if wanted:
            found = [person for person in found if search_key(person.name) == wanted or not person.name]
        if len(found) == 1:
            return found[0]
    return add_person(details, by=by)


@transaction.atomic
def add_person(details: Requester, *, by: Actor) -> Person:
    """A new person with the numbers and addresses that are known."""
    family, given = split_name(details.name)
    family_kana, given_kana = split_name(to_hiragana(details.kana))
    person = Person(family_name=family, given_name=given, family_kana=family_kana, given_kana=given_kana)
    if details.organization.strip():
        person.organization = _organization(details.organization.strip())
    person.refresh_search()
    person.save()
    if details.email.strip():
        EmailAddress.objects.create(person=person, address=details.email.strip().lower())
    if number := phone.normalise(details.phone):
        PhoneNumber.objects.create(person=person, number=number)
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
            person.organization = _organization(value.strip()) if value.strip() else None
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
    clean = address.strip().lower()
    if "@" not in clean or " " in clean:
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


def _organization(name: str) -> Organization:
    """The organisation of exactly this name in any writing, else a new one."""
    key = search_key(name)
    for organization in Organization.objects.filter(search__startswith=key)[:10]:
        if search_key(organization.name) == key:
            return organization
    organization = Organization(name=name)
    organization.refresh_search()
    organization.save()
    return organization
