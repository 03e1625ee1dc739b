"""A ticket, and a question about it."""

import pytest

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.models import Consultation
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return open_ticket(
        subject="請求書が届かない", body="まだ届きません", channel="phone", requester=cast.yamada, by=cast.sato
    )


@pytest.fixture
def question(cast: Cast, ticket: Ticket) -> Consultation:
    return ask(ticket, department=cast.accounting, question="<b>発行済み</b>ですか", urgent=True, by=cast.sato)
