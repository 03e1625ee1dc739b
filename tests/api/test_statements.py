"""What the hot acts cost the database: statements of one request or mail, marks of transactions included.

Reactions add to them (rules, clocks): what they may add is the room that is left here, and no more.
"""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Message, Ticket
from tests.api.client import program_of
from tests.api.test_tickets import NEW
from tests.cast import Cast
from tests.tickets.test_receive_mail import write

ROOM_FOR_REACTIONS = 3


def _said(ticket: Ticket, visibility: str, cast: Cast, most: int) -> None:
    program = program_of(cast.sato)
    path = f"/tickets/{ticket.number}/messages"
    for body in ("一つ目の答え", "二つ目の答え"):
        with CaptureQueriesContext(connection) as queries:
            assert program.post(path, {"body": body, "visibility": visibility}).status == 201
    assert len(queries) <= most + ROOM_FOR_REACTIONS, queries.captured_queries


def _ticket(cast: Cast) -> Ticket:
    return open_ticket(subject="s", body="b", channel="web", requester=cast.yamada, by=cast.sato)


def test_a_ticket_is_raised_in_few_statements(cast: Cast) -> None:
    program = program_of(cast.sato)
    program.post("/tickets", NEW)
    with CaptureQueriesContext(connection) as queries:
        assert program.post("/tickets", NEW).status == 201
    assert len(queries) <= 25 + ROOM_FOR_REACTIONS, queries.captured_queries


def test_an_answer_by_mail_is_given_in_few_statements(cast: Cast) -> None:
    _said(_ticket(cast), "public", cast, 24)
    assert set(Message.objects.filter(from_requester=False).values_list("delivery", flat=True)) == {"mail"}


def test_a_note_is_left_in_few_statements(cast: Cast) -> None:
    _said(_ticket(cast), "internal", cast, 14)


def test_a_mail_becomes_a_ticket_in_few_statements(cast: Cast) -> None:
    write("一通目", number=1)
    with CaptureQueriesContext(connection) as queries:
        write("二通目", number=2)
    assert Ticket.objects.count() == 2
    assert len(queries) <= 36 + ROOM_FOR_REACTIONS, queries.captured_queries


def test_a_mail_joins_its_ticket_in_few_statements(cast: Cast) -> None:
    write("一通目", number=1)
    write("返信", number=2, reply_to="<1@minato.example>")
    with CaptureQueriesContext(connection) as queries:
        write("もう一度", number=3, reply_to="<2@minato.example>")
    assert Ticket.objects.count() == 1
    # 34: that a contact was linked is a touch, of which rules that wait for one hear, too.
    assert len(queries) <= 34 + ROOM_FOR_REACTIONS, queries.captured_queries
