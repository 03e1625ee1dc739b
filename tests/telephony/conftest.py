"""This room is tested alone: what the rooms above make of its journal entries is their own tests' business."""

import pytest

from madoguchi.journal import record as journal


@pytest.fixture(autouse=True)
def _no_reactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_reactions", dict)
