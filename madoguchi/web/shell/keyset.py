"""Lists in pages without counting: a cursor names the last row, the next page begins behind it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet


def keyset[M: Model](
    rows: QuerySet[M, Any], fields: Sequence[str], *, after: str, size: int, descending: bool = False
) -> tuple[list[M], str]:
    """One page of ``rows`` ordered by ``fields`` (the last one unique), and the cursor of the next, ``""`` at the end.

    A cursor that is not ours begins at the first page.
    """
    values = _read(rows.model, fields, after)
    if values is not None:
        beyond, behind = "lt" if descending else "gt", Q(pk__in=[])
        for place, name in enumerate(fields):
            same = dict(zip(fields[:place], values[:place], strict=True))
            behind |= Q(**same, **{f"{name}__{beyond}": values[place]})
        # The bound on the first field is said once more by itself: only so an index begins there.
        rows = rows.filter(behind, **{f"{fields[0]}__{beyond}e": values[0]})
    found = list(rows.order_by(*(f"-{name}" if descending else name for name in fields))[: size + 1])
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    cursor = [last._meta.get_field(name).value_to_string(last) for name in fields]
    return found[:size], json.dumps(cursor, ensure_ascii=False)


def _read(model: type[Model], fields: Sequence[str], cursor: str) -> list[Any] | None:
    try:
        written = json.loads(cursor) if cursor else None
        if not isinstance(written, list) or len(written) != len(fields):
            return None
        return [_value(model, name, value) for name, value in zip(fields, written, strict=True)]
    except (ValueError, OverflowError, ValidationError, RecursionError):
        return None


def _value(model: type[Model], name: str, written: object) -> Any:
    """The value of a field; raises ValueError or OverflowError for what no database can be asked."""
    if not isinstance(written, str) or "\0" in written:
        raise ValueError("no text")
    written.encode()  # half of a character is none
    value = model._meta.get_field(name).to_python(written)  # type: ignore[union-attr]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a moment without its zone")
        return value.astimezone(UTC)
    return value
