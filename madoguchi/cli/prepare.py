"""``madoguchi prepare``: is the database ready, are the static files collected? What serve, web and live do first."""

import argparse
import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from madoguchi.config.environment import NotInitialisedError, SettingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    check_database()
    collect_static()
    return 0


def check_database() -> None:
    """Raises SettingError with a sentence when the database is out of reach, NotInitialisedError when it is behind."""
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise SettingError(f"The database cannot be used: {str(error).strip()}") from error
    if behind:
        raise NotInitialisedError


def collect_static() -> None:
    """Collect static files into STATIC_ROOT, hashed and compressed; skipped when nothing has changed since."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    state = _static_state()
    if mark.exists() and mark.read_text(encoding="ascii") == state:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    mark.write_text(state, encoding="ascii")


def _static_state() -> str:
    """A digest of all source files' names, sizes and times."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
