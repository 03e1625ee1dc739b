"""A throw-away PostgreSQL as Debian ships it, durability included; it ends with its parent, however that ends."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUPERUSER = "postgres"
_PATIENCE = 60.0


def programs() -> Path | None:
    """The folder of the newest installed PostgreSQL's programs; None when there is none."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    return installed[-1] if installed else Path(found).parent if found else None


@contextmanager
def cluster(home: Path) -> Iterator[tuple[Path, int]]:
    """The folder of the cluster's socket and its first process; the data are in ``home``, made when they are not."""
    command = programs()
    if command is None:
        raise FileNotFoundError("PostgreSQL is not installed.")
    data = home / "postgres"
    # A path of its own: a socket's may not be long, and its owner must be able to walk there.
    folder = Path(tempfile.mkdtemp(prefix="madoguchi-bench-pg-"))
    run = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        home.chmod(0o755)
        shutil.chown(folder, SUPERUSER, SUPERUSER)
        run += ["--reuid", SUPERUSER, "--regid", SUPERUSER, "--clear-groups"]
    if not data.exists():
        data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(data, SUPERUSER, SUPERUSER)
        make = [str(command / "initdb"), "-D", str(data), "-U", SUPERUSER, "-A", "trust"]
        subprocess.run(
            [*run, *make, "-E", "UTF8", "--locale=C.UTF-8"],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
    start = [str(command / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*run, *start], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        _wait(command, folder, server)
        yield folder, server.pid
    finally:
        server.send_signal(2)  # fast: whoever is still connected is cut
        try:
            server.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(command: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    ready = [str(command / "pg_isready"), "-q", "-h", str(folder), "-U", SUPERUSER]
    deadline = time.monotonic() + _PATIENCE
    while subprocess.run(ready, check=False, stdin=subprocess.DEVNULL).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
