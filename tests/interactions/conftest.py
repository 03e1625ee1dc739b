"""The hour at which the calls of these tests come."""

from collections.abc import Iterator

import pytest
from freezegun import freeze_time

from tests.interactions.in_vain import NOW


@pytest.fixture
def ten_o_clock() -> Iterator[None]:
    with freeze_time(NOW):
        yield
