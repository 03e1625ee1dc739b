"""Commands where there is no desk, or one that is behind the code: one line, and nothing is left there."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

SAID = "The database is not up to date: run madoguchi init first.\n"
NEEDING = (
    ("backup", "desk.tar.gz"),
    ("token", "create", "--email", "admin@example.co.jp", "--scope", "admin"),
    ("report", "moves", "--from", "2026-04-01", "--to", "2026-04-30"),
    ("knowledge", "export", "articles"),
    ("rules", "trial", "--moved", "3"),
    ("simulate", "--tickets", "1", "--seed", "1"),
    ("worker",),
)


def madoguchi(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MADOGUCHI_")}
    return subprocess.run(
        [sys.executable, "-m", "madoguchi", *words],
        env=environment | {"MADOGUCHI_DATA_DIR": str(folder / "desk"), "PYTHONPATH": str(Path.cwd())},
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("words", NEEDING, ids=" ".join)
def test_a_command_without_a_desk_says_so_and_makes_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    run = madoguchi(tmp_path, *words)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", SAID)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [NEEDING[0], NEEDING[1], NEEDING[-1]], ids=" ".join)
def test_a_command_on_a_desk_behind_the_code_says_so(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "desk").mkdir()
    with closing(sqlite3.connect(tmp_path / "desk" / "madoguchi.sqlite3")) as empty:
        empty.execute("PRAGMA journal_mode=WAL")
    run = madoguchi(tmp_path, *words)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", SAID)
    assert [file.name for file in tmp_path.iterdir()] == ["desk"]


def test_a_desk_behind_the_code_is_backed_up(tmp_path: Path) -> None:
    assert madoguchi(tmp_path, "init").returncode == 0
    with closing(sqlite3.connect(tmp_path / "desk" / "madoguchi.sqlite3")) as desk, desk:
        desk.execute("DELETE FROM django_migrations WHERE app = 'notices'")
        assert desk.total_changes
    assert madoguchi(tmp_path, "worker").stderr == SAID
    assert madoguchi(tmp_path, "backup", "desk.tar.gz").returncode == 0
    assert (tmp_path / "desk.tar.gz").exists()


def test_help_is_told_without_a_desk(tmp_path: Path) -> None:
    run = madoguchi(tmp_path, "report", "--help")
    assert (run.returncode, run.stderr) == (0, "")


def test_a_demo_on_a_port_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    run = madoguchi(tmp_path, "demo", "--port", "99999")
    assert (run.returncode, run.stderr) == (2, "127.0.0.1:99999 cannot be used: a port is a number up to 65535.\n")
    assert not list(tmp_path.iterdir())


def test_the_doctor_tells_a_missing_init_once(tmp_path: Path) -> None:
    run = madoguchi(tmp_path, "doctor")
    assert run.returncode == 1
    assert "run madoguchi init" in run.stdout
    assert "no such table" not in run.stdout
