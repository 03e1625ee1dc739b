"""A real desk: ``madoguchi serve`` and its process tree, on a free port, with a database and a folder of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
import psycopg
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
from tests.engine import CLUSTER, SUPERUSER, postgres_url

START_WITHIN = 60.0
STOP_WITHIN = 30.0
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
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

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
    worker: str
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
        }

    def template(self) -> str:
        """The name of the migrated database, made on first use."""
        name = f"template_{self.worker}"
        if self.made == 0:
            if self.engine == "postgres":
                self._execute(f"CREATE DATABASE {name}")
            subprocess.run(
                [sys.executable, "-m", "django", "migrate", "-v0", "--no-input"],
                env=self.environment(name, self.root),
                check=True,
                stdin=subprocess.DEVNULL,
            )
        return name

    def fresh(self) -> str:
        """The name of a new migrated database."""
        template = self.template()
        self.made += 1
        name = f"desk_{self.worker}_{self.made}"
        if self.engine == "postgres":
            self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        else:
            shutil.copy(self.name(template), self.name(name))
        return name

    def drop(self, name: str) -> None:
        if self.engine == "postgres":
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            host=os.environ[CLUSTER], user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def desk_builder(engine: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Builder:
    return Builder(engine, worker_id, tmp_path_factory.mktemp("desks"))


@pytest.fixture(scope="module")
def served_environment() -> dict[str, str]:
    """Further MADOGUCHI_… variables of the desk; a test module that needs some defines this fixture anew."""
    return {}


@pytest.fixture(scope="module")
def served(
    desk_builder: Builder, served_environment: dict[str, str], django_db_blocker: DjangoDbBlocker
) -> Iterator[Desk]:
    """A running desk with the cast in it, shared by the tests of one module."""
    name = desk_builder.fresh()
    folder = desk_builder.root / name
    folder.mkdir()
    collected = desk_builder.root / "static"  # static files are collected once, not once per desk
    collected.mkdir(exist_ok=True)
    (folder / "static").symlink_to(collected)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = desk_builder.environment(name, folder) | {"MADOGUCHI_PUBLIC_URL": url} | served_environment
    desk = Desk(url, port, folder, desk_builder.name(name), environment, django_db_blocker)
    desk.cast = desk.run(cast_module.enter)
    try:
        desk.start()
        yield desk
    finally:
        desk.stop()
        desk_builder.drop(name)
