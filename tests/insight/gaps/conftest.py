from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _words_alone(settings: Any) -> None:
    """Without the encoder: each test groups by what it says."""
    settings.ENCODER = False
