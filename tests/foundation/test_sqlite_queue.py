"""Writers on SQLite stand in line; nobody's place is lost, and nobody waits for ever."""

import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections, transaction

from madoguchi.people.models import Team

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _sqlite_only(engine: str) -> None:
    if engine != "sqlite":
        pytest.skip("PostgreSQL needs no queue")


def test_many_writers_at_once_all_get_their_turn() -> None:
    def write(number: int) -> None:
        try:
            for turn in range(10):
                with transaction.atomic():
                    Team.objects.create(key=f"team-{number}-{turn}", name="チーム")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Team.objects.count() == 80


def test_a_writer_who_waits_too_long_is_refused_and_the_line_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    held, go_on, refused = threading.Event(), threading.Event(), []

    def hold() -> None:
        try:
            with transaction.atomic():
                held.set()
                go_on.wait(60)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(60)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    started = time.monotonic()
    with pytest.raises(OperationalError, match="locked"), transaction.atomic():
        refused.append("never")
    assert time.monotonic() - started < 10
    go_on.set()
    holder.join()
    with transaction.atomic():
        Team.objects.create(key="after", name="後")
    assert (Team.objects.count(), refused) == (1, [])


def test_an_error_inside_and_a_closed_connection_both_leave_the_line() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Team.objects.create(key="gone", name=str(1 / 0))
    with pytest.raises(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT nonsense FROM nowhere")
    connection.close()
    with transaction.atomic():
        Team.objects.create(key="next", name="次")
    assert Team.objects.count() == 1
    assert Path(f"{connection.settings_dict['NAME']}-queue").exists()
