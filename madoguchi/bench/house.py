"""A throw-away desk: its own folder and database, the sample company, ``madoguchi serve`` as it is shipped."""

import gzip
import http.client
import http.cookiejar
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from madoguchi.bench.cluster import SUPERUSER, cluster
from madoguchi.bench.database import Database
from madoguchi.bench.keeping import clear, is_built, mark_built, throw_away, used
from madoguchi.bench.processes import cpu_seconds, memory_bytes

ADMIN = "bench@localhost.example"
_PATIENCE = 90.0


@dataclass
class House:
    """A desk that is being measured."""

    folder: Path
    database: Database
    environment: dict[str, str]
    port: int
    mail_port: int
    roots: list[int]
    password: str = ""
    cookie: str = ""
    token: str = ""

    def command(self, *words: str) -> str:
        """Run one command of the product to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "madoguchi", *words],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise RuntimeError(f"madoguchi {' '.join(words)} failed: {done.stderr[-2000:]}")
        return done.stdout

    def helper(self, module: str, order: dict[str, Any], *, tells: bool = False) -> Any:
        """Run a part of the bench in a process of its own: an order in, its result out.

        ``tells``: what it writes to standard error (its progress) is seen at once.
        """
        done = subprocess.run(
            [sys.executable, "-m", f"madoguchi.bench.{module}"],
            env=self.environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=None if tells else subprocess.PIPE,
            text=True,
            input=json.dumps(order),
        )
        if done.returncode:
            raise RuntimeError(f"{module} failed: {(done.stderr or 'see above')[-2000:]}")
        return json.loads(done.stdout)

    def cpu(self) -> float:
        """Processor seconds of everything that serves, the database server included."""
        return cpu_seconds(self.roots)

    def memory(self) -> int:
        """Bytes of the application, without the database server."""
        return memory_bytes(self.roots[0])

    def get(self, path: str) -> str:
        """A page, signed in."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request("GET", path, headers={"Cookie": self.cookie})
            return line.getresponse().read().decode()
        finally:
            line.close()

    def first_page(self, path: str) -> dict[str, int]:
        """Bytes on the wire of a page and of the styles and scripts it names, by kind."""
        encoding, content = self._sent(path, "gzip")
        html = (gzip.decompress(content) if encoding == "gzip" else content).decode()
        found = {"html": len(content), "css": 0, "js": 0}
        names = dict.fromkeys(re.findall(r'(?:href|src)="(/[^"]+\.(css|js)(?:\?[^"]*)?)"', html))
        for address, kind in names:
            found[kind] += len(self._sent(address, "br, gzip")[1])
        return found

    def _sent(self, path: str, encodings: str) -> tuple[str, bytes]:
        """In which encoding an answer comes, and its bytes on the wire."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request("GET", path, headers={"Cookie": self.cookie, "Accept-Encoding": encodings})
            answer = line.getresponse()
            return answer.getheader("Content-Encoding") or "", answer.read()
        finally:
            line.close()

    def waiting(self) -> int:
        """Texts that the worker has yet to index."""
        row = self.database.row("SELECT COUNT(*) AS rows FROM search_pending WHERE error = ''")
        return int(row["rows"]) if row else 0

    def settle(self) -> None:
        """Wait until the worker has nothing left to index, so that it does not run beside what is measured."""
        while self.waiting():
            time.sleep(0.5)


@contextmanager
def house(engine: str, tickets: int, *, say: Any, keep: Path | None = None) -> Iterator[House]:
    """A desk with about ``tickets`` tickets on ``engine``, running and signed in.

    Without ``keep`` everything is gone afterwards; with it the desk is built there once and used again (``keeping``).
    """
    with ExitStack() as stack:
        if keep is None:
            folder = stack.enter_context(throw_away())
        else:
            home = keep / f"{engine}-{tickets}"
            if not is_built(home):
                clear(home)
                with standing(engine, home) as desk:
                    build(desk, tickets, say)
                mark_built(home)
            folder = stack.enter_context(used(home))
        desk = stack.enter_context(standing(engine, folder))
        if keep is None:
            build(desk, tickets, say)
        desk.password = (folder / "password").read_text(encoding="ascii")
        desk.token = desk.command("token", "create", "--email", ADMIN, "--scope", "admin").strip()
        stack.enter_context(serving(desk))
        desk.cookie = _sign_in(desk.port, desk.password)
        desk.settle()
        yield desk


@contextmanager
def standing(engine: str, folder: Path) -> Iterator[House]:
    """The desk in this folder with its database server, not serving yet."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MADOGUCHI_")}
    mail_port = free_port()
    environment |= {
        "MADOGUCHI_DATA_DIR": str(folder),
        "MADOGUCHI_SMTP_LISTEN": f"127.0.0.1:{mail_port}",
        "MADOGUCHI_ENCODER": "off",
        "MADOGUCHI_LOG_LEVEL": "WARNING",
    }
    if engine == "sqlite":
        database = Database(engine, str(folder / "madoguchi.sqlite3"))
        yield House(folder, database, environment, free_port(), mail_port, [])
        return
    with cluster(folder) as (place, server):
        environment["MADOGUCHI_DATABASE_URL"] = f"postgresql://{SUPERUSER}@/postgres?host={quote(str(place))}"
        database = Database(engine, f"host={place} user={SUPERUSER} dbname=postgres")
        yield House(folder, database, environment, free_port(), mail_port, [server])


def build(desk: House, tickets: int, say: Any) -> None:
    """The company and its history, by the product's own commands; then what autovacuum would have done by then."""
    engine = desk.database.engine
    say(f"{engine}: a desk with {tickets:,} tickets is being made …")
    password = desk.folder / "password"
    password.write_text(secrets.token_urlsafe(16), encoding="ascii")
    desk.command("init", "--admin-email", ADMIN, "--admin-password-file", str(password))
    words = ["simulate", "--tickets", str(tickets), "--seed", "7", "--years"]
    with subprocess.Popen(
        [sys.executable, "-m", "madoguchi", *words],
        env=desk.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            say(f"{engine}: {line.rstrip()}")
    if process.returncode:
        raise RuntimeError(f"madoguchi {' '.join(words)} failed.")
    connection = desk.database.connect()
    connection.execute("VACUUM ANALYZE" if engine == "postgres" else "PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@contextmanager
def serving(desk: House) -> Iterator[None]:
    """``madoguchi serve`` on the desk's port, as the first of its ``roots``."""
    words = ["serve", "--port", str(desk.port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "madoguchi", *words],
        env=desk.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    desk.roots.insert(0, process.pid)
    try:
        for port in (desk.port, desk.mail_port):
            wait_for(port, process)
        yield
    finally:
        desk.roots.remove(process.pid)
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens; RuntimeError when the process ends or takes too long."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("A server did not start.") from None
            time.sleep(0.1)
        else:
            return


def _sign_in(port: int, password: str) -> str:
    """The Cookie header of a browser that has signed in through the page for it."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = f"http://127.0.0.1:{port}/accounts/login/"
    with browser.open(page, timeout=60) as answer:
        form = answer.read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    fields = {"login": ADMIN, "password": password, "csrfmiddlewaretoken": found[1] if found else ""}
    browser.open(page, urllib.parse.urlencode(fields).encode(), timeout=60).close()
    cookies = {cookie.name: cookie.value for cookie in jar}
    if "sessionid" not in cookies:
        raise RuntimeError("The bench could not sign in.")
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
