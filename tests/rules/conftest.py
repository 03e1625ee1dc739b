from collections.abc import Iterator

import pytest

from madoguchi.rules import engine


@pytest.fixture(autouse=True)
def _nothing_read_yet() -> Iterator[None]:
    """Under frozen time rules of different tests have the same id and the same moment."""
    engine._definition.cache_clear()
    yield
    engine._definition.cache_clear()
