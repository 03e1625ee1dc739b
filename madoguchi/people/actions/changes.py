"""Correcting the named fields of a row."""

from collections.abc import Mapping
from typing import Any

from django.db import models


def apply(row: models.Model, changes: Mapping[str, Any], *, allowed: frozenset[str]) -> list[str]:
    """Set the given fields on ``row`` (not saved yet); the names of those whose value is another one now, sorted."""
    if unknown := changes.keys() - allowed:
        raise ValueError(f"{row._meta.model_name} has no field {min(unknown)} to change")
    changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, changes[name])
    return changed
