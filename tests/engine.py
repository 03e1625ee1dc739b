"""Chooses the database engine and the scratch folder before Django reads its settings.

Loaded with ``-p`` (see pyproject.toml), because pytest-django imports the settings before any conftest.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from urllib.parse import quote

import pytest

CLUSTER = "MADOGUCHI_TEST_CLUSTER"  # folder of the cluster's socket
SUPERUSER = "postgres"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", choices=("sqlite", "postgres"), default="sqlite", help="database engine of the tests (sqlite)"
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set every MADOGUCHI_… variable anew, so that the caller's own desk is never touched."""
    engine = early_config.known_args_namespace.engine
    scratch = Path(tempfile.mkdtemp(prefix="madoguchi-test-"))
    early_config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))
    for name in [name for name in os.environ if name.startswith("MADOGUCHI_")]:
        del os.environ[name]
    os.environ["MADOGUCHI_DATA_DIR"] = str(scratch)
    os.environ["MADOGUCHI_SECRET_KEY"] = "a-key-for-tests-that-is-long-enough-0123456789"
    (scratch / "static").mkdir()
    if engine == "postgres":
        distributes = "PYTEST_XDIST_WORKER" not in os.environ and bool(
            getattr(early_config.known_args_namespace, "numprocesses", None)
        )
        # Each worker has a cluster of its own: snapshots span all databases of one, and so does the journal's tail.
        socket = scratch if distributes else start_cluster(early_config)
        os.environ[CLUSTER] = str(socket)
        os.environ["MADOGUCHI_DATABASE_URL"] = postgres_url(socket, "madoguchi")
    return (yield)


def postgres_url(socket: Path, database: str) -> str:
    return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(socket))}"


def start_cluster(config: pytest.Config) -> Path:
    """A throw-away cluster on a socket of its own; it ends with this process, even when that is killed."""
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-pg-"))
    command = _programs()
    as_postgres: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, SUPERUSER, SUPERUSER)
        as_postgres = ["--reuid", SUPERUSER, "--regid", SUPERUSER, "--clear-groups"]
    run = ["setpriv", "--pdeathsig", "INT", *as_postgres]
    subprocess.run(
        [
            *[*run, str(command / "initdb"), "-D", str(folder / "data"), "-U", SUPERUSER, "-A", "trust"],
            *["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        [
            *[
                *run,
                str(command / "postgres"),
                "-D",
                str(folder / "data"),
                "-k",
                str(folder),
                "-c",
                "listen_addresses=",
            ],
            # Speed only: no test cuts this cluster's power.
            *["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"],
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        start_new_session=True,
    )

    def stop() -> None:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.send_signal(2)  # fast: clients that are still connected are cut
            server.wait(20)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(stop)
    deadline = time.monotonic() + 30
    ready = [str(command / "pg_isready"), "-q", "-h", str(folder), "-U", SUPERUSER]
    while subprocess.run(ready, check=False, stdin=subprocess.DEVNULL).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise pytest.UsageError(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
    return folder


def _programs() -> Path:
    """The folder of the newest installed PostgreSQL's programs."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if installed:
        return installed[-1]
    if found := shutil.which("initdb"):
        return Path(found).parent
    raise pytest.UsageError("PostgreSQL is not installed (Debian: apt-get install postgresql).")
