"""Nothing is lost: every row of the telephone system's own records has a call, or gets one that is marked."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from madoguchi.journal.models import Entry
from madoguchi.telephony.models import Call, CallEvent, CallLeg, Reconciliation
from madoguchi.telephony.reconcile.run import reconcile
from madoguchi.telephony.reconcile.sources import CdrSource
from tests.cast import Cast
from tests.telephony.cdr import NOON, kinds, saved, source, written
from tests.telephony.lines import event, post
from tests.telephony.recordings import ABSENT, RECORDINGS, SCENARIOS, expected_of
from tests.telephony.test_asterisk_database import take_in
from tests.telephony.written import WRITTEN_DOWN, wrong_in_silence

pytestmark = pytest.mark.django_db
recorded = pytest.mark.skipif(not SCENARIOS, reason=ABSENT)


def log_of(scenario: str) -> CdrSource:
    return source(RECORDINGS / scenario / "cdr.csv")


def rows(scenario: str) -> int:
    return len((RECORDINGS / scenario / "cdr.csv").read_text("utf-8").splitlines())


@recorded
@pytest.mark.parametrize("scenario", WRITTEN_DOWN)
def test_what_was_heard_is_all_that_was_written(scenario: str, cast: Cast) -> None:
    take_in(scenario)
    before = {call.pk: call.record for call in Call.objects.all() if not call.record["incomplete"]}
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
@pytest.mark.parametrize("scenario", WRITTEN_DOWN)
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
        assert wrong_in_silence(one, record) == []
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


def test_more_rows_of_a_recovered_call_make_it_what_all_at_once_make(cast: Cast, tmp_path: Path) -> None:
    first = written(end="2026-08-21 12:00:20")
    passed_on = written(dstchannel="PJSIP/1003-00000003", lastapp="Dial", lastdata="PJSIP/1003,20",
        start="2026-08-21 12:00:20", answer="2026-08-21 12:00:20", end="2026-08-21 12:00:50")  # fmt: skip
    options: dict[str, Any] = {"time_zone": "Asia/Tokyo"}
    assert reconcile(source(saved(tmp_path / "a.csv", passed_on), **options)).recovered == 1
    assert Call.objects.get().record["agents"] == ["1003"]
    done = reconcile(source(saved(tmp_path / "b.csv", first, passed_on), **options))
    assert (done.recovered, done.completed, kinds(done)) == (0, 1, ["completed"])
    record = Call.objects.get().record
    assert (record["answered_by"], record["agents"], record["recovered"]) == ("1001", ["1001", "1003"], True)
    again = reconcile(source(saved(tmp_path / "b.csv", passed_on, first, first), **options))
    assert (again.completed, again.differences, Call.objects.get().record) == (0, [], record)


def sentences(done: Reconciliation) -> list[tuple[str, str]]:
    with override("en"):
        return [(one["kind"], one["text"]) for one in done.told()]


def test_who_answered_while_the_line_was_cut_is_read_of_the_records_and_contradictions_are_named(
    cast: Cast, tmp_path: Path
) -> None:
    told = [
        event("call.started", 0.4, call="1.1", at=NOON, direction="inbound", from_={"number": "09011112222"}),
        event("queue.entered", 0.9, call="1.1", at=NOON, queue="desk"),
        event("agent.offered", 1.0, call="1.1", at=NOON, agent="1001"),
        event("call.incomplete", 29.0, call="1.1", at=NOON, missing=["answered"]),
        event("call.ended", 30.2, call="1.1", at=NOON, by="caller"),
    ]
    assert "answered" in post(told, sender="asterisk").record["incomplete"]
    done = reconcile(source(saved(tmp_path / "Master.csv", written()), time_zone="Asia/Tokyo"))
    record = Call.objects.get().record
    assert (record["outcome"], record["answered_by"], record["from_records"]) == ("answered", "1001", ["answered"])
    assert "answered" not in record["incomplete"]
    assert {"hold", "wait_s", "talk_s"} <= set(record["incomplete"])
    assert sentences(done) == [("completed", "Who answered it was not heard: 1001.")]
    other = written(uniqueid="2.1", dstchannel="PJSIP/1002-00000002", channel="PJSIP/trunk-00000009")
    told = [
        event("call.started", 0.4, call="2.1", at=NOON, direction="inbound", from_={"number": "09011112222"}),
        event("agent.joined", 1.0, call="2.1", at=NOON, agent="1001"),
        event("call.ended", 30.2, call="2.1", at=NOON, by="caller"),
    ]
    whole = post(told, sender="asterisk").record
    done = reconcile(source(saved(tmp_path / "Master.csv", other), time_zone="Asia/Tokyo"))
    assert sentences(done) == [("unlike", "The records name 1002 as the one who answered it.")]
    assert Call.objects.get(call_id="2.1").record == whole


@recorded
def test_times_of_another_zone_are_shifted_by_what_was_heard(cast: Cast) -> None:
    take_in("l2-ami-cut-call-ends-in-gap")
    done = reconcile(replace(log_of("l2-ami-cut-call-ends-in-gap"), time_zone="Asia/Tokyo"))
    assert (done.shift_s, done.completed) == (9 * 3600, 1)
    assert Call.objects.get().record["talk_s"] == pytest.approx(6.5, abs=0.5)


@recorded
def test_times_of_another_zone_are_shifted_by_the_ids_where_nothing_was_heard(cast: Cast) -> None:
    done = reconcile(replace(log_of("a-answered-caller-hangs-up"), time_zone="Asia/Tokyo"))
    assert (done.shift_s, done.recovered) == (9 * 3600, 1)
    call = Call.objects.get()
    assert abs(call.started_at.timestamp() - float(call.call_id)) < 2


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
