"""A workbook that any reader of spreadsheets opens."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from xml.etree.ElementTree import fromstring
from zipfile import ZipFile

from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.spreadsheet import Cell, write_xlsx

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(*rows: Sequence[Cell], title: str = "一覧") -> list[list[tuple[str | None, str]]]:
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


def units(text: str) -> int:
    """Characters as Excel counts them."""
    return len(text.encode("utf-16-le")) // 2


def test_what_a_cell_cannot_hold_is_cut_and_the_file_says_so() -> None:
    rows = sheet(["a", "字" * 32_767], ["b", "字" * 32_768], ["c", "𠮷" * 16_384], *(["d", "e"] for _ in range(3)))
    assert rows[0][1] == ("inlineStr", "字" * 32_767)
    for row, sign in ((rows[1], "字"), (rows[2], "𠮷")):
        assert row[1][1].startswith(sign * 16_000)
        assert row[1][1].endswith("CSVファイルには全文があります。]")
        assert 32_700 < units(row[1][1]) <= 32_767
    assert "32,767" in rows[-1][0][1]
    assert rows[-1][1] == ("inlineStr", "B3 B4")


def test_a_file_with_nothing_cut_has_no_more_rows_and_many_cut_cells_are_named_in_part() -> None:
    assert len(sheet(["a"], ["b"])) == 2
    long = "字" * 40_000
    (_notice, (_kind, named)) = sheet(*([None] * 27 + [long] for _ in range(21)))[-1]
    assert named == " ".join(f"AB{number}" for number in range(2, 22)) + " …"
