"""What is asked all day is found by an index, however much is closed: SQLite says how it would look (EXPLAIN).

SQLite plans without statistics, so the plan of an empty desk is that of a desk of a million tickets.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from madoguchi.foundation.literal import Words
from madoguchi.handoffs.queries import offers_from, offers_to, returned_to
from madoguchi.insight.gaps.effect import effect
from madoguchi.insight.gaps.models import Gap
from madoguchi.insight.reports.registry import table
from madoguchi.interactions.models import Interaction
from madoguchi.knowledge.actions import Content, create
from madoguchi.knowledge.feedback import leanings
from madoguchi.knowledge.models import ArticleText, Showing
from madoguchi.people.access import access_of
from madoguchi.scripts.figures import figures, walks_of
from madoguchi.telephony.queries import calls_between, ringing_at, talking_with
from madoguchi.tickets.models import Priority, Status
from madoguchi.tickets.queries import ORDERS, TicketFilter, owed_calls, page
from madoguchi.tickets.requesters import people_visible_to
from madoguchi.web.board.figures import call_day, team_days
from madoguchi.web.workbench.due import due_of
from madoguchi.worker.schedule import QUEUES, SCHEDULE
from tests.cast import Cast
from tests.scripts.writing import in_force

pytestmark = pytest.mark.django_db

GROWING = re.compile(
    r"SCAN (tickets_\w+|interactions_interaction|telephony_call\w*|handoffs_handoff|journal_\w+|mail_\w+mail"
    r"|knowledge_articletext|scripts_walk|scripts_stay|people_person|people_phonenumber)$"
)


@pytest.fixture(autouse=True)
def _sqlite_only(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--engine") != "sqlite":
        pytest.skip("PostgreSQL plans by statistics, which a test has none of")


class Plans(list[str]):
    """The steps of every SELECT and UPDATE of a block, in order."""

    def uses(self, index: str) -> bool:
        return any(f"USING INDEX {index}" in step or f"USING COVERING INDEX {index}" in step for step in self)

    @property
    def scans(self) -> list[str]:
        """Whole tables that grow with the desk, read from end to end."""
        return [step for step in self if GROWING.search(step)]


@contextmanager
def plans() -> Iterator[Plans]:
    steps = Plans()

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "UPDATE")):
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)  # past the wrapper
                steps.extend(row[3] for row in cursor.cursor.fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield steps


LISTS: list[tuple[TicketFilter, str, str]] = [
    (TicketFilter(status=("active",)), "updated", "tickets_active_by_update"),
    (TicketFilter(status=("active",)), "age", "tickets_active_by_age"),
    (TicketFilter(status=("active",)), "newest", "tickets_active_by_age"),
    (TicketFilter(status=(Status.RESOLVED,)), "updated", "tickets_resolved"),
    (TicketFilter(status=("active",), team=1), "updated", "tickets_active_by_update"),
    *(
        (TicketFilter(status=("active",), assignee=1), order, "tickets_active_by_assignee")
        for order in ("updated", "age", "newest", "due", "call_back")
    ),
    (TicketFilter(status=("active",), assignee=1, team=1, category=(1, 2)), "due", "tickets_active_by_assignee"),
    (TicketFilter(status=("active",), unassigned=True, team=1), "due", "tickets_by_due"),
    (TicketFilter(status=("active",), requester=1), "due", "tickets_active_by_requester"),
    (TicketFilter(status=("active",), unassigned=True), "updated", "tickets_active_by_update"),
    (TicketFilter(status=("active",), priority=(Priority.URGENT,)), "updated", "tickets_active_by_update"),
    (TicketFilter(status=("active",), category=(1, 2)), "updated", "tickets_active_by_update"),
    (TicketFilter(status=(Status.WAITING,)), "updated", "tickets_active_by_update"),
    (TicketFilter(status=(Status.NEW,), channel="web"), "updated", "tickets_active_by_update"),
    (TicketFilter(), "updated", "tickets_by_update"),
    (TicketFilter(), "newest", "tickets_by_age"),
    (TicketFilter(status=(Status.CLOSED,), team=1), "updated", "tickets_by_holder"),
    (TicketFilter(front_team=1), "updated", "tickets_by_front"),
    (TicketFilter(assignee=1), "updated", "tickets_by_assignee"),
    (TicketFilter(category=(1,)), "updated", "tickets_by_category"),
    (TicketFilter(channel="bypass"), "updated", "tickets_by_channel"),
    (TicketFilter(priority=(Priority.URGENT,)), "updated", "tickets_by_priority"),
    (TicketFilter(requester=1), "updated", "tickets_by_requester"),
    (TicketFilter(organization=1, team=1), "age", "tickets_by_customer"),
    (TicketFilter(frozen=True), "updated", "tickets_frozen"),
    (TicketFilter(owed_call=True), "updated", "tickets_by_call_back"),
    (TicketFilter(), "call_back", "tickets_by_call_back"),
]


@pytest.mark.parametrize(("wanted", "order", "index"), LISTS)
def test_each_list_of_tickets_is_read_along_its_index(cast: Cast, wanted: TicketFilter, order: str, index: str) -> None:
    for cursor in ("", "2026-11-01T00:00:00+00:00_5"):
        with plans() as steps:
            page(wanted, access=access_of(cast.hayashi), order=order, cursor=cursor)
        assert steps.uses(index), steps
        assert steps.scans == []


ASKED: dict[str, Any] = {
    "status": ("active",),
    "team": 1,
    "front_team": 1,
    "assignee": 1,
    "unassigned": True,
    "category": (1, 2),
    "requester": 1,
    "organization": 1,
    "priority": (Priority.URGENT,),
    "channel": "web",
    "frozen": True,
    "owed_call": True,
    "due_before": timezone.now(),
    "updated_since": timezone.now(),
}


def test_no_two_filters_in_any_order_read_every_ticket(cast: Cast) -> None:
    access = access_of(cast.hayashi)
    for one, other in combinations(ASKED, 2):
        for order in ORDERS:
            with plans() as steps:
                page(TicketFilter(**{one: ASKED[one], other: ASKED[other]}), access=access, order=order)
            assert steps.scans == [], (one, other, order)


def test_a_partner_reads_their_share_along_its_own_indexes(cast: Cast) -> None:
    with plans() as steps:
        page(TicketFilter(), access=access_of(cast.mori))
    assert steps.uses("tickets_by_holder")
    assert steps.uses("tickets_by_front")
    assert steps.uses("tickets_offered")
    with plans() as steps:
        list(people_visible_to(access_of(cast.mori)).order_by("family_kana", "given_kana", "id")[:50])
    assert steps.uses("tickets_by_requester")
    assert steps.scans == []


def test_what_suggestions_learn_from_is_read_along_its_index() -> None:
    with plans() as steps:
        leanings([1, 2, 3], ["メール"], lambda term: 1.0)
    assert steps.uses("knowledge_showing_teaches")
    with plans() as steps:
        list(ArticleText.objects.filter(counts=True).order_by("-learned_at", "-pk")[:1])
        list(Showing.objects.filter(outcome=Words("used"), outcome_at__gte=timezone.now())[:1])
    assert steps.uses("knowledge_showing_used")


def test_what_became_of_knowledge_is_read_along_its_indexes(cast: Cast) -> None:
    today = timezone.localdate()
    with plans() as steps:
        table("knowledge-articles", first=today, last=today, by="team", access=None)
    assert steps.uses("knowledge_showing_used")
    assert [step for step in steps if step.startswith("SCAN knowledge_showing")] == []
    written = create(Content(question="VPN", answer="証明書。"), by=cast.kimura)
    gap = Gap(state=Gap.State.WRITTEN, title="VPN", article=written, written_at=timezone.now())
    gap.save()
    with plans() as steps:
        effect(gap, access_of(cast.kimura))
    assert steps.uses("knowledge_showing_decided")
    assert steps.scans == []


def test_what_waits_for_somebody_is_found_among_what_waits(cast: Cast) -> None:
    access = access_of(cast.hayashi)
    with plans() as steps:
        list(Interaction.objects.visible_to(access).unsettled().order_by("ended_at", "id")[:100])
    assert steps.uses("interactions_unsettled")
    with plans() as steps:
        offers_to([cast.service_desk], access=access)
        offers_from([cast.call_centre], access=access)
    assert steps.uses("handoffs_waiting")
    with plans() as steps:
        returned_to([cast.call_centre], access=access)
    assert steps.uses("handoffs_came_back")
    with plans() as steps:
        owed_calls(access)
    assert steps.uses("call_backs_waiting")
    with plans() as steps:
        due_of(access_of(cast.sato))
    assert steps.uses("tickets_active_by_assignee")
    assert steps.uses("tickets_unassigned_by_due")
    assert steps.uses("call_backs_waiting")
    assert steps.scans == []
    with plans() as steps:
        list(ringing_at(cast.sato.pk))
        list(talking_with(cast.sato.pk))
    assert steps.uses("telephony_agent_live")


def test_the_figures_of_today_read_today(cast: Cast) -> None:
    with plans() as steps:
        call_day(access_of(cast.hayashi), timezone.now())
        team_days(timezone.now())
        calls_between(access_of(cast.hayashi))
    assert steps.uses("telephony_call_started")
    assert steps.uses("tickets_by_update")
    assert steps.scans == []


def test_the_figures_of_a_script_read_the_walks_of_its_version_and_their_steps(cast: Cast) -> None:
    version, access, since = in_force(cast.mail_trouble, cast.kimura), access_of(cast.hayashi), timezone.now()
    with plans() as steps:
        figures(version, since=since, access=access)
        for asked in ({"outcome": "left"}, {"step": "code", "what": "seen"}, {"step": "code", "what": "left"}):
            list(walks_of(version, since=since, access=access, **asked).order_by("-started_at", "-id")[:50])
    assert steps.uses("scripts_walks_latest")
    assert steps.scans == []
    assert not any("SCAN interactions_interaction" in step or "SCAN scripts_" in step for step in steps), steps


@pytest.mark.django_db(transaction=True)
def test_what_the_worker_asks_every_second_reads_only_what_is_due() -> None:
    with plans() as steps:
        for job in SCHEDULE:
            if job.name in ("mail", "search", "silent_calls"):
                job.function()
        for count in QUEUES.values():
            count()
    assert steps.uses("mail_outgoing_due")
    assert steps.uses("mail_outgoing_unsent")
    assert steps.scans == []
