import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from madoguchi.files import store
from madoguchi.files.models import StoredFile


@given(st.binary(max_size=4096))
@hypothesis(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_bytes_come_back_as_they_were(db: None, content: bytes) -> None:
    kept = store.keep(content)
    assert store.read(kept) == content
    assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_the_same_bytes_are_stored_once(db: None) -> None:
    first, second = store.keep(b"From: a"), store.keep(b"From: a")
    assert first == second
    assert StoredFile.objects.count() == 1


def test_bytes_on_disk_without_a_row_get_their_row(db: None) -> None:
    """The process was killed between the file and its row."""
    store.keep(b"half done").delete()
    kept = store.keep(b"half done")
    assert store.read(kept) == b"half done"


def test_nothing_half_written_stays_beside_the_file(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store.keep(b"whole")
    folder = store.path_of(kept.sha256).parent
    assert [path for path in folder.iterdir() if path.name.startswith("tmp")] == []


def test_a_failing_disk_leaves_no_row(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        store.keep(b"never stored")
    assert not StoredFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_bytes_at_the_same_moment_are_stored_once() -> None:
    def keep(_number: int) -> int:
        try:
            return store.keep(b"at once").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(keep, range(8)))) == 1
    assert store.read(StoredFile.objects.get()) == b"at once"
