"""The records are read as each telephone system keeps them; what cannot be read is named and stops nothing."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from madoguchi.config.cdr import cdr_source
from madoguchi.telephony.models import Call, CallEvent, Reconciliation
from madoguchi.telephony.reconcile.run import reconcile
from madoguchi.telephony.reconcile.sources import CdrSource, UnreadableSource, check
from tests.cast import Cast
from tests.telephony.cdr import COLUMNS, NOON, saved, source, written

pytestmark = pytest.mark.django_db


def test_bad_rows_are_named_and_stop_nothing(cast: Cast, tmp_path: Path) -> None:
    path = saved(
        tmp_path / "Master.csv",
        written(),
        b'"","0312345678","unbalanced',
        written(uniqueid="2.1", start="yesterday"),
        written(uniqueid="3.1", end="2026-08-21 11:00:00"),
        b"\xff\xfe\x00,,,",
        b"",
        written(uniqueid="4.1", clid='"株式会社" <0312345678>', src="0312345678", channel="PJSIP/trunk-00000003",
                dstchannel="PJSIP/1002-00000004"),
    )  # fmt: skip
    path.write_bytes(path.read_bytes().replace("株式会社".encode(), "株式会社".encode("cp932")))
    done = reconcile(source(path, time_zone="Asia/Tokyo"))
    assert (done.rows, done.recovered, done.refused, done.percentage) == (6, 2, 4, 33.3)
    assert [one["place"] for one in done.differences if one["kind"] == "refused"] == [2, 3, 4, 5]
    assert Call.objects.get(call_id="4.1").caller_name == "株式会社"
    assert Call.objects.get(call_id="1.1").started_at == NOON


def test_a_bad_row_counts_where_it_stands_and_a_half_written_one_not_at_all(cast: Cast, tmp_path: Path) -> None:
    bad = b'"","0312345678","unbalanced'
    later = {"start": "2026-08-23 12:00:00", "answer": "", "end": "2026-08-23 12:00:30"}
    path = saved(tmp_path / "Master.csv", bad, written(), bad, written(uniqueid="2.1", **later), bad, written())
    path.write_bytes(path.read_bytes()[:-40])
    of_noon = reconcile(source(path, time_zone="Asia/Tokyo"), since=NOON, until=NOON + timedelta(hours=1))
    assert [one["place"] for one in of_noon.differences if one["kind"] == "refused"] == [1, 3]
    later_on = reconcile(source(path, time_zone="Asia/Tokyo"), since=NOON + timedelta(days=2))
    assert [one["place"] for one in later_on.differences if one["kind"] == "refused"] == [5]
    assert reconcile(source(saved(tmp_path / "none.csv", bad))).refused == 1


MARIADB = (  # mysql --batch of a table of FreePBX
    "calldate\tclid\tsrc\tdst\tdcontext\tchannel\tdstchannel\tlastapp\tlastdata\tduration\tbillsec\tdisposition\t"
    "amaflags\taccountcode\tuniqueid\tuserfield\tdid\trecordingfile\tcnum\tcnam\toutbound_cnum\toutbound_cnam\t"
    "dst_cnam\tlinkedid\tpeeraccount\tsequence\n"
    "2026-08-21 12:00:00\t"
    '"株式会社\\t山\\\\田, 東京" <09011112222>\t09011112222\t600\text-queues\tPJSIP/trunk-00000001\t'
    "Local/1001@from-queue/n-00000002;1\tQueue\t600,t,,,,,,,,\t30\t25\tANSWERED\t3\t\t1755745200.1\t\t0350000001\t"
    "q-600.wav\t09011112222\tNULL\t\t\t\t1755745200.1\tNULL\t7\n"
    "2026-08-21 12:05:00\t<0312345678>\t0312345678\t600\text-queues\tPJSIP/trunk-00000003\t\tQueue\t600\t9\t9\tNO ANSW"
)


def test_what_mysql_batch_writes_is_read_and_its_half_written_end_left_out(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "cdr.tsv"
    path.write_text(MARIADB, "utf-8")
    done = reconcile(source(path, time_zone="Asia/Tokyo"))
    assert (done.rows, done.recovered, done.refused) == (1, 1, 0)
    call = Call.objects.get()
    assert (call.call_id, call.started_at, call.caller_number) == ("1755745200.1", NOON, "+819011112222")
    assert (call.called, call.queue, call.caller_name) == ("0350000001", "600", "株式会社\t山\\田, 東京")


def test_a_withheld_number_is_nowhere(cast: Cast, tmp_path: Path) -> None:
    header = [*COLUMNS, "presentation"]
    path = saved(tmp_path / "Master.csv", header, [*written(), "prohib_not_screened"])
    assert reconcile(source(path)).recovered == 1
    call = Call.objects.get()
    assert (call.caller_number, call.presentation) == ("", "restricted")
    for row in CallEvent.objects.all():
        assert "9011112222" not in str(row.payload)
    assert "9011112222" not in str(Reconciliation.objects.values())


def test_numbers_of_which_nobody_says_that_they_may_be_shown_can_be_dropped(cast: Cast, tmp_path: Path) -> None:
    path = saved(tmp_path / "Master.csv", written(clid='"Yamada" <09011112222>'))
    log = cdr_source(f"{path}?numbers=dropped", "Asia/Tokyo", (), what="It")
    assert [reconcile(log).recovered, reconcile(log).matched] == [1, 1]
    assert (Call.objects.get().caller_number, Call.objects.get().caller_name) == ("", "")
    assert "9011112222" not in str([*CallEvent.objects.values("payload"), *Call.objects.values()])


def test_the_columns_behind_the_stock_ones_join_rows(cast: Cast, tmp_path: Path) -> None:
    path = saved(
        tmp_path / "Master.csv",
        [*written(), "", "1.1", "7"],
        [*written(uniqueid="1.9", channel="PJSIP/1003-00000009", dstchannel="PJSIP/1004-0000000a"), "", "1.1", "8"],
    )
    assert (reconcile(source(path)).recovered, Call.objects.get().call_id) == (2, "1.1")


def test_a_table_is_read_like_a_file(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "cdr.db"
    with sqlite3.connect(file) as database:
        database.execute(
            "CREATE TABLE cdr (calldate, clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata,"
            " duration, billsec, disposition, uniqueid, linkedid, did, cnum, cnam)"
        )
        for day in (20, 21):
            database.execute(
                "INSERT INTO cdr VALUES (?, '', '09011112222', '1001', 'ext-local', ?, 'PJSIP/1001-00000002', 'Dial',"
                " '', 30, 25, 'ANSWERED', ?, ?, '0350000001', '09011112222', 'ヤマダ')",
                (f"2026-08-{day} 12:00:00", f"PJSIP/trunk-000000{day}", f"{day}.1", f"{day}.1"),
            )
    table = source(file, kind="sqlite", time_zone="Asia/Tokyo")
    done = reconcile(table, since=NOON - timedelta(hours=2), until=NOON + timedelta(hours=1))
    call = Call.objects.get()
    assert (done.rows, call.call_id, call.started_at, call.called, call.caller_name) == (
        1, "21.1", NOON, "0350000001", "ヤマダ",
    )  # fmt: skip
    with pytest.raises(UnreadableSource, match="no such table"):
        reconcile(replace(table, table="calls"))
    assert "no such table" in Reconciliation.objects.first().error  # type: ignore[union-attr]


def test_a_table_of_postgresql_is_read_by_its_address(cast: Cast) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("Another database of the cluster that the tests run on.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('unix_socket_directories'), current_setting('port')")
        folder, port = cursor.fetchone()
    address = f"postgresql://postgres@/postgres?host={folder}&port={port}"
    with psycopg.connect(address, autocommit=True) as outside:
        outside.execute("DROP TABLE IF EXISTS cdr")
        outside.execute(
            "CREATE TABLE cdr (calldate timestamp, clid text, src text, dst text, dcontext text, channel text,"
            " dstchannel text, lastapp text, lastdata text, duration int, billsec int, disposition text, uniqueid text)"
        )
        for hour in (11, 12):
            outside.execute(
                "INSERT INTO cdr VALUES (%s, '', '09011112222', '0350000001', 'from-trunk', %s, 'PJSIP/1001-00000002',"
                " 'Queue', 'desk', 30, 30, 'ANSWERED', %s)",
                (f"2026-08-21 {hour}:00:00", f"PJSIP/trunk-000000{hour}", f"{hour}.1"),
            )
        table = CdrSource("postgres", "postgresql://cluster/postgres", address, sender="asterisk")
        try:
            assert check(table) == "table cdr"
            done = reconcile(table, since=NOON, until=NOON + timedelta(hours=1))
            assert (done.rows, done.recovered) == (1, 1)
            assert (Call.objects.get().call_id, Call.objects.get().started_at) == ("12.1", NOON)
            assert reconcile(table, since=NOON).matched == 1
            outside.execute("ALTER TABLE cdr ALTER calldate TYPE timestamptz USING calldate AT TIME ZONE 'Asia/Tokyo'")
            assert (reconcile(table, since=NOON).matched, Call.objects.count()) == (1, 1)
            with pytest.raises(UnreadableSource, match="does not exist"):
                reconcile(replace(table, table="calls"))
        finally:
            outside.execute("DROP TABLE cdr")
