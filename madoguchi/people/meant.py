"""Whom somebody means who writes a name, an address or a number in free text."""

import re

import jaconv
from django.db.models import Q, QuerySet

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key
from madoguchi.people.models import Organization, Person, Staff
from madoguchi.people.queries import CANDIDATES, find_people

_ADDRESS = re.compile(r"[^\s<>@,;:\"']+@[A-Za-z0-9.-]+")
_LONGEST_NAME = 100


def meant_by(text: str) -> tuple[Person | None, Organization | None]:
    """The one person that a free text names by address, number or name, and their organisation; or only one of those.

    Nobody where several can be meant.
    """
    addresses = [match.lower() for match in _ADDRESS.findall(text)[:5]]
    numbers = [number for number, _place in phone.found_in(text)[:5]]
    people = Person.objects.select_related("organization").distinct()
    for fits in (Q(emails__address__in=addresses), Q(phones__number__in=numbers)):
        found = list(people.filter(fits)[:2]) if addresses or numbers else []
        if len(found) == 1:
            return found[0], found[0].organization
    units = list(Organization.objects.filter(phones__number__in=numbers).distinct()[:2]) if numbers else []
    name = _ADDRESS.sub("", text).strip(" <>\"'　").removesuffix("様").removesuffix("さん").strip()
    key = search_key(name)
    if not key or len(name) > _LONGEST_NAME:
        return None, units[0] if len(units) == 1 else None
    named = [person for person in find_people(name, limit=CANDIDATES) if _is_called(person, key)]
    if len(named) == 1:
        return named[0], named[0].organization
    called = list(Organization.objects.filter(search__contains=key)[:2])
    units = called or units
    return None, units[0] if len(units) == 1 else None


def _is_called(person: Person, key: str) -> bool:
    """Whether the text is the name, in kanji or kana, alone or with the organisation before or behind it."""
    unit = person.organization.name if person.organization else ""
    return any(
        key in {search_key(name), search_key(unit, name), search_key(name, unit)}
        for name in (person.name, person.kana, person.family_name)
        if name
    )


def find_colleagues(text: str, *, among: QuerySet[Staff], limit: int = 8) -> list[Staff]:
    """Staff whose name, reading (kana, or romaji from its beginning), address or extension fits what was typed."""
    key, latin = search_key(text), text.strip().lower()
    if not key:
        return []
    found = []
    for person in among:
        words = (search_key(person.name), search_key(person.kana))
        romaji = jaconv.kana2alphabet(search_key(person.kana))
        if any(key in word for word in words) or romaji.startswith(latin) or person.email.startswith(latin):
            found.append(person)
        elif person.extension and person.extension == latin:
            found.insert(0, person)
    return found[:limit]


def staff_meant_by(text: str, *, among: QuerySet[Staff] | None = None) -> Staff | None:
    """The one member of staff that a free text names, by address or name; None where several can be meant."""
    staff = Staff.objects.filter(is_active=True) if among is None else among
    if addresses := [match.lower() for match in _ADDRESS.findall(text)[:5]]:
        found = list(staff.filter(email__in=addresses)[:2])
    else:
        found = find_colleagues(text.strip().removesuffix("さん"), among=staff, limit=2) if text.strip() else []
    return found[0] if len(found) == 1 else None
