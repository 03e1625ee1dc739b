"""The cache follows every act in its own transaction."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from freezegun import freeze_time

from madoguchi.clocks.actions import Promise, make_default_policies, promise
from madoguchi.clocks.models import Clock, Kind, PolicyVersion
from madoguchi.clocks.rebuild import rebuild
from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.interactions.actions.call_backs import finish_call_back, promise_call_back, try_call_back_again
from madoguchi.tickets.actions.change import change, wait
from madoguchi.tickets.actions.link_tickets import merge
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.post_message import post_message
from madoguchi.tickets.actions.resolve import close, reopen, resolve
from madoguchi.tickets.actions.track_call_back import track_call_back
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.clocks.desk_time import at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _promised(cast: Cast) -> None:
    with freeze_time(at(1, 0, 0)):
        make_default_policies()


def raised(cast: Cast, *, channel: str = "mail", priority: str = "normal") -> Ticket:
    return open_ticket(
        subject="送信できない",
        body="今朝から",
        channel=channel,
        requester=cast.yamada,
        category=cast.general,
        priority=priority,
        by=cast.sato,
    )


def kinds(ticket: Ticket) -> dict[str, str]:
    return dict(Clock.objects.filter(ticket=ticket).values_list("kind", "state"))


def test_a_raised_ticket_has_its_deadlines(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast)

    ticket.refresh_from_db()
    assert kinds(ticket) == {"first_response": "running", "resolution": "running", "holding": "running"}
    assert (ticket.next_due_at, ticket.next_due_kind) == (at(1, 14, 0), "first_response")


def test_raising_a_ticket_costs_three_statements_more(cast: Cast) -> None:
    """The revision of the policies, all clocks, the ticket's next deadline: the book itself is kept."""
    raised(cast)
    with CaptureQueriesContext(connection) as queries:
        raised(cast)

    mine = [query["sql"] for query in queries if "clocks_" in query["sql"] or 'next_due_at" =' in query["sql"]]
    assert len(mine) == 3, mine


def test_an_answer_costs_four_statements_more(cast: Cast) -> None:
    """The revision, the journal of the ticket, what changed, the next deadline."""
    ticket = raised(cast)
    with CaptureQueriesContext(connection) as queries:
        post_message(ticket, body="確認します", visibility="public", by=cast.sato)

    told = [query["sql"] for query in queries]
    mine = [sql for sql in told if "clocks_" in sql or 'next_due_at" =' in sql or 'FROM "journal_mention"' in sql]
    assert len(mine) == 4, mine


def test_a_note_costs_nothing(cast: Cast) -> None:
    ticket = raised(cast)
    with CaptureQueriesContext(connection) as queries:
        post_message(ticket, body="メモ", visibility="internal", by=cast.sato)

    assert not [query["sql"] for query in queries if "clocks_" in query["sql"]]


def test_a_public_answer_restarts_the_next_update_and_a_note_asks_nothing(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast)
    with freeze_time(at(1, 10, 0)):
        post_message(ticket, body="確認します", visibility="public", by=cast.sato)

    ticket.refresh_from_db()
    assert kinds(ticket)["first_response"] == "met"
    assert (ticket.next_due_kind, ticket.next_due_at) == ("next_update", at(2, 10, 0))


def test_a_waiting_ticket_has_no_next_deadline(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast)
        wait(ticket, waiting_for="requester", by=cast.sato)

    ticket.refresh_from_db()
    assert (ticket.next_due_at, ticket.next_due_kind) == (None, "")
    assert set(kinds(ticket).values()) == {"paused"}
    assert not Clock.objects.filter(next_at__isnull=False).exists()


def test_the_priority_brings_the_deadlines_nearer(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast)
    with freeze_time(at(1, 9, 10)):
        change(ticket, priority="urgent", by=cast.sato)

    ticket.refresh_from_db()
    assert ticket.next_due_at == at(1, 9, 30)


def test_a_call_promised_is_a_deadline_of_its_ticket(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast, channel="phone")
        call = promise_call_back(number="0311112222", due_at=at(1, 9, 30), team=cast.call_centre, by=cast.sato)
        track_call_back(ticket, call_back=call, by=cast.sato)
        ticket.refresh_from_db()
        assert (ticket.next_due_kind, ticket.next_due_at) == ("call_back", at(1, 9, 30))
    with freeze_time(at(1, 9, 30)):
        try_call_back_again(call, due_at=at(1, 10, 0), by=cast.sato)
        assert Ticket.objects.get().next_due_at == at(1, 10, 0)
        finish_call_back(call, result="reached", by=cast.sato)

    ticket.refresh_from_db()
    assert kinds(ticket)["call_back"] == "met"
    assert ticket.next_due_kind == "next_update"


def test_a_call_moves_with_the_merged_ticket(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        one, other = raised(cast), raised(cast)
        call = promise_call_back(number="0311112222", due_at=at(1, 9, 30), team=cast.call_centre, by=cast.sato)
        track_call_back(one, call_back=call, by=cast.sato)
        merge(one, into=other, by=cast.sato)
        finish_call_back(call, result="withdrawn", by=cast.sato)

    assert set(kinds(one).values()) == {"met"}
    assert kinds(other)["call_back"] == "met"
    assert rebuild().clocks == 0


def test_an_offer_and_its_acceptance_are_followed(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast)
        handoff = offer(ticket, to_team=cast.service_desk, reason="調査", by=cast.sato)
        assert Ticket.objects.get().next_due_kind == "acceptance"
    with freeze_time(at(1, 9, 30)):
        accept(handoff, by=cast.takahashi)

    assert kinds(ticket)["acceptance"] == "met"
    assert list(Clock.objects.filter(kind="holding").order_by("started_at").values_list("team", "state")) == [
        (cast.call_centre.pk, "met"),
        (cast.service_desk.pk, "running"),
    ]


def test_a_resolved_ticket_owes_nothing_until_it_is_reopened(cast: Cast) -> None:
    with freeze_time(at(1, 9, 0)):
        ticket = raised(cast)
    with freeze_time(at(1, 10, 0)):
        resolve(ticket, resolution="再起動", by=cast.sato)
        close(ticket, by=cast.sato)
        assert Ticket.objects.get().next_due_at is None
    with freeze_time(at(2, 9, 0)):
        reopen(ticket, by=cast.sato)

    assert kinds(ticket)["resolution"] == "running"


def test_a_new_version_touches_what_starts_from_now_on_only(cast: Cast) -> None:
    first = PolicyVersion.objects.get(kind="resolution", name="解決")
    with freeze_time(at(1, 9, 0)):
        old = raised(cast)
    with freeze_time(at(1, 10, 0)):
        promise(Promise(Kind.RESOLUTION, "解決", 3600), policy=first.policy, by=cast.admin)
        new = raised(cast)

    assert rebuild().clocks == 0
    assert Clock.objects.get(ticket=old, kind="resolution").due_at == at(5, 18, 0)
    assert Clock.objects.get(ticket=new, kind="resolution").due_at == at(1, 11, 0)
