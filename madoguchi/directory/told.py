"""A plan as rows that are kept and shown: what happens to whom, field by field, and what was set aside."""

from typing import Any

from django.db.models import Model

from madoguchi.directory.changes import Change, Kind, Plan
from madoguchi.directory.models import Run, RunChange

_ORDER = ("name", "kana", "department", "title", "email", "phone", "extension", "mobile", "note")
_UNSAID = {"is_active", "name", "department"}  # the kind of the change and its heading say it


def changes_of(plan: Plan, run: Run) -> list[RunChange]:
    """Removals first, since they are what one looks for; then by kind."""
    order = [Kind.REMOVED, Kind.ADDED, Kind.RENAMED, Kind.MOVED, Kind.RETURNED, Kind.CHANGED]
    units = [
        RunChange(run=run, kind=one.kind, is_department=True, name=one.row.name, fields=_fields(one))
        for one in plan.departments
    ]
    contacts = [
        RunChange(
            run=run, kind=one.kind, name=one.row.name, department=one.row.department.name[:100], fields=_fields(one)
        )
        for one in plan.contacts
    ]
    rows = sorted([*units, *contacts], key=lambda row: order.index(Kind(row.kind)))
    aside = [
        RunChange(run=run, kind=RunChange.REFUSED, name=one.text[:300], reason=one.reason[:300]) for one in plan.refused
    ]
    return rows + aside


def _fields(change: Change[Any]) -> list[list[Any]]:
    """``[name, before, after]`` of what changed; what somebody new brings has no before."""
    unsaid = _UNSAID if change.kind in {Kind.ADDED, Kind.REMOVED} else {"is_active"}
    place = {name: number for number, name in enumerate(_ORDER)}
    return [
        [name, "" if change.is_new else _plain(name, before), _plain(name, after)]
        for name, (before, after) in sorted(change.fields.items(), key=lambda one: place.get(one[0], len(_ORDER)))
        if name not in unsaid and not (change.is_new and name == "origin")
    ]


def _plain(name: str, value: Any) -> Any:
    if name == "origin":
        return str(value).partition(":")[0].upper()
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else value
