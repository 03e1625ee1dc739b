from collections.abc import Iterator

import pytest

from madoguchi.knowledge import article_index


@pytest.fixture(autouse=True)
def _fresh_process(settings: object) -> Iterator[None]:
    """Each test begins as a new process would, and without the encoder unless it asks for it."""
    settings.ENCODER = False  # type: ignore[attr-defined]
    article_index.forget()
    yield
    article_index.forget()
