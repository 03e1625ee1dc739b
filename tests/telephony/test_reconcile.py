"""Nothing is lost: every row of the telephone system's own records has a call, or gets one that is marked."""

import argparse
import csv
import io
import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from madoguchi.cli import calls_reconcile
from madoguchi.config.cdr import cdr_source
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.models import Entry
from madoguchi.problems.models import Problem
from madoguchi.telephony.models import Call, CallEvent, CallLeg
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.reconcile.groups import recovered_events
from madoguchi.telephony.reconcile.nightly import reconcile_due
from madoguchi.telephony.reconcile.run import reconcile
from madoguchi.telephony.reconcile.sources import CdrSource, UnreadableSource, check
from madoguchi.telephony.reconciliations import Reconciliation
from tests.cast import Cast
from tests.telephony.lines import event, post
from tests.telephony.recordings import ABSENT, RECORDINGS, SCENARIOS, expected_of
from tests.telephony.test_asterisk_database import take_in

pytestmark = pytest.mark.django_db
recorded = pytest.mark.skipif(not SCENARIOS, reason=ABSENT)
WRITTEN = [scenario for scenario in SCENARIOS if (RECORDINGS / scenario / "cdr.csv").exists()]


def source(path: Path, **options: Any) -> CdrSource:
    given: dict[str, Any] = {"kind": "file", "time_zone": "UTC", "sender": "asterisk", "naming": Pbx(), **options}
    return CdrSource(name=path.name, address=str(path), **given)


def log_of(scenario: str) -> CdrSource:
    return source(RECORDINGS / scenario / "cdr.csv")


def rows(scenario: str) -> int:
    return len((RECORDINGS / scenario / "cdr.csv").read_text("utf-8").splitlines())


def kinds(done: Reconciliation) -> list[str]:
    return [one["kind"] for one in done.differences]


@recorded
@pytest.mark.parametrize("scenario", WRITTEN)
def test_what_was_heard_is_all_that_was_written(scenario: str, cast: Cast) -> None:
    take_in(scenario)
    before = {call.pk: call.record for call in Call.objects.all() if not call.record.get("end_estimated")}
    done = reconcile(log_of(scenario))
    assert (done.percentage, done.rows, done.matched, done.recovered, done.refused) == (
        100,
        rows(scenario),
        rows(scenario),
        0,
        0,
    )
    assert set(kinds(done)) <= {"completed"}
    assert {pk: Call.objects.get(pk=pk).record for pk in before} == before


@recorded
@pytest.mark.parametrize("scenario", WRITTEN)
def test_without_any_record_all_are_recovered_once_and_say_so(scenario: str, cast: Cast) -> None:
    done = reconcile(log_of(scenario))
    assert (done.percentage, done.recovered) == (100, rows(scenario))
    calls = {call.call_id: call for call in Call.objects.all()}
    expected = {one["call_id"]: one for one in expected_of(scenario)}
    assert calls.keys() == expected.keys()
    for name, one in expected.items():
        record = calls[name].record
        assert record["recovered"]
        assert not calls[name].is_live
        assert record["direction"] == one["direction"]
        assert record["wait_s"] is None
        assert "wait_s" in record["incomplete"]
        if record["answered_by"] is not None:
            assert record["answered_by"] == one["answered_by"]
            assert "answered" in record["incomplete"]
        assert record["outcome"] in ("unknown", one["outcome"])
    names = set(csv_ids(scenario))
    assert set(CallLeg.objects.values_list("uniqueid", flat=True)) >= names
    records, entries = {call.pk: call.record for call in Call.objects.all()}, Entry.objects.count()
    again = reconcile(log_of(scenario))
    assert (again.percentage, again.matched, again.recovered, again.differences) == (100, rows(scenario), 0, [])
    assert {call.pk: call.record for call in Call.objects.all()} == records
    assert Entry.objects.count() == entries + 1


def csv_ids(scenario: str) -> list[str]:
    return [row[16] for row in csv.reader((RECORDINGS / scenario / "cdr.csv").open(encoding="utf-8"))]


@recorded
def test_an_end_that_fell_into_a_gap_is_completed_once(cast: Cast) -> None:
    take_in("l2-ami-cut-call-ends-in-gap")
    call = Call.objects.get()
    assert call.record["end_estimated"]
    done = reconcile(log_of("l2-ami-cut-call-ends-in-gap"))
    call.refresh_from_db()
    assert (done.completed, kinds(done)) == (1, ["completed"])
    record = call.record
    assert not record["end_estimated"]
    assert "ended" not in record["incomplete"]
    assert {"hold", "transfers"} <= set(record["incomplete"])
    assert record["talk_s"] == pytest.approx(6.5, abs=0.5)
    assert Entry.objects.filter(kind="call.corrected").count() == 1
    again = reconcile(log_of("l2-ami-cut-call-ends-in-gap"))
    call.refresh_from_db()
    assert (again.completed, again.differences, call.record) == (0, [], record)


@recorded
def test_times_of_another_zone_are_shifted_by_what_was_heard(cast: Cast) -> None:
    take_in("l2-ami-cut-call-ends-in-gap")
    done = reconcile(replace(log_of("l2-ami-cut-call-ends-in-gap"), time_zone="Asia/Tokyo"))
    assert (done.shift_s, done.completed) == (9 * 3600, 1)
    assert Call.objects.get().record["talk_s"] == pytest.approx(6.5, abs=0.5)


NOON = datetime(2026, 8, 21, 3, 0, tzinfo=UTC)


ROW = {
    "accountcode": "",
    "src": "09011112222",
    "dst": "0350000001",
    "dcontext": "from-trunk",
    "clid": '"" <09011112222>',
    "channel": "PJSIP/trunk-00000001",
    "dstchannel": "PJSIP/1001-00000002",
    "lastapp": "Queue",
    "lastdata": "desk,t",
    "start": "2026-08-21 12:00:00",
    "answer": "2026-08-21 12:00:00",
    "end": "2026-08-21 12:00:30",
    "duration": "30",
    "billsec": "30",
    "disposition": "ANSWERED",
    "amaflags": "DOCUMENTATION",
    "uniqueid": "1.1",
    "userfield": "",
}
COLUMNS = list(ROW)


def written(**fields: str) -> list[str]:
    """A line of cdr_csv; times of Tokyo."""
    return [{**ROW, **fields}[name] for name in COLUMNS]


def saved(path: Path, *lines: list[str] | bytes) -> Path:
    made = b""
    for line in lines:
        if isinstance(line, bytes):
            made += line + b"\n"
        else:
            text = io.StringIO()
            csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(line)
            made += text.getvalue().encode()
    path.write_bytes(made)
    return path


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


def test_an_unforeseen_error_spoils_one_call_and_one_source(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(call: Any, *rest: Any) -> Any:
        if call.first.uniqueid == "1.1":
            raise ValueError("no such thing")
        return recovered_events(call, *rest)

    monkeypatch.setattr("madoguchi.telephony.reconcile.run.recovered_events", failing)
    good = source(saved(tmp_path / "good.csv", written(), written(uniqueid="2.1", channel="PJSIP/trunk-00000008",
        dstchannel="PJSIP/1002-00000009")), time_zone="Asia/Tokyo", at=time(3, 30))  # fmt: skip
    assert reconcile_due([good], at(20)) == 1
    done = Reconciliation.objects.get()
    assert (done.rows, done.recovered, done.refused, kinds(done)) == (2, 1, 1, ["refused", "recovered"])
    assert Problem.objects.get(resolved_at=None).facts["source"] == "good.csv"
    monkeypatch.setattr("madoguchi.telephony.reconcile.run.recovered_events", recovered_events)
    broken = replace(good, name="broken.csv", time_zone="nowhere")
    assert reconcile_due([broken, good], at(20, 22)) == 2
    assert "nowhere" in Reconciliation.objects.get(source="broken.csv").error
    assert [one.facts["source"] for one in Problem.objects.filter(resolved_at=None)] == ["broken.csv"]
    assert Call.objects.count() == 2


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


def test_a_call_of_a_sender_without_its_ids_is_found_by_number_and_time(cast: Cast, tmp_path: Path) -> None:
    for kind, seconds, fields in (
        ("call.started", 2, {"direction": "inbound", "from_": {"number": "+819011112222"}}),
        ("call.ended", 31, {"by": "caller"}),
    ):
        post([event(kind, seconds, call="zammad-1", at=NOON, **fields)], sender="bridge")
    path = saved(tmp_path / "Master.csv", written(), written(uniqueid="2.1", start="2026-08-21 12:00:04",
        channel="PJSIP/trunk-00000008", dstchannel="PJSIP/1002-00000009"))  # fmt: skip
    done = reconcile(source(path, time_zone="Asia/Tokyo", sender=""))
    # A call is found once: the other from the same number was lost.
    assert (done.matched, done.recovered) == (1, 1)
    assert Call.objects.get(call_id="zammad-1").record["recovered"] is False


def told_late(call: str, seconds: float, number: str | None = "09011112222", **fields: Any) -> None:
    """A sender without the telephone system's ids, which tells of a call when a telephone rings."""
    party = {"number": number} if number else {"presentation": "restricted"}
    begun = {"direction": "inbound", "from_": party, "to": {"number": "0350000001"}, **fields}
    for kind, at, said in (("call.started", seconds, begun), ("call.ended", seconds + 20, {"by": "caller"})):
        post([event(kind, at, call=call, at=NOON, **said)], sender="bridge")


def test_a_call_told_of_after_the_menu_is_found_within_its_rows_the_nearest_first(cast: Cast, tmp_path: Path) -> None:
    told_late("zammad-1", 48)
    late = written(uniqueid="2.1", start="2026-08-21 12:00:20", channel="PJSIP/trunk-00000008",
        dstchannel="PJSIP/1002-00000009", end="2026-08-21 12:01:10")  # fmt: skip
    path = saved(tmp_path / "Master.csv", written(end="2026-08-21 12:01:00"), late)
    done = reconcile(source(path, time_zone="Asia/Tokyo", sender=""))
    assert (done.matched, done.recovered) == (1, 1)
    assert set(Call.objects.values_list("call_id", flat=True)) == {"zammad-1", "1.1"}
    assert reconcile(source(path, time_zone="Asia/Tokyo", sender="")).matched == 2


def test_a_call_known_by_other_ids_is_not_taken_for_one_that_was_lost(cast: Cast, tmp_path: Path) -> None:
    told_late("9.1", 15, leg="9.1")
    assert reconcile(source(saved(tmp_path / "Master.csv", written()), time_zone="Asia/Tokyo", sender="")).recovered


def test_a_withheld_call_of_a_sender_without_ids_is_not_doubled_with_its_number(cast: Cast, tmp_path: Path) -> None:
    told_late("zammad-1", 12, None)
    done = reconcile(source(saved(tmp_path / "Master.csv", written()), time_zone="Asia/Tokyo", sender=""))
    assert (done.matched, done.recovered) == (1, 0)
    assert "9011112222" not in str([*CallEvent.objects.values("payload"), *Call.objects.values()])


def test_a_live_call_whose_end_was_lost_is_ended_by_the_records(cast: Cast, tmp_path: Path) -> None:
    told = [
        event("call.started", 0.4, call="1.1", at=NOON, direction="inbound", from_={"number": "09011112222"}),
        event("agent.joined", 5.4, call="1.1", at=NOON, agent="1001"),
    ]
    post(told, sender="asterisk")
    log = source(saved(tmp_path / "Master.csv", written()), time_zone="Asia/Tokyo")
    assert [one["kind"] for one in reconcile(log).differences] == ["unlike"]
    assert Call.objects.get().is_live
    CallEvent.objects.update(received_at=NOON)
    Call.objects.update(heard_at=NOON)
    done = reconcile(log)
    call = Call.objects.get()
    assert (done.completed, kinds(done), call.is_live, call.ended_at) == (
        1, ["completed"], False, NOON + timedelta(seconds=30, milliseconds=500),
    )  # fmt: skip
    assert (reconcile(log).differences, Call.objects.get().record) == ([], call.record)


def test_a_live_call_that_was_passed_on_outlives_its_first_row(cast: Cast, tmp_path: Path) -> None:
    told = [
        event("call.started", 0.4, call="1.1", at=NOON, direction="inbound", from_={"number": "09011112222"}),
        event("agent.joined", 5.4, call="1.1", at=NOON, agent="1001"),
        event("transfer.started", 30.0, call="1.1", at=NOON, kind="blind", agent="1001", to="0312345678"),
    ]
    post(told, sender="asterisk")
    Call.objects.update(heard_at=datetime.now(UTC) - timedelta(hours=1))
    done = reconcile(source(saved(tmp_path / "Master.csv", written()), time_zone="Asia/Tokyo"))
    assert (done.completed, kinds(done), Call.objects.get().is_live) == (0, ["unlike"], True)


def test_what_is_told_of_later_outweighs_the_records(cast: Cast, tmp_path: Path) -> None:
    reconcile(source(saved(tmp_path / "Master.csv", written()), time_zone="Asia/Tokyo"))
    assert Call.objects.get().record["recovered"]
    told = [
        event("call.started", 0.4, call="1.1", at=NOON, direction="inbound", from_={"number": "09011112222"}),
        event("agent.joined", 5.4, call="1.1", at=NOON, agent="1001"),
        event("call.ended", 30.2, call="1.1", at=NOON, by="caller"),
    ]
    record = post(told, sender="asterisk").record
    assert (record["recovered"], record["incomplete"], record["talk_s"]) == (False, [], 24.8)


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


def at(hour: int, day: int = 21) -> datetime:
    return datetime(2026, 8, day, hour, tzinfo=UTC)


def test_every_night_once_and_a_killed_one_is_taken_up(cast: Cast, tmp_path: Path) -> None:
    path = saved(tmp_path / "Master.csv", written())
    log = source(path, time_zone="Asia/Tokyo", at=time(3, 30))
    assert [reconcile_due([log], at(20)), reconcile_due([log], at(21))] == [1, 0]
    first = Reconciliation.objects.get()
    assert (first.recovered, first.since, first.until) == (1, at(20, 20), at(20))
    assert reconcile_due([log], at(19, 22)) == 1
    assert Reconciliation.objects.first().since == at(20, 20)  # type: ignore[union-attr]
    Reconciliation.objects.filter(pk=first.pk).delete()
    last = Reconciliation.objects.get()
    Reconciliation.objects.update(ended_at=None)
    assert [reconcile_due([log], at(19, 22) + timedelta(minutes=minutes)) for minutes in (29, 30, 31)] == [0, 1, 0]
    assert Reconciliation.objects.get(pk=last.pk).ended_at
    assert reconcile_due([replace(log, at=None)], at(20, 25)) == 0


def test_a_source_that_cannot_be_read_is_a_problem_until_it_can(cast: Cast, tmp_path: Path) -> None:
    log = source(tmp_path / "Master.csv", time_zone="Asia/Tokyo", at=time(3, 30))
    assert reconcile_due([log], at(20)) == 1
    assert "Master.csv" in Problem.objects.get(resolved_at=None).message
    saved(tmp_path / "Master.csv", written())
    assert reconcile_due([log], at(20, 22)) == 1
    assert not Problem.objects.filter(resolved_at=None).exists()


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


def test_the_command_prints_each_difference(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.ASTERISK = ()
    path = saved(tmp_path / "Master.csv", written(), written(uniqueid="2.1", start="yesterday"))
    parser = argparse.ArgumentParser()
    calls_reconcile.add_arguments(parser)
    assert calls_reconcile.run(parser.parse_args([f"{path}?time_zone=Asia/Tokyo", "--from", "2026-08-21"])) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("50 % of 2 rows")
    assert "row 2" in shown
    assert "recovered  row 1  1.1  2026-08-21T03:00:00+00:00  There was no record of it" in shown
    assert calls_reconcile.run(parser.parse_args([str(path), "--json", "--to", "2026-08-22T00:00"])) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["percentage"], told["matched"], told["recovered"], told["refused"]) == (50, 1, 0, 1)
    assert calls_reconcile.run(parser.parse_args([str(tmp_path / "nowhere.csv")])) == 2
    with pytest.raises(Refused, match="no time zone"):
        calls_reconcile.run(parser.parse_args([f"{path}?time_zone=Mars"]))
