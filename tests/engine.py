"""Chooses the database engine and the scratch folder before Django reads its settings.

Loaded with ``-p`` (see pyproject.toml), because pytest-django imports the settings before any conftest.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cluster import start_cluster
from tests.seed import CLUSTER, postgres_data, postgres_url


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
        socket = scratch
        if not distributes:
            cluster = start_cluster(postgres_data())
            early_config.add_cleanup(cluster.throw_away)
            socket = cluster.folder
        os.environ[CLUSTER] = str(socket)
        os.environ["MADOGUCHI_DATABASE_URL"] = postgres_url(socket, "madoguchi")
    return (yield)
