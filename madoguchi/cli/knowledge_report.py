"""Telling what became of each row of a knowledge file."""

import sys

from madoguchi.knowledge.commands import Report


def tell(report: Report) -> int:
    """Print the counts, and every refused row with its reason; the exit code is 1 when there is one."""
    print(
        f"{report.created} new, {report.changed} changed, {report.unchanged} unchanged, {len(report.refused)} refused"
    )
    for line, reason in report.refused:
        print(f"line {line}: {reason}", file=sys.stderr)
    return 1 if report.refused else 0
