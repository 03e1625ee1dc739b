"""Finding people: by number in any writing, by address, by name in any kana; and who leads a team."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from madoguchi.calendars.queries import working_time
from madoguchi.calendars.working_time import WorkingTime
from madoguchi.foundation import phone
from madoguchi.foundation.japanese import search_key
from madoguchi.foundation.prepared import Prepared
from madoguchi.people.access import WORKING_ROLES, Access
from madoguchi.people.models import (
    Contact,
    ContactAbsence,
    Contract,
    Department,
    EmailAddress,
    Membership,
    Organization,
    Person,
    PhoneNumber,
    Role,
    Staff,
    Team,
    Topic,
)
from madoguchi.people.standing_in import away_at

CANDIDATES = 20
_MOST_NAMED = 1_000
_MOST_UNITS = 100


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
    # The longest word fits the fewest; the others and the right to see them are asked of those alone.
    first, *others = sorted(words, key=len, reverse=True)
    people = people.filter(pk__in=_named(first))
    for word in others:
        key = _key(word)
        people = people.filter(Q(search__contains=key) | Q(organization__search__contains=key) | _reached_at(word))
    return people[:limit]


def _key(word: str) -> str:
    return search_key(word).removesuffix("様")


def _named(word: str) -> list[int]:
    """Ids of those whom one word fits, at most so many of each kind; each kind by an index of its own."""
    reached = _reached_at(word)
    if reached and ("@" in word or phone.normalise(word).startswith("+")):
        # No name and no company holds a whole number or an address.
        found = [Person.objects.filter(reached)]
    else:
        key = _key(word)
        units = Organization.objects.filter(search__contains=key).order_by().values_list("pk", flat=True)[:_MOST_UNITS]
        found = [Person.objects.filter(search__contains=key), Person.objects.filter(organization__in=list(units))]
        if reached:
            found.insert(0, Person.objects.filter(reached))
    return [pk for people in found for pk in people.order_by().values_list("pk", flat=True)[:_MOST_NAMED]]


def _reached_at(word: str) -> Q:
    """Those with this number, their own or their organisation's, or with an address that begins so."""
    fits = Q()
    if "@" in word:
        fits |= Q(pk__in=EmailAddress.objects.filter(address__istartswith=word).values("person"))
    if number := phone.normalise(word):
        numbers = PhoneNumber.objects.filter(number=number)
        fits |= Q(pk__in=numbers.filter(person__isnull=False).values("person"))
        fits |= Q(organization__in=numbers.filter(organization__isnull=False).values("organization"))
    return fits


def colleagues(access: Access) -> QuerySet[Staff]:
    """The active members of staff whom this person may name: for a partner's staff those of the own teams."""
    staff = Staff.objects.filter(is_active=True)
    if access.is_partner:
        staff = staff.filter(pk__in=Membership.objects.filter(team__in=access.team_ids).values("staff"))
    return staff


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


def chain_of(department: Department, topic: Topic | None = None) -> list[Contact]:
    """Whom one asks, in this order: the topic's own chain where it has one, else the department's; only active ones."""
    if topic is not None:
        links = topic.links.filter(contact__is_active=True).order_by("position", "id")
        if chain := [link.contact for link in links.select_related("contact__department", "contact__calendar")]:
            return chain
    chain_rows = Contact.objects.filter(department=department, is_active=True, position__isnull=False)
    return list(chain_rows.select_related("department", "calendar").order_by("position", "id"))


def contact_absence(contact: Contact, at: datetime) -> ContactAbsence | None:
    """The absence of a contact that holds at ``at``: the one that lasts longest."""
    rows = ContactAbsence.objects.filter(contact=contact, starts_at__lte=at).select_related("deputy")
    holding = list(rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at)))
    endless = [row for row in holding if row.ends_at is None]
    return endless[0] if endless else max(holding, key=lambda row: row.ends_at or at, default=None)


_first_lines = Prepared(lambda: Team.objects.filter(line=1, is_active=True).order_by("is_partner", "id")[:1])


def first_line_team() -> Team | None:
    """The team that answers first: the first active one of line 1, our own before a partner's."""
    return _first_lines.first()


def workers_of(team: Team) -> QuerySet[Staff]:
    """Who can be named for work of the team: those who belong to it in a working role."""
    return Staff.objects.filter(memberships__team=team, memberships__role__in=WORKING_ROLES, is_active=True).distinct()


def service_classes() -> list[str]:
    """The classes that contracts have, in the order of their names."""
    named = Contract.objects.exclude(service_class="").order_by("service_class")
    return list(named.values_list("service_class", flat=True).distinct())


def supervisors_of(team: int | None, at: datetime) -> list[Staff]:
    """Who leads a team at ``at``: its own supervisors, else those of the whole desk; not who is away.

    With everybody who leads away, they are told all the same, the desk's before the team's. Two queries.
    """
    leading = Membership.objects.filter(role=Role.SUPERVISOR, staff__is_active=True).select_related("staff")
    rows = list(leading.filter(Q(team=team) | Q(team__isnull=True)).order_by("staff_id"))
    own = [row.staff for row in rows if row.team_id is not None]
    desk = [row.staff for row in rows if row.team_id is None]
    away = set(away_at(at).filter(staff__in=[*own, *desk]).values_list("staff", flat=True))
    there = ([person for person in people if person.pk not in away] for people in (own, desk))
    return next((people for people in (*there, desk, own) if people), [])


def leaders_of(staff: Staff, at: datetime) -> list[Staff]:
    """Who leads somebody at ``at``, by any of their teams, each once.

    Nobody leads themselves: who leads their teams alone is led by the desk's supervisors, at last by administrators.
    """
    teams = Membership.objects.filter(staff=staff).order_by("id").values_list("team", flat=True)
    own = {leader.pk: leader for team in teams for leader in supervisors_of(team, at)}
    for leaders in (own.values(), supervisors_of(None, at), administrators()):
        if others := [leader for leader in leaders if leader.pk != staff.pk]:
            return others
    return []


def administrators() -> list[Staff]:
    """Who looks after the desk itself."""
    rows = Membership.objects.filter(role=Role.ADMINISTRATOR, staff__is_active=True).select_related("staff")
    return [row.staff for row in rows.order_by("staff_id")]


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
