"""The official list is read in every layout it has had, and some it has not."""

from datetime import date

import pytest

from madoguchi.calendars import official
from madoguchi.calendars.official import Unreadable, read

TODAY = """国民の祝日・休日月日,国民の祝日・休日名称
2026/1/1,元日
2026/1/12,成人の日
2026/5/6,休日
"""
HOLIDAYS = {date(2026, 1, 1): "元日", date(2026, 1, 12): "成人の日", date(2026, 5, 6): "休日"}
WIDE = """平成28年（2016年）,,平成29年（2017年）,,平成30年（2018年）,
名称,月日,名称,月日,名称,月日
元日,2016/1/1,元日,2017/1/1,元日,2018/1/1
成人の日,2016/1/11,成人の日,2017/1/9,成人の日,2018/1/8
,,,,,
月日は表示するアプリケーションによって形式が異なる場合があります。,,,,,
"""


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
def test_the_list_of_today_is_read_in_any_encoding(encoding: str) -> None:
    told = read(TODAY.encode(encoding))
    assert told.holidays == HOLIDAYS
    assert told.refused == []
    assert told.years == [2026]


def test_several_years_side_by_side_with_names_before_dates_are_read() -> None:
    told = read(WIDE.encode("cp932"))
    assert told.holidays[date(2017, 1, 9)] == "成人の日"
    assert len(told.holidays) == 6
    assert [(line.number, line.reason) for line in told.refused] == [(6, "no_date")]


def test_days_without_a_year_take_it_from_the_heading_above() -> None:
    told = read(
        "令和7年,,令和8年,\n名称,月日,名称,月日\n元日,1月1日,元日,1月1日\n成人の日,1月13日,成人の日,1月12日\n".encode()
    )
    assert sorted(told.holidays) == [date(2025, 1, 1), date(2025, 1, 13), date(2026, 1, 1), date(2026, 1, 12)]


@pytest.mark.parametrize(
    "written",
    ["2026-01-01", "２０２６／１／１", "2026年1月1日(木)", "令和8年1月1日", "R8.1.1", "20260101", "2026/01/01 木曜日"],
)
def test_a_date_may_be_written_in_any_way(written: str) -> None:
    assert read(f"名称,備考\n元日,{written}\n".encode()).holidays == {date(2026, 1, 1): "元日"}
    assert read(f"{written}\t元日\t休\n".encode()).holidays == {date(2026, 1, 1): "元日"}


def test_the_first_year_of_an_era_is_written_with_its_own_character() -> None:
    assert read("令和元年5月1日,休日（祝日扱い）".encode()).holidays == {date(2019, 5, 1): "休日(祝日扱い)"}


def test_lines_that_are_not_understood_are_told_and_the_others_count() -> None:
    told = read(
        (TODAY + "2026/13/40,こわれた日\n2026/7/20,\n2026/1/1,別の名前\n※ 注記\n2026/8/11," + "長" * 90).encode(
            "cp932", "replace"
        )
    )
    assert told.holidays == HOLIDAYS
    assert [(line.number, line.reason) for line in told.refused] == [
        (5, "bad_date"),
        (6, "no_name"),
        (7, "twice"),
        (8, "no_date"),
        (9, "long_name"),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "nothing"),
        ("名称,月日\n".encode(), "nothing"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "encoding"),
        (b"PK\x03\x04\x14\x00\x06\x00", "encoding"),
        (b"a,b\n" * 600_000, "size"),
        ("会議,時刻\n朝会,9:30\n".encode(), "nothing"),
    ],
)
def test_what_is_no_list_of_holidays_is_refused_whole(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(content)


def test_a_hostile_file_reports_a_bounded_number_of_lines() -> None:
    assert len(read((TODAY + "x\n" * 5_000).encode()).refused) == official._MOST_REFUSED
