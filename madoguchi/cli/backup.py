"""``madoguchi backup FILE``: the database and all originals in one ``.tar.gz``, while the desk runs."""

import argparse
import io
import json
import os
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from madoguchi.config.environment import NotInitialisedError
from madoguchi.foundation.refusal import Refused

FORMAT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="where to write, for instance desk.tar.gz")


def run(arguments: argparse.Namespace) -> int:
    if "people_staff" not in connection.introspection.table_names():
        raise NotInitialisedError  # behind the code is no reason: before an upgrade a backup is wanted most
    target: Path = arguments.file
    partial = target.with_name(target.name + ".partial")
    try:
        # The database first: an original that is stored later is in no row of it, but none of its rows lacks one.
        with (
            tempfile.TemporaryDirectory(dir=target.absolute().parent) as folder,
            tarfile.open(partial, "w:gz") as archive,
        ):
            partial.chmod(0o600)
            dump = Path(folder) / "database"
            (_dump_postgresql if connection.vendor == "postgresql" else _dump_sqlite)(dump)
            _add_facts(archive)
            archive.add(dump, "database")
            for name in ("secret-key", "files"):
                if (Path(settings.DATA_DIR) / name).exists():
                    archive.add(Path(settings.DATA_DIR) / name, name)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)
    print(f"{target}: {target.stat().st_size / 1024 / 1024:.1f} MB")
    return 0


def _add_facts(archive: tarfile.TarFile) -> None:
    facts = {"format": FORMAT, "engine": connection.vendor, "at": timezone.now().isoformat()}
    content = json.dumps(facts).encode()
    entry = tarfile.TarInfo("madoguchi.json")
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _dump_sqlite(dump: Path) -> None:
    """A consistent copy by SQLite's online backup, which does not stop the writers."""
    with (
        closing(sqlite3.connect(dump)) as copy,
        closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as live,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _dump_postgresql(dump: Path) -> None:
    run_postgresql("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")


def run_postgresql(program: str, *words: str) -> None:
    """Run one of PostgreSQL's programs against the configured database; raises Refused with its last words."""
    database: dict[str, Any] = settings.DATABASES["default"]
    known = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    given = {variable: str(database[key]) for variable, key in known.items() if database.get(key)}
    try:
        done = subprocess.run([program, *words], env=os.environ | given, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Refused(f"{program} is not installed: add the package postgresql-client.") from None
    if done.returncode:
        raise Refused(
            f"{program} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
        )
