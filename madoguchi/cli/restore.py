"""``madoguchi restore FILE``: a backup into an empty desk (or, with ``--force``, over the one that is there)."""

import argparse
import json
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from madoguchi.cli.backup import FORMAT, run_postgresql
from madoguchi.foundation.refusal import Refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a file that madoguchi backup wrote")
    parser.add_argument("--force", action="store_true", help="replace the desk that is there (stop it first)")


def run(arguments: argparse.Namespace) -> int:
    if _has_desk() and not arguments.force:
        raise Refused("There is a desk in this database already; restore --force replaces it. Stop it before.")
    try:
        with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as name, tarfile.open(arguments.file) as archive:
            folder = Path(name)
            archive.extractall(folder, filter="data")
            _check(folder)
            _restore_files(folder)
            (_restore_postgresql if connection.vendor == "postgresql" else _restore_sqlite)(folder / "database")
    except (tarfile.TarError, EOFError):
        raise Refused(f"{arguments.file} is no backup of Madoguchi, or is damaged.") from None
    except OSError as error:
        raise Refused(f"{arguments.file} cannot be read: {error.strerror or error}.") from None
    call_command("migrate", verbosity=0, interactive=False)
    print("The backup is restored.")
    return 0


def _has_desk() -> bool:
    """Whether anybody works here. A database that is only initialised counts as empty."""
    tables = connection.introspection.table_names()
    if "people_staff" not in tables:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM people_staff) OR EXISTS (SELECT 1 FROM journal_entry)")
        return bool(cursor.fetchone()[0])


def _check(folder: Path) -> None:
    try:
        facts = json.loads((folder / "madoguchi.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Refused("This is no backup of Madoguchi.") from None
    if facts.get("format") != FORMAT:
        raise Refused(f"This backup has the format {facts.get('format')}; this version reads {FORMAT}.")
    if facts.get("engine") != connection.vendor:
        raise Refused(f"This is a backup of {facts.get('engine')}; the configured database is {connection.vendor}.")


def _restore_files(folder: Path) -> None:
    """Originals first: named by their content, they disturb nothing when what follows fails."""
    data = Path(settings.DATA_DIR)
    if (folder / "files").is_dir():
        shutil.copytree(folder / "files", data / "files", dirs_exist_ok=True)
    key = folder / "secret-key"
    if key.exists():
        key.chmod(0o600)
        key.replace(data / "secret-key")


def _restore_sqlite(dump: Path) -> None:
    """Into the live file by the backup API, in one step, so that no half-written desk is ever seen."""
    connection.close()
    with (
        closing(sqlite3.connect(dump)) as copy,
        closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as live,
    ):
        copy.backup(live)


def _restore_postgresql(dump: Path) -> None:
    """``pg_restore`` in one transaction.

    Transaction ids begin anew in a new cluster: the rows' own, from the old one, would lie in its future and hide
    from the tail. They are set to 0, before all that is still to come, in which the entry's id alone gives the order.
    """
    connection.close()
    run_postgresql(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction",
        f"--dbname={settings.DATABASES['default']['NAME']}", str(dump),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_entry SET xid = '0'::xid8 WHERE xid <> '0'::xid8")
