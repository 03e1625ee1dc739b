"""A workbook that any reader of spreadsheets opens."""

from datetime import UTC, datetime
from io import BytesIO
from xml.etree.ElementTree import fromstring
from zipfile import ZipFile

from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.spreadsheet import Cell, write_xlsx

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(*rows: list[Cell], title: str = "一覧") -> list[list[tuple[str | None, str]]]:
    """(kind, content) of every cell behind the heads."""
    file = BytesIO()
    write_xlsx(file, ["番号"], rows, title=title)
    with ZipFile(file) as archive:
        for name in archive.namelist():
            fromstring(archive.read(name))
        cells = fromstring(archive.read("xl/worksheets/sheet1.xml"))
    found = [[(cell.get("t"), "".join(cell.itertext())) for cell in row] for row in cells.iter(f"{MAIN}row")]
    assert found[0] == [("inlineStr", "番号")]
    return found[1:]


def test_numbers_are_numbers_times_are_times_and_nothing_is_a_formula() -> None:
    noon = datetime(2026, 8, 21, 12, 0, tzinfo=UTC)
    (row,) = sheet(["=1+1", 3, 2.5, noon, None, ""])
    assert row == [("inlineStr", "=1+1"), (None, "3"), (None, "2.5"), (None, "46255.50000000"), (None, ""), (None, "")]


@given(st.text(max_size=50), st.text(min_size=1, max_size=60))
def test_every_text_makes_a_file_that_can_be_read(text: str, title: str) -> None:
    ((_kind, content),) = sheet([text], title=title)[0]
    if text.isprintable():
        assert content == text
