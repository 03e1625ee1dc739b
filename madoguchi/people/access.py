"""Who may do what. Nobody may do anything that is not listed here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from typing import Any

from django.db import models

from madoguchi.foundation.prepared import Prepared, Value
from madoguchi.people.staff import Membership, Role, Staff, Team


class Capability(StrEnum):
    """Something a page or an API call asks for."""

    READ_TICKETS = "read_tickets"
    WORK_TICKETS = "work_tickets"  # open, answer, resolve, hand over
    TAKE_CALLS = "take_calls"  # the workbench
    WATCH_BOARD = "watch_board"
    READ_REPORTS = "read_reports"
    HEAR_RECORDINGS = "hear_recordings"  # of every call they may see; who takes calls hears their own
    DECIDE_ROUTING = "decide_routing"
    READ_PEOPLE = "read_people"
    EDIT_PEOPLE = "edit_people"
    READ_KNOWLEDGE = "read_knowledge"
    EDIT_KNOWLEDGE = "edit_knowledge"
    POST_NOTICES = "post_notices"
    WRITE_SCRIPTS = "write_scripts"  # what the first line says and asks, step by step
    WRITE_RULES = "write_rules"
    EDIT_DIRECTORY = "edit_directory"  # departments, topics, contacts, chains
    ADMINISTER = "administer"


C = Capability
_WORKER = frozenset({C.READ_TICKETS, C.WORK_TICKETS, C.TAKE_CALLS, C.READ_PEOPLE, C.EDIT_PEOPLE, C.READ_KNOWLEDGE})
GRANTS: dict[str, frozenset[Capability]] = {
    Role.OPERATOR: _WORKER,
    Role.ENGINEER: _WORKER,
    Role.SUPERVISOR: _WORKER
    | {
        C.WATCH_BOARD,
        C.READ_REPORTS,
        C.HEAR_RECORDINGS,
        C.DECIDE_ROUTING,
        C.POST_NOTICES,
        C.WRITE_SCRIPTS,
        C.WRITE_RULES,
        C.EDIT_DIRECTORY,
    },
    Role.KNOWLEDGE_KEEPER: frozenset(
        {
            C.READ_TICKETS,
            C.READ_REPORTS,
            C.READ_PEOPLE,
            C.READ_KNOWLEDGE,
            C.EDIT_KNOWLEDGE,
            C.WRITE_SCRIPTS,
            C.EDIT_DIRECTORY,
        }
    ),
    Role.VIEWER: frozenset({C.READ_TICKETS, C.READ_PEOPLE, C.READ_KNOWLEDGE, C.WATCH_BOARD, C.READ_REPORTS}),
    Role.ADMINISTRATOR: frozenset(C),
}
# What a partner's staff may never do, whatever role they hold in their team: these show the whole desk.
_NOT_FOR_PARTNERS = frozenset(
    {
        C.WATCH_BOARD,
        C.READ_REPORTS,
        C.DECIDE_ROUTING,
        C.POST_NOTICES,
        C.WRITE_RULES,
        C.EDIT_DIRECTORY,
        C.ADMINISTER,
        C.EDIT_KNOWLEDGE,
        C.WRITE_SCRIPTS,
    }
)
WORKING_ROLES = frozenset({Role.OPERATOR, Role.ENGINEER, Role.SUPERVISOR})


@dataclass(frozen=True)
class Access:
    """One member of staff's rights, read once per request."""

    staff: Staff
    memberships: tuple[tuple[str, Team | None], ...]

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, _ in self.memberships)

    @cached_property
    def is_partner(self) -> bool:
        """Every role is within a partner's team: sees that team's share and nothing else."""
        return bool(self.memberships) and all(team is not None and team.is_partner for _, team in self.memberships)

    @cached_property
    def teams(self) -> tuple[Team, ...]:
        """The teams this person belongs to, in the order of their names' ids."""
        return tuple(sorted({team for _, team in self.memberships if team is not None}, key=lambda team: team.pk))

    @cached_property
    def team_ids(self) -> frozenset[int]:
        return frozenset(team.pk for team in self.teams)

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        granted = frozenset[Capability]().union(*(GRANTS[role] for role in self.roles))
        return granted - _NOT_FOR_PARTNERS if self.is_partner else granted

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def acts_for(self, team: Team) -> bool:
        """Whether this person may accept, return or answer in the team's name."""
        if Role.ADMINISTRATOR in self.roles:
            return True
        return any(role in WORKING_ROLES and (own is None or own.pk == team.pk) for role, own in self.memberships)


class PreparedVisible[Row]:
    """A ``Prepared`` question for rows that somebody may see: ``lambda access, id: Ticket.objects.visible_to(access)…``

    For the desk's own staff ``visible_to`` depends on their capabilities alone, so it is kept for each set of those. A
    partner's teams and staff stand in the question itself: it is made anew each time.
    """

    def __init__(self, ask: Callable[..., models.QuerySet[Any, Row]], *, values: int | None = None) -> None:
        self._ask = ask
        self._values = values
        self._prepared: dict[frozenset[Capability], Prepared[Row]] = {}

    def all(self, access: Access, *values: Value) -> list[Row]:
        """The rows for these values that they may see."""
        if access.is_partner:
            return list(self._ask(access, *values))
        prepared = self._prepared.get(access.capabilities)
        if prepared is None:
            prepared = Prepared(partial(self._ask, access), values=self._values)
            self._prepared[access.capabilities] = prepared
        return prepared.all(*values)

    def first(self, access: Access, *values: Value) -> Row | None:
        """The first of them; the question itself says ``[:1]`` where there may be many."""
        rows = self.all(access, *values)
        return rows[0] if rows else None


_memberships = Prepared(lambda staff: Membership.objects.filter(staff=staff).select_related("team"))


def access_of(staff: Staff) -> Access:
    """The rights of ``staff``; one query, kept on the object for the rest of the request."""
    access: Access | None = staff.__dict__.get("access")
    if access is None:
        access = Access(staff, tuple((row.role, row.team) for row in _memberships.all(staff.pk)))
        staff.__dict__["access"] = access
    return access


def read_access(people: Collection[Staff]) -> None:
    """Read the rights of several people with one query, as ``access_of`` keeps them."""
    found: dict[int, list[tuple[str, Team | None]]] = {person.pk: [] for person in people}
    for row in Membership.objects.filter(staff__in=list(found)).select_related("team").order_by("pk"):
        found[row.staff_id].append((row.role, row.team))
    for person in people:
        person.__dict__["access"] = Access(person, tuple(found[person.pk]))
