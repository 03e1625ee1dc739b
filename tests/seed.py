"""The migrated database from which every test's and every desk's is copied.

It is made once for each state of the migrations and kept in ``.pytest_cache``: a run that finds it migrates nothing.
``python -m tests.seed`` makes those of both engines side by side, each on a processor of its own.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.cluster import SUPERUSER, programs, start_cluster

CLUSTER = "MADOGUCHI_TEST_CLUSTER"  # folder of the cluster's socket
SEED = "seed"
ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".pytest_cache" / "seeds"
# What decides on what ``migrate`` leaves behind: the migrations, what they import, and the models, whose names and
# rights Django enters.
_SOURCES = (
    "*/**/migrations/*.py",
    "*/**/models.py",
    "*/**/models/*.py",
    "foundation/*.py",
    "people/departments.py",
    "config/settings.py",
)


def postgres_url(socket: Path, database: str) -> str:
    return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(socket))}"


def sqlite_file() -> Path:
    """A migrated SQLite database, to be copied."""
    with _alone("sqlite"):
        kept = KEPT / f"{_state()}.sqlite3"
        if not kept.exists():
            with tempfile.TemporaryDirectory(prefix="madoguchi-seed-") as folder:
                made = Path(folder) / "seed.sqlite3"
                _migrate(f"sqlite:///{made}", folder)
                _keep(made, kept)
        return kept


def postgres_data() -> Path:
    """The data folder of a stopped cluster with the migrated database SEED in it, to be copied."""
    with _alone("postgres"):
        kept = KEPT / f"{_state()}-{programs().parent.name}.data"
        if not kept.exists():
            cluster = start_cluster()
            try:
                in_cluster(cluster.folder, f"CREATE DATABASE {SEED}")
                _migrate(postgres_url(cluster.folder, SEED), str(cluster.folder))
                cluster.stop()
                _keep(cluster.data, kept)
            finally:
                cluster.throw_away()
        return kept


def in_cluster(socket: Path, statement: str) -> None:
    """Run a statement about the cluster as a whole."""
    with psycopg.connect(host=str(socket), user=SUPERUSER, dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)


def _migrate(url: str, folder: str) -> None:
    own = {key: value for key, value in os.environ.items() if not key.startswith("MADOGUCHI_")}
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v0", "--no-input"],
        env=own
        | {
            "DJANGO_SETTINGS_MODULE": "madoguchi.config.settings",
            "MADOGUCHI_DATABASE_URL": url,
            "MADOGUCHI_DATA_DIR": folder,
            "MADOGUCHI_SECRET_KEY": "a-key-for-tests-that-is-long-enough-0123456789",
        },
        cwd=ROOT,
        check=True,
        stdin=subprocess.DEVNULL,
    )


def _keep(made: Path, kept: Path) -> None:
    """Put it in its place as a whole; of those kept for other states the latest stays, which a run may be copying."""
    for old in sorted(KEPT.glob(f"*{kept.suffix}"), key=lambda path: path.stat().st_mtime)[:-1]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    partly = kept.with_suffix(".part")
    subprocess.run(["cp", "-a", made, partly], check=True)
    partly.rename(kept)


def _state() -> str:
    """A digest of everything that a migrated database depends on."""
    digest = hashlib.sha256(sys.version.encode())
    sources = (path for pattern in _SOURCES for path in (ROOT / "madoguchi").glob(pattern))
    for path in sorted({*sources, ROOT / "uv.lock", Path(__file__), ROOT / "tests" / "cluster.py"}):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:20]


@contextmanager
def _alone(engine: str) -> Iterator[None]:
    """One process at a time looks and makes."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{engine}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    with ThreadPoolExecutor() as pool:
        for made in [pool.submit(sqlite_file), pool.submit(postgres_data)]:
            made.result()
