"""A list as a file: CSV for Excel, or a workbook."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from tempfile import TemporaryFile

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from madoguchi.foundation.spreadsheet import Cell, guarded, write_xlsx

MOST = 10_000  # rows of one file
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export(
    name: str, kind: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str
) -> HttpResponseBase:
    """The rows as ``kind`` ``csv`` (UTF-8 with BOM) or ``xlsx``, named by ``name`` and today's date."""
    filename = f"{name}-{timezone.localdate():%Y%m%d}.{kind}"
    if kind == "csv":
        answer = StreamingHttpResponse(csv_lines(heads, rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{filename}"'
        return answer
    file = TemporaryFile()  # noqa: SIM115 (the answer closes it)
    write_xlsx(file, heads, (_local(row) for row in rows), title=title)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=filename, content_type=_XLSX)


class _Line:
    """What csv writes to: hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The rows as a CSV file that Excel opens, line by line."""
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(heads))
    for row in rows:
        yield str(writer.writerow(map(_written, row)))


def _written(cell: Cell) -> str | int | float | None:
    """A moment in the desk's zone; a text that Excel would take for a formula gets an apostrophe in front."""
    if isinstance(cell, datetime):
        return f"{timezone.localtime(cell):%Y-%m-%d %H:%M}"
    return guarded(cell) if isinstance(cell, str) else cell


def _local(row: Sequence[Cell]) -> list[Cell]:
    return [timezone.localtime(cell) if isinstance(cell, datetime) else cell for cell in row]
