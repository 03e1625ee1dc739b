"""The command on a desk of its own, its process killed at the worst moment: nothing is changed half-way."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from madoguchi.directory import sync
from madoguchi.directory.models import Run, RunChange, Told
from madoguchi.people.models import Contact, Department
from tests import cast as cast_module
from tests.desk import Builder, Desk
from tests.directory.slapd import READER, Company

# Everything is written, and the transaction not yet committed.
KILLED_BEFORE_THE_COMMIT = """
import os, django
django.setup()
from madoguchi.directory import sync
sync._end = lambda *_: os.kill(os.getpid(), 9)
sync.run_here(preview=False, any_may_vanish=False, progress=lambda read: None)
"""


@pytest.fixture
def desk(desk_builder: Builder, company: Company, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    name = desk_builder.fresh()
    folder = desk_builder.root / name
    folder.mkdir()
    environment = desk_builder.environment(name, folder) | {
        "MADOGUCHI_LDAP_URL": f"ldap://127.0.0.1:{company.slapd.port}/{company.base}",
        "MADOGUCHI_LDAP_BIND_DN": READER,
        "MADOGUCHI_LDAP_PASSWORD": "secret",
        "MADOGUCHI_LDAP_STARTTLS": "on",
        "MADOGUCHI_LDAP_CA_FILE": str(company.slapd.ca),
    }
    try:
        yield Desk("", 0, folder, desk_builder.name(name), environment, django_db_blocker)
    finally:
        desk_builder.drop(name)


def python(desk: Desk, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        env=dict(desk.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Contact, Department, RunChange, Told))


def test_an_interrupted_run_has_changed_nothing_and_is_taken_up_again(
    desk: Desk, company: Company, settings: Any
) -> None:
    desk.run(cast_module.enter)
    for number in range(5):
        company.hire(f"a{number}", f"人 {number}", department=f"第{number}課")
    before = desk.run(rows)
    assert python(desk, "-c", KILLED_BEFORE_THE_COMMIT).returncode == -signal.SIGKILL
    assert desk.run(rows) == before
    again = python(desk, "-m", "madoguchi", "directory-sync")
    assert (again.returncode, again.stdout) == (2, "")  # under way, as far as anybody can tell
    assert desk.run(rows) == before

    settings.LDAP = company.server
    with desk.inside():
        killed = Run.objects.latest("id")
        assert (killed.state, killed.read) == (Run.State.READING, 5)
        assert not sync.work_due()
        assert sync.work_due(now=timezone.now() + Run.CLAIM + timedelta(seconds=1))
        killed.refresh_from_db()
        assert (killed.state, killed.attempts, killed.counts) == (Run.State.DONE, 2, {"added": 5})
        assert Contact.objects.filter(origin__startswith="ldap:").count() == 5
