"""Finding people: by number in any writing, by address, by name in any kana."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import WorkingTime
from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.prepared import Prepared
from madoguchi.people.models import Contact, Contract, Department, Organization, Person, Staff, Team

CANDIDATES = 20


@dataclass(frozen=True)
class Caller:
    """Who may be calling from a number: people, and organisations whose main number it is."""

    number: str
    people: list[Person]
    organizations: list[Organization]


def callers(
    number: str, *, among: QuerySet[Person] | None = None, organizations_among: QuerySet[Organization] | None = None
) -> Caller:
    """Candidates for ``number``: people with it as their own, then people of the organisations that share it.

    Several candidates are a choice for the operator, never a guess; a withheld number has none. ``among`` and
    ``organizations_among`` say whom the asker may see; without them all.
    """
    normalised = phone.normalise(number)
    if not normalised:
        return Caller("", [], [])
    units = Organization.objects.all() if organizations_among is None else organizations_among
    everybody = (Person.objects.all() if among is None else among).select_related("organization")
    organizations = list(units.filter(phones__number=normalised).distinct()[:CANDIDATES])
    people = list(everybody.filter(phones__number=normalised).distinct()[:CANDIDATES])
    known = {person.pk for person in people}
    colleagues = everybody.filter(organization__in=organizations).exclude(pk__in=known)
    people += colleagues[: CANDIDATES - len(people)] if organizations else []
    return Caller(normalised, people, organizations)


def find_people(text: str, *, limit: int = 20, among: QuerySet[Person] | None = None) -> QuerySet[Person]:
    """People whose name, reading, organisation, number or address fits what was typed; ``among`` those one may see."""
    people = Person.objects.all() if among is None else among
    people = people.select_related("organization").prefetch_related("phones", "emails")
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


_contracts = Prepared(
    lambda organization: (
        Contract.objects.filter(organization=organization)
        .select_related("engineer", "engineer_team", "salesperson")
        .order_by("-valid_from", "-id")
    )
)


def contract_of(organization: Organization | None) -> Contract | None:
    """The organisation's contract that counts today: a valid one first, else the latest; divisions inherit."""
    unit, depth = organization, 0
    while unit is not None and depth < 5:
        contracts = _contracts.all(unit.pk)
        if contracts:
            return next((contract for contract in contracts if contract.is_valid_on()), contracts[0])
        unit, depth = unit.parent, depth + 1
    return None


def calendar_of(holder: Team | Department | Contact | Staff) -> int | None:
    """The id of the calendar that counts: the own, else a contact's department's, or that of somebody's first team.

    None: the desk's default.
    """
    if holder.calendar_id is not None:
        return holder.calendar_id
    if isinstance(holder, Contact):
        return holder.department.calendar_id
    if isinstance(holder, Staff):
        teams = Team.objects.filter(memberships__staff=holder, calendar__isnull=False)
        return teams.order_by("line", "position", "id").values_list("calendar_id", flat=True).first()
    return None


def working_time_of(holder: Team | Department | Contact | Staff) -> WorkingTime:
    """When the holder works. Ask once for a piece of work."""
    return working_time(calendar_of(holder))
