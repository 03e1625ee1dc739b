"""This room is tested alone: what the rooms above make of its journal entries is their own tests' business."""

from collections.abc import Iterator

import pytest

from madoguchi.journal import record as journal


@pytest.fixture(autouse=True)
def _no_reactions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(journal, "_reactions", dict)
    yield
