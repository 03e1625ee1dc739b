"""The tree as the architecture tests read it."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "madoguchi"
FOLDERS = ("madoguchi", "tests", "tools", "docs", ".ci")


def files(*suffixes: str, under: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """Our own text files with one of the suffixes (all, when none is given), in these folders and at the top."""
    found = [path for folder in under for path in sorted((ROOT / folder).rglob("*"))]
    found += [path for path in sorted(ROOT.iterdir()) if under is FOLDERS]
    for path in found:
        if path.is_file() and "__pycache__" not in path.parts and (not suffixes or path.suffix in suffixes):
            yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def floors() -> dict[str, int]:
    """Each room's height over the ground, from the layers that import-linter holds."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(
        contract["layers"] for contract in configuration["tool"]["importlinter"]["contracts"] if "layers" in contract
    )
    return {
        room.strip().strip("()"): height
        for height, layer in enumerate(reversed(layers))
        for room in layer.replace(":", "|").split("|")
    }


def room_of(module: str) -> str | None:
    """``tickets`` of ``madoguchi.tickets.models``; None outside the house."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "madoguchi" and rest else None
