"""``madoguchi doctor``: one line for everything that should be as it should be; exit code 1 when something is not."""

import argparse
import shutil
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from madoguchi.directory.ldap import UnreadableServer, check
from madoguchi.people.models import Membership, Role
from madoguchi.problems.models import Problem
from madoguchi.telephony.models import Reconciliation
from madoguchi.telephony.reconcile.sources import UnreadableSource
from madoguchi.telephony.reconcile.sources import check as check_records
from madoguchi.worker.schedule import QUEUES

_FREE_WARN, _FREE_FAIL = 2 * 1024**3, 200 * 1024**2
_LONG_QUEUE = 1000
_CLOCK_OFF_SECONDS = 2.0
_TIMEOUT_SECONDS = 5


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


type Finding = tuple[Verdict, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:
    worst, is_behind = Verdict.OK, False
    for name, looked_at in CHECKS.items():
        try:
            findings = list(looked_at())
        except (DatabaseError, OSError) as error:
            if is_behind and isinstance(error, DatabaseError):
                continue  # it asked for what init has still to make, and that is said already
            findings = [(Verdict.FAIL, str(error).strip() or type(error).__name__)]
        for verdict, text in findings:
            print(f"{verdict:<4}  {name}: {text}")
            worst = max(worst, verdict, key=list(Verdict).index)
            is_behind = is_behind or (name, verdict) == ("migrations", Verdict.FAIL)
    return 1 if worst is Verdict.FAIL else 0


def _settings() -> Iterator[Finding]:
    public = settings.PUBLIC_URL or urlsplit("")
    yield Verdict.OK, f"data in {settings.DATA_DIR}, people type {public.geturl()}"
    if settings.DEBUG:
        yield Verdict.WARN, "MADOGUCHI_DEBUG is on: never on a reachable server"
    if not settings.HTTPS and public.hostname not in {"localhost", "127.0.0.1", None}:
        yield Verdict.WARN, "MADOGUCHI_PUBLIC_URL is not https: passwords travel in the clear"


def _database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield Verdict.OK, f"{connection.vendor} {'.'.join(str(part) for part in connection.get_database_version())}"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            answer = cursor.fetchone()[0]
        yield (Verdict.OK, "the file is whole") if answer == "ok" else (Verdict.FAIL, f"the file is damaged: {answer}")


def _migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    yield (Verdict.FAIL, f"{len(behind)} are missing: run madoguchi init") if behind else (Verdict.OK, "up to date")


def _administrator() -> Iterator[Finding]:
    there = Membership.objects.filter(role=Role.ADMINISTRATOR, staff__is_active=True).exists()
    yield (Verdict.OK, "there is one") if there else (Verdict.WARN, "none: run madoguchi init --admin-email E")


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.DATA_DIR).free
    verdict = Verdict.FAIL if free < _FREE_FAIL else Verdict.WARN if free < _FREE_WARN else Verdict.OK
    yield verdict, f"{free / 1024**3:.1f} GB free for {settings.DATA_DIR}"
    probe = Path(settings.DATA_DIR) / ".doctor"
    probe.write_bytes(b"x")
    probe.unlink()


def _clock() -> Iterator[Finding]:
    if connection.vendor != "postgresql":
        yield Verdict.OK, time.strftime("%Y-%m-%d %H:%M:%S %Z")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        off = abs(cursor.fetchone()[0] - time.time())
    verdict = Verdict.WARN if off > _CLOCK_OFF_SECONDS else Verdict.OK
    yield verdict, f"{off:.1f} s between this machine and the database"


def _mail() -> Iterator[Finding]:
    server = settings.SMTP
    if server is None:
        yield Verdict.WARN, f"MADOGUCHI_SMTP_URL is unset: mail is only written into {settings.DATA_DIR}"
        return
    host = server.hostname or "localhost"
    port = server.port or {"smtps": 465, "smtp+starttls": 587}.get(server.scheme, 25)
    try:
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=context).quit()
        else:
            smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS).quit()
    except (OSError, smtplib.SMTPException) as error:
        yield Verdict.FAIL, f"{host}:{port} does not answer: {error}"
        return
    yield Verdict.OK, f"{host}:{port} answers"


def _mail_door() -> Iterator[Finding]:
    if settings.SMTP_LISTEN is None:
        return
    address = (settings.SMTP_LISTEN.host, settings.SMTP_LISTEN.port)
    try:
        socket.create_connection(address, timeout=_TIMEOUT_SECONDS).close()
    except OSError as error:
        yield Verdict.WARN, f"nobody takes in mail at {address[0]}:{address[1]}: {error.strerror or error}"
        return
    yield Verdict.OK, f"mail is taken in at {address[0]}:{address[1]}"


def _directory() -> Iterator[Finding]:
    if settings.LDAP is None:
        return
    try:
        check(settings.LDAP)
    except UnreadableServer as error:
        yield Verdict.FAIL, str(error)
        return
    verdict = Verdict.WARN if settings.LDAP.is_bare else Verdict.OK
    yield verdict, f"{settings.LDAP.name} answers{', and the line is not encrypted' if settings.LDAP.is_bare else ''}"


def _call_records() -> Iterator[Finding]:
    for source in settings.CDR:
        try:
            found = check_records(source)
        except UnreadableSource as error:
            yield Verdict.FAIL, str(error)
            continue
        last = Reconciliation.objects.filter(source=source.name[:300], ended_at__isnull=False).first()
        if last is None:
            yield Verdict.OK, f"{source.name}: {found}, not compared yet"
        elif last.error:
            yield Verdict.WARN, f"{last.error} ({last.ran_at:%Y-%m-%d})"
        else:
            verdict = Verdict.OK if last.percentage == 100 else Verdict.WARN
            yield verdict, f"{source.name}: {last.percentage:g} % of {last.rows:,} rows on {last.ran_at:%Y-%m-%d}"


def _queues() -> Iterator[Finding]:
    for name, length in QUEUES.items():
        waiting = length()
        late = waiting >= _LONG_QUEUE or (waiting > 0 and name.endswith(("_set_aside", "_not_sent")))
        yield Verdict.WARN if late else Verdict.OK, f"{name} {waiting}"


def _problems() -> Iterator[Finding]:
    count = Problem.objects.filter(resolved_at__isnull=True).count()
    yield (Verdict.WARN, f"{count} wait for an administrator") if count else (Verdict.OK, "none")


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "settings": _settings,
    "database": _database,
    "migrations": _migrations,
    "administrator": _administrator,
    "disk": _disk,
    "clock": _clock,
    "outgoing mail": _mail,
    "mail door": _mail_door,
    "directory server": _directory,
    "call records": _call_records,
    "queues": _queues,
    "problems": _problems,
}
