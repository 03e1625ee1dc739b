"""A backup of a running desk, restored into another folder."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from madoguchi.people.models import Staff
from tests.desk import Builder, Desk
from tests.live.lines import happen, line


def madoguchi(environment: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "madoguchi", *words]
    return subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False, timeout=240)


def test_a_backup_of_a_running_desk_comes_back_with_its_originals(
    served: Desk, desk_builder: Builder, tmp_path: Path
) -> None:
    original = served.folder / "files" / "ab" / "abc"
    original.parent.mkdir(parents=True, exist_ok=True)
    original.write_bytes("原本".encode())
    happen(served, "call.offered", served.cast.sato)
    backup = tmp_path / "desk.tar.gz"
    done = madoguchi(served.environment, "backup", str(backup))
    assert (done.returncode, done.stderr) == (0, "")
    assert oct(backup.stat().st_mode)[-3:] == "600"

    name, folder = desk_builder.fresh(), tmp_path / "other"
    other = desk_builder.environment(name, folder)
    done = madoguchi(other, "restore", str(backup))
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "files" / "ab" / "abc").read_bytes() == original.read_bytes()
    restored = Desk("", 0, folder, desk_builder.name(name), other, served.blocker)
    assert restored.run(Staff.objects.count) == served.run(Staff.objects.count)

    again = madoguchi(other, "restore", str(backup))
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert madoguchi(other, "restore", "--force", str(backup)).returncode == 0
    desk_builder.drop(name)


def test_the_live_line_hears_what_happens_after_a_restore(served: Desk, tmp_path: Path) -> None:
    sato = served.cast.sato
    backup = tmp_path / "desk.tar.gz"
    happen(served, "call.offered", sato)
    assert madoguchi(served.environment, "backup", str(backup)).returncode == 0
    served.stop()
    assert madoguchi(served.environment, "restore", "--force", str(backup)).returncode == 0
    served.start()
    with line(served, sato, f"staff:{sato.pk}") as heard:
        next(heard)
        entry = happen(served, "call.ended", sato)
        assert next(heard)[2]["id"] == entry


@pytest.mark.parametrize("content", [b"", b"no archive", "tar"])
def test_a_file_that_is_no_backup_is_refused_and_changes_nothing(
    served: Desk, tmp_path: Path, content: bytes | str
) -> None:
    file = tmp_path / "file"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        with tarfile.open(file, "w:gz") as archive:
            archive.add(os.devnull, "madoguchi.json")
    before = served.run(Staff.objects.count)
    done = madoguchi(served.environment, "restore", "--force", str(file))
    assert done.returncode == 2
    assert "no backup" in done.stderr
    assert served.run(Staff.objects.count) == before
