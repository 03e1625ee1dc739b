"""Keep bytes on disk under their hash; the row is written after the file is safe."""

import hashlib
import os
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from madoguchi.files.models import Removal, StoredFile
from madoguchi.foundation.prepared import insert_once


def keep(content: bytes) -> StoredFile:
    """Store ``content`` durably (once, however often it comes) and return its row."""
    return enter(write(content), len(content))


def enter(digest: str, size: int) -> StoredFile:
    """The second half of ``keep()``: the row of bytes that ``write()`` has made safe."""
    row = StoredFile(sha256=digest, size=size)
    return row if insert_once(row, "sha256") else StoredFile.objects.get(sha256=digest)


def write(content: bytes) -> str:
    """The first half of ``keep()``: the bytes safe on disk, their hash; before a transaction that will keep them."""
    digest = hashlib.sha256(content).hexdigest()
    path = path_of(digest)
    if not _touched(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_safely(path, content)
        settle(path.parent)
    return digest


def write_safely(path: Path, content: bytes) -> None:
    """The whole file or none, its bytes on the disk; ``settle()`` makes its name as safe."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def settle(folder: Path) -> None:
    """Put the names of the files in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(file: StoredFile) -> bytes:
    """The bytes as they came."""
    return path_of(file.sha256).read_bytes()


def path_of(digest: str) -> Path:
    return Path(settings.DATA_DIR) / "files" / digest[:2] / digest


_FRESH_S = 3600.0


def forget(file: StoredFile) -> bool:
    """Delete the row of bytes that nothing refers to any more; False when something does, or just came with them.

    Every relation to a file protects it, so that the database itself says whether it is still needed.
    """
    if is_fresh(file):
        return False
    try:
        with transaction.atomic():
            file.delete()
            Removal.objects.bulk_create([Removal(sha256=file.sha256)], ignore_conflicts=True)
    except ProtectedError:
        return False
    return True


def is_fresh(file: StoredFile) -> bool:
    """Whether the same bytes came once more within the hour: somebody may be about to refer to them."""
    path = path_of(file.sha256)
    return path.exists() and time.time() - path.stat().st_mtime < _FRESH_S and file.stored_at < _recently()


def remove(digest: str) -> None:
    """The second half of ``forget()``: the bytes go, unless somebody has begun to keep the same again meanwhile."""
    if not StoredFile.objects.filter(sha256=digest).exists():
        path_of(digest).unlink(missing_ok=True)
    Removal.objects.filter(sha256=digest).delete()


def remove_due(*, limit: int) -> int:
    """Remove what was forgotten while the process ended before it could; how many."""
    due = list(Removal.objects.order_by("id").values_list("sha256", flat=True)[:limit])
    for digest in due:
        remove(digest)
    return len(due)


def _recently() -> datetime:
    return timezone.now() - timedelta(seconds=_FRESH_S)


def _touched(path: Path) -> bool:
    """Whether the bytes are there already; if so, they count as fresh again, and are not removed under us."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
