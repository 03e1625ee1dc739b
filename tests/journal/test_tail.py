"""The tail is exact: real concurrent commits, out of order where the engine allows it, none lost and none twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.journal.models import Entry
from madoguchi.journal.record import SYSTEM, record
from madoguchi.journal.tail import BEGINNING, Position, Tailed, now, read_after
from madoguchi.people.models import Team

WAIT = 30  # seconds until a thread that should have answered counts as stuck


def write(kind: str = "team.made") -> int:
    with transaction.atomic():
        return record(kind, by=SYSTEM, about=[]).pk


def drain(position: Position, limit: int = 500) -> tuple[list[Tailed], Position]:
    """Everything that can be read behind ``position``, and the place after it."""
    read: list[Tailed] = []
    while found := read_after(position, limit=limit):
        read += found
        position = found[-1].position
    return read, position


class OpenTransaction:
    """A transaction on a connection of its own that has written an entry and commits (or not) when told."""

    def __init__(self) -> None:
        self.entry = 0
        self._written = threading.Event()
        self._go = threading.Event()
        self._keep = True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._written.wait(WAIT)

    def _run(self) -> None:
        try:
            with transaction.atomic():
                self.entry = record("slow.written", by=SYSTEM, about=[]).pk
                self._written.set()
                self._go.wait(WAIT)
                if not self._keep:
                    transaction.set_rollback(True)
        finally:
            connection.close()

    def end(self, *, keep: bool = True) -> None:
        self._keep = keep
        self._go.set()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()


@pytest.fixture
def only_postgres(engine: str) -> None:
    if engine != "postgres":
        pytest.skip("SQLite has one writer at a time: nothing can commit out of order.")


@pytest.mark.django_db(transaction=True)
def test_an_entry_with_a_lower_id_that_commits_later_is_neither_skipped_nor_repeated(only_postgres: None) -> None:
    slow = OpenTransaction()
    quick = write("quick.written")
    assert slow.entry < quick
    early, position = drain(BEGINNING)
    assert early == []  # quick is committed, but slow could still appear before it
    slow.end()
    late, position = drain(position)
    assert [tailed.kind for tailed in late] == ["slow.written", "quick.written"]
    assert drain(position)[0] == []


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_before_a_slow_transaction_began_is_read_at_once(only_postgres: None) -> None:
    before = write("before.written")
    slow = OpenTransaction()
    try:
        assert [tailed.position.entry for tailed in drain(BEGINNING)[0]] == [before]
    finally:
        slow.end()


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_holds_nothing_up_afterwards(only_postgres: None) -> None:
    slow = OpenTransaction()
    quick = write()
    slow.end(keep=False)
    assert [tailed.position.entry for tailed in drain(BEGINNING)[0]] == [quick]


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_starts_now_while_a_transaction_is_open_still_gets_its_entry(only_postgres: None) -> None:
    old = write("old.written")
    slow = OpenTransaction()
    start = now()
    slow.end()
    fresh = write("fresh.written")
    read = [tailed.position.entry for tailed in drain(start)[0]]
    assert read == [slow.entry, fresh]
    assert old not in read


@pytest.mark.django_db(transaction=True)
def test_transactions_that_end_in_every_order_are_all_read_once(only_postgres: None) -> None:
    position = BEGINNING
    read: list[int] = []
    written: list[int] = []

    def look() -> None:
        nonlocal position
        found, position = drain(position)
        read.extend(tailed.position.entry for tailed in found)

    for order in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
        waiting = [OpenTransaction() for _ in order]
        look()
        for place in order:
            waiting[place].end()
            written.append(write())
            look()
        written += [one.entry for one in waiting]
    assert sorted(read) == sorted(written)
    assert len(set(read)) == len(read)


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_and_a_reader_lose_and_repeat_nothing() -> None:
    writers, each = 6, 15
    writing = threading.Event()
    writing.set()
    read: list[int] = []

    def writer(_number: int) -> list[int]:
        try:
            return [write() for _ in range(each)]
        finally:
            connection.close()

    def reader() -> Position:
        try:
            position = BEGINNING
            while True:
                last_look = not writing.is_set()
                found, position = drain(position, limit=7)
                read.extend(tailed.position.entry for tailed in found)
                if last_look:
                    return position
        finally:
            connection.close()

    with ThreadPoolExecutor(writers + 1) as pool:
        reading = pool.submit(reader)
        written = [entry for entries in pool.map(writer, range(writers)) for entry in entries]
        writing.clear()
        position = reading.result(WAIT)
    assert len(written) == writers * each
    assert len(read) == len(set(read))
    assert sorted(read) == sorted(written)
    assert drain(position)[0] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_a_reader_that_starts_again_from_its_written_position_continues_exactly(limit: int) -> None:
    written = [write() for _ in range(5)]
    with transaction.atomic():  # several entries of one transaction share its id
        written += [record("team.made", by=SYSTEM, about=[]).pk for _ in range(5)]
    read: list[int] = []
    remembered = str(BEGINNING)
    while True:
        position = Position.parse(remembered)
        assert position is not None
        found = read_after(position, limit=limit)
        if not found:
            break
        assert len(found) <= limit
        read += [tailed.position.entry for tailed in found]
        remembered = str(found[-1].position)
    assert read == written


@pytest.mark.django_db(transaction=True)
def test_now_is_behind_everything_committed() -> None:
    write()
    start = now()
    assert drain(start)[0] == []
    fresh = write()
    assert [tailed.position.entry for tailed in drain(start)[0]] == [fresh]


@pytest.mark.django_db(transaction=True)
def test_the_tail_tells_kind_actor_time_and_subjects() -> None:
    with transaction.atomic():
        teams = [Team.objects.create(key=key, name=key) for key in ("a", "b")]
        entry = record("team.made", by=SYSTEM, about=teams)
        record("team.made", by=SYSTEM, about=[])
    first, second = drain(BEGINNING)[0]
    assert (first.kind, first.actor_kind, first.actor_id, first.at) == ("team.made", "system", None, entry.at)
    assert sorted(first.subjects) == [("team", team.pk) for team in teams]
    assert second.subjects == []


@pytest.mark.django_db(transaction=True)
def test_entries_of_an_open_transaction_are_not_read(engine: str) -> None:
    seen: list[int] = []

    def look() -> None:
        try:
            seen.extend(tailed.position.entry for tailed in drain(BEGINNING)[0])
        finally:
            connection.close()

    with transaction.atomic():
        record("team.made", by=SYSTEM, about=[])
        _in_thread(look)
    assert seen == []
    _in_thread(look)
    assert seen == list(Entry.objects.values_list("pk", flat=True))


def _in_thread(job: Callable[[], None]) -> None:
    thread = threading.Thread(target=job)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive()


numbers = st.integers(min_value=0, max_value=2**63 - 1)


@given(numbers, numbers)
def test_a_position_reads_back_as_it_was_written(xid: int, entry: int) -> None:
    assert Position.parse(str(Position(xid, entry))) == Position(xid, entry)


@given(st.text(max_size=30))
def test_text_that_is_no_position_is_none_and_never_an_error(written: str) -> None:
    position = Position.parse(written)
    if position is not None:
        assert 0 <= position.xid < 2**63
        assert 0 <= position.entry < 2**63


@pytest.mark.parametrize(
    "written",
    ["", ".", "1", "1.", ".1", "-1.2", "1.2.3", "１.２", "1.²", " 1.2", f"{2**63}.0", f"0.{2**63}", "9" * 5000],
)
def test_these_are_no_positions(written: str) -> None:
    assert Position.parse(written) is None


@given(numbers, numbers, numbers, numbers)
def test_positions_are_ordered_by_transaction_then_entry(a: int, b: int, c: int, d: int) -> None:
    assert (Position(a, b) < Position(c, d)) == ((a, b) < (c, d))
