"""A real desk: ``madoguchi serve`` and its process tree, on a free port, with a database and a folder of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from madoguchi.people import tokens
from madoguchi.people.models import Staff
from tests import cast as cast_module
from tests.cast import Cast
from tests.emptying import empty
from tests.seed import CLUSTER, SEED, in_cluster, postgres_url, sqlite_file

START_WITHIN = 120.0
STOP_WITHIN = 60.0
# In a desk's folder, and no test's doing.
_MADE_OF_SOURCES = {"static", "templates", "bundles", "serve.log"}
# As Django ships it: the serving process knows no weaker one.
STRONG_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Desk:
    """A desk that runs. Its people are the cast."""

    url: str
    port: int
    folder: Path
    database: str
    environment: Mapping[str, str]
    blocker: DjangoDbBlocker
    process: "subprocess.Popen[bytes] | None" = None
    cast: Cast = field(init=False)
    _log: "IO[bytes] | None" = None

    @property
    def log(self) -> str:
        """What the desk has said so far."""
        return (self.folder / "serve.log").read_text(encoding="utf-8", errors="replace")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The test's own Django works in the desk's database and folder: ``with served.inside(): Ticket.objects…``"""
        connection = connections["default"]
        connection.close()
        before = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = self.database
        try:
            with self.blocker.unblock(), override_settings(DATA_DIR=self.folder):
                yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before

    def run[**P, R](self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's result, called inside the desk's database."""
        with self.inside():
            return function(*args, **kwargs)

    def session(self, staff: Staff) -> dict[str, str]:
        """The cookie (name and value) of a session signed in as ``staff``, for a browser or an HTTP client."""
        with self.inside():
            store = SessionStore()
            store[SESSION_KEY] = str(staff.pk)
            store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            store[HASH_SESSION_KEY] = staff.get_session_auth_hash()
            store.create()
            return {settings.SESSION_COOKIE_NAME: str(store.session_key)}

    def token(self, staff: Staff, *scopes: str) -> str:
        return self.run(tokens.issue, staff=staff, scopes=list(scopes))

    def set_password(self, staff: Staff, password: str = cast_module.PASSWORD) -> str:
        """Let ``staff`` sign in on the page; sessions and tokens need none."""
        with self.inside(), override_settings(PASSWORD_HASHERS=STRONG_HASHERS):
            staff.set_password(password)
            staff.save(update_fields=["password"])
        return password

    def start(self) -> None:
        """Start the process tree and return when it answers; a test may stop and start it again."""
        self._log = (self.folder / "serve.log").open("ab")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "madoguchi", "serve", "--port", str(self.port)],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_WITHIN
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"The desk did not start:\n{self.log[-4000:]}")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, verify=False).status_code == 200
        except httpx.TransportError:
            return False

    def begin_again(self) -> None:
        """Empty it, while it runs, for the tests of another module; ids go on, so that nobody takes a new row for an
        old one.
        """
        with self.inside():
            empty()
        os.truncate(self.folder / "serve.log", 0)
        for path in self.folder.iterdir():
            if path.name not in _MADE_OF_SOURCES:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if self.process is None or self.process.poll() is not None or not self._is_ready():
            self.stop()
            self.start()

    def stop(self) -> None:
        """End it as Ctrl-C or a service manager would."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        if self._log is not None:
            self._log.close()
            self._log = None


@dataclass
class Builder:
    """Makes databases for desks as copies of one that was migrated once."""

    engine: str
    root: Path
    made: int = 0

    def url(self, name: str) -> str:
        if self.engine == "postgres":
            return postgres_url(Path(os.environ[CLUSTER]), name)
        return f"sqlite:///{self.root / name}.sqlite3"

    def name(self, database: str) -> str:
        """What Django calls it."""
        return database if self.engine == "postgres" else str(self.root / f"{database}.sqlite3")

    def environment(self, database: str, folder: Path) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith("MADOGUCHI_")}
        return own | {
            "DJANGO_SETTINGS_MODULE": "madoguchi.config.settings",
            "MADOGUCHI_DATABASE_URL": self.url(database),
            "MADOGUCHI_DATA_DIR": str(folder),
            "MADOGUCHI_SECRET_KEY": str(settings.SECRET_KEY),
            "MADOGUCHI_WEB_WORKERS": "1",
            "MADOGUCHI_ENCODER": "off",  # 130 MB in each process, of a package that may not be installed
        }

    def fresh(self) -> str:
        """The name of a new migrated database."""
        self.made += 1
        name = f"desk_{self.made}"
        if self.engine == "postgres":
            self._execute(f"CREATE DATABASE {name} TEMPLATE {SEED}")
        else:
            shutil.copy(sqlite_file(), self.name(name))
        return name

    def drop(self, name: str) -> None:
        if self.engine == "postgres":
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        in_cluster(Path(os.environ[CLUSTER]), statement)


@pytest.fixture(scope="session")
def desk_builder(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(engine, tmp_path_factory.mktemp("desks"))


@contextmanager
def running(builder: Builder, further: dict[str, str], blocker: DjangoDbBlocker) -> Iterator[Desk]:
    """A desk that was started with ``further`` variables, empty."""
    name = builder.fresh()
    folder = builder.root / name
    folder.mkdir()
    collected = builder.root / "static"  # static files are collected once, not once per desk
    collected.mkdir(exist_ok=True)
    (folder / "static").symlink_to(collected)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = builder.environment(name, folder) | {"MADOGUCHI_PUBLIC_URL": url} | further
    desk = Desk(url, port, folder, builder.name(name), environment, blocker)
    try:
        desk.start()
        yield desk
    finally:
        desk.stop()
        builder.drop(name)


@pytest.fixture(scope="session")
def standing_desk(desk_builder: Builder, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    """The desk that one module after another is served by."""
    with running(desk_builder, {}, django_db_blocker) as desk:
        yield desk


@pytest.fixture(scope="module")
def served_environment() -> dict[str, str]:
    """Further MADOGUCHI_… variables: a test module that defines this fixture anew gets a desk of its own."""
    return {}


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest,
    desk_builder: Builder,
    served_environment: dict[str, str],
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Desk]:
    """A running desk with the cast and nothing else in it, shared by the tests of one module."""
    with ExitStack() as stack:
        if served_environment:
            desk = stack.enter_context(running(desk_builder, served_environment, django_db_blocker))
        else:
            desk = request.getfixturevalue("standing_desk")
            desk.begin_again()
        desk.cast = desk.run(cast_module.enter)
        yield desk
