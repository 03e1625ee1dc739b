"""What every test can ask for. The engine and the scratch folder are chosen before, in ``tests/engine.py``."""

import os
import shutil
from collections.abc import Generator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, TransactionTestCase
from django.utils import translation

from tests import cast as cast_module
from tests.cast import Cast
from tests.desk import desk_builder, served, served_environment, standing_desk
from tests.emptying import empty
from tests.seed import CLUSTER, SEED, in_cluster, sqlite_file
from tests.servers import dovecot, mailbox, sink, smtp_door
from tests.windows import browser, failed_key, open_window
from tests.workers import workers_desk

__all__ = [
    "browser",
    "desk_builder",
    "dovecot",
    "mailbox",
    "open_window",
    "served",
    "served_environment",
    "sink",
    "smtp_door",
    "standing_desk",
    "workers_desk",
]

# Pages under test take their CSS from the sources: no collectstatic before the first test.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Strong hashing is Django's own business and takes most of a short test.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# What tests with transactions of their own leave is taken out without Django's flush.
TransactionTestCase._fixture_teardown = lambda self: empty()  # type: ignore[attr-defined]

# Schemas of pydantic cannot be made while a test holds the time: what has some is imported before the first one.
for _module in ("madoguchi.reactions", "madoguchi.config.urls"):
    import_module(_module)

_DATABASE_FIXTURES = {"db", "transactional_db", "served", "live_server", "workers_desk"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches a database or a browser. What lasts long is begun first, so that no worker waits at the end."""
    ranks: dict[Path, int] = {}
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & _DATABASE_FIXTURES:
            item.add_marker(pytest.mark.database)
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)
        if "served" in fixtures and "db" in fixtures:
            # The test's own open transaction would hold up the desk's journal on PostgreSQL.
            raise pytest.UsageError(f"{item.nodeid} uses served and db; work inside served.inside() instead.")
        rank = 0 if item.get_closest_marker("long") else 1 if "served" in fixtures else 2
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
    items.sort(key=lambda item: ranks[item.path])


@pytest.fixture(scope="session")
def django_db_setup(engine: str, django_test_environment: None) -> None:
    """Each worker has a database of its own, copied; SQLite's is a file, since that is what the desk runs on.

    File and cluster are thrown away whole, by ``tests/engine.py``.
    """
    if engine == "postgres":
        name = "test"
        in_cluster(Path(os.environ[CLUSTER]), f"CREATE DATABASE {name} TEMPLATE {SEED}")
    else:
        name = str(Path(settings.DATA_DIR) / "test.sqlite3")
        shutil.copy(sqlite_file(), name)
    settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = name


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config) -> str:
    """``sqlite`` or ``postgres``."""
    return str(pytestconfig.getoption("engine"))


@pytest.fixture(autouse=True)
def _japanese() -> Iterator[None]:
    """The desk's language, whatever a test before left active."""
    with translation.override("ja"):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    """The named people of ``tests/cast.py``, in an otherwise empty database."""
    return cast_module.enter()


@pytest.fixture
def sign_in(client: Client) -> Any:
    """``sign_in(staff)`` gives the test client signed in as that member of staff."""

    def as_staff(staff: Any) -> Client:
        client.force_login(staff, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return as_staff


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[failed_key] = report.failed
    return report
