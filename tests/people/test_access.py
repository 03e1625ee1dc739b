import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from madoguchi.people.access import GRANTS, Access, Capability, PreparedVisible, access_of
from madoguchi.people.models import Membership, Role, Team
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

C = Capability
_ticket = PreparedVisible(lambda access, pk: Ticket.objects.visible_to(access).filter(pk=pk))
WORK = {C.READ_TICKETS, C.WORK_TICKETS, C.TAKE_CALLS, C.READ_PEOPLE, C.EDIT_PEOPLE, C.READ_KNOWLEDGE}
LEAD = {
    C.WATCH_BOARD,
    C.READ_REPORTS,
    C.DECIDE_ROUTING,
    C.POST_NOTICES,
    C.WRITE_SCRIPTS,
    C.WRITE_RULES,
    C.EDIT_DIRECTORY,
    C.HEAR_RECORDINGS,
}

MAY: dict[str, set[Capability]] = {
    "sato": WORK,
    "takahashi": WORK,
    "hayashi": WORK | LEAD,
    "kimura": {
        C.READ_TICKETS,
        C.READ_REPORTS,
        C.READ_PEOPLE,
        C.READ_KNOWLEDGE,
        C.EDIT_KNOWLEDGE,
        C.WRITE_SCRIPTS,
        C.EDIT_DIRECTORY,
    },
    "watanabe": {C.READ_TICKETS, C.READ_PEOPLE, C.READ_KNOWLEDGE, C.WATCH_BOARD, C.READ_REPORTS},
    "admin": set(C),
    "ogawa": WORK,
    # Leads a partner's team: hears its calls, but what shows the whole desk is not for partners.
    "mori": WORK | {C.HEAR_RECORDINGS},
    "outsider": set(),
}


@pytest.mark.parametrize("who", MAY)
def test_each_role_may_do_exactly_what_it_is_for(cast: Cast, who: str) -> None:
    access = access_of(getattr(cast, who))
    assert {capability for capability in C if access.can(capability)} == MAY[who]


def test_every_role_has_grants_and_every_capability_is_granted_to_someone() -> None:
    assert set(GRANTS) == set(Role)
    assert set().union(*GRANTS.values()) == set(C)


TEAMS = ("call_centre", "service_desk", "network", "field_service", "partner")
ACTS_FOR: dict[str, set[str]] = {
    "sato": {"call_centre"},
    "takahashi": {"service_desk"},
    "hayashi": set(TEAMS),
    "kimura": set(),
    "watanabe": set(),
    "admin": set(TEAMS),
    "ogawa": {"partner"},
    "mori": {"partner"},
    "outsider": set(),
}


@pytest.mark.parametrize("who", ACTS_FOR)
def test_who_may_act_in_which_teams_name(cast: Cast, who: str) -> None:
    access = access_of(getattr(cast, who))
    assert {team for team in TEAMS if access.acts_for(getattr(cast, team))} == ACTS_FOR[who]


@pytest.mark.parametrize("role", [Role.KNOWLEDGE_KEEPER, Role.VIEWER])
def test_belonging_to_a_team_without_working_in_it_is_not_acting_for_it(cast: Cast, role: Role) -> None:
    Membership.objects.create(staff=cast.outsider, team=cast.network, role=role)
    assert not access_of(cast.outsider).acts_for(cast.network)


@pytest.mark.parametrize("who", ["ogawa", "mori"])
def test_staff_of_partners_are_partners(cast: Cast, who: str) -> None:
    assert access_of(getattr(cast, who)).is_partner


@pytest.mark.parametrize("who", ["sato", "hayashi", "watanabe", "admin", "outsider"])
def test_own_staff_are_no_partners(cast: Cast, who: str) -> None:
    assert not access_of(getattr(cast, who)).is_partner


def test_a_partner_stays_one_with_a_second_partner_team(cast: Cast) -> None:
    second = Team.objects.create(key="second", name="第二", is_partner=True)
    Membership.objects.create(staff=cast.ogawa, team=second, role=Role.SUPERVISOR)
    access = access_of(cast.ogawa)
    assert access.is_partner
    assert not access.can(C.DECIDE_ROUTING)
    assert access.team_ids == {cast.partner.pk, second.pk}


def test_who_also_works_in_an_own_team_sees_the_desk(cast: Cast) -> None:
    Membership.objects.create(staff=cast.mori, team=cast.call_centre, role=Role.OPERATOR)
    assert not access_of(cast.mori).is_partner


def test_several_roles_add_up(cast: Cast) -> None:
    Membership.objects.create(staff=cast.sato, team=cast.network, role=Role.ENGINEER)
    Membership.objects.create(staff=cast.sato, team=None, role=Role.KNOWLEDGE_KEEPER)
    access = access_of(cast.sato)
    assert access.roles == {Role.OPERATOR, Role.ENGINEER, Role.KNOWLEDGE_KEEPER}
    assert access.can(C.EDIT_KNOWLEDGE)
    assert access.acts_for(cast.network)
    assert access.teams == (cast.call_centre, cast.network)
    assert not access.acts_for(cast.service_desk)


def test_rights_are_read_once_per_request(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as queries:
        first = access_of(cast.sato)
        assert access_of(cast.sato) is first
        assert first.acts_for(cast.call_centre)
        assert first.teams == (cast.call_centre,)
    assert len(queries) == 1


@pytest.mark.parametrize("who", MAY)
def test_a_prepared_question_finds_exactly_what_each_of_them_may_see(cast: Cast, who: str) -> None:
    access = access_of(getattr(cast, who))
    ours = open_ticket(subject="a", body="a", channel="web", by=cast.sato)
    theirs = open_ticket(subject="b", body="b", channel="web", by=cast.sato, front_team=cast.partner)
    visible = set(Ticket.objects.visible_to(access))
    for _again in range(2):
        assert {ticket for ticket in (ours, theirs) if _ticket.first(access, ticket.pk)} == visible
    assert _ticket.first(access, theirs.pk + 1) is None


def test_nobody_is_given_nothing(cast: Cast) -> None:
    access = Access(cast.outsider, ())
    assert (access.capabilities, access.teams, access.roles) == (frozenset(), (), frozenset())
