"""Who lives in the history: the desk's people and its customers, read once, as plain values."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings

from madoguchi.catalog.models import Category
from madoguchi.catalog.queries import path_of
from madoguchi.demo.departments import Matter, matters
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.models import Article
from madoguchi.people.models import Contract, Membership, Person, PhoneNumber, Role, Staff, Team
from madoguchi.tickets.actions.open_ticket import first_line

ZONE = ZoneInfo(settings.TIME_ZONE)
type Who = tuple[str, int | None, str]


@dataclass
class Member:
    """One of the staff. ``free_at`` is when their last call of the history was over."""

    id: int
    name: str
    extension: str
    team: int
    free_at: datetime | None = None

    @property
    def who(self) -> Who:
        return ("staff", self.id, self.name)


@dataclass(frozen=True)
class Agreement:
    """A contract as it is judged on a day."""

    id: int
    services: frozenset[str]
    service_class: str
    valid_from: date
    valid_to: date | None

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Customer:
    """A person who contacts the desk. ``own`` says that ``number`` is theirs alone."""

    id: int
    family: str
    given: str
    organization: int | None
    organization_name: str
    number: str
    own: bool
    email: str
    contracts: tuple[Agreement, ...]

    @property
    def name(self) -> str:
        return f"{self.family} {self.given}".strip()

    @property
    def who(self) -> Who:
        return ("person", self.id, self.name)

    def is_covered(self, service: str, day: date) -> bool:
        contract = self.contract_on(day)
        return not service or (contract is not None and contract.is_valid_on(day) and service in contract.services)

    def contract_on(self, day: date) -> Agreement | None:
        """As ``contract_of`` finds it: a valid one first, else the latest."""
        return next((each for each in self.contracts if each.is_valid_on(day)), next(iter(self.contracts), None))


@dataclass(frozen=True)
class Topic:
    """A category with what it requires before a hand-off to its destination."""

    id: int
    key: str
    service: str
    destination: int | None
    required: tuple[str, ...]
    move_limit: int


@dataclass
class World:
    """Everybody and everything a history needs."""

    team_names: dict[int, str]
    front: int
    partner: int | None
    operators: list[Member]
    partner_operators: list[Member]
    supervisors: list[Member]
    engineers: dict[int, list[Member]]
    customers: list[Customer]
    topics: dict[str, Topic]
    articles: dict[str, int]
    main_number: str
    matters: dict[int, list[Matter]]
    unknown_callers: list[str] = field(default_factory=list)

    @classmethod
    def read(cls) -> "World":
        """Raises ``Refused`` when there is no company to have a history."""
        members = _members()
        front = first_line()
        partner = Team.objects.filter(is_partner=True, line=1).order_by("id").first()
        engineers = {
            team: [member for role, member in people if role == Role.ENGINEER] for team, people in members.items()
        }
        world = cls(
            team_names=dict(Team.objects.values_list("id", "name")),
            front=front.pk,
            partner=partner.pk if partner else None,
            operators=[member for role, member in members[front.pk] if role == Role.OPERATOR],
            partner_operators=[member for role, member in members[partner.pk] if role == Role.OPERATOR]
            if partner
            else [],
            supervisors=_supervisors(),
            engineers={team: people for team, people in engineers.items() if people},
            customers=_customers(),
            topics=_topics(),
            articles=dict(Article.objects.values_list("key", "id")),
            main_number="0301000100",
            matters=matters(),
            unknown_callers=[f"+8190{number:08d}" for number in range(5_000_013, 5_000_013 + 37 * 900, 37)],
        )
        if not (world.operators and world.customers and world.topics and world.engineers):
            raise Refused("A history needs the sample company: run madoguchi init --sample first.")
        return world


def working_time(moment: datetime, minutes: float, random: Random) -> datetime:
    """``moment`` moved on by some working minutes: beyond 18 o'clock and over Sundays work goes on the next morning."""
    found = moment + timedelta(minutes=minutes)
    local = found.astimezone(ZONE)
    if local.hour >= 18 or local.hour < 8 or local.weekday() == 6:
        ahead = 1 if local.hour >= 18 else 0
        if (local + timedelta(days=ahead)).weekday() == 6:
            ahead += 1
        morning = (local + timedelta(days=ahead)).replace(hour=9, minute=0, second=0, microsecond=0)
        found += morning - local
        found += timedelta(seconds=random.randrange(0, 5400))
    return found


def _members() -> dict[int, list[tuple[str, Member]]]:
    found: dict[int, list[tuple[str, Member]]] = defaultdict(list)
    rows = Membership.objects.filter(team__isnull=False, staff__is_active=True).select_related("staff").order_by("id")
    for row in rows:
        staff: Staff = row.staff
        assert row.team_id is not None
        found[row.team_id].append((row.role, Member(staff.pk, staff.name, staff.extension, row.team_id)))
    return found


def _supervisors() -> list[Member]:
    """Whoever leads the whole desk; they belong to no team."""
    rows = Membership.objects.filter(team__isnull=True, role=Role.SUPERVISOR, staff__is_active=True)
    return [
        Member(row.staff.pk, row.staff.name, row.staff.extension, 0)
        for row in rows.select_related("staff").order_by("id")
    ]


def _customers() -> list[Customer]:
    contracts: dict[int, list[Agreement]] = defaultdict(list)
    for contract in Contract.objects.order_by("-valid_from", "-id"):
        contracts[contract.organization_id].append(
            Agreement(
                contract.pk,
                frozenset(contract.services),
                contract.service_class,
                contract.valid_from,
                contract.valid_to,
            )
        )
    main = dict(
        PhoneNumber.objects.filter(organization__isnull=False).order_by("-id").values_list("organization_id", "number")
    )
    people = Person.objects.select_related("organization").prefetch_related("phones", "emails").order_by("id")[:5_000]
    found = []
    for person in people:
        own = next(iter(sorted(phone.number for phone in person.phones.all())), "")
        number = own or main.get(person.organization_id or 0, "")
        if number:
            found.append(
                Customer(
                    person.pk,
                    person.family_name,
                    person.given_name,
                    person.organization_id,
                    person.organization.name if person.organization else "",
                    number,
                    bool(own),
                    next((email.address for email in person.emails.all()), ""),
                    tuple(contracts[person.organization_id or 0]),
                )
            )
    return found


def _topics() -> dict[str, Topic]:
    found = {}
    for category in Category.objects.select_related("parent__parent").prefetch_related("items"):
        path = path_of(category)
        destination = next((each.destination_id for each in reversed(path) if each.destination_id), None)
        items = [item for each in path for item in each.items.all() if item.is_required]
        items.sort(key=lambda item: (item.position, item.pk))
        found[category.key] = Topic(
            category.pk,
            category.key,
            category.service,
            destination,
            tuple(dict.fromkeys(item.key for item in items)),
            category.move_limit,
        )
    return found
