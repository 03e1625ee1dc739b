"""Reading the demo's data files, which lie in ``data/`` beside this module."""

import csv
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

_DATA = files("madoguchi.demo") / "data"


@cache
def table(name: str) -> dict[str, Any]:
    """The TOML file ``data/{name}.toml``."""
    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


def rows(folder: str, key: str) -> Iterator[dict[str, Any]]:
    """The entries under ``key`` of every TOML file in ``data/{folder}``, files by name."""
    for file in sorted((_DATA / folder).iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            yield from tomllib.loads(file.read_text(encoding="utf-8"))[key]


def numbers(name: str) -> list[dict[str, float]]:
    """The rows of ``data/{name}.csv``, every cell a number."""
    lines = (_DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [{column: float(cell) for column, cell in row.items()} for row in rows]
