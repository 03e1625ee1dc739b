"""Finding people: by number in any writing, by address, by name in any kana."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key
from madoguchi.people.models import Contract, Organization, Person

CANDIDATES = 20


@dataclass(frozen=True)
class Caller:
    """Who may be calling from a number: people, and organisations whose main number it is."""

    number: str
    people: list[Person]
    organizations: list[Organization]


def callers(number: str) -> Caller:
    """Candidates for ``number``: people with it as their own, then people of the organisations that share it.

    Several candidates are a choice for the operator, never a guess; a withheld number has none.
    """
    normalised = phone.normalise(number)
    if not normalised:
        return Caller("", [], [])
    organizations = list(Organization.objects.filter(phones__number=normalised).distinct()[:CANDIDATES])
    people = list(
        Person.objects.filter(phones__number=normalised).select_related("organization").distinct()[:CANDIDATES]
    )
    known = {person.pk for person in people}
    colleagues = (
        Person.objects.filter(organization__in=organizations).exclude(pk__in=known).select_related("organization")
    )
    people += colleagues[: CANDIDATES - len(people)] if organizations else []
    return Caller(normalised, people, organizations)


def find_people(text: str, *, limit: int = 20) -> QuerySet[Person]:
    """People whose name, reading, organisation, number or address fits what was typed."""
    people = Person.objects.select_related("organization").prefetch_related("phones", "emails")
    words = text.split()
    if not words:
        return people.none()
    for word in words:
        key = search_key(word).removesuffix("様")
        fits = Q(search__contains=key) | Q(organization__search__contains=key)
        if "@" in word:
            fits |= Q(emails__address__istartswith=word)
        if number := phone.normalise(word):
            fits |= Q(phones__number=number) | Q(organization__phones__number=number)
        people = people.filter(fits)
    return people.distinct()[:limit]


def contract_of(organization: Organization | None) -> Contract | None:
    """The organisation's contract that counts today: a valid one first, else the latest; divisions inherit."""
    unit, depth = organization, 0
    while unit is not None and depth < 5:
        contracts = list(
            unit.contracts.select_related("engineer", "engineer_team", "salesperson").order_by("-valid_from", "-id")
        )
        if contracts:
            return next((contract for contract in contracts if contract.is_valid_on()), contracts[0])
        unit, depth = unit.parent, depth + 1
    return None
