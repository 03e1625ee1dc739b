"""Where desks stand while they are measured, and how a built one is used again."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import madoguchi

_PACKAGE = Path(madoguchi.__file__).parent
_BUILT = "built"
_COPIED = 2 * 2**30  # bytes; a larger desk is used where it stands
# What decides how a built desk looks.
_MADE_BY = ("*/migrations/*.py", "demo/*.py", "demo/data/**/*", "search/tokens.py")


@contextmanager
def used(home: Path) -> Iterator[Path]:
    """The folder to measure a kept desk in: a copy of a small one, so that it stays as it was built.

    A large one is used where it stands: what each run adds is little beside it.
    """
    if sum(file.stat().st_size for file in home.rglob("*") if file.is_file()) > _COPIED:
        yield home
        return
    with throw_away() as folder:
        shutil.copytree(home, folder, dirs_exist_ok=True)
        _same_owner(home, folder)
        yield folder


def clear(home: Path) -> None:
    """An empty folder for a desk; what other code has built there goes."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)


def is_built(folder: Path) -> bool:
    """Whether the desk is whole and today's code made it."""
    try:
        return (folder / _BUILT).read_text(encoding="ascii") == _maker()
    except FileNotFoundError:
        return False


def mark_built(folder: Path) -> None:
    (folder / _BUILT).write_text(_maker(), encoding="ascii")


def _maker() -> str:
    digest = hashlib.sha256()
    for pattern in _MADE_BY:
        for file in sorted(_PACKAGE.glob(pattern)):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()


@contextmanager
def throw_away() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _same_owner(model: Path, copy: Path) -> None:
    """PostgreSQL's files belong to its own user."""
    for file in model.rglob("*"):
        status = file.lstat()
        shutil.chown(copy / file.relative_to(model), status.st_uid, status.st_gid)
