"""What the health pages promise to whoever starts and watches the desk."""

import pytest
from django.test import Client

from madoguchi.config import health
from madoguchi.journal.tail import Position
from madoguchi.live.door import LiveDoor
from madoguchi.live.tailer import Tailer


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> LiveDoor:
    """A process with a live line that has just been opened."""
    door = LiveDoor()
    door._tailer = Tailer(lambda position, entries: None)
    monkeypatch.setattr(health, "LIVE", door)
    return door


def test_a_process_without_live_line_is_ready_with_its_database(db: None) -> None:
    assert Client().get("/readyz").status_code == 200


def test_a_process_is_ready_only_when_its_live_line_follows_the_journal(db: None, live: LiveDoor) -> None:
    assert Client().get("/readyz").status_code == 503
    live.hub.deliver(Position(0, 0), [])
    assert Client().get("/readyz").status_code == 200
    live.end()
    assert Client().get("/readyz").status_code == 503
    assert Client().get("/healthz").status_code == 200
