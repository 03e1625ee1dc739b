"""Where the call data records are: a wrong setting says so, and no password is shown."""

from datetime import time

import pytest

from madoguchi.config.asterisk import pbx_lines
from madoguchi.config.cdr import cdr_source, cdr_sources
from madoguchi.config.environment import SettingError


def test_files_and_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADOGUCHI_ASTERISK_URL", "ami://a:b@pbx1?name=tokyo&time_zone=UTC ami://a:b@pbx2?name=osaka")
    monkeypatch.setenv(
        "MADOGUCHI_CDR_URL",
        "/var/log/Master.csv?pbx=tokyo&at=04:00 postgresql://me:geheim@db:5433/asteriskcdrdb?table=a.cdr&sslmode=require&at=never"
        " sqlite:///var/cdr.db",
    )
    file, table, small = cdr_sources("Asia/Tokyo", pbx_lines("Asia/Tokyo"))
    assert (file.kind, file.address, file.sender, file.time_zone, file.at) == (
        "file", "/var/log/Master.csv", "asterisk:tokyo", "UTC", time(4),
    )  # fmt: skip
    assert (table.name, table.table, table.sender, table.time_zone, table.at) == (
        "postgresql://db:5433/asteriskcdrdb", "a.cdr", "", "Asia/Tokyo", None,
    )  # fmt: skip
    assert table.address == "postgresql://me:geheim@db:5433/asteriskcdrdb?sslmode=require"
    assert "geheim" not in repr(table)
    assert (small.kind, small.address, small.at) == ("sqlite", "/var/cdr.db", time(3, 30))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("mysql://a@b/c", "must be a file or begin with"),
        ("postgresql://host", "names no database"),
        ("sqlite://", "names no file"),
        ("/a.csv?pbx=kyoto", "no telephone system is called 'kyoto'"),
        ("/a.csv?time_zone=Mars", "no time zone"),
        ("/a.csv?colour=red", "knows no 'colour'"),
        ("/a.csv?at=noon", "must be a time"),
        ("/a.csv?table=a;drop", "must be a name"),
        ("postgresql://host:x/db", "is not a URL"),
    ],
)
def test_a_wrong_one_stops_with_a_sentence(written: str, says: str) -> None:
    with pytest.raises(SettingError, match=says):
        cdr_source(written, "Asia/Tokyo", (), what="MADOGUCHI_CDR_URL")
