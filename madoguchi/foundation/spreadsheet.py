"""Rows for spreadsheets: .xlsx files (ECMA-376) with bold heads, real numbers and real times; texts in CSV cells."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _

from madoguchi.foundation.kept import storable

type Cell = str | int | float | datetime | None

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a workbook's times bear no zone)
_LONGEST = 32_767  # characters that Excel keeps in one cell, rare ones (𠮷) counted twice
_NAMED = 20  # cut cells that are named at the end of the sheet
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_FILES = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="{title}" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm"/></numFmts>'
    '<fonts><font/><font><b/></font></fonts><fills><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders><border/></borders>'
    '<cellStyleXfs><xf/></cellStyleXfs><cellXfs><xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/>'
    '<xf numFmtId="164" applyNumberFormat="1" xfId="0"/></cellXfs>'
    '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}

# With the apostrophes that stand before it already, so that taking one away gives the text back, whatever it was.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(text: str) -> str:
    """The text for a cell of a CSV file: what Excel would take for a formula gets an apostrophe in front."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The text that ``guarded`` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write_xlsx(file: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> None:
    """Write the workbook; ``title`` names its only sheet. Times are written as they stand, without their zone.

    A text that is longer than a cell holds is cut and says so at its end; a row after the last one names these cells.
    """
    cut: list[str] = []
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in _FILES.items():
            archive.writestr(name, _XML + content.replace("{title}", _attribute(title)))
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(
                f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
                "<sheetData>".encode()
            )
            sheet.write(f"<row>{''.join(_text(head, ' s="1"') for head in heads)}</row>".encode())
            for number, row in enumerate(rows, start=2):
                cells = [_fitting(value) for value in row]
                cut += [f"{_letters(place)}{number}" for place, value in enumerate(cells) if value is not row[place]]
                sheet.write(f"<row>{''.join(map(_cell, cells))}</row>".encode())
            if cut:
                named = " ".join(cut[:_NAMED]) + (" …" if len(cut) > _NAMED else "")
                sheet.write(f"<row/><row>{_text(_notice(), ' s="1"')}{_text(named)}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")


def _notice() -> str:
    return _("Cut off: Excel holds 32,767 characters in a cell. The CSV file has all of it.")


def _fitting(value: Cell) -> Cell:
    """The value itself, or as much of a text as fits into a cell with the notice that it was cut."""
    if not isinstance(value, str) or len(value) * 2 <= _LONGEST:
        return value
    units = value.encode("utf-16-le", "surrogatepass")
    if len(units) <= _LONGEST * 2:
        return value
    end = f"… [{_notice()}]"
    return units[: (_LONGEST - len(end)) * 2].decode("utf-16-le", "ignore") + end


def _letters(place: int) -> str:
    """A column's name: A for 0, Z for 25, AA for 26."""
    before, letter = divmod(place, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + letter)


def _cell(value: Cell) -> str:
    match value:
        case None | "":
            return "<c/>"
        case datetime():
            days = (value.replace(tzinfo=None) - _EPOCH).total_seconds() / 86_400
            return f'<c s="2"><v>{days:.8f}</v></c>'
        case int() | float():
            return f"<c><v>{value}</v></c>"
    return _text(value)


def _text(value: str, style: str = "") -> str:
    written = escape(storable(value))
    return f'<c t="inlineStr"{style}><is><t xml:space="preserve">{written}</t></is></c>'


def _attribute(title: str) -> str:
    """A sheet's name: at most 31 characters, without those that Excel refuses in it."""
    return escape(re.sub(r"[\[\]:*?/\\]", " ", storable(title))[:31], {'"': "&quot;"})
