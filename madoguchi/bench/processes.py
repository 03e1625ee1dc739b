"""What a tree of processes has used, from /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """The process and everything below it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [root]
    for process in found:
        found += parents.get(process, [])
    return found


def cpu_seconds(roots: list[int]) -> float:
    """Processor seconds of these trees so far, user and system, ended children that were waited for included."""
    ticks = 0
    for root in roots:
        for process in tree(root):
            if fields := _stat(process):
                ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICKS


def memory_bytes(root: int) -> int:
    """The proportional share of memory of the tree (shared pages counted once)."""
    total = 0
    for process in tree(root):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    return total


def _stat(process: int) -> list[str] | None:
    """The fields behind the name: state, parent, …; None when it has ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
