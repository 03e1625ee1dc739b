"""All benches on all engines at all sizes, one desk after the other."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from madoguchi.bench.benches import BENCHES
from madoguchi.bench.cluster import programs
from madoguchi.bench.house import house
from madoguchi.bench.measuring import Run
from madoguchi.bench.report import Result, as_json

SIZES = (10_000,)


def engines() -> list[str]:
    """The engines that can be measured here."""
    return ["sqlite", "postgres"] if programs() else ["sqlite"]


def measure(
    names: Sequence[str], *, on: Sequence[str], sizes: Sequence[int], scale: float = 1.0, keep: Path | None = None
) -> list[Result]:
    """Run the named benches (all when there are none); progress goes to standard error."""
    wanted = [name for name in BENCHES if not names or name in names]
    results: list[Result] = []
    for engine in on:
        for tickets in sizes:
            with house(engine, tickets, say=_say, keep=keep) as desk:
                run = Run(desk, engine, tickets, scale)
                for name in wanted:
                    _say(f"{engine}: {name} at {tickets:,} tickets …")
                    results += BENCHES[name](run)
    return results


def report(results: list[Result], *, on: Sequence[str], sizes: Sequence[int]) -> dict[str, Any]:
    """The results with what they were measured on, for ``--json``."""
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "system": platform.platform()},
        "python": platform.python_version(),
        "engines": list(on),
        "sizes": list(sizes),
    }
    return as_json(results, about)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
