"""Throw-away PostgreSQL clusters, each on a socket of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

SUPERUSER = "postgres"
_START_WITHIN = 60.0
_NEW = ("-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
# Speed only: no test cuts this cluster's power.
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")


@dataclass(frozen=True)
class Cluster:
    """One that runs; it ends with this process, even when that is killed."""

    folder: Path  # of its socket
    server: "subprocess.Popen[bytes]"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def stop(self) -> None:
        self.server.terminate()
        try:
            self.server.wait(5)
        except subprocess.TimeoutExpired:
            self.server.send_signal(signal.SIGINT)  # fast: clients that are still connected are cut
            self.server.wait(60)

    def throw_away(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_cluster(copied_from: Path | None = None) -> Cluster:
    """A new one: empty, or with the data folder of one that was stopped."""
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-pg-"))
    data, command = folder / "data", programs()
    run: list[str | Path] = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        shutil.chown(folder, SUPERUSER, SUPERUSER)
        run += ["--reuid", SUPERUSER, "--regid", SUPERUSER, "--clear-groups"]
    make: list[str | Path] = ["cp", "-a", copied_from, data] if copied_from else [
        *run, command / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", *_NEW,
    ]  # fmt: skip
    subprocess.run(make, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*run, command / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *_FAST],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_WITHIN
    ready: list[str | Path] = [command / "pg_isready", "-q", "-h", folder, "-U", SUPERUSER]
    while subprocess.run(ready, check=False, stdin=subprocess.DEVNULL).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise pytest.UsageError(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
    return Cluster(folder, server)


def programs() -> Path:
    """The folder of the newest installed PostgreSQL's programs."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if installed:
        return installed[-1]
    if found := shutil.which("initdb"):
        return Path(found).parent
    raise pytest.UsageError("PostgreSQL is not installed (Debian: apt-get install postgresql).")
