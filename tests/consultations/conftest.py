import pytest

from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.questions import raised


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    return raised(cast)
