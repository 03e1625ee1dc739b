"""Telling what a plan for the directory changes, or has changed."""

import sys
from typing import Any

from madoguchi.directory.changes import Change, Kind, Plan


def tell(plan: Plan, *, changes: bool) -> int:
    """Print the counts (``changes``: and each change), every refused row with its reason; 1 when there is one."""
    if changes:
        units: list[Change[Any]] = [*plan.departments, *plan.topics, *plan.contacts]
        for change in units:
            where = getattr(change.row, "department", None)
            print(f"{change.kind}: {f'{where} / ' if where else ''}{change.row}{_details(change)}")
        for chain in plan.chains:
            print(f"order: {chain.department}{f' / {chain.topic}' if chain.topic else ''}: {_named(chain.after)}")
    counts = ", ".join(f"{plan.counts.get(kind, 0)} {kind}" for kind in Kind)
    print(f"contacts: {counts}, {plan.unchanged} unchanged, {len(plan.refused)} refused")
    further = (("departments", plan.departments), ("topics", plan.topics), ("chains", plan.chains))
    print(", ".join(f"{name}: {len(rows)}" for name, rows in (*further, ("requesters", plan.requesters))))
    for row in plan.refused:
        print(f"line {row.line}: {row.reason} ({row.text})", file=sys.stderr)
    return 1 if plan.refused else 0


def _details(change: Change[Any]) -> str:
    if change.kind in (Kind.ADDED, Kind.REMOVED, Kind.RETURNED):
        return ""
    return ": " + ", ".join(f"{name} {before} → {after}" for name, (before, after) in change.fields.items())


def _named(rows: list[Any]) -> str:
    return " → ".join(str(row) for row in rows)
