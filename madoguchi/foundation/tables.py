"""CSV files as people bring them: the first line names the columns, and one bad row spoils no other."""

import csv
import io
from collections.abc import Collection, Iterator
from typing import Any

from django.utils.translation import gettext as _

from madoguchi.foundation.refusal import Refused

type Rows = Iterator[tuple[int, list[str] | str]]

_LARGEST_CELL = 1_000_000
csv.field_size_limit(_LARGEST_CELL)


def table(text: str, *, needed: Collection[str]) -> tuple[list[str], Rows]:
    """The columns in lower case, and of each row that says something its first line with its cells, or what is wrong.

    Refuses a file whose first line cannot be read or lacks a needed column.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise Refused(
            _("The first line cannot be read: %(error)s") % {"error": error}, code="bad_csv", field="file"
        ) from error
    if missing := [name for name in needed if name not in columns]:
        raise Refused(
            _("The first line must name the columns; missing: %(names)s.") % {"names": ", ".join(missing)},
            code="missing_columns",
            field="file",
        )
    return columns, _rows(reader)


def _rows(reader: Any) -> Rows:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, str(error)
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells
